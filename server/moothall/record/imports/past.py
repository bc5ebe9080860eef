"""What a file about a past meeting says: its lines, and what it tells of the meeting itself.

Readers of formats are pure functions from a text to a `PastText`. They raise nothing but `ImportRefused`.
"""

from __future__ import annotations

import codecs

import msgspec

from moothall.core.commands import ImportedChapter, ImportedQuestion, ImportedSpan
from moothall.core.events.lines import MadeFrom, Origin, Word
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.errors import ImportRefused
from moothall.core.kernel.visible import visible

NAMES = {
    "vtt": "WebVTT",
    "srt": "SubRip",
    "ttml": "TTML",
    "txt": "text",
    "akn": "Akoma Ntoso",
    "json": "Moothall",
}
"""The names of the formats, as lines and pages say them."""
MOST_BYTES = 8 << 20
"""The most bytes of a file: a three-hour meeting of 30,000 words is 300 KB as WebVTT and 5 MB as our JSON."""
MOST_LINES = 30_000
"""The most lines, captions or paragraphs of a file."""
MOST_NOTES = 20
"""Notes on one file that are told; the next only says how many more there are."""
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class FileNote(msgspec.Struct, frozen=True):
    """Something of a file that was passed over."""

    row: int
    """The line of the file, from 1."""
    sentence: str


class PastCue(msgspec.Struct, frozen=True, kw_only=True):
    """A caption of a file, or a paragraph."""

    row: int
    """The line of the file at which it begins, from 1."""
    id: str = ""
    """The name that the file gives it; empty for none."""
    t0: int
    t1: int
    text: str
    """The text as a single row, never blank."""
    name: str = ""
    """Who speaks; empty where the file doesn't say."""
    language: str = ""
    """BCP-47 tag; empty where the file doesn't say."""


class PastLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a past meeting. Fields as in `ImportedLine`, with the speaker's name in place of an id."""

    row: int
    """The line of the file at which it begins, from 1."""
    id: str = ""
    """Its id, in a file that this program wrote; empty otherwise."""
    t0: int
    t1: int
    text: str
    name: str = ""
    """The speaker's name; empty where nobody is named."""
    speaker: str = ""
    """The speaker's id, where the file has one that is fit for an id."""
    language: str = ""
    words: tuple[Word, ...] = ()
    """The captions of which it was joined, one word for each; none where it was one."""
    origin: Origin = Origin.PERSON
    tool: str | msgspec.UnsetType = msgspec.UNSET
    respoken: bool | msgspec.UnsetType = msgspec.UNSET
    rough: bool | msgspec.UnsetType = msgspec.UNSET
    made_from: MadeFrom | msgspec.UnsetType = msgspec.UNSET
    revision: int = 0
    mended: bool = False
    accepted: bool = False


class PastHub(msgspec.Struct, frozen=True):
    """A hub that took part."""

    hub: str
    title: str
    most: int | None


class PastText(msgspec.Struct, frozen=True, kw_only=True):
    """A file about a past meeting. What the file doesn't say is empty, or None."""

    form: str
    """The format, as in `TextImported`."""
    lines: tuple[PastLine, ...]
    """The lines in order of time, at least one."""
    producer: str = ""
    """The program that wrote the file."""
    title: str = ""
    opened: int | None = None
    """Unix ms of media time 0."""
    day: str = ""
    """The date of the meeting as `2019-11-25`, where only that is known."""
    language: str = ""
    """BCP-47 tag of lines that have none of their own."""
    languages: tuple[str, ...] = ()
    """BCP-47 tags of the languages spoken in the meeting."""
    session: str = ""
    """The session's id."""
    channel: str = ""
    kind: ChannelKind = ChannelKind.FLOOR
    text_languages: tuple[str, ...] = ()
    """BCP-47 tags of the channel."""
    spans: tuple[ImportedSpan, ...] = ()
    asked: tuple[ImportedQuestion, ...] = ()
    chapters: tuple[ImportedChapter, ...] = ()
    """What was taken up or had its turn, in order of time."""
    hubs: tuple[PastHub, ...] = ()
    estimated: bool = False
    """Whether the file has no times: those of the lines are estimated from the lengths of the texts."""
    until: int = 0
    """The end of the meeting, media ms, where the file says so."""
    notes: tuple[FileNote, ...] = ()
    """What was passed over, in order."""


class NoteList:
    """Collects what a reader passes over."""

    def __init__(self) -> None:
        self._notes: list[FileNote] = []
        self._more = 0

    def add(self, row: int, sentence: str) -> None:
        """Note what was passed over at a line of the file."""
        if len(self._notes) < MOST_NOTES:
            self._notes.append(FileNote(row, sentence))
        else:
            self._more += 1

    def all(self) -> tuple[FileNote, ...]:
        """The notes, with one more that says how many were not kept."""
        if not self._more:
            return tuple(self._notes)
        return (*self._notes, FileNote(self._notes[-1].row, f"Further parts were passed over: {self._more}."))


def decoded(data: bytes) -> str:
    """The text of a file: UTF-8, or UTF-16 with a byte order mark, with line feeds between its rows and without what
    nobody sees.

    Raises ImportRefused.
    """
    if len(data) > MOST_BYTES:
        raise ImportRefused(f"The file is larger than {MOST_BYTES >> 20} MB. Divide it.")
    mark, charset = next((each for each in _BOMS if data.startswith(each[0])), (b"", "utf-8"))
    try:
        text = data[len(mark) :].decode(charset)
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise ImportRefused("This is no UTF-8. Save the file as UTF-8.", row) from error
    if "\0" in text and text.count("\0") * 10 > len(text):
        raise ImportRefused("This is no text.", 1)
    # What a page may not show is not in the lines either: `visible` is what the log's writer applies.
    return visible(text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd"))


def stop_at_most(count: int, row: int) -> None:
    """Raise ImportRefused once a file has more lines than fit."""
    if count > MOST_LINES:
        raise ImportRefused(f"The file has more than {MOST_LINES} lines or captions. Divide it.", row)


def some(lines: tuple[PastLine, ...], form: str) -> tuple[PastLine, ...]:
    """The lines. Raises ImportRefused where there is none."""
    if not lines:
        raise ImportRefused(f"Nothing in this {form} file is a line with text.", 1)
    return lines
