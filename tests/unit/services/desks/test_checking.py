from __future__ import annotations

from moothall.core.events.lines import Word
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.kernel.persistent import PersistentMap
from moothall.core.ports import BookEntry
from moothall.core.sessions.parts import Segment
from moothall.core.sessions.state import State
from moothall.services.desks.checking import MOST_TAKEN, TAKEN_MS, CheckedLines, FoundRight, doubt, to_check
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock

FLOOR, SESSION, OTHER = ChannelId("floor"), SessionId("s"), SessionId("other")


def line(name: str, t0: int = 0, p: float = 1.0, **fields: object) -> Segment:
    words = (Word("We", 0, 1, 0.9), Word(" go.", 1, 2, p))
    known = {"id": SegmentId(name), "channel": FLOOR, "language": "en", "t0": t0, "words": words, "ended": True}
    return Segment(**{**known, **fields})  # type: ignore[arg-type]


def test_finished_lines_of_the_text_are_checked_by_time() -> None:
    lines = (
        line("b", 2_000),
        line("a", 1_000),
        line("growing", ended=False),
        line("gone", gone=True),
        line("blank", words=()),
        line("fr", channel=ChannelId("fr")),
    )
    segments: PersistentMap[SegmentId, Segment] = PersistentMap()
    for each in lines:
        segments = segments.set(each.id, each)
    assert [each.id for each in to_check(State(id=SESSION, segments=segments), FLOOR)] == ["a", "b"]


def test_a_line_is_as_uncertain_as_its_least_certain_word() -> None:
    assert round(doubt(line("a", p=0.3)), 3) == 0.7
    assert round(doubt(line("a", p=0.95)), 3) == 0.1
    assert doubt(line("typed", words=(), text="We go.")) == 0
    assert doubt(line("mended", p=0.3, base=2, text="We all go on.", mended=True)) == 0
    assert round(doubt(line("better", p=0.3, base=2, text="We all go.")), 3) == 0.1, "beside a change"
    assert round(doubt(line("better", p=0.3, base=2, text="Now all of us go.")), 3) == 0.7


async def test_progress_is_kept_by_session_and_says_no_words() -> None:
    book, clock = MemoryBook(), ManualClock(wall=1_000)
    lines = CheckedLines(book, clock)
    await lines.mark(SESSION, SegmentId("a"), 2, Role.CAPTIONER)
    await book.write([BookEntry("checked-lines:s", "b", b'{"of a later":"release"}')])
    again = CheckedLines(book, clock)
    assert await again.of(SESSION) == {"a": FoundRight(revision=2, role=Role.CAPTIONER, at=1_000)}
    assert await again.of(OTHER) == {}


async def test_two_people_have_different_lines() -> None:
    clock = ManualClock()
    lines = CheckedLines(MemoryBook(), clock)
    left = [line(f"l{n}") for n in range(5)]
    assert [each.id for each in lines.take(SESSION, left, "ana", 2)] == ["l0", "l1"]
    assert [each.id for each in lines.take(SESSION, left, "bo", 2)] == ["l2", "l3"]
    assert [each.id for each in lines.take(SESSION, left, "ana", 2)] == ["l0", "l1"]
    assert [each.id for each in lines.take(OTHER, left, "bo", 2)] == ["l0", "l1"]
    await lines.mark(SESSION, SegmentId("l0"), 0, Role.CAPTIONER)
    assert [each.id for each in lines.take(SESSION, left[1:], "ana", 2)] == ["l1", "l4"]
    await clock.advance(TAKEN_MS + 1)
    assert [each.id for each in lines.take(SESSION, left, "bo", 2)] == ["l0", "l1"]


def test_what_is_taken_has_a_bound() -> None:
    lines = CheckedLines(MemoryBook(), ManualClock())
    many = [line(f"l{n}") for n in range(MOST_TAKEN + 1)]
    assert len(lines.take(SESSION, many, "ana", len(many))) == len(many)
    assert [each.id for each in lines.take(SESSION, many, "bo", 9)] == ["l0"]
