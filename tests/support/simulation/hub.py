"""A hub in a simulation: one run of its process, between its uplink and its disk, on the loop's time.

The decisions are a real hub's: `moothall_hub.uplink.link`, `moothall_hub.mirror.replication` and their dependencies.
The socket (`link.py`) and the disk (`disk.py`) are in memory. To kill a hub is to cancel it wherever it waits; all its
state in memory is lost.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.kernel.lanes import is_public
from moothall.record.verify import VerifySignature
from moothall.testing.book import MemoryBook
from moothall.testing.clock import LoopClock
from moothall.wire.hubs import messages as wire
from moothall_hub.mirror.copied import CopyStep, SessionCopy
from moothall_hub.mirror.missed import MissedSpans
from moothall_hub.mirror.replication import Replication
from moothall_hub.mirror.wanted import Want
from moothall_hub.uplink.link import Link
from moothall_hub.uplink.parts import ClockReading, Do, Down, FollowAgain, Hang, MessageReceived, OfferActs, Phase, Send
from support.simulation.disk import HubDisk
from support.simulation.link import BelowEnd, Closed


class Shown(msgspec.Struct):
    """The readers' side of a hub, which checks the order of shown events."""

    last: dict[tuple[SessionId, str], int] = {}
    """The last shown offset: of the public lanes, and of each lane of the hub's own."""
    renewals: int = 0
    faults: list[str] = []

    async def take(self, step: CopyStep) -> None:
        """Implement `moothall_hub.mirror.replication.Shown.take`."""
        session = step.copy.session
        if step.renew:
            await self.renew(session)
        elif step.show:
            for record in step.records:
                offset, lane = record.header.offset, record.header.lane
                part = session, "" if is_public(lane) else lane
                if offset <= self.last.get(part, 0):
                    self.faults.append(f"Event {offset} was shown behind event {self.last[part]}.")
                self.last[part] = offset

    async def renew(self, session: SessionId) -> None:
        """Implement `moothall_hub.mirror.replication.Shown.renew`."""
        self.renewals += 1
        for part in [each for each in self.last if each[0] == session]:
            del self.last[part]


class SimulatedHub:
    """A hub without sockets or disks. `run` must be running."""

    def __init__(
        self,
        node: str,
        disk: HubDisk,
        dial: Callable[[], Awaitable[BelowEnd | None]],
        verify: VerifySignature,
        *,
        chance: random.Random,
        wanted: Mapping[SessionId, Want],
    ) -> None:
        self.disk = disk
        self.shown = Shown()
        self.stopped: list[str] = []
        """Why links or sessions were ended for good."""
        self.link = Link(node, "0", chance.random)
        self.replication = Replication(
            disk.copies.values(),
            store=disk,
            shown=self.shown,
            closed=lambda _: False,
            signed=verify,
            say=self._say,
            missed=MissedSpans(MemoryBook(), {}),
            clock=LoopClock(),
        )
        self._wanted = wanted
        self._dial = dial
        self._given: set[CommandId] = set()
        self._more = asyncio.Event()
        # Bounded by the link: a window of batches and of acts.
        self._frames: deque[bytes] = deque()
        self._to_send = asyncio.Event()
        self._hung: Hang | None = None

    async def run(self) -> None:
        """Dial again and again, until the link is over for good."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pass_on())
            await self.replication.want(self._wanted)
            await self._do(self.link.restart(_now()))
            while self.link.phase is not Phase.OVER:
                if self.link.phase is Phase.WAITING:
                    await _until(self.link.due)
                    await self._do(self.link.tick(_now()))
                    continue
                self._frames.clear()
                await self._do(self.link.dialled(_now()))
                if (socket := await self._dial()) is None:
                    await self._do(self.link.refused(_now(), None))
                else:
                    await self._talk(socket)
            self.stopped.append(self.link.sentence)

    async def want(self, wanted: Mapping[SessionId, Want]) -> None:
        """Set the sessions and channels to follow, as the coordinator does."""
        self._wanted = wanted
        await self.replication.want(wanted)

    async def do(self, act: wire.Act) -> None:
        """Do an act of the room; it is on the disk when this returns."""
        await self.disk.put(act)
        self._more.set()

    def copy(self, session: SessionId) -> SessionCopy | None:
        """Return the copy of a session as the hub knows it."""
        return self.replication.copy(session)

    async def _talk(self, socket: BelowEnd) -> None:
        self._hung = None
        try:
            await self._do(self.link.opened(_now()))
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(each(socket)) for each in (self._read, self._write, self._keep_time)]
                for task in tasks:
                    task.add_done_callback(lambda _: [each.cancel() for each in tasks])
        finally:
            if self._hung is None:
                socket.abort()
            else:
                socket.close(self._hung.code, self._hung.reason)

    async def _read(self, socket: BelowEnd) -> None:
        while self._hung is None:
            frame = await socket.receive()
            if isinstance(frame, Closed):
                await self._do(self.link.lost(_now(), frame.code))
                return
            await self._do(self.link.received(_now(), wire.decode_to_hub(frame)))

    async def _write(self, socket: BelowEnd) -> None:
        while self._hung is None:
            self._to_send.clear()
            while self._frames:
                await socket.send(self._frames.popleft())
            await self._to_send.wait()

    async def _keep_time(self, socket: BelowEnd) -> None:
        while self._hung is None:
            await _until(self.link.due)
            await self._do(self.link.tick(_now()))

    async def _do(self, todo: list[Do]) -> None:
        for each in todo:
            match each:
                case MessageReceived(news=news):
                    await self._tell(news)
                case FollowAgain():
                    await self.replication.linked()
                case OfferActs():
                    self._more.set()
                case Down():
                    self._given.clear()
                    self.replication.cut()
                case _:
                    self._put([each])

    def _put(self, todo: list[Do]) -> None:
        for each in todo:
            match each:
                case Send(message=message):
                    self._frames.append(wire.encode(message))
                case Hang():
                    self._hung = each
                case _:
                    pass
        self._to_send.set()

    async def _tell(self, news: object) -> None:
        match news:
            case wire.Welcome():
                self._given.clear()
            case wire.Stopped():
                self.stopped.append(news.message)
                await self.replication.take(news)
            case wire.Live() | wire.Batch() | wire.Caught() | wire.Recall():
                await self.replication.take(news)
            case wire.ActDone() | wire.ActNotDone():
                await self.disk.answered(news)
                self._given.discard(news.id)  # Only now: earlier, the act would count as waiting.
            case _:
                pass

    async def _pass_on(self) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            room = wire.MOST_ACTS - len(self._given)
            acts = [act for act in self.disk.unanswered() if act.id not in self._given][:room]
            if acts and self.link.phase is Phase.UP:
                self._given.update(act.id for act in acts)
                self._put(self.link.offer(acts))

    def _say(self, message: wire.FromHub) -> None:
        match message:
            case wire.Follow():
                self._put(self.link.follow(message))
            case wire.Leave():
                self._put(self.link.leave(message.session))
            case wire.Taken() | wire.Erased():
                self._put(self.link.say(message))


def _now() -> ClockReading:
    loop = asyncio.get_running_loop()
    return ClockReading(round(loop.time() * 1_000), round(loop.time() * 1_000))


async def _until(due: int | None) -> None:
    """Sleep until a moment, at most a second: the moment may have changed."""
    left = 1_000 if due is None else due - _now().monotonic
    await asyncio.sleep(min(1.0, max(0.001, left / 1_000)))
