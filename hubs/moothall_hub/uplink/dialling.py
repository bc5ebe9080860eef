"""The uplink's socket: it carries out what `moothall_hub.uplink.link` decides, and reports to it what happened.

One task owns the socket. It passes received messages on one after the other, and reads the next frame only when the
previous message is processed. So a hub with a slow disk slows the uplink by back-pressure, and nothing piles up in
memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import SessionId
from moothall.wire.close_codes import CloseCode, reason_bytes
from moothall.wire.hubs import messages as wire
from moothall.wire.hubs.first import HEARD, first_fields
from moothall.wire.kinds import UnknownKind, passed_over
from moothall_hub.uplink import parts
from moothall_hub.uplink.budget import BudgetStep, Meter
from moothall_hub.uplink.centre_clock import CentreClock
from moothall_hub.uplink.counted_connection import dial
from moothall_hub.uplink.link import Link

logger = logging.getLogger(__name__)

WAITING_FRAMES = 128
"""The most messages that may wait to be sent. Overflow: the connection is closed; what matters is sent again on the
next one."""


class CentreAddress(msgspec.Struct, frozen=True, kw_only=True):
    """The address of the server above, and this hub's key there."""

    address: str
    """The server's address, such as `https://HOST`."""
    key: str
    """The bearer token that pairing gave."""


class BudgetStepped(msgspec.Struct, frozen=True):
    """Another step of the day's data budget applies, so sessions have to be followed again (`mirror.wanted.Saved`)."""

    step: BudgetStep


UplinkEvent = parts.MessageFromAbove | parts.FollowAgain | parts.Down | parts.OfferActs | BudgetStepped | parts.Quiet
Tellee = Callable[[UplinkEvent], Awaitable[None]]
"""The owner of the copies and the outbox. It may call `Dialling`'s methods. A ProtocolError that it raises ends the
connection, and the hub dials again; any other error ends `Dialling.run`."""


@dataclass(eq=False, repr=False)
class Dialling:
    """A hub's uplink to the server above. `run` owns the connection; tasks of the same loop may call the other
    methods.
    """

    link: Link
    clock: CentreClock
    meter: Meter
    tell: Tellee
    _: KW_ONLY
    where: CentreAddress | None = None
    """None: the hub is not paired, and nothing is dialled until `pair` is called."""
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        self._paired = self.where is not None
        self._wake = asyncio.Event()
        """Wakes a waiting task when there may be something new to do."""
        self._frames: deque[bytes] = deque()
        self._send = asyncio.Event()
        self._hang: parts.Hang | None = None
        self._hung = asyncio.Event()
        self._step = self.meter.step
        self._telling = asyncio.Lock()
        """Two tasks pass on events: the one that reads, and the one that keeps the time."""

    # Requests of the owner

    def pair(self, where: CentreAddress) -> None:
        """Dial this server with this key, at once and from now on."""
        self.where, self._paired = where, True
        if self._hang is None:
            self._hang = parts.Hang(CloseCode.NORMAL, "The hub was paired anew.")
        self._hung.set()
        self._wake.set()

    def follow(self, follow: wire.Follow) -> None:
        """Follow a session. Does nothing while there is no connection; `FollowAgain` says when to follow again
        (`Link`).
        """
        self._put(self.link.follow(follow))

    def leave(self, session: SessionId) -> None:
        """Unsubscribe from a session (`Link`)."""
        self._put(self.link.leave(session))

    def say(self, message: wire.Taken | wire.Erased | wire.TranslateQuestion | wire.CheckpointAnswer) -> None:
        """Send a message that is not repeated on the next connection. Does nothing while the uplink is down."""
        self._put(self.link.say(message))

    def offer(self, acts: Sequence[wire.Act]) -> None:
        """Offer unanswered acts, the oldest first; acts that were offered before may be among them (`Link`)."""
        self._put(self.link.offer(acts))

    # The task

    async def run(self) -> None:
        """Dial, exchange messages and dial again, until cancelled. Raises ConfigurationError, and what `tell`
        raises.
        """
        if self._talking:  # A previous run failed, and its connection was lost with it.
            await self._do(self.link.lost(self._now(), CloseCode.ABNORMAL))
        while True:
            if self._paired:
                self._paired = False
                await self._do(self.link.restart(self._now()))
            if self.link.phase is parts.Phase.DIALLING and self.where is not None:
                await self._dial(self.where)
            else:
                await self._wait(self.link.due if self.where is not None else None)
                if self.where is not None and not self._paired:
                    await self._do(self.link.tick(self._now()))

    async def _dial(self, where: CentreAddress) -> None:
        self._hang = None
        self._hung.clear()
        self._frames.clear()
        try:
            await self._do(self.link.dialled(self._now()))
            first = first_fields(self._frames)
            socket = await dial(where.address, where.key, self._count, self.tls, first)
        except InvalidStatus as refused:
            body = bytes(refused.response.body or b"").decode(errors="replace")
            turned = parts.Turned(status=refused.response.status_code, sentence=body.split("\n", 1)[0].strip())
            logger.warning("hub link: the server above answers with status %d", turned.status)
            await self._do(self.link.refused(self._now(), turned))
        except (OSError, TimeoutError, InvalidHandshake) as failed:
            logger.info("hub link: no server answers (%s)", type(failed).__name__)
            await self._do(self.link.refused(self._now(), None))
        else:
            if socket.response is not None and HEARD in socket.response.headers:
                for _ in first:
                    self._frames.popleft()
            try:
                await self._talk(socket)
            except BaseExceptionGroup as failed:
                raise _first_of(failed) from failed
            finally:
                await socket.close()

    async def _talk(self, socket: ClientConnection) -> None:
        self._put(self.link.opened(self._now()))
        async with asyncio.TaskGroup() as group:
            hanging_up = group.create_task(self._end_when_hung(socket))
            helpers = [group.create_task(each) for each in (self._write(socket), self._keep_time())]
            await self._read(socket)
            for helper in helpers:
                helper.cancel()
            if not self._hung.is_set():
                hanging_up.cancel()

    async def _read(self, socket: ClientConnection) -> None:
        unknown = 0
        try:
            while self._talking:
                frame = await socket.recv(decode=False)
                if not self._talking:
                    return  # The hub has ended the connection in the meantime.
                try:
                    message = wire.decode_to_hub(frame)
                except UnknownKind:
                    unknown += 1
                    await self._do(self.link.passed_over(self._now()))
                else:
                    await self._do(self.link.received(self._now(), message))
                await self._say_step()
        except ConnectionClosed:
            pass
        except ProtocolError as error:
            logger.error("hub link: %s", error)
            await socket.close(CloseCode.PROTOCOL_ERROR, reason_bytes(str(error)).decode())
        if unknown:
            logger.info("hub link: %s", passed_over(unknown))
        if self._talking:
            code = CloseCode.ABNORMAL if socket.close_code is None else socket.close_code
            logger.info("hub link: the connection ended with code %d", code)
            await self._do(self.link.lost(self._now(), code))

    @property
    def _talking(self) -> bool:
        return self.link.phase in (parts.Phase.GREETING, parts.Phase.UP)

    async def _write(self, socket: ClientConnection) -> None:
        while True:
            await self._send.wait()
            self._send.clear()
            while self._frames:
                try:
                    await socket.send(self._frames.popleft())
                except ConnectionClosed:
                    return  # The reading task notices the end too.

    async def _keep_time(self) -> None:
        while self._talking:
            await self._wait(self.link.due)
            await self._do(self.link.tick(self._now()))

    async def _end_when_hung(self, socket: ClientConnection) -> None:
        await self._hung.wait()
        if self._hang is None or self._hang.reason == parts.SILENT:
            socket.transport.abort()  # The server could not receive a close frame.
        else:
            await socket.close(self._hang.code, reason_bytes(self._hang.reason).decode())

    async def _wait(self, due: int | None) -> None:
        """Wait until `due` (monotonic ms; None: no limit), or until something has changed."""
        self._wake.clear()
        seconds = None if due is None else max(0, due - self.clock.monotonic()) / 1_000
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    # Steps

    async def _do(self, todo: Iterable[parts.Do]) -> None:
        for each in todo:
            match each:
                case parts.MessageReceived(news=news):
                    self._heed(news)
                    await self._pass_on(news)
                case parts.FollowAgain() | parts.OfferActs() | parts.Down() | parts.Quiet():
                    await self._pass_on(each)
                case _:
                    self._put([each])

    def _put(self, todo: Iterable[parts.Do]) -> None:
        """Carry out the steps for which nothing has to be awaited."""
        for each in todo:
            match each:
                case parts.Send(message=message):
                    self._frames.append(wire.encode(message))
                    self._send.set()
                    if len(self._frames) > WAITING_FRAMES:
                        self._put([parts.Hang(CloseCode.GOING_AWAY, parts.SILENT)])
                case parts.Hang():
                    self._hang = each
                    self._hung.set()
                case parts.ClockMeasured(sample=sample):
                    self.clock.heard(sample)
                case _:
                    pass
        self._wake.set()

    def _heed(self, news: parts.MessageFromAbove) -> None:
        if isinstance(news, wire.Welcome):
            logger.info("hub link: connected as hub %s", news.hub)

    async def _say_step(self) -> None:
        if self.meter.step is not self._step:
            self._step = self.meter.step
            await self._pass_on(BudgetStepped(self._step))

    async def _pass_on(self, news: UplinkEvent) -> None:
        async with self._telling:
            await self.tell(news)

    def _count(self, received: int, sent: int) -> None:
        self.meter.count(self.clock.wall(), received=received, sent=sent)

    def _now(self) -> parts.ClockReading:
        return parts.ClockReading(self.clock.monotonic(), self.clock.own_wall)


def _first_of(failed: BaseException) -> BaseException:
    """The first error in a group, or in the groups within it."""
    while isinstance(failed, BaseExceptionGroup):
        failed = failed.exceptions[0]
    return failed
