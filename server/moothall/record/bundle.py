"""The pages and lists of a bundle: records of several sessions as files that open from a disk without a server.

A bundle is a BagIt bag (RFC 8493), so archives can take it as it is: the records are its payload, in `data`. Its page,
its list for programs and its search stand beside them. The search is a script that reads the lines from scripts too,
since browsers let a page on a disk load nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from html import escape
from itertools import groupby
from typing import Literal

import msgspec

from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import media_time
from moothall.core.search.han import simpler_in
from moothall.record.model import Record, Seal

DATA, SEARCH = "data", "search"
"""Folders: of the records, and of the lines that are searched."""
INDEX, MANIFEST, STYLE, SCRIPT = "index.html", "manifest.json", "style.css", "search.js"
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; "
    "style-src 'self' file:; script-src 'self' file:; media-src 'self' file:"
)
"""The Content-Security-Policy of the page. Browsers differ in whether `'self'` names the folder of a page on a disk."""


class BundledFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a bundle."""

    path: str
    """Its path below the bundle's folder."""
    bytes: int
    sha256: str
    """Hexadecimal."""


class WithoutPdf(StrEnum):
    """Why a text is not in a bundle as PDF."""

    NOT_INSTALLED = "not-installed"
    """The server can set no PDF."""
    NO_FONT = "no-font"
    """It has no font for the letters of the text."""
    NOT_SET = "not-set"
    """The text is too long, or Typst can't set it."""


class BundledText(msgspec.Struct, frozen=True, kw_only=True):
    """One text of a session."""

    channel: str
    kind: str
    """`floor`, `interpretation` or `translation`."""
    languages: tuple[str, ...]
    """BCP-47 tags; the first is the expected one."""
    name: str
    """The languages in words, in the language of the bundle's page."""
    position: str
    """The position in the log that the files show."""
    seal: Seal | None
    """The newest seal; null before the first."""
    files: dict[str, str]
    """The path of the file by its format."""
    without_pdf: WithoutPdf | None = None
    """Why it is not there as PDF; null where it is."""


class BundledSound(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a session's published sound."""

    path: str
    channel: str
    t0: int
    """Media ms of its first sample."""


class BundledRemoval(msgspec.Struct, frozen=True, kw_only=True):
    """Words were removed from a session for good, before this was made."""

    offset: int
    """The offset of the event that says so."""
    at: int
    """Unix ms."""
    reason: str
    """`request`, or `not-recorded` for what a span of "not recorded", or a break, had caught."""


class BundledReport(msgspec.Struct, frozen=True, kw_only=True):
    """The published report of a session."""

    title: str
    language: str
    """BCP-47 tag of its texts."""
    n: int
    """Its version."""
    files: dict[str, str]
    """The path of the file by its format."""


class DumpedSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session in a file of JSON lines; the lines after it are the records of its texts, as in `record.json`."""

    format: Literal["moothall.session"] = "moothall.session"
    version: Literal[1] = 1
    id: str
    title: str
    """The title as it was given; empty where the session has none."""
    languages: tuple[str, ...]
    """BCP-47 tags of the languages that may be spoken."""
    opened: int | None
    """Unix ms of media time 0."""
    address: str
    """The address of its record at the server."""
    texts: int
    """How many records follow."""
    withdrawn: tuple[BundledRemoval, ...]
    """What was removed before this file was made."""
    withdrawals: str
    """The address that lists what was withdrawn since."""
    report: msgspec.Raw | None = None
    """The newest published version of its report, as its own address gives it as JSON; null where there is none."""


class BundledSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session of a bundle."""

    id: str
    title: str
    """The title; where it has none, words that say so in the language of the bundle's page."""
    language: str
    """BCP-47 tag of the title; empty where the session has none."""
    day: str
    """The day in words; empty where it is not known."""
    opened: int | None
    """Unix ms of media time 0."""
    address: str
    """The address of its record at the server."""
    texts: tuple[BundledText, ...]
    sound: tuple[BundledSound, ...]
    report: BundledReport | None = None
    """Its newest published version; null where there is none."""
    withdrawn: tuple[BundledRemoval, ...]
    """What was removed before this was made."""


class BundleManifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle holds, for programs: `manifest.json`."""

    format: Literal["moothall.bundle"] = "moothall.bundle"
    version: Literal[1] = 1
    """Fields are only ever added; a changed meaning is a higher version."""
    title: str
    language: str
    """BCP-47 tag of the bundle's page."""
    withdrawals: str
    """The address that lists what was withdrawn since; look there before you show any of this."""
    keys: str
    """The address of the keys that verify the checkpoints in the records as JSON, and proofs."""
    proof: str = ""
    """The address of the proof that this list was logged, from two minutes after the bundle was made on: with the
    SHA-256 of this file, hexadecimal, behind it. Empty in bundles of earlier releases.
    """
    proceedings: tuple[str, ...] = ()
    """The addresses of the same records as one book; none for a bundle of one session."""
    sessions: tuple[BundledSession, ...]
    files: tuple[BundledFile, ...]
    """All other files of the bundle but those that list files."""


class BundleWording(msgspec.Struct, frozen=True, kw_only=True):
    """Texts of a bundle's page in one language. Docstrings name the {placeholders} of a text."""

    notice: str
    """What a bundle is, and that it needs no connection."""
    withdrawn: str
    """That words may have been withdrawn since, above the address that lists them."""
    search: str
    """The label of the search."""
    search_in: str
    """The label of the choice of the text's language."""
    find: str
    """The button."""
    searching: str
    found: str
    """With {n}, how many lines were found."""
    found_more: str
    """With {n}, how many lines are shown, where there are more."""
    sound: str
    """With {time}, the media time at which a part of the sound begins."""
    none: str
    """For a bundle without sessions."""
    report: str
    """Before the title of a session's report."""
    book: str
    """Before the addresses of the same records as one book."""


def search_lines(page: str, title: str, record: Record) -> str:
    """A text's lines as a script for the search: the path of its page, the session's title, of each line the id, the
    time and the words, and the pairs by which its Chinese is found in either script.
    """
    lines = [(f"line-{line.segment}", media_time(line.t0), line.text) for line in record.lines]
    languages = [record.language, *sorted({line.language for line in record.lines} - {record.language})]
    told = (page, title, languages, lines, simpler_in(line.text for line in record.lines))
    return f"moothall_lines({','.join(map(_json, told))});\n"


def write_index(manifest: BundleManifest, words: BundleWording, searched: Mapping[str, Sequence[str]]) -> str:
    """The bundle's page; `searched`: the scripts with the lines, by the name of the language that they are in."""
    return "".join(_index(manifest, words, searched))


def _index(manifest: BundleManifest, words: BundleWording, searched: Mapping[str, Sequence[str]]) -> Iterator[str]:
    title, language = escape(manifest.title), escape(manifest.language)
    yield f'<!doctype html>\n<html lang="{language}" dir="{direction(manifest.language)}">\n<head>\n'
    yield '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
    yield '<meta name="color-scheme" content="light dark">\n'
    yield f'<title>{title}</title>\n<link rel="stylesheet" href="{STYLE}">\n</head>\n<body>\n'
    yield f"<header>\n<h1><bdi>{title}</bdi></h1>\n<p>{escape(words.notice)}</p>\n"
    address = escape(manifest.withdrawals)
    yield f'<p class="notice">{escape(words.withdrawn)} <a href="{address}"><bdi>{address}</bdi></a></p>\n'
    for book in map(escape, manifest.proceedings):
        yield f'<p>{escape(words.book)}: <a href="{book}"><bdi>{book}</bdi></a></p>\n'
    yield "</header>\n"
    if searched:
        yield from _search(words, searched)
    yield '<main id="text">\n'
    if not manifest.sessions:
        yield f"<p>{escape(words.none)}</p>\n"
    for day, sessions in groupby(manifest.sessions, key=lambda each: each.day):
        yield f"<section>\n<h2>{escape(day)}</h2>\n" if day else "<section>\n"
        for session in sessions:
            yield from _session(session, words)
        yield "</section>\n"
    yield f'</main>\n<script src="{SCRIPT}"></script>\n</body>\n</html>\n'


def _search(words: BundleWording, searched: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield '<form id="Search" role="search" hidden '
    yield f'data-searching="{escape(words.searching)}" data-found="{escape(words.found)}" '
    yield f'data-more="{escape(words.found_more)}">\n'
    yield f'<label for="Words">{escape(words.search)}</label>\n<input id="Words" type="search" maxlength="200">\n'
    yield f'<label for="Language">{escape(words.search_in)}</label>\n<select id="Language">\n'
    for name, scripts in searched.items():
        yield f'<option value="{escape(" ".join(scripts))}">{escape(name)}</option>\n'
    yield f'</select>\n<button>{escape(words.find)}</button>\n<p id="Found" role="status"></p>\n'
    yield '<ol id="Lines"></ol>\n</form>\n'


def _session(session: BundledSession, words: BundleWording) -> Iterator[str]:
    lang = f' lang="{escape(session.language)}"' if session.language else ""
    name = f"session-{session.id}"
    yield f'<article aria-labelledby="{name}">\n<h3 id="{name}"><bdi{lang}>{escape(session.title)}</bdi></h3>\n<ul>\n'
    for text in session.texts:
        yield f'<li><a href="{text.files["html"]}">{escape(text.name)}</a> {_forms(text.files)}</li>\n'
    if (report := session.report) is not None:
        title = f'<bdi lang="{escape(report.language)}">{escape(report.title)}</bdi>'
        yield f'<li>{escape(words.report)}: <a href="{report.files["html"]}">{title}</a> {_forms(report.files)}</li>\n'
    yield "</ul>\n"
    for part in session.sound:
        label = escape(words.sound.format(time=media_time(part.t0)))
        yield f'<p class="facts">{label}<br><audio controls preload="none" src="{part.path}" aria-label="{label}">'
        yield "</audio></p>\n"
    yield "</article>\n"


def _forms(files: Mapping[str, str]) -> str:
    """Links to the files of other formats than the one that is read."""
    forms = " ".join(f'<a href="{path}">{escape(form)}</a>' for form, path in files.items() if form != "html")
    return f'<span class="facts">{forms}</span>'


def write_manifest(manifest: BundleManifest) -> bytes:
    """The list for programs, as JSON."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


BAG = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
"""`bagit.txt`."""


def bag_info(manifest: BundleManifest) -> str:
    """`bag-info.txt`: what is in the bag, and how much (RFC 8493 §2.2.2)."""
    inside = [file for file in manifest.files if file.path.startswith(f"{DATA}/")]
    title = " ".join(manifest.title.split())
    return (
        f"External-Description: {title}\n"
        f"Payload-Oxum: {sum(file.bytes for file in inside)}.{len(inside)}\n"
        f"Internal-Sender-Description: Look at {manifest.withdrawals} for what was withdrawn since.\n"
    )


def bag_list(files: Iterable[BundledFile]) -> str:
    """A list of files with their digests, as in `manifest-sha256.txt`."""
    return "".join(f"{file.sha256}  {file.path}\n" for file in files)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
