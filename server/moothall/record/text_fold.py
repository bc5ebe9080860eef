"""A fold over the log of one text: what the record and the history of its lines are built with, event by event.

The lines are those of `CaptionsView`, so that neither can differ from what was shown.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent, decode_event
from moothall.core.kernel.ids import Epoch, Position, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.views.captions import CaptionsView


class TextFold(ABC):
    """Builds something from a session's log. Further events can be added at any time."""

    def __init__(self, session: SessionId, epoch: Epoch, feed: Feed) -> None:
        self.feed = feed
        """The feed whose lanes it reads."""
        self._view = CaptionsView.empty(session, epoch, feed)

    @property
    def position(self) -> Position:
        """The position up to which events have been added."""
        return self._view.position

    def take(self, records: Sequence[LogRecord]) -> bool:
        """Add the next records of the feed's lanes. Returns whether one of them says that bodies were removed.

        In that case the fold may hold removed words, and the caller has to begin a new fold. Raises RecordBroken when a
        body can't be decoded.
        """
        removed = False
        for record in records:
            event = None if record.body is None else decode_event(record.body)
            self._view = self._view.apply(record.header.offset, record.header.role, event)
            self._note(record, event)
            removed = removed or isinstance(event, ev.BodyRemoved)
        return removed

    @abstractmethod
    def _note(self, record: LogRecord, event: ev.AnyEvent | UnknownEvent | None) -> None:
        """Note what the view lacks, once it has the event; None is one whose body was removed."""
