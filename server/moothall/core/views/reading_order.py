"""In which order lines and spans without text stand, and under whose name: the same for pages, plain text and files.

`web/js/lib/reading_order.js` holds them for scripts; `tests/support/files/reading_order.json` has the cases
that both are held to.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

import msgspec

MAX_GAPS = 50
"""How many gaps a page gets at most: the newest failures, and the newest intended ones."""
NOT_RECORDED = "not-recorded"
"""Why there is no text: it was meant not to be kept."""
BREAK = "break"
"""Why there is no text: there was a break."""
BREAK_SET_BACK = "break-set-back"
"""The same, and the text behind it begins before somebody had ended it."""
_MEANT = frozenset({NOT_RECORDED, BREAK, BREAK_SET_BACK})


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A span without text. Times are media ms."""

    t0: int
    t1: int
    reason: str
    """A `GapReason`, `not-recorded`, `break` or `break-set-back`."""


def with_gap(gaps: tuple[Gap, ...], gap: Gap) -> tuple[Gap, ...]:
    """With one more, in order of time."""
    alike = [each for each in gaps if (each.reason in _MEANT) == (gap.reason in _MEANT)]
    stay = [each for each in gaps if len(alike) < MAX_GAPS or each is not alike[0]]
    return tuple(sorted([*stay, gap], key=lambda each: each.t0))


def after_break(gaps: tuple[Gap, ...], t0: int | None, t1: int, said: int) -> tuple[Gap, ...]:
    """After a break that lasted from `t0` (None: none did) to `t1`, as somebody `said`."""
    if t0 is None or (t0 >= t1 >= said):
        return gaps
    return with_gap(gaps, Gap(t0=t0, t1=max(t0, t1), reason=BREAK_SET_BACK if t1 < said else BREAK))


def not_kept(gaps: tuple[Gap, ...], t0: int | None, t1: int) -> tuple[Gap, ...]:
    """With what was not recorded from `t0`, None where its beginning isn't known, to `t1`."""
    return gaps if t0 is None or t0 >= t1 else with_gap(gaps, Gap(t0=t0, t1=t1, reason=NOT_RECORDED))


L = TypeVar("L")
S = TypeVar("S", bound="TextlessSpan")
EARLY = 200
"""Ms by which a line may begin before the one above it and still stand behind it: recognisers' times tremble."""


class TextlessSpan(Protocol):
    """A span without text."""

    @property
    def t0(self) -> int:
        """Where it begins, media ms."""
        ...


def goes_before(t0: int, above: int) -> bool:
    """Whether a new line that begins at `t0` goes before a known line that begins at `above`, media ms.

    A new line goes behind the last line that it doesn't go before.
    """
    return t0 + EARLY < above


def with_spans(lines: Iterable[L], spans: Iterable[S], began: Callable[[L], int]) -> Iterator[L | S]:
    """The lines as they stand, and each span without text before the first that began at its beginning or later.

    `spans` are in order of time; `began` gives a line's `t0`.
    """
    waiting = deque(spans)
    for line in lines:
        while waiting and waiting[0].t0 <= began(line):
            yield waiting.popleft()
        yield line
    yield from waiting


class SpeakerTurn(msgspec.Struct, frozen=True):
    """Whose words the line above is, as far as the reader was told."""

    name: str = ""
    """How its speaker is shown; empty where nobody is named."""
    named: bool = False
    """Whether anybody has been named so far: until then there is no name under which a line could wrongly stand."""
    apart: bool = True
    """Whether something else stands between, or nothing above."""

    def broken(self) -> SpeakerTurn:
        """After a span without text the speaker is named again."""
        return msgspec.structs.replace(self, apart=True)

    def then(self, name: str) -> Heading:
        """What stands over the next line, whose speaker is shown as `name` or not named."""
        named = self.named or bool(name)
        begins = self.apart or name != self.name
        return Heading(
            begins=begins, name=name if begins and named else None, turn=SpeakerTurn(name, named, apart=False)
        )


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """What stands over a line."""

    begins: bool
    """Whether a block of lines begins with it."""
    name: str | None
    """The name above the line; empty: the page says that the speaker isn't named; None: no name is shown."""
    turn: SpeakerTurn
    """For the next line."""
