"""Spans without text, as readers see them."""

from __future__ import annotations

import msgspec

from moothall.core import events as ev

MAX_GAPS = 50


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A span without text."""

    t0: int
    t1: int
    reason: ev.GapReason | None
    """What happened; None where it was meant not to be kept."""


def with_gap(gaps: tuple[Gap, ...], gap: Gap) -> tuple[Gap, ...]:
    """In order of time: the last 50 where something failed, and the last 50 that were not recorded."""
    alike = [each for each in gaps if (each.reason is None) == (gap.reason is None)]
    stay = [each for each in gaps if len(alike) < MAX_GAPS or each is not alike[0]]
    return tuple(sorted([*stay, gap], key=lambda each: each.t0))


def not_kept(gaps: tuple[Gap, ...], t0: int | None, t1: int) -> tuple[Gap, ...]:
    """With what was not recorded from `t0`, None where its beginning isn't known, to `t1`."""
    return gaps if t0 is None or t0 >= t1 else with_gap(gaps, Gap(t0=t0, t1=t1, reason=None))
