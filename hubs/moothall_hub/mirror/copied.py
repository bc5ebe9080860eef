"""What a hub holds of one session, and what a message from above makes of it (`moothall_hub.mirror.copying`).
Values.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.events.types import LaneHead
from moothall.core.kernel.ids import ChannelId, Epoch, Lane, SessionId, reader_epoch
from moothall.core.kernel.lanes import QUESTIONS, SESSION, channel_lane, words_lane
from moothall.wire.hub.messages import Erased, Taken
from moothall_hub.mirror.checking import Broken, Run


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """A hub's copy of one session. It is kept beside its records, as JSON."""

    session: SessionId
    channels: tuple[ChannelId, ...] = ()
    """The texts that are wanted; empty: the first one."""
    words: bool = False
    """Whether words are wanted as they come."""
    followed: tuple[ChannelId, ...] = ()
    """The texts that come."""
    known: Run | None = None
    """From the first event on; None: there is no copy yet."""
    live: Run | None = None
    """Behind a hole; None: there is none."""
    left: dict[Lane, LaneHead] = {}
    """Where lanes end that aren't wanted any more: what came of them stays."""
    own: dict[Lane, LaneHead] = {}
    """Where the hub's own lane ends, and those of the hubs below it."""
    top: int = 0
    """The last event that was ever shown."""
    gone: frozenset[int] = frozenset()
    """Events in the hole whose bodies were removed meanwhile."""
    fills: int = 0
    """How often something has come into the middle, or gone."""
    asked: bool = False
    """Whether the answer to `follow` is awaited."""
    number: int = 0
    """Of the newest `follow`."""
    due: int = 0
    """Where the line came back last: up to which event a signature has to vouch before all is called good."""
    stopped: str = ""
    """Why nothing more comes, a sentence of the server above; empty while it does."""
    broken: Broken | None = None
    """What was not as it was written: nothing more is taken."""

    @property
    def epoch(self) -> Epoch | None:
        """Of the log that is copied."""
        return None if self.known is None else self.known.epoch

    @property
    def offset(self) -> int:
        """The last event; 0 when there is none."""
        runs = [run.offset for run in (self.known, self.live) if run is not None]
        return max([0, *runs])

    @property
    def whole(self) -> bool:
        """Whether nothing is known to be missing."""
        return self.known is not None and self.live is None

    @property
    def checked(self) -> bool:
        """Whether it is whole, and a signature vouches for all of it."""
        return self.live is None and self.known is not None and self.known.checked

    @property
    def verified(self) -> int:
        """The offset up to which all that is wanted is there, and vouched for."""
        return 0 if self.known is None else self.known.verified

    @property
    def reader_epoch(self) -> Epoch:
        """What readers' positions are told apart by: another one each time that something came into the middle.

        So a position of before is answered by a snapshot, for ever, and no file or page made before is taken for one
        that was made after. The link has the log's own epoch.
        """
        return reader_epoch(self.epoch or Epoch("0"), self.fills)


class EventRange(msgspec.Struct, frozen=True):
    """Events behind `after` up to `through`, of public lanes."""

    after: int
    through: int


class CopyStep(msgspec.Struct, frozen=True, kw_only=True):
    """What a message makes of a copy: `copy`, `records`, `forget` and `erase` go to the disk in one transaction."""

    copy: Copy
    records: tuple[LogRecord, ...] = ()
    """To be kept. One that is there already is replaced."""
    anew: bool = False
    """Whether all that was kept of the session goes first: it is another life of the log."""
    forget: EventRange | None = None
    """What goes first, as nobody vouches for it and it comes again."""
    erase: tuple[int, ...] = ()
    """Events whose bodies go."""
    show: bool = False
    """Whether the records follow on what readers have, and go out to them as they are."""
    renew: bool = False
    """Whether something came into the middle: what readers see is folded anew."""
    say: tuple[Taken | Erased, ...] = ()
    """For the server above, once all is on the disk."""


def dropped(copy: Copy) -> Copy:
    """What remains of a dropped copy: the wanted channels, and that readers' positions in it are worthless."""
    return Copy(
        session=copy.session, channels=copy.channels, words=copy.words, fills=copy.fills + 1, number=copy.number
    )


def lanes_of(channels: Sequence[ChannelId], *, words: bool) -> frozenset[Lane]:
    """The public lanes that come with these texts."""
    lanes = {SESSION, QUESTIONS, *map(channel_lane, channels)}
    return frozenset(lanes | set(map(words_lane, channels)) if words else lanes)
