"""Chooses the span of a channel that an engine hears next. Recorded and off-record sound are never in one span.

No engine hears a break, even where it overlaps a span that is not recorded.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from moothall.core.session.keeping import without
from moothall.core.session.parts import Channel
from moothall.core.session.state import State


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a channel that one attachment of an engine hears. Times are media ms."""

    kept: bool
    """Whether its words go into the log."""
    start: int
    """Sound before this was heard already, or is for another attachment."""
    stop: int | None
    """Where the next off-record span begins; None while there is none."""
    floor: int
    """No sound before this may be heard, not even as context: an off-record span ends here; 0 if there is none."""


class _Piece(msgspec.Struct, frozen=True):
    """An off-record span. Spans may touch but don't overlap."""

    t0: int
    t1: int | None
    pause: bool
    """Whether it is a break."""


def _pieces(state: State) -> Iterator[_Piece]:
    off = [_Piece(t0, t1, pause=False) for t0, t1 in without(state.not_recorded, state.breaks)]
    return iter(sorted([*off, *(_Piece(t0, t1, pause=True) for t0, t1 in state.breaks)], key=lambda piece: piece.t0))


def next_stretch(state: State, channel: Channel, through: int) -> Stretch | None:
    """The stretch after the channel's committed words and after `through`, up to which engines have heard the sound.

    None in a break, once the sound before it was heard.
    """
    at, floor = max(channel.committed_through, through), 0
    for piece in _pieces(state):
        if at < piece.t0:
            return Stretch(kept=True, start=at, stop=piece.t0, floor=floor)
        if piece.t1 is None:
            return None if piece.pause else Stretch(kept=False, start=at, stop=None, floor=max(floor, piece.t0))
        at, floor = max(at, piece.t1), piece.t1
    return Stretch(kept=True, start=at, stop=None, floor=floor)


def cut_short(state: State, stretch: Stretch) -> int | None:
    """Where a stretch that is being heard has to end by what is known now; None when it may go on.

    A recorded stretch ends where the next off-record span begins, possibly before the stretch itself. An off-record
    stretch ends with its span, or where a break begins in it.
    """
    pieces = list(_pieces(state))
    if stretch.kept:
        return next((piece.t0 for piece in pieces if piece.t1 is None or piece.t1 > stretch.start), None)
    own = next((piece for piece in reversed(pieces) if not piece.pause and piece.t0 == stretch.floor), None)
    return stretch.floor if own is None else own.t1
