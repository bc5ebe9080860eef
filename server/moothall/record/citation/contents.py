"""The contents of a record: its chapters by time, and an index of who spoke when.

A chapter is what a reader looks for: a question that had its turn, a show of hands, a break, or the next ten minutes
where nothing of that kind happened.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

import msgspec

from moothall.core.kernel.ids import SegmentId
from moothall.core.questions.interventions import Questions
from moothall.core.views.captions import Line, Session
from moothall.core.views.happenings import Happening, happenings
from moothall.core.views.reading_order import EARLY
from moothall.record.wrapping import beginning, plain

SECTION = 10 * 60_000
"""The longest time in ms without a chapter, as far as there are lines."""
MOST_CHAPTERS = 200
"""The most happenings that are chapters: the newest."""
MOST_TURNS = 300
"""The most turns that are listed. Where there were more, as when people answer each other for hours, these are the
first of each speaker and the longest.
"""


class Chapter(msgspec.Struct, frozen=True, kw_only=True):
    """A chapter."""

    t: int
    """When it begins, media ms."""
    segment: SegmentId
    """The line with which it begins."""
    words: str
    """How that line begins, as a single row."""
    language: str
    """BCP-47 tag of that line."""
    happening: Happening | None = None
    """With what the chapter begins; None where only time has passed."""


class SpeakerIndex(msgspec.Struct, frozen=True, kw_only=True):
    """When somebody spoke."""

    name: str
    turns: tuple[tuple[int, SegmentId], ...]
    """The beginning of each listed turn (media ms), and its first line."""


class RecordContents(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of a record."""

    chapters: tuple[Chapter, ...]
    """By time."""
    speakers: tuple[SpeakerIndex, ...]
    """In the order in which they first spoke."""


class _Turn(msgspec.Struct):
    """A turn: when it began (media ms), its first line, and how many characters were said in it."""

    t: int
    segment: SegmentId
    length: int


def contents_of(session: Session, lines: Sequence[Line], questions: Questions | None) -> RecordContents:
    """The contents of a text with these lines, which are all that it shows, by time. Speakers without a name are left
    out.
    """
    began = [line.t0 for line in lines]
    found = [
        _chapter(lines[number], happening=each)
        for each in reversed(happenings(session, questions, MOST_CHAPTERS))
        if (number := bisect_left(began, each.t - EARLY)) < len(lines)
    ]
    return RecordContents(chapters=tuple(_with_sections(found, lines)), speakers=tuple(_speakers(session, lines)))


def _with_sections(found: Sequence[Chapter], lines: Sequence[Line]) -> Iterator[Chapter]:
    """The chapters, with one more wherever `SECTION` has passed since the last; the first begins with the text."""
    waiting, last = list(found[::-1]), -SECTION
    for line in lines:
        while waiting and waiting[-1].segment == line.segment:
            yield waiting.pop()
            last = line.t0
        if line.t0 >= last + SECTION:
            yield _chapter(line)
            last = line.t0


def _chapter(line: Line, happening: Happening | None = None) -> Chapter:
    t = line.t0 if happening is None else happening.t
    words = beginning(plain(line.text))
    return Chapter(t=t, segment=line.segment, words=words, language=line.language, happening=happening)


def _speakers(session: Session, lines: Sequence[Line]) -> Iterator[SpeakerIndex]:
    names = {speaker: plain(name) for speaker, name in session.speakers.items()}
    turns: dict[str, list[_Turn]] = {}
    speaking = ""
    for line in lines:
        name = names.get(line.speaker, "") if line.speaker else ""
        if name and name == speaking:
            turns[name][-1].length += len(line.text)
        elif name:
            turns.setdefault(name, []).append(_Turn(line.t0, line.segment, len(line.text)))
        speaking = name
    firsts = [each[0] for each in turns.values()]
    longest = sorted((turn for each in turns.values() for turn in each[1:]), key=lambda turn: -turn.length)
    listed = {turn.segment for turn in (*firsts, *longest)[:MOST_TURNS]}
    for name, each in turns.items():
        shown = tuple((turn.t, turn.segment) for turn in each if turn.segment in listed)
        if shown:
            yield SpeakerIndex(name=name, turns=shown)
