"""Citations of a quotation: in the styles of APA and Chicago, and as BibTeX, RIS and CSL-JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

_BIBTEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{each: f"\\{each}" for each in "#$%&_"},
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class Cited(msgspec.Struct, frozen=True, kw_only=True):
    """What a citation says, in words where it is words. Every text is a single row."""

    id: str
    """The session's id."""
    offset: int
    title: str
    names: tuple[str, ...]
    """Who said the words; empty where nobody is named."""
    medium: str
    """What is cited: *Transcript*."""
    version: str
    """The version in words, with the position that identifies it."""
    time: str
    """When it was said: media time, for people."""
    day: tuple[int, int, int] | None
    """Year, month and day of the meeting; None where it has not begun."""
    date: str
    """The same day in words; empty where it has not begun."""
    month_and_day: str
    """The same without the year, as the style of the APA writes it behind the year."""
    publisher: str
    """Who publishes the record; empty where that is not known."""
    address: str
    """The address that shows the quotation."""
    language: str
    """BCP-47 tag of the quoted words; empty where it is not known."""
    state: str
    """Whether the words were checked, in words."""
    text: str
    """The quoted words."""
    listed: str
    """The names, joined as the language of the citation lists them."""

    @property
    def key(self) -> str:
        """A key that no other citation of the same instance has: of letters, digits, and hyphens."""
        return f"{re.sub(r'[^A-Za-z0-9-]+', '-', self.id)}-{self.offset}-{self.time.replace(':', '-')}"


def apa(cited: Cited) -> str:
    """The citation in the style of the American Psychological Association (7th edition, §10.13)."""
    when = "" if cited.day is None else f"({cited.day[0]}, {cited.month_and_day})."
    what = f"{cited.title} [{cited.medium}; {cited.version}; {cited.time}]"
    head = (cited.listed, when, what) if cited.listed else (what, when)
    return " ".join([*(_ended(part) for part in (*head, cited.publisher) if part), cited.address])


def chicago(cited: Cited) -> str:
    """The citation in the style of the Chicago Manual of Style (17th edition, §14.217)."""
    details = ", ".join((cited.medium, cited.version, cited.time))
    title = f"“{_ended(cited.title)}”"
    parts = [*([_ended(cited.listed)] if cited.listed else []), title, _ended(details)]
    published = ", ".join(part for part in (cited.publisher, cited.date) if part)
    return " ".join([*parts, *([_ended(published)] if published else []), f"{cited.address}."])


def quotation(cited: Cited) -> str:
    """The quoted words with their source, for a text: it says by itself whether the words were checked."""
    facts = (cited.listed, cited.title, cited.date, cited.time, cited.version, cited.state, cited.address)
    return f"“{cited.text}” — {', '.join(fact for fact in facts if fact)}"


def bibtex(cited: Cited) -> str:
    """The citation as a BibTeX entry, in UTF-8."""
    return f"@misc{{{cited.key},\n" + "".join(f"  {name} = {value},\n" for name, value in _fields(cited)) + "}\n"


def _fields(cited: Cited) -> Iterator[tuple[str, str]]:
    if cited.names:
        yield "author", "{" + " and ".join(f"{{{_bibtex(name)}}}" for name in cited.names) + "}"
    yield "title", f"{{{{{_bibtex(cited.title)}}}}}"
    yield "howpublished", f"{{{_bibtex(f'{cited.medium}, {cited.version}, {cited.time}')}}}"
    if cited.publisher:
        yield "publisher", f"{{{{{_bibtex(cited.publisher)}}}}}"
    if cited.day is not None:
        year, month, day = cited.day
        yield "year", f"{{{year}}}"
        yield "month", _MONTHS[month - 1]
        yield "day", f"{{{day}}}"
    if cited.language:
        yield "langid", f"{{{_bibtex(cited.language)}}}"
    yield "url", f"{{{_in_braces(cited.address)}}}"
    yield "note", f"{{{_bibtex(cited.state)}}}"
    yield "abstract", f"{{{_bibtex(cited.text)}}}"


def ris(cited: Cited) -> str:
    """The citation as RIS, UTF-8, with the line ends that its readers expect."""
    rows = [("TY", "GEN"), ("ID", cited.key), *(("AU", name) for name in cited.names), ("TI", cited.title)]
    if cited.day is not None:
        year, month, day = cited.day
        rows += [("PY", f"{year}"), ("DA", f"{year}/{month:02}/{day:02}/")]
    rows += [("PB", cited.publisher)] if cited.publisher else []
    rows += [("LA", cited.language)] if cited.language else []
    rows += [("M3", cited.medium), ("ET", cited.version), ("SP", cited.time), ("UR", cited.address)]
    rows += [("N1", cited.state), ("AB", cited.text), ("ER", "")]
    return "".join(f"{tag}  - {value}\r\n" for tag, value in rows)


def csl_json(cited: Cited) -> bytes:
    """The citation as CSL-JSON (schema 1.0.2), UTF-8."""
    item: dict[str, object] = {
        "id": cited.key,
        "type": "speech",
        "title": cited.title,
        "genre": cited.medium,
        "version": cited.version,
        "section": cited.time,
        "URL": cited.address,
        "note": cited.state,
        "abstract": cited.text,
    }
    if cited.names:
        item["author"] = [{"literal": name} for name in cited.names]
    if cited.day is not None:
        item["issued"] = {"date-parts": [list(cited.day)]}
    if cited.publisher:
        item["publisher"] = cited.publisher
    if cited.language:
        item["language"] = cited.language
    return msgspec.json.encode([item]) + b"\n"


def _ended(part: str) -> str:
    return part if part.endswith((".", "!", "?", "。", "؟")) else f"{part}."


def _bibtex(text: str) -> str:
    return "".join(_BIBTEX.get(each, each) for each in text)


def _in_braces(address: str) -> str:
    """An address as a field's value: its braces are percent-encoded, since the field is read without escapes."""
    return address.replace("{", "%7B").replace("}", "%7D")
