"""The receiving side of a feed: applies frames to a view and detects losses. Used by hubs, scripts and tests."""

from __future__ import annotations

from enum import Enum

import msgspec

from moothall.core.events.codec import decode_event
from moothall.core.kernel.ids import Position
from moothall.core.kernel.lanes import Feed
from moothall.core.signals import AnySignal, Partial
from moothall.core.views.captions import CaptionsView
from moothall.wire.frames import Received


class Outcome(Enum):
    """The result of applying a frame."""

    APPLIED = "applied"
    """The frame updated the view or the signals."""
    DUPLICATE = "duplicate"
    """The reader has already applied all events of the frame."""
    LOSS = "loss"
    """Events before the frame are missing. The reader is unchanged and has to resume from `position`."""


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """The immutable state of a reader of one feed; each frame yields a new state."""

    feed: Feed
    view: CaptionsView | None = None
    """The view so far; None before the first snapshot."""
    signals: dict[str, AnySignal] = {}
    """The newest signal of each key."""

    @property
    def position(self) -> Position | None:
        """The position to resume from; None before the first snapshot."""
        return None if self.view is None else self.view.position

    def take(self, frame: Received) -> tuple[Reader, Outcome]:
        """Apply a frame: returns the new state and the outcome.

        Raises RecordBroken when a body can't be read.
        """
        signals = {**self.signals, **{signal.key: signal for signal in frame.signals}}
        if frame.snapshot is not None:
            return Reader(
                feed=self.feed, view=CaptionsView.of(frame.snapshot, self.feed), signals=signals
            ), Outcome.APPLIED
        if not frame.events:
            return msgspec.structs.replace(self, signals=signals), Outcome.APPLIED
        view = self.view
        if view is None or frame.prev > view.offset:
            return self, Outcome.LOSS
        if frame.events[-1].offset <= view.offset:
            return self, Outcome.DUPLICATE
        for event in frame.events:
            body = event.original
            view = view.apply(event.offset, event.role, None if body is None else decode_event(body))
        return Reader(feed=self.feed, view=view, signals=signals), Outcome.APPLIED

    @property
    def partial(self) -> Partial | None:
        """The partial to show: the one that continues exactly the committed words of its segment; None without any."""
        for signal in self.signals.values():
            if isinstance(signal, Partial) and signal.text and signal.first == self._words(signal):
                return signal
        return None

    def _words(self, partial: Partial) -> int:
        """How many committed words the partial's segment has; 0 for an unknown segment, -1 for one that has ended."""
        number = None if self.view is None else self.view.index.get(partial.segment)
        if self.view is None or number is None:
            return 0
        line = self.view.lines[number]
        return -1 if line.t1 is not None else line.words
