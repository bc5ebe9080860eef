"""Reads the debates of Akoma Ntoso (OASIS LegalDocML): speeches, with times where they have them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from moothall.core.events.lines import Origin
from moothall.core.kernel.errors import ImportRefused
from moothall.core.kernel.languages import is_language
from moothall.record.imports.divided import SpokenParagraph, lines_of_turns
from moothall.record.imports.past import NoteList, PastLine, PastText, some, stop_at_most
from moothall.record.imports.xml_tree import XML, XmlNode, parsed
from moothall.record.wrapping import plain

OURS = "urn:moothall:record:1"
"""The namespace of attributes in our own files."""
_MS = re.compile(r"[0-9]{1,12}\Z")
_DAY = re.compile(r"[12][0-9]{3}-[01][0-9]-[0-3][0-9]")
_SPEAKING = frozenset(
    {"speech", "question", "answer", "speechGroup", "petitions", "pointOfOrder", "personalStatements"}
)
_TOLD = frozenset({"narrative", "scene", "summary", "other"})
_AROUND = frozenset(
    {"heading", "subheading", "num", "from", "remark", "meta", "recordedTime", "noteRef", "authorialNote"}
)
_LINE = "line-"


class _Reading(msgspec.Struct):
    people: dict[str, str]
    opened: int | None
    notes: NoteList
    turns: list[SpokenParagraph]


def read_akoma_ntoso(text: str) -> PastText:
    """Read an Akoma Ntoso debate. Raises ImportRefused."""
    root = parsed(text)
    debate = root if root.name in ("debate", "debateReport") else root.first("debate") or root.first("debateReport")
    body = None if debate is None else next((each for each in debate.children if each.name == "debateBody"), None)
    if debate is None or body is None:
        raise ImportRefused("An Akoma Ntoso file of a meeting has a debate with a debateBody.", root.row)
    people = {person.get("eId") or person.get("id"): person.get("showAs") for person in debate.all("TLCPerson")}
    stamps = [at for node in body.all("speech") if (at := _moment(node)) is not None]
    reading = _Reading(people, _opened(body, stamps), NoteList(), [])
    own = sorted(_own_lines(debate, people), key=lambda line: line.t0)
    if own:
        stop_at_most(len(own), own[-1].row)
        lines, estimated = tuple(own), False
    else:
        _take(body, "", _language(debate, ""), reading)
        lines, estimated = lines_of_turns(reading.turns)
    return PastText(
        form="akn",
        title=_title(debate),
        opened=reading.opened,
        day=_day(debate),
        language=_language(debate, ""),
        lines=some(lines, "Akoma Ntoso"),
        estimated=estimated,
        notes=reading.notes.all(),
    )


def _take(node: XmlNode, name: str, language: str, reading: _Reading) -> None:
    """Take what was said within an element, in the order of the file."""
    waiting: list[tuple[XmlNode, str, str, int | None]] = [(node, name, language, None)]
    while waiting:
        each, speaker, tag, t0 = waiting.pop()
        tag = _language(each, tag)
        if each.name in _SPEAKING:
            speaker, at = _speaker(each, speaker, reading.people), _moment(each)
            t0 = None if at is None or reading.opened is None else max(0, at - reading.opened)
        if each.name == "p" or each.name in _TOLD:
            said = plain(each.text(*_AROUND))
            if said:
                who = "" if each.name in _TOLD else speaker
                reading.turns.append(SpokenParagraph(row=each.row, text=said, name=who, t0=t0, language=tag))
                stop_at_most(len(reading.turns), each.row)
            continue
        if each.name in _AROUND:
            continue
        # Only the first paragraph of a speech begins with it.
        inner = list(each.children)
        begins = next((n for n, child in enumerate(inner) if child.name not in _AROUND), -1)
        waiting += reversed([(child, speaker, tag, t0 if n == begins else None) for n, child in enumerate(inner)])


def _own_lines(debate: XmlNode, people: dict[str, str]) -> Iterator[PastLine]:
    """Yield the lines as this program wrote them, with media times; none where another did."""
    around = _language(debate, "")
    for speech in debate.all("speech"):
        by = speech.get("by").removeprefix("#")
        for node in speech.children:
            if node.name == "p" and _MS.match(node.get("begin", OURS)):
                line = _own_line(node, "" if by == "unnamed" else plain(people.get(by, "")), around)
                if line is not None:
                    yield line


def _own_line(node: XmlNode, name: str, around: str) -> PastLine | None:
    t0, end = int(node.get("begin", OURS)), node.get("end", OURS)
    text, origin = plain(node.text(*_AROUND)), node.get("origin", OURS)
    mended = node.get("mended", OURS) == "true"
    if not text:
        return None
    return PastLine(
        row=node.row,
        id=node.get("wId").removeprefix(_LINE),
        t0=t0,
        t1=max(t0, int(end)) if _MS.match(end) else t0,
        text=text,
        name=name,
        language=_language(node, around),
        origin=Origin(origin) if origin in set(Origin) else Origin.PERSON,
        tool=node.get("tool", OURS) or msgspec.UNSET,
        respoken=node.get("respoken", OURS) == "true" or msgspec.UNSET,
        rough=(node.get("rough", OURS) == "true" and not node.get("route", OURS)) or msgspec.UNSET,
        mended=mended,
        accepted=mended and node.get("accepted", OURS) == "true",
        revision=1 if mended else 0,
    )


def _speaker(node: XmlNode, around: str, people: dict[str, str]) -> str:
    by = people.get(node.get("by").removeprefix("#"), "")
    written = next((plain(each.text()) for each in node.children if each.name == "from"), "")
    return plain(by or written.rstrip(":：. ") or around)  # noqa: RUF001


def _opened(body: XmlNode, stamps: list[int]) -> int | None:
    """When a meeting began, Unix ms: by our own times within it, or else with the first speech that has a time."""
    for speech in body.all("speech"):
        at = _moment(speech)
        first = next((each.get("begin", OURS) for each in speech.children if each.get("begin", OURS)), "")
        if at is not None and _MS.match(first):
            return at - int(first)
    return min(stamps, default=None)


def _moment(node: XmlNode) -> int | None:
    """When a speech began, Unix ms; None where it doesn't say, or not with a date."""
    given = node.get("startTime")
    try:
        moment = datetime.fromisoformat(given)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        ms = round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
    return ms if ms > 0 else None


def _title(debate: XmlNode) -> str:
    for name in ("docTitle", "FRBRname", "FRBRalias"):
        node = debate.first(name)
        found = "" if node is None else plain(node.text()) or node.get("value")
        if found:
            return found
    return ""


def _day(debate: XmlNode) -> str:
    days = (_DAY.match(node.get("date")) for node in debate.all("FRBRdate"))
    return next((day[0] for day in days if day is not None), "")


def _language(node: XmlNode, around: str) -> str:
    given = node.get("lang", XML)
    return given if is_language(given) else around
