"""The order of lines and of spans without text, and the names above lines: the same on pages, in plain text and in
files.

`web/js/lib/reading_order.js` is the counterpart for scripts; the cases in `tests/support/files/reading_order.json` test
both.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

import msgspec

MAX_GAPS = 50
"""The most gaps that a page gets of each kind: the newest failures, and the newest intended gaps."""
NOT_RECORDED = "not-recorded"
"""Reason of a gap: the session was not recorded."""
BREAK = "break"
"""Reason of a gap: there was a break."""
BREAK_SET_BACK = "break-set-back"
"""Reason of a gap: there was a break whose end was set back, so the text after it begins before the end was
declared.
"""
_MEANT = frozenset({NOT_RECORDED, BREAK, BREAK_SET_BACK})


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A span without text, in media ms."""

    t0: int
    t1: int
    reason: str
    """A `GapReason`, `not-recorded`, `break` or `break-set-back`."""


def with_gap(gaps: tuple[Gap, ...], gap: Gap) -> tuple[Gap, ...]:
    """Return the gaps with one more, by time. When there are `MAX_GAPS` of its kind, the earliest of these is
    dropped.
    """
    alike = [each for each in gaps if (each.reason in _MEANT) == (gap.reason in _MEANT)]
    stay = [each for each in gaps if len(alike) < MAX_GAPS or each is not alike[0]]
    return tuple(sorted([*stay, gap], key=lambda each: each.t0))


def after_break(gaps: tuple[Gap, ...], t0: int | None, t1: int, said: int) -> tuple[Gap, ...]:
    """Return the gaps after a break from `t0` to `t1` whose end was declared at `said` (media ms); `t0` None: there was
    no break.
    """
    if t0 is None or (t0 >= t1 >= said):
        return gaps
    return with_gap(gaps, Gap(t0=t0, t1=max(t0, t1), reason=BREAK_SET_BACK if t1 < said else BREAK))


def not_kept(gaps: tuple[Gap, ...], t0: int | None, t1: int) -> tuple[Gap, ...]:
    """Return the gaps with a span from `t0` to `t1` (media ms) that was not recorded; `t0` None: its beginning isn't
    known.
    """
    return gaps if t0 is None or t0 >= t1 else with_gap(gaps, Gap(t0=t0, t1=t1, reason=NOT_RECORDED))


L = TypeVar("L")
S = TypeVar("S", bound="TextlessSpan")
EARLY = 200
"""How much before the line above it, in ms, a line may begin and still come after it: recognised times are
not exact.
"""


class TextlessSpan(Protocol):
    """A span without text."""

    @property
    def t0(self) -> int:
        """Beginning of the span, media ms."""
        ...


def goes_before(t0: int, above: int) -> bool:
    """Whether a new line that begins at `t0` goes before a known line that begins at `above` (media ms).

    A new line goes after the last line that it doesn't go before.
    """
    return t0 + EARLY < above


def with_spans(lines: Iterable[L], spans: Iterable[S], began: Callable[[L], int]) -> Iterator[L | S]:
    """Yield the lines in their order, and each span without text before the first line that does not begin before the
    span.

    `spans` are in order of time; `began` gives a line's `t0` (media ms).
    """
    waiting = deque(spans)
    for line in lines:
        while waiting and waiting[0].t0 <= began(line):
            yield waiting.popleft()
        yield line
    yield from waiting


class SpeakerTurn(msgspec.Struct, frozen=True):
    """The speaker of the line above, as far as readers were told."""

    name: str = ""
    """The speaker's name as it is shown; empty where nobody is named."""
    named: bool = False
    """Whether anybody has been named so far. Until then no line can wrongly appear under somebody's name."""
    apart: bool = True
    """Whether the next line begins a block anyway: a span without text is above it, or nothing, or another voice begins
    there."""

    def broken(self) -> SpeakerTurn:
        """Return the turn after a span without text: the speaker is named again."""
        return msgspec.structs.replace(self, apart=True)

    def then(self, name: str, *, changes: bool = False) -> Heading:
        """The heading of the next line, whose speaker is shown as `name`, empty when not named; `changes`: somebody
        else speaks after it.
        """
        named = self.named or bool(name)
        begins = self.apart or name != self.name
        return Heading(
            begins=begins, name=name if begins and named else None, turn=SpeakerTurn(name, named, apart=changes)
        )


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """The heading of a line."""

    begins: bool
    """Whether a block of lines begins with the line."""
    name: str | None
    """The name above the line; empty: the page says that the speaker isn't named; None: no name is shown."""
    turn: SpeakerTurn
    """The state for the next line."""
