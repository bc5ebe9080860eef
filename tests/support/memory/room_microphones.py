"""A room whose meetings follow each other, with microphones that are as honest as the page and as good as their cards.

Nothing has a socket or a disk, and time jumps. A microphone keeps what isn't safe, says how old it is, and does after
each answer of the server what `microphone/line.js` does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from moothall.core.chain import LogRecord
from moothall.core.commands import AddChannel, AnyCommand, NoteWriter, OpenSession
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.core.rules.keeping import taken_over
from moothall.core.session.state import ON, State, Status
from moothall.services.log.act_queue import Receipt
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sound.live_take import LiveTake
from moothall.testing.engine_link import EngineEnd
from moothall.testing.log_memory import FailingLog
from moothall.testing.spool_memory import MemorySpools
from moothall.wire import engine
from moothall.wire.audio import PROTOCOL, EndReason, Hello, Piece
from support.memory.hall import MemoryHall, hello
from support.memory.microphone import live_hall

BOOTH = ChannelId("booth")
CUT_MS = 60_000
"""After that a line is there again."""
STEP_MS = 250
"""How often a microphone hands over what it has heard."""


class Microphone:
    """One sound card and its line."""

    def __init__(self, channel: ChannelId, *, card: float = 1.0, delay: int = 0) -> None:
        """`card`: its seconds in a second of the wall's; `delay`: ms that its line takes."""
        self.channel = channel
        self.delay = delay
        self.on = False
        self.cut_at: int | None = None
        """Monotonic ms since which its line is cut; None while it isn't."""
        self.came_back, self.was_cut = 0, 0
        """When its line was there again, and for how long it had been cut, ms."""
        self.take: LiveTake | None = None
        self.session: SessionId | None = None
        """Whose the take is."""
        self._card = card
        self._takes = 0
        self._began = 0
        self._first = 0
        """The first sample that it still has."""

    def start(self, now: int) -> None:
        """Begin a take; of an earlier one nothing is kept."""
        self._takes += 1
        self._began, self._first, self.take, self.on = now, 0, None, True

    async def stop(self) -> None:
        """As when somebody presses stop and the rest has come."""
        self.on = False
        if self.take is not None:
            await self.take.finish(EndReason.STOPPED)
        self.take = None

    def cut(self, now: int) -> None:
        """Its line breaks."""
        self.cut_at, self.take = now if self.cut_at is None else self.cut_at, None

    def back(self, now: int) -> None:
        """Its line is there again."""
        if self.cut_at is not None:
            self.came_back, self.was_cut, self.cut_at = now, now - self.cut_at, None

    def heard(self, now: int) -> int:
        """Samples of its take that it has heard by monotonic ms `now`."""
        return max(0, int((now - self._began) * 16 * self._card))

    def hearing(self, now: int) -> int | None:
        """Media ms at which what it hears now is written; None while none of it comes to a session."""
        return None if self.take is None or self.take.finished else self.take.t(self.heard(now))

    async def send(self, hall: MemoryHall, session: SessionId | None, now: int) -> None:
        """Say hello where that is due, and hand over what has been heard, as it arrives at `now`."""
        if self.cut_at is not None and now - self.cut_at >= CUT_MS:
            self.back(now)
        if not self.on or self.cut_at is not None or session is None:
            return
        heard = self.heard(now - self.delay)
        if self.take is None:
            name = f"take{self.channel}{self._takes:04}"
            age = (heard - self._first) // 16
            took = await hall.live.begin(
                session, Hello(protocol=PROTOCOL, channel=self.channel, take=name, first=self._first, age=age)
            )
            if not isinstance(took, LiveTake):
                if took is None or took.code is RefusalCode.CONFLICT:
                    self.start(now)  # `ended` and `over`
                return
            self.take, self.session = took, session
        take = self.take
        while take.received < heard and not take.finished:
            first = max(take.received, self._first)
            pcm = bytes(2 * min(8_000, heard - first))
            age = (heard - first) // 16 - len(pcm) // 32
            await take.feed(Piece(first=first, age=max(0, age), pcm=pcm), now)
        self._first = max(self._first, take.safe)
        if take.apart or take.broken:
            self.take = None
        elif take.over or take.whole:
            self.start(now)


class Room:
    """What stays when the server goes, and the server while it is there."""

    def __init__(self, *microphones: Microphone) -> None:
        self.microphones = microphones
        self.live: LiveSession | None = None
        """The meeting that is on or was the last."""
        self._log, self._spools = FailingLog(), MemorySpools()
        self._acts = 0
        self._meetings = 0
        self._lives = 0
        self._hall: MemoryHall | None = None
        self.ahead = 0
        """Ms by which the wall clock of the machine is ahead that serves now."""
        self._wrote = 0
        """When the last event was written, ms of the monotonic clock, which is the same everywhere here."""

    @property
    def hall(self) -> MemoryHall:
        assert self._hall is not None
        return self._hall

    @property
    def state(self) -> State:
        assert self.live is not None
        return self.live.state

    @property
    def now(self) -> int:
        """Media ms, as everything that asks the session has it."""
        return self.state.media_now(self.hall.clock.wall())

    @asynccontextmanager
    async def served(self, ahead: int | None = None) -> AsyncIterator[None]:
        """One life of the server; the sessions are folded from their logs again. `ahead`: it is that of another
        machine, whose wall clock is so far ahead.
        """
        self.ahead = self.ahead if ahead is None else ahead
        async with live_hall(MemoryHall(self._log, self._spools, ahead=self.ahead)) as hall:
            assert hall.group is not None
            self._hall = hall
            if self.live is not None:
                self.live = await hall.sessions.open(self.live.id)
                if ahead is not None and self.live.state.status in ON:
                    await self._taken_over(self.live)

            def wrote(_: LiveSession, publication: Publication) -> None:
                self._wrote = hall.clock.monotonic() if publication.records else self._wrote

            hall.sessions.observe(wrote)
            hall.group.create_task(_deaf(hall.connect()))
            sending = hall.group.create_task(self._send())
            try:
                yield
            finally:
                sending.cancel()
                with suppress(asyncio.CancelledError):
                    await sending
                for each in self.microphones:
                    each.take = None

    async def _taken_over(self, live: LiveSession) -> None:
        """As a node does that keeps the house from now on."""
        self._lives += 1
        passed = self.hall.clock.monotonic() - self._wrote
        t = taken_over(live.state, live.writer.at, passed, self.hall.clock.wall())
        await self.do(NoteWriter(node=f"n{self._lives}", t=t))
        self._wrote = self.hall.clock.monotonic()

    async def log(self) -> Sequence[LogRecord]:
        """Of the meeting that is on or was the last."""
        assert self.live is not None
        return await self._log.read(self.live.id, 0, 100_000)

    async def _send(self) -> None:
        while True:
            for each in self.microphones:
                session = self.live.id if self.live is not None and self.state.status is not Status.CLOSED else None
                await each.send(self.hall, session, self.hall.clock.monotonic())
            await self.hall.clock.sleep(STEP_MS)

    async def do(self, command: AnyCommand) -> Receipt | Refusal:
        """Carry out a command, as desks do: a close waits for the last words."""
        assert self.live is not None
        self._acts += 1
        name = CommandId(f"act-{self._acts}")
        return await self.hall.closing.send(self.live.writer, SYSTEM, name, command)

    async def meet(self, *, opened: bool) -> None:
        """The next meeting; where it isn't `opened` its first microphone opens it."""
        self._meetings += 1
        self.live = await self.hall.session(SessionId(f"meeting-{self._meetings}"))
        await self.do(AddChannel(channel=BOOTH, kind=ChannelKind.INTERPRETATION, languages=("fr",)))
        if opened:
            await self.do(OpenSession())


async def _deaf(link: EngineEnd) -> None:
    """An engine that forgets what it hears."""
    await hello(link, 4)
    while (message := await link.receive()) is not None:
        if isinstance(message, engine.EndOfAudio):
            await link.send(engine.Drained(attachment=message.attachment))
