from __future__ import annotations

from moothall.core.captioning.outgoing import (
    HELD_MS,
    LATE_MS,
    MOST_WAITING,
    OutgoingLine,
    due,
    in_time,
    mended,
    with_line,
    without,
)
from moothall.core.kernel.ids import SegmentId


def held(name: str, at: int = 0, text: str = "We open.") -> OutgoingLine:
    return OutgoingLine(SegmentId(name), text, "en", at)


def test_a_line_is_due_after_a_while_with_what_was_mended_until_then_and_in_its_order() -> None:
    waiting = with_line(with_line((), held("a", 100)), held("b", 0))
    assert due(waiting, 99 + HELD_MS) is None
    waiting = mended(waiting, SegmentId("a"), "We open!")
    assert due(waiting, 100 + HELD_MS) == held("a", 100, "We open!")
    waiting = without(waiting, {SegmentId("a")})
    assert due(waiting, HELD_MS) == held("b")
    assert due((), 0) is None


def test_what_is_too_late_or_taken_back_is_given_up() -> None:
    waiting = (held("a", 0), held("b", 1), held("c", LATE_MS - HELD_MS, " "), held("d", LATE_MS, " "))
    assert in_time(waiting, LATE_MS) == (held("b", 1), held("d", LATE_MS, " "))
    many = tuple(held(str(n)) for n in range(MOST_WAITING))
    assert with_line(many, held("new")) == (*many[1:], held("new"))
