"""Reads WebVTT by the algorithm of its specification, with the dialects of Zoom, Teams and YouTube.

What the specification has players pass over (a caption without a valid time) is passed over, and noted. The parser is
our own: `webvtt-py`, the library that agrees best with browsers, decodes no entities and keeps no line numbers, and the
algorithm is a page of code (ADR 48).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import msgspec

from moothall.core.kernel.errors import ImportRefused
from moothall.core.kernel.languages import is_language
from moothall.record.cues import RIGHT_TO_LEFT_MARK
from moothall.record.imports.cue_markup import CueText, cue_text, joined
from moothall.record.imports.joining import line_of_cues, sentences_of
from moothall.record.imports.labels import are_named, with_labels, without_voices
from moothall.record.imports.past import NoteList, PastCue, PastLine, PastText, some, stop_at_most

ZOOM, TEAMS, YOUTUBE = "Zoom", "Microsoft Teams", "YouTube"
_HEADER = re.compile(r"WEBVTT(?:[ \t]|\Z)")
_OURS = re.compile(r"WEBVTT - (?P<title>.*)")
_STAMP = re.compile(r"(?:([0-9]+):)?([0-5][0-9]):([0-5][0-9])\.([0-9]{3})(?![0-9])")
_NOTICE = re.compile(r"notice:[0-9]+\Z")
_PART = re.compile(r"(?P<line>[^/]+)/(?P<part>[2-9]|[1-9][0-9]{1,3})\Z")
_LANGUAGE_NOTE = re.compile(r"(?:NOTE\s+)?language:\s*\"?([A-Za-z-]{2,35})", re.IGNORECASE)
_CONFIDENCE = re.compile(r"NOTE\s+Confidence:", re.IGNORECASE)
_TEAMS_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:[-/][0-9-]+)?\Z", re.IGNORECASE)
_MOST_HOURS_DIGITS = 4


class VttCaption(msgspec.Struct, frozen=True):
    """A caption as it stands in the file."""

    row: int
    id: str
    t0: int
    t1: int
    rows: list[str]


def read_vtt(text: str, unnamed: Collection[str] = ()) -> PastText:
    """Read a WebVTT file. `unnamed` as in `labels.without_voices`. Raises ImportRefused."""
    rows = text.split("\n")
    if not _HEADER.match(rows[0]):
        raise ImportRefused("A WebVTT file begins with WEBVTT.", 1)
    notes = NoteList()
    head, blocks, comments = blocks_in(rows, notes)
    said = [(block, cue_text(block.rows)) for block in blocks]
    ours = _OURS.match(rows[0])
    if ours is not None and comments and not head and are_named(block.id for block in blocks):
        return _own(ours["title"], said, unnamed, notes)
    return _foreign(said, [*head, *comments], unnamed, notes)


def blocks_in(rows: Sequence[str], notes: NoteList) -> tuple[list[str], list[VttCaption], list[str]]:
    """The rows of the header, the captions, and the comments (each as one string)."""
    at, head = 1, list[str]()
    while at < len(rows) and rows[at] and "-->" not in rows[at]:
        head.append(rows[at])
        at += 1
    blocks: list[VttCaption] = []
    comments: list[str] = []
    while at < len(rows):
        if not rows[at]:
            at += 1
            continue
        at = _block(rows, at, blocks, comments, notes)
        stop_at_most(len(blocks), at)
    return head, blocks, comments


def _block(rows: Sequence[str], first: int, blocks: list[VttCaption], comments: list[str], notes: NoteList) -> int:
    """Read one block, which begins at `rows[first]`. Returns where the next begins."""
    timed = first if "-->" in rows[first] else first + 1
    if timed >= len(rows) or "-->" not in rows[timed]:
        end = first
        while end < len(rows) and rows[end] and (end == first or "-->" not in rows[end]):
            end += 1
        comments.append("\n".join(rows[first:end]))
        return end
    end = timed + 1
    while end < len(rows) and rows[end] and "-->" not in rows[end]:
        end += 1
    times = _times(rows[timed])
    if times is None:
        notes.add(timed + 1, "This caption has no valid time, as 00:01:02.345 --> 00:01:04.000, and was left out.")
    else:
        name = rows[first] if timed > first else ""
        blocks.append(VttCaption(first + 1, name.strip(), *times, list(rows[timed + 1 : end])))
    return end


def _times(row: str) -> tuple[int, int] | None:
    before, _, after = row.partition("-->")
    first, second = _STAMP.fullmatch(before.strip()), _STAMP.match(after.lstrip())
    if first is None or second is None:
        return None
    t0, t1 = _ms(first), _ms(second)
    return None if t0 is None or t1 is None else (t0, max(t0, t1))


def _ms(stamp: re.Match[str]) -> int | None:
    hours, minutes, seconds, ms = stamp.groups()
    if hours is not None and len(hours) > _MOST_HOURS_DIGITS:
        return None
    return ((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(ms)


def _cue(block: VttCaption, said: CueText) -> PastCue | None:
    text = joined(tuple(row for each in said.rows if (row := _unmarked(each))))
    if not text:
        return None
    return PastCue(
        row=block.row, id=block.id, t0=block.t0, t1=block.t1, text=text, name=said.voice, language=said.language
    )


def _unmarked(row: str) -> str:
    """A row without the marks at both ends with which our files can be written for simple players."""
    both = len(row) > 1 and row[0] == row[-1] == RIGHT_TO_LEFT_MARK
    return row[1:-1].strip(" ") if both else row


def _own(title: str, said: Sequence[tuple[VttCaption, CueText]], unnamed: Collection[str], notes: NoteList) -> PastText:
    """A file that this program wrote: parts of a line are named after it, and what says why there is no text is none of
    the lines.
    """
    lines: dict[str, list[PastCue]] = {}
    for block, each in said:
        cue = _cue(block, each)
        if _NOTICE.match(block.id):
            notes.add(block.row, "What says why there is no text is no line, and was left out.")
        elif cue is not None:
            part = _PART.match(block.id)
            lines.setdefault(block.id if part is None else part["line"], []).append(cue)
    named = zip(lines, without_voices(lines.values(), unnamed), strict=True)
    made = [line for name, parts in named if (line := line_of_cues(parts, name)) is not None]
    found = tuple(sorted(made, key=lambda line: line.t0))
    return PastText(form="vtt", title=title.strip(), lines=some(found, "WebVTT"), notes=notes.all())


def _foreign(
    said: Sequence[tuple[VttCaption, CueText]], comments: Sequence[str], unnamed: Collection[str], notes: NoteList
) -> PastText:
    producer = _producer(said, comments)
    if producer == YOUTUBE:
        said = _unrolled(said)
    cues = [cue for block, each in said if (cue := _cue(block, each)) is not None]
    if any(cue.name for cue in cues):
        cues = [cue for (cue,) in without_voices(([cue] for cue in cues), unnamed)]
    else:
        cues = with_labels(cues, unnamed, all_of_them=producer == ZOOM)
    found: tuple[PastLine, ...] = sentences_of(cues)
    languages = [match[1] for each in comments if (match := _LANGUAGE_NOTE.search(each)) is not None]
    language = next((each for each in languages if is_language(each)), "")
    return PastText(form="vtt", producer=producer, language=language, lines=some(found, "WebVTT"), notes=notes.all())


def _producer(said: Sequence[tuple[VttCaption, CueText]], comments: Sequence[str]) -> str:
    """The program that wrote a file, by its ways: Teams names its captions by UUIDs, Zoom numbers them and writes names
    before the text, YouTube has times within it.
    """
    if any(_TEAMS_ID.match(block.id) for block, _ in said[:3]) or any(map(_CONFIDENCE.match, comments)):
        return TEAMS
    if any(each.timed for _, each in said) and any(each.startswith("Kind: captions") for each in comments):
        return YOUTUBE
    numbered = bool(said) and all(block.id == str(n) for n, (block, _) in enumerate(said, 1))
    if numbered and not any(each.voice for _, each in said):
        labelled = sum(": " in each.rows[0][:90] for _, each in said if each.rows)
        if labelled * 2 >= len(said):
            return ZOOM
    return ""


def _unrolled(said: Sequence[tuple[VttCaption, CueText]]) -> list[tuple[VttCaption, CueText]]:
    """Captions that roll up, without the rows that the caption before already showed."""
    found: list[tuple[VttCaption, CueText]] = []
    before: tuple[str, ...] = ()
    for block, each in said:
        rows = each.rows
        again = next((n for n in range(min(len(rows), len(before)), 0, -1) if before[-n:] == rows[:n]), 0)
        before = rows
        if rows[again:]:
            found.append((block, msgspec.structs.replace(each, rows=rows[again:])))
    return found
