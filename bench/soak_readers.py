"""Readers of the soak: over SSE and WebSocket, from many addresses, coming and going; each checks what it receives."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from zlib import crc32

import aiohttp

from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import Position, SessionId
from moothall.core.sessions.state import Status
from moothall.wire.event_stream import EventStream
from moothall.wire.frames import Received, decode

STAYS_S = 90.0
"""The mean stay of a reader in s, after which it leaves, and comes back or goes to another room."""
AWAY_S = (0.5, 8.0)
AGAIN_S = (1.0, 4.0)
"""The pause in s after a broken connection, as the stream tells browsers to make."""
VISITS = 5
"""The most stays in a room before the reader goes to another one."""
SILENCE_S = 45.0
"""Seconds without a frame or a pulse after which a connection counts as dead."""
MANY = 250
"""How many addresses each 127.0.x holds."""
CLOSED = b'"session.closed"'


class Wholeness:
    """Checks what a reader has of a session, over all its connections. No clock, no I/O."""

    def __init__(self) -> None:
        self.position: Position | None = None
        self.fresh = 0
        """Snapshots that arrived although the reader had a position."""
        self.lost = 0
        self.doubled = 0
        self.faults: list[str] = []
        self._back = False

    def come_back(self) -> None:
        """Note a new connection. At another node the first frame may begin before the reader's position, since nodes
        combine other events into frames: readers drop what they have (the reader's rule, docs/reference/doors.md).
        """
        self._back = True

    def take(self, frame: Received) -> None:
        """Check a frame; faults are added as sentences."""
        at = self.position
        if frame.snapshot is not None:
            self._start(Position(frame.snapshot.epoch, frame.snapshot.offset))
        elif at is None:
            if frame.events:
                self._lose("Events came before the first snapshot.")
        elif frame.pulse is not None and frame.pulse.head > at.offset:
            self._lose(f"A pulse says that event {frame.pulse.head} was there; the reader had come to {at.offset}.")
        elif frame.events:
            self._follow(at, frame.prev, [event.offset for event in frame.events])

    def _start(self, new: Position) -> None:
        if self.position is not None:
            self.fresh += 1
            if self.position.epoch == new.epoch and new.offset < self.position.offset:
                self._lose(f"A snapshot ends at event {new.offset}; the reader had come to {self.position.offset}.")
        self.position = new

    def _follow(self, at: Position, before: int, offsets: Sequence[int]) -> None:
        if before > at.offset:
            self._lose(f"Event {before} is missing behind {at.offset}.")
        twice = [offset for offset in offsets if offset <= at.offset]
        if self._back and offsets[-1] > at.offset:
            twice = []
        self._back = False
        if twice or sorted(set(offsets)) != list(offsets):
            self.doubled += 1
            self.faults.append(f"Events {twice or offsets} came once more, or not in order, behind {at.offset}.")
        self.position = Position(at.epoch, max(at.offset, *offsets))

    def _lose(self, sentence: str) -> None:
        self.lost += 1
        self.faults.append(sentence)


class Shown:
    """Checks that all readers of one server or hub were shown the same events."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.sums: dict[SessionId, dict[int, int]] = {}
        """Checksums of bodies, by session and offset. Bound: sessions read since they were last checked."""
        self.differ = 0
        """How often a reader was shown an event in another form than another reader."""
        self.events = 0

    def take(self, session: SessionId, frame: Received) -> None:
        """Note the events of a frame."""
        sums = self.sums.setdefault(session, {})
        self.events += len(frame.events)
        for event in frame.events:
            if event.original is not None:
                this = crc32(event.original)
                self.differ += sums.setdefault(event.offset, this) != this


class Site:
    """A server or a hub at which one can read, and the sessions that are on there."""

    def __init__(self, address: str, shown: Shown, sessions: Callable[[], Sequence[SessionId]]) -> None:
        self.address = address
        self.shown = shown
        self.sessions = sessions


class Tally:
    """Counts of all readers together."""

    def __init__(self, fault: Callable[[str], None]) -> None:
        self.count: Counter[str] = Counter()
        """connections, reconnections, fresh, events, lost, doubled, and status codes."""
        self.fault = fault


class Reader:
    """A reader that reads in one room after another until cancelled."""

    def __init__(self, number: int, site: Site, tally: Tally, chance: random.Random) -> None:
        self._number = number
        self._site = site
        self._tally = tally
        self._chance = chance
        self._whole = Wholeness()
        self._over = False
        """Whether the session is closed."""
        self._dead = False
        """Whether the connection broke."""

    async def run(self) -> None:
        """Read, leave and come back, until cancelled."""
        source = (f"127.0.{1 + self._number // MANY}.{1 + self._number % MANY}", 0)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=20, sock_read=SILENCE_S)
        await asyncio.sleep(self._chance.uniform(0, AWAY_S[1]))
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(local_addr=source, force_close=True), timeout=timeout
        ) as http:
            while True:
                sessions = self._site.sessions()
                if sessions:
                    await self._stay(http, self._chance.choice(sessions))
                await asyncio.sleep(self._chance.uniform(*AWAY_S))

    async def _stay(self, http: aiohttp.ClientSession, session: SessionId) -> None:
        self._whole, self._over = Wholeness(), False
        stream = self._chance.random() < 0.5
        try:
            for _ in range(self._chance.randint(1, VISITS)):
                until = asyncio.get_running_loop().time() + self._chance.expovariate(1 / STAYS_S)
                while not self._over and (left := until - asyncio.get_running_loop().time()) > 0:
                    self._dead = False
                    try:
                        async with asyncio.timeout(left):
                            await self._visit(http, session, stream)
                    except TimeoutError:
                        break
                    except (aiohttp.ClientError, OSError):
                        self._dead = True
                    except ProtocolError as error:
                        self._dead = True
                        self._tally.fault(
                            f"A reader of {session} at {self._site.shown.where} can't read a frame: {error}"
                        )
                    await asyncio.sleep(self._chance.uniform(*AGAIN_S) if self._dead else 0)
                if self._over:
                    break
                await asyncio.sleep(self._chance.uniform(*AWAY_S))
        finally:
            self._count(session)

    async def _visit(self, http: aiohttp.ClientSession, session: SessionId, stream: bool) -> None:
        at = self._whole.position
        count = self._tally.count
        frames = self._streamed(http, session, at) if stream else self._socket(http, session, at)
        first = True
        async with aclosing(frames):
            async for frame in frames:
                if first:
                    count["connections"] += 1
                    count["reconnections"] += at is not None
                    first = False
                self._whole.take(frame)
                self._site.shown.take(session, frame)
                count["events"] += len(frame.events)
                self._over |= any(event.original is not None and CLOSED in event.original for event in frame.events)
                self._over |= frame.snapshot is not None and frame.snapshot.session.status is Status.CLOSED
                if self._over:
                    return
        self._dead = True

    async def _streamed(
        self, http: aiohttp.ClientSession, session: SessionId, at: Position | None
    ) -> AsyncGenerator[Received]:
        headers = {} if at is None else {"Last-Event-ID": str(at)}
        async with http.get(f"{self._site.address}/s/{session}/events", headers=headers) as answer:
            if answer.status != 200:
                await self._refused(answer.status, answer.headers.get("Retry-After"))
                return
            stream = EventStream()
            async for data in answer.content.iter_any():
                for event in stream.feed(data):
                    yield decode(event.data)

    async def _socket(
        self, http: aiohttp.ClientSession, session: SessionId, at: Position | None
    ) -> AsyncGenerator[Received]:
        query = {} if at is None else {"after": str(at)}
        try:
            async with http.ws_connect(f"{self._site.address}/s/{session}/ws", params=query, max_msg_size=0) as socket:
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.TEXT:
                        yield decode(message.data)
        except aiohttp.WSServerHandshakeError as error:
            await self._refused(error.status, error.headers.get("Retry-After") if error.headers else None)

    async def _refused(self, status: int, wait: str | None) -> None:
        self._tally.count[f"status {status}"] += 1
        if status == 429:
            self._tally.fault(f"A reader at {self._site.shown.where} was told that it asks too often.")
        await asyncio.sleep(min(10.0, float(wait or 1)))

    def _count(self, session: SessionId) -> None:
        count = self._tally.count
        count["fresh"] += self._whole.fresh
        count["lost"] += self._whole.lost
        count["doubled"] += self._whole.doubled
        for sentence in self._whole.faults:
            self._tally.fault(f"A reader of {session} at {self._site.shown.where}: {sentence}")
