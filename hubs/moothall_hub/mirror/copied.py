"""A hub's copy of one session, and what one message from the server above changes in it
(`moothall_hub.mirror.copying`).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.events.types import LaneHead
from moothall.core.kernel.ids import ChannelId, Epoch, Lane, SessionId, reader_epoch
from moothall.core.kernel.lanes import QUESTIONS, SESSION, channel_lane, words_lane
from moothall.wire.hubs.messages import Erased, Taken
from moothall_hub.mirror.checking import Broken, Run


class SessionCopy(msgspec.Struct, frozen=True, kw_only=True):
    """A hub's copy of one session: its state without the events. It is stored as JSON beside its records."""

    session: SessionId
    channels: tuple[ChannelId, ...] = ()
    """The channels that are wanted; empty: only the session's first."""
    words: bool = False
    """Whether partial words are wanted too, besides finished lines."""
    followed: tuple[ChannelId, ...] = ()
    """The channels that the server above sends."""
    known: Run | None = None
    """The run from the first event on; None: there is no copy yet."""
    live: Run | None = None
    """The run of live events after a hole; None: there is no hole."""
    left: dict[Lane, LaneHead] = {}
    """The heads of lanes that are no longer wanted. Their events are kept."""
    own: dict[Lane, LaneHead] = {}
    """The heads of the hub's own lane and of those of the hubs below it."""
    top: int = 0
    """The offset of the last event that readers were ever shown."""
    gone: frozenset[int] = frozenset()
    """Offsets of events in the hole whose bodies have been removed in the meantime."""
    fills: int = 0
    """How often the events before the end have changed: missed events were inserted, or events were taken away."""
    asked: bool = False
    """Whether the answer to `follow` is outstanding."""
    number: int = 0
    """The number of the newest `follow`."""
    due: int = 0
    """The offset of the centre's log when the uplink last came back. Readers are told that the copy is being checked
    until a signature vouches for events up to there."""
    stopped: str = ""
    """Why the server above sends nothing more, in its own sentence; empty while it sends."""
    broken: Broken | None = None
    """The first event that differs from what was written; None when there is none. Nothing is accepted after it."""

    @property
    def epoch(self) -> Epoch | None:
        """The epoch of the copied log; None when there is no copy yet."""
        return None if self.known is None else self.known.epoch

    @property
    def offset(self) -> int:
        """The offset of the last event; 0 when there is none."""
        runs = [run.offset for run in (self.known, self.live) if run is not None]
        return max([0, *runs])

    @property
    def whole(self) -> bool:
        """Whether there is a copy and no event of it is known to be missing."""
        return self.known is not None and self.live is None

    @property
    def checked(self) -> bool:
        """Whether the copy has no hole, and a signature vouches for all of it."""
        return self.live is None and self.known is not None and self.known.checked

    @property
    def verified(self) -> int:
        """The offset up to which every wanted event is here and vouched for; 0 when there is no copy."""
        return 0 if self.known is None else self.known.verified

    @property
    def reader_epoch(self) -> Epoch:
        """The epoch in the positions of this hub's readers. It changes each time that events are inserted before the
        end.

        So an older position is always answered with a snapshot, and no file or page made before the change is taken for
        one made after it. The uplink uses the log's own epoch.
        """
        return reader_epoch(self.epoch or Epoch("0"), self.fills)


class EventRange(msgspec.Struct, frozen=True):
    """The events of public lanes with offsets above `after` and up to `through`."""

    after: int
    through: int


class CopyStep(msgspec.Struct, frozen=True, kw_only=True):
    """What one message changes in a copy. `copy`, `records`, `forget` and `erase` are stored in one transaction."""

    copy: SessionCopy
    records: tuple[LogRecord, ...] = ()
    """Events to be stored. An event that is stored already is replaced."""
    anew: bool = False
    """Whether all stored events of the session are deleted first, since the log has a new epoch."""
    forget: EventRange | None = None
    """Events to delete first: no signature vouches for them, and they are sent again."""
    erase: tuple[int, ...] = ()
    """Offsets of events whose bodies are erased."""
    show: bool = False
    """Whether the records directly follow what readers have, and can be sent to them as they are."""
    renew: bool = False
    """Whether earlier events have changed, so that what readers see has to be folded from the beginning."""
    say: tuple[Taken | Erased, ...] = ()
    """Messages for the server above, to be sent once the step is on the disk."""


def dropped(copy: SessionCopy) -> SessionCopy:
    """What is left of a dropped copy: the wanted channels, and a raised `fills`, so that readers' positions become
    invalid.
    """
    return SessionCopy(
        session=copy.session, channels=copy.channels, words=copy.words, fills=copy.fills + 1, number=copy.number
    )


def lanes_of(channels: Sequence[ChannelId], *, words: bool) -> frozenset[Lane]:
    """The public lanes that are sent with these channels."""
    lanes = {SESSION, QUESTIONS, *map(channel_lane, channels)}
    return frozenset(lanes | set(map(words_lane, channels)) if words else lanes)
