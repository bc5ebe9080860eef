"""What the links of hubs ask of the server that serves them: its logs, its book of hubs, and who does their acts.

The centre and a hub with hubs below it serve links by the same code (`moothall.services.hubs.links`); what differs
stands behind these ports. A hub's log may have a hole where its own line was down: `LogStatus` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.events.types import ChannelKind, LaneHead
from moothall.core.kernel.ids import ChannelId, Epoch, Lane, SessionId
from moothall.core.session.state import State
from moothall.wire.close_codes import CloseCode
from moothall.wire.hub.messages import Act, Done, FromHub, NotDone, Offered, ToHub

Heads = Mapping[Lane, LaneHead]
"""Where lanes stand; one that isn't named has no events."""
Told = Callable[[SessionId, frozenset[Lane]], None]
"""Which lanes of a session have new events, or events that were missing."""


class LogStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where a log stands that hubs may follow, and how much of it is here."""

    epoch: Epoch
    offset: int
    """Its last event here."""
    heads: dict[Lane, LaneHead]
    """Where its lanes stand here, those that are not public too."""
    public: bool
    """Whether everybody may read it; no hub follows another."""
    channels: tuple[str, ...]
    """Its texts, in their order."""
    spoken: tuple[ChannelId, ...] = ()
    """What is spoken, of which translations are made: they are as late and as silent."""
    begin: int = 0
    """Behind this offset nothing is missing here. 0: it is whole."""
    base: dict[Lane, LaneHead] = {}
    """Where the lanes stood at `begin`, where that isn't 0."""
    complete_through: int = 0
    """Up to this offset nothing is missing either; of use where `begin` isn't 0."""
    copy: bool = False
    """Whether it is a copy, which may be behind the hubs that were served by another one before."""

    @property
    def whole(self) -> bool:
        """Whether there is no hole in it."""
        return self.begin <= self.complete_through

    @property
    def through(self) -> int:
        """Up to where it is there from the first event on without a hole."""
        return self.offset if self.whole else self.complete_through


def spoken_in(state: State) -> tuple[ChannelId, ...]:
    """The channels of a session's floor."""
    return tuple(each.id for each in state.channels.values() if each.kind is ChannelKind.FLOOR)


class LinkSource(Protocol):
    """The logs that are served. Its methods may raise StorageUnavailable, and RecordBroken."""

    async def stand(self, session: SessionId) -> LogStatus | None:
        """Where a session's log stands; None where there is none."""
        ...

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        """The records after an offset, as `EventLog.read` gives them."""
        ...

    async def sign(self, session: SessionId, behind: int) -> None:
        """Have a checkpoint made soon behind this event, where the server of the log can. Doesn't wait for it."""
        ...

    def observe(self, told: Told, /) -> None:
        """From now on tell of what is new in any log. `told` doesn't wait."""
        ...

    async def offered(self) -> Sequence[Offered]:
        """What hubs may follow. Asked every two seconds while a hub is connected."""
        ...


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Which hub a key belongs to."""

    hub: str
    """Its name at this server (`is_name`)."""
    title: str
    """What people call it."""
    generation: int
    """Counts its pairings: only the newest one's key is good."""


class Fenced(msgspec.Struct, frozen=True, kw_only=True):
    """A key of an older pairing: another machine speaks for the hub now."""

    hub: str


class Registry(Protocol):
    """The server's book of hubs. Nothing of it waits."""

    def of_key(self, token: str) -> Identity | Fenced | None:
        """Whose key it is; None for one that nobody has. Takes as long for a wrong one as for a right one."""
        ...

    def seen(self, hub: str, node: str, connected: bool, wall: int) -> None:
        """A hub's machine is connected, or has gone, at a wall time (Unix ms). Said again as long as it is there."""
        ...

    def when_fenced(self, tell: Callable[[str, int], None], /) -> None:
        """From now on tell of a hub's name and its newest generation: links of older ones are to be closed."""
        ...


class ActTaker(Protocol):
    """Who does what rooms do."""

    async def take(self, hub_path: str, act: Act, node: str) -> Done | NotDone:
        """Do it exactly once, and durably, before this returns; the same id again gets the same answer.

        `hub_path` is the room's name seen from this server, such as `north.kisumu`; `node` the machine that is linked
        here. Where it could not be done for now the code is `busy` or `unavailable`.
        """
        ...


class Removals(Protocol):
    """Who holds what, and what of it has to go (`moothall.services.hubs.removals`)."""

    async def holds(self, identity: Identity, node: str, session: SessionId, epoch: Epoch, since: int) -> None:
        """A machine gets a session from now on; durable when this returns. Raises StorageUnavailable.

        `since`: what was removed up to this offset it never had.
        """
        ...

    def erased(self, hub: str, node: str, session: SessionId, offset: int) -> None:
        """A machine has erased what a `body.removed` names; 0: all that it had of a session."""
        ...

    def due(self, node: str) -> Sequence[tuple[SessionId, Epoch, int]]:
        """What a machine hasn't said to have erased, as `erased` takes it."""
        ...

    def when_due(self, tell: Callable[[str, SessionId, Epoch, int], None], /) -> None:
        """From now on tell of a machine, and what it has to erase. It must not wait."""
        ...


class Pack(Protocol):
    """Makes the bytes of a batch (`moothall.wire.hub.records.pack`)."""

    def __call__(self, records: Sequence[LogRecord], *, session: SessionId, epoch: Epoch, heads: Heads) -> bytes:
        """`heads` is where the receiver's lanes stand before it."""
        ...


class ConferenceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What each hub learns about the conference; a hub passes it on to the hubs below it."""

    keys: bytes
    """The centre's public keys: the JSON of its `/.well-known/moothall.json`."""
    zone: str = ""
    """IANA name of the conference's time zone."""
    address: str = ""
    """The centre's public address, for people."""


class HubConnection(Protocol):
    """A connected hub, by its messages."""

    async def receive(self) -> FromHub | None:
        """The next message; None when the link has ended. Raises ProtocolError, and then nothing more is received."""
        ...

    async def send(self, message: ToHub) -> None:
        """Write a message, and wait until the line has taken it; silent when the link has ended."""
        ...

    async def close(self, code: CloseCode, reason: str) -> None:
        """Say why, and end it. Returns within a few seconds in any case; may be repeated."""
        ...

    @property
    def bytes_sent(self) -> int:
        """Bytes of all frames so far, with their headers, without what TLS and TCP add."""
        ...

    @property
    def bytes_received(self) -> int:
        """Bytes received on this link so far."""
        ...
