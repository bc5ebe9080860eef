"""Spans without text, as a reader's page tells of them: what is missing, and breaks."""

from __future__ import annotations

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
