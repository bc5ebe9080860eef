"""The ports through which the links of hubs reach the server: its logs, its registry of hubs, and its execution of
acts.

The centre and a hub with hubs below it serve links by the same code (`moothall.services.hubs.links`) and differ in the
implementations of these ports. A hub's log may have a hole from when its own uplink was down: `LogStatus` says where.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.events.types import ChannelKind, Heads, LaneHead
from moothall.core.kernel.ids import ChannelId, Epoch, Lane, SessionId
from moothall.core.sessions.state import State
from moothall.wire.close_codes import CloseCode
from moothall.wire.hubs.messages import Act, ActDone, ActNotDone, FromHub, Offered, ToHub

LanesChanged = Callable[[SessionId, frozenset[Lane]], None]
"""Called with a session and those of its lanes that have new events, or events that were missing before."""


class LogStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where a log ends that hubs may follow, and which part of it this server has."""

    epoch: Epoch
    offset: int
    """The offset of the last event here."""
    heads: dict[Lane, LaneHead]
    """The heads of all lanes here, those that are not public included."""
    public: bool
    """Whether everybody may read the log; hubs may follow no other."""
    channels: tuple[str, ...]
    """The ids of its channels, in order."""
    spoken: tuple[ChannelId, ...] = ()
    """The floor channels: translations made of them have their delays and silences."""
    begin: int = 0
    """After this offset nothing is missing here. 0: the log is complete."""
    base: dict[Lane, LaneHead] = {}
    """The heads of the lanes at `begin`, if that isn't 0."""
    complete_through: int = 0
    """Up to this offset nothing is missing either; used where `begin` isn't 0."""
    copy: bool = False
    """Whether this log is a copy, which may be behind hubs that another server served before."""

    @property
    def whole(self) -> bool:
        """Whether the log has no hole."""
        return self.begin <= self.complete_through

    @property
    def through(self) -> int:
        """The offset up to which the log is here without a hole, from the first event on."""
        return self.offset if self.whole else self.complete_through


def spoken_in(state: State) -> tuple[ChannelId, ...]:
    """The ids of a session's floor channels."""
    return tuple(each.id for each in state.channels.values() if each.kind is ChannelKind.FLOOR)


class LinkSource(Protocol):
    """The logs that are served to hubs. The methods may raise StorageUnavailable and RecordBroken."""

    async def log_status(self, session: SessionId) -> LogStatus | None:
        """The status of a session's log; None where there is none."""
        ...

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        """The records after an offset, as `EventLog.read` returns them."""
        ...

    async def sign(self, session: SessionId, behind: int) -> None:
        """Request a checkpoint soon after this event, if this server signs the log. Doesn't wait for it."""
        ...

    def observe(self, told: LanesChanged, /) -> None:
        """Call `told` from now on when any log has new events. It must not wait."""
        ...

    async def offered(self) -> Sequence[Offered]:
        """The sessions that hubs may follow. Called every two seconds while a hub is connected."""
        ...


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """The hub that a key belongs to."""

    hub: str
    """The hub's name at this server (`is_name`)."""
    title: str
    """The hub's title, for people."""
    generation: int
    """The number of the hub's pairing: only the key of the newest is valid."""


class Fenced(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for a key of an earlier pairing: another machine has replaced its machine as the hub."""

    hub: str


class Registry(Protocol):
    """The server's registry of hubs. Its methods return at once."""

    def of_key(self, token: str) -> Identity | Fenced | None:
        """The hub that a key belongs to; None for an unknown key. Takes as long for a wrong key as for a right one."""
        ...

    def seen(self, hub: str, node: str, connected: bool, wall: int) -> None:
        """Note at `wall` (Unix ms) whether a hub's machine (`node`) is connected. Called again and again while it is,
        and once when its connection has ended.
        """
        ...

    def when_fenced(self, tell: Callable[[str, int], None], /) -> None:
        """Call `tell` from now on with a hub's name and its newest generation, so that older links are closed."""
        ...


class ActTaker(Protocol):
    """Carries out the acts of hubs' rooms."""

    async def take(self, hub_path: str, act: Act, node: str) -> ActDone | ActNotDone:
        """Carry out an act exactly once, and durably, before returning; the same id again gets the same answer.

        `hub_path` is the room's name seen from this server, such as `north.kisumu`; `node` the id of the machine that
        is linked here. The code is `busy` or `unavailable` where the act has to be sent again.
        """
        ...


class RemovalsAtHubs(Protocol):
    """Tracks which machine holds which copies, and what of them it has to erase (`moothall.services.hubs.removals`)."""

    async def holds(self, identity: Identity, node: str, session: SessionId, epoch: Epoch, since: int) -> None:
        """Store that a machine gets a session from now on; durable on return. Raises StorageUnavailable.

        `since`: the machine never had what was removed up to this offset.
        """
        ...

    def erased(self, hub: str, node: str, session: SessionId, offset: int) -> None:
        """Note that a machine has erased what the `body.removed` at `offset` names; 0: its copy of the session."""
        ...

    def due(self, node: str) -> Sequence[tuple[SessionId, Epoch, int]]:
        """The removals that a machine hasn't reported as erased: session, epoch, and offset as in `erased`."""
        ...

    def when_due(self, tell: Callable[[str, SessionId, Epoch, int], None], /) -> None:
        """Call `tell` from now on with a machine and a removal that it has to carry out. It must not wait."""
        ...


class Pack(Protocol):
    """Packs records as the bytes of a batch (`moothall.wire.hubs.records.pack`)."""

    def __call__(self, records: Sequence[LogRecord], *, session: SessionId, epoch: Epoch, heads: Heads) -> bytes:
        """Pack `records`. `heads`: the heads of the receiver's lanes before the batch."""
        ...


class ConferenceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Facts about the conference for each hub; a hub passes them on to the hubs below it."""

    keys: bytes
    """The centre's public keys: the JSON of its `/.well-known/moothall.json`."""
    zone: str = ""
    """IANA name of the conference's time zone."""
    address: str = ""
    """The centre's public address, for people."""


class HubConnection(Protocol):
    """A connection to one hub that sends and receives its messages."""

    async def receive(self) -> FromHub | None:
        """The next message; None when the link has ended. Raises ProtocolError; nothing more is received then."""
        ...

    async def send(self, message: ToHub) -> None:
        """Write a message, and wait until the connection has accepted it. Does nothing when the link has ended."""
        ...

    async def close(self, code: CloseCode, reason: str) -> None:
        """Send the close code and the reason, and end the link. Returns within a few seconds in any case; may be
        repeated.
        """
        ...

    @property
    def bytes_sent(self) -> int:
        """Bytes of all frames sent so far, with their headers, without the overhead of TLS and TCP."""
        ...

    @property
    def bytes_received(self) -> int:
        """Bytes received on this link so far."""
        ...
