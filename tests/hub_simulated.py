"""A hub in a simulation: what its process does between its line and its disk, on the loop's time.

It stands on what decides in a real hub (`moothall_hub.copying`, `moothall.wire.hub_records`); the line and the disk are
`hub_line` and `hub_disk`. A hub that is killed is cancelled wherever it waits, and all that it knew is gone.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from hub_disk import HubDisk
from hub_line import BelowEnd, Closed
from moothall.core.chain import LogRecord
from moothall.core.errors import RefusalCode
from moothall.core.event_parts import LaneHead
from moothall.core.ids import ChannelId, Epoch, Lane, SessionId
from moothall.wire import hub
from moothall.wire.close_codes import CloseCode
from moothall.wire.hub_records import unpack
from moothall_hub import copying
from moothall_hub.checking import Broken, VerifySignature
from moothall_hub.copied import Copy, Step

AGAIN_S = 5.0
"""When an act that was refused for now is sent again."""
FOR_NOW = (RefusalCode.BUSY, RefusalCode.UNAVAILABLE)
LONGEST_WAIT_S = 60.0
DIALLED_S = 10.0


class Wish(msgspec.Struct, frozen=True):
    """What the coordinator wants of a session."""

    channels: tuple[ChannelId, ...] = ()
    words: bool = False


class Shown(msgspec.Struct):
    """What the hub's readers were given of a session: all of it anew, or what follows."""

    offsets: list[int] = []
    renewals: int = 0
    faults: list[str] = []

    def more(self, records: Sequence[LogRecord]) -> None:
        """What follows on what they have."""
        for record in records:
            offset = record.header.offset
            if self.offsets and offset <= self.offsets[-1]:
                self.faults.append(f"Event {offset} was shown behind event {self.offsets[-1]}.")
            self.offsets.append(offset)


class SimulatedHub:
    """One life of a hub's process."""

    def __init__(
        self,
        node: str,
        disk: HubDisk,
        dial: Callable[[], Awaitable[BelowEnd | None]],
        verify: VerifySignature,
        chance: random.Random,
    ) -> None:
        self.node = node
        self.disk = disk
        self.shown: dict[SessionId, Shown] = {}
        self.wishes: dict[SessionId, Wish] = {}
        self.broken: list[Broken] = []
        self.stopped: list[hub.Stopped] = []
        self._dial = dial
        self._verify = verify
        self._chance = chance
        self._copies: dict[SessionId, Copy] = dict(disk.copies)
        self._news = asyncio.Event()
        self._link: BelowEnd | None = None
        self._one_at_a_time = asyncio.Lock()
        """Else a step that waits for the disk would undo what was wanted meanwhile."""
        self._heard = 0.0
        self._on_way: set[str] = set()
        self._not_before = 0.0

    async def run(self) -> None:
        """Dial, and dial again, for ever."""
        wait = 1.0
        while True:
            link = await self._dial()
            if link is None:
                await asyncio.sleep(self._chance.uniform(0, wait))
                wait = min(LONGEST_WAIT_S, 2 * wait)
                continue
            wait = 1.0
            self._link = link
            try:
                await self._linked(link)
            finally:
                self._link = None
                link.abort()

    async def want(self, session: SessionId, wish: Wish) -> None:
        """The coordinator wants this from now on."""
        self.wishes[session] = wish
        if self._link is not None:
            await self._follow(self._link, session)

    async def do(self, act: hub.Act) -> None:
        """The room does something; it is on the disk when this returns."""
        await self.disk.put(act)
        self._news.set()

    async def _linked(self, link: BelowEnd) -> None:
        self._heard, self._on_way, self._not_before = _now(), set(), 0.0
        await self._say(link, hub.Hello(protocol=hub.PROTOCOL, node=self.node, release="0", wall=0))
        for session in list(self.wishes):
            await self._follow(link, session)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each(link)) for each in (self._hear, self._do, self._pulse)]
            for task in tasks:
                task.add_done_callback(lambda _: [each.cancel() for each in tasks])

    async def _hear(self, link: BelowEnd) -> None:
        while not isinstance(frame := await link.receive(), Closed):
            self._heard = _now()
            async with self._one_at_a_time:
                await self._take(link, hub.decode_to_hub(frame))

    async def _take(self, link: BelowEnd, message: hub.ToHub) -> None:
        match message:
            case hub.Live():
                await self._step(link, copying.began(self._copy(message.session), message))
            case hub.Batch():
                await self._batch(link, message)
            case hub.Caught():
                await self._step(link, copying.caught(self._copy(message.session)))
            case hub.Stopped():
                self.stopped.append(message)
                await self._step(link, Step(copy=copying.stopped(self._copy(message.session), message)))
            case hub.Done() | hub.NotDone():
                await self._answered(message)
            case hub.Pulse() if not message.echo:
                await self._say(link, hub.Pulse(sent=_ms(), echo=message.sent, wall=_ms()))
            case _:
                pass

    async def _batch(self, link: BelowEnd, message: hub.Batch) -> None:
        copy = self._copy(message.session)
        if copy.asked or copy.known is None or copy.broken is not None:
            return
        heads, after = _heads(copy, message.part)
        records = unpack(message.data, session=message.session, epoch=Epoch(str(copy.epoch)), heads=heads, after=after)
        await self._step(link, copying.batch(copy, message.part, records, self._verify, number=message.number))

    async def _step(self, link: BelowEnd, step: Step | Broken) -> None:
        if isinstance(step, Broken):
            self.broken.append(step)
            return
        session = step.copy.session
        if step.copy == self._copy(session) and not step.records:
            return
        await self.disk.keep(step)
        self._copies[session] = step.copy
        shown = self.shown.setdefault(session, Shown())
        if step.renew:
            shown.renewals += 1
            shown.offsets = []
        elif step.show:
            shown.more(step.records)
        for message in step.say:
            await self._say(link, message)

    async def _follow(self, link: BelowEnd, session: SessionId) -> None:
        async with self._one_at_a_time:
            copy, wish = self._copy(session), self.wishes[session]
            if copy.broken is None:
                self._copies[session], message = copying.follow(copy, wish.channels, words=wish.words)
                await self._say(link, message)

    async def _do(self, link: BelowEnd) -> None:
        while True:
            self._news.clear()
            wait = self._not_before - _now()
            if wait > 0:
                await asyncio.sleep(wait)
            for act in self.disk.unanswered():
                if len(self._on_way) >= hub.MOST_ACTS or _now() < self._not_before:
                    break
                if act.id not in self._on_way:
                    self._on_way.add(act.id)
                    await self._say(link, act)
            await self._news.wait()

    async def _answered(self, answer: hub.Done | hub.NotDone) -> None:
        if isinstance(answer, hub.NotDone) and answer.code in FOR_NOW:
            self._on_way.clear()  # All behind it goes again too, so that the order stays.
            self._not_before = _now() + AGAIN_S
        else:
            await self.disk.answered(answer)
            self._on_way.discard(answer.id)
        self._news.set()

    async def _pulse(self, link: BelowEnd) -> None:
        while _now() - self._heard < 3 * hub.PULSE_MS / 1_000:
            await asyncio.sleep(hub.PULSE_MS / 1_000)
            await self._say(link, hub.Pulse(sent=_ms(), wall=_ms()))
        link.close(CloseCode.GOING_AWAY, "Nothing was heard for a minute.")

    async def _say(self, link: BelowEnd, message: hub.FromHub) -> None:
        await link.send(hub.encode(message))

    def _copy(self, session: SessionId) -> Copy:
        return self._copies.get(session) or Copy(session=session)


def _heads(copy: Copy, part: hub.Part) -> tuple[dict[Lane, LaneHead], int]:
    """Where the lanes stand that a batch goes on."""
    if part is hub.Part.OWN:
        return dict(copy.own), max([0, *(head.offset for head in copy.own.values())])
    run = copy.live if part is hub.Part.LIVE and copy.live is not None else copy.known
    assert run is not None
    return dict(run.heads), run.offset


def _now() -> float:
    return asyncio.get_running_loop().time()


def _ms() -> int:
    return round(_now() * 1_000)
