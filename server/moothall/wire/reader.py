"""What a reader does with the frames it gets: the other half of the fan-out, for hubs, scripts and tests."""

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
    """What became of a frame."""

    APPLIED = "applied"
    """It moved the view or the signals."""
    DUPLICATE = "duplicate"
    """All of its events had been seen."""
    LOSS = "loss"
    """Something is missing before it. Nothing was changed: ask again from `position`."""


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader of one feed has seen. Each frame gives a new one."""

    feed: Feed
    view: CaptionsView | None = None
    """None before the first snapshot."""
    signals: dict[str, AnySignal] = {}
    """The newest of each key."""

    @property
    def position(self) -> Position | None:
        """Where to go on from, None before the first snapshot."""
        return None if self.view is None else self.view.position

    def take(self, frame: Received) -> tuple[Reader, Outcome]:
        """The reader after `frame`, and what became of it.

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
        """The unconfirmed rest to show: only one that continues exactly what is committed."""
        for signal in self.signals.values():
            if isinstance(signal, Partial) and signal.text and signal.first == self._words(signal):
                return signal
        return None

    def _words(self, partial: Partial) -> int:
        """Committed words of the partial's line: 0 for an unknown one, -1 for one that has ended."""
        number = None if self.view is None else self.view.index.get(partial.segment)
        if self.view is None or number is None:
            return 0
        line = self.view.lines[number]
        return -1 if line.t1 is not None else line.words
