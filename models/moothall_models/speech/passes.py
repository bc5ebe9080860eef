"""What a channel asks a recogniser for."""

from __future__ import annotations

import msgspec

from moothall_models.ports import Window


class PassRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A pass that a channel wants."""

    window: Window
    deadline: int
    """Media ms by which it should be done; between channels the earliest goes first."""
    utterance: int
    """Number of the utterance."""
    start: int
    """Media ms of the window's first sample."""
    edge: int
    """Media ms where the window ends."""
    last: bool
    """Whether the audio breaks off behind it: what it hears is all there will be of the utterance."""
    asked: int
    """`now` when it was asked for."""
