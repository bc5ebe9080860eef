"""Which stretch of a channel an engine hears next: what is recorded and what isn't never go to it in one piece."""

from __future__ import annotations

import msgspec

from moothall.core.session import Channel, State


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a channel that one attachment of an engine hears. Times are media ms."""

    kept: bool
    """Whether its words go into the log."""
    start: int
    """What comes before has been heard, or is none of its business."""
    stop: int | None
    """Where it ends: at a span that is not recorded. None while it has no end but the audio's."""
    floor: int
    """Audio before this must not be heard, as context neither: a span that was not recorded ends there, or 0."""


def next_stretch(state: State, channel: Channel, through: int) -> Stretch:
    """What comes after the channel's committed words and after `through`, up to which engines have heard all."""
    at, floor = max(channel.committed_through, through), 0
    for t0, t1 in state.not_recorded:
        if at < t0:
            return Stretch(kept=True, start=at, stop=t0, floor=floor)
        if t1 is None:
            return Stretch(kept=False, start=at, stop=None, floor=max(floor, t0))
        at, floor = max(at, t1), t1
    return Stretch(kept=True, start=at, stop=None, floor=floor)


def cut_short(state: State, stretch: Stretch) -> int | None:
    """Where a stretch that is being heard has to end by what is known now; None when it may go on.

    One that is kept ends where the next span that isn't begins; that may be before its own start. One that isn't
    ends where its span does.
    """
    if stretch.kept:
        coming = (t0 for t0, t1 in state.not_recorded if t1 is None or t1 > stretch.start)
        return next(coming, None)
    return next((t1 for t0, t1 in reversed(state.not_recorded) if t0 == stretch.floor), None)
