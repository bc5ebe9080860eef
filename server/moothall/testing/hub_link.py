"""A hub link without a socket: two ends in one process, and a registry of hubs and a taker of acts for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from moothall.core.chain import LogRecord, decode_header
from moothall.core.events.types import Heads
from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import CommandId, Epoch, SessionId
from moothall.services.hubs.ports import Fenced, Identity
from moothall.wire.close_codes import CloseCode
from moothall.wire.hubs import messages as wire

ROOM = 4
"""The most frames that may be in transit to the hub; then the server waits, as for a slow connection."""


class HubEnd:
    """The hub's end of the link."""

    def __init__(self, room: int = ROOM) -> None:
        self.down: asyncio.Queue[bytes | None] = asyncio.Queue(room)
        self.up: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.closed: tuple[CloseCode, str] | None = None
        """The code and reason with which the server closed it; None: it did not."""
        self.gone = asyncio.Event()
        """Set when either side has ended the link."""

    async def receive(self) -> wire.ToHub | None:
        """Wait for the next message; None when the link has ended and messages sent before a close were received."""
        if self.gone.is_set() and self.down.empty():
            return None
        frame = await self.down.get()
        return None if frame is None else wire.decode_to_hub(frame)

    async def send(self, message: wire.FromHub) -> None:
        """Send a message. Does nothing once the link has ended."""
        await self.send_frame(wire.encode(message))

    async def send_frame(self, frame: bytes) -> None:
        """Send a frame that need not be a message."""
        if not self.gone.is_set():
            await self.up.put(frame)

    def cut(self) -> None:
        """Break the connection: frames in transit are lost."""
        self.gone.set()
        while not self.down.empty():
            self.down.get_nowait()
        self.up.put_nowait(None)


class HubServerEnd:
    """The server's end of the link: a `HubConnection`."""

    def __init__(self, hub: HubEnd) -> None:
        self._hub = hub
        self.bytes_sent = 0
        """Bytes of messages only."""
        self.bytes_received = 0
        """Bytes of messages only."""

    async def receive(self) -> wire.FromHub | None:
        """The next message; None when the link has ended (`HubConnection`)."""
        if self._hub.gone.is_set():
            return None
        frame = await self._hub.up.get()
        if frame is None or self._hub.gone.is_set():
            return None
        self.bytes_received += len(frame)
        return wire.decode_from_hub(frame)

    async def send(self, message: wire.ToHub) -> None:
        """Send a message, and wait while the connection is full; nothing once the link has ended (`HubConnection`)."""
        if self._hub.gone.is_set():
            return
        frame = wire.encode(message)
        putting = asyncio.ensure_future(self._hub.down.put(frame))
        gone = asyncio.ensure_future(self._hub.gone.wait())
        try:
            await asyncio.wait({putting, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            putting.cancel()
            gone.cancel()
        self.bytes_sent += len(frame)

    async def close(self, code: CloseCode, reason: str) -> None:
        """End the link with a reason (`HubConnection`). If the queue is full, one unread frame is lost."""
        if self._hub.closed is None and not self._hub.gone.is_set():
            self._hub.closed = (code, reason)
        self._hub.gone.set()
        if self._hub.down.full():
            self._hub.down.get_nowait()
        self._hub.down.put_nowait(None)
        self._hub.up.put_nowait(None)


def hub_link(room: int = ROOM) -> tuple[HubEnd, HubServerEnd]:
    """Both ends of a new link."""
    hub = HubEnd(room)
    return hub, HubServerEnd(hub)


class MemoryRegistry:
    """A `Registry` in which a test pairs hubs itself."""

    def __init__(self) -> None:
        self._keys: dict[str, Identity] = {}
        self._newest: dict[str, int] = {}
        self._tell: list[Callable[[str, int], None]] = []
        self.sightings: list[tuple[str, str, bool]] = []
        """Hub, node and whether it was connected, in order; repetitions are left out."""
        self.last_seen = 0
        """When the newest sighting was, in Unix ms."""

    def pair(self, hub: str, key: str, title: str = "") -> Identity:
        """Give a hub a new key, which makes its older ones invalid."""
        generation = self._newest.get(hub, 0) + 1
        self._newest[hub] = generation
        self._keys[key] = Identity(hub=hub, title=title or hub.title(), generation=generation)
        for tell in self._tell:
            tell(hub, generation)
        return self._keys[key]

    def of_key(self, token: str) -> Identity | Fenced | None:
        """The identity that belongs to a key; None for an unknown key (`Registry`)."""
        found = self._keys.get(token)
        if found is None or found.generation == self._newest[found.hub]:
            return found
        return Fenced(hub=found.hub)

    def seen(self, hub: str, node: str, connected: bool, wall: int) -> None:  # the port has these parameters
        """Note that a hub's machine is connected or gone, at a wall time in Unix ms (`Registry`)."""
        self.last_seen = wall
        if self.sightings[-1:] != [(hub, node, connected)]:
            self.sightings.append((hub, node, connected))

    def when_fenced(self, tell: Callable[[str, int], None]) -> None:
        """Call `tell` with a hub's name and newest generation when links of older ones must be closed (`Registry`)."""
        self._tell.append(tell)


class MemoryActs:
    """An `ActTaker` that notes each act once, and gives the answers that a test has set."""

    def __init__(self) -> None:
        self.done: list[tuple[str, wire.Act, str]] = []
        """The hub's path, the act and the node of each act that was carried out."""
        self.answers: dict[CommandId, list[wire.ActNotDone | Exception]] = {}
        """The answers that an act gets first, in order, before it is carried out."""

    async def take(self, hub_path: str, act: wire.Act, node: str) -> wire.ActDone | wire.ActNotDone:
        """Carry out an act once; the same id again gets the same answer (`ActTaker`)."""
        if waiting := self.answers.get(act.id):
            answer = waiting.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        if all(each.id != act.id for _, each, _ in self.done):
            self.done.append((hub_path, act, node))
        return wire.ActDone(id=act.id)


class PackedRecord(msgspec.Struct, frozen=True, array_like=True):
    """A record as `plain_pack` encodes it."""

    header: bytes
    salt: bytes | None
    body: bytes | None
    body_digest: bytes
    digest: bytes


def plain_pack(
    records: Sequence[LogRecord],
    *,
    session: SessionId,
    epoch: Epoch,
    heads: Heads,  # the port has this parameter
) -> bytes:
    """Encode a batch without compression."""
    rows = [PackedRecord(r.header_bytes, r.salt, r.body, r.body_digest, r.digest) for r in records]
    return msgspec.msgpack.encode(rows)


_rows: msgspec.msgpack.Decoder[list[PackedRecord]] = msgspec.msgpack.Decoder(list[PackedRecord])


def plain_unpack(data: bytes) -> list[LogRecord]:
    """Decode a batch of `plain_pack`. Raises ProtocolError for other bytes."""
    try:
        rows = read(_rows, data)
        return [_record(row) for row in rows]
    except Unreadable as error:
        raise ProtocolError(f"A batch of {len(data)} bytes can't be read: {error}.") from error


def _record(row: PackedRecord) -> LogRecord:
    return LogRecord(
        header=decode_header(row.header),
        header_bytes=row.header,
        salt=row.salt,
        body=row.body,
        body_digest=row.body_digest,
        digest=row.digest,
    )
