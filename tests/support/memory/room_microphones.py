"""A room whose meetings follow each other, with microphones that report as the page does, on imperfect sound cards.

Nothing has a socket or a disk, and time jumps. A microphone keeps samples that aren't safe yet, reports their age, and
reacts to each answer of the server as `microphone/audio_link.js` does.
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
from moothall.core.sessions.state import ON, State, Status
from moothall.services.log.act_queue import Receipt
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sound.live_take import LiveTake
from moothall.testing.engine_link import EngineEnd
from moothall.testing.log_memory import FailingLog
from moothall.testing.spool_memory import MemorySpools
from moothall.wire import engine
from moothall.wire.audio import PROTOCOL, Piece, TakeEndReason, TakeHello
from support.memory.hall import MemoryHall, hello
from support.memory.microphone import live_hall

BOOTH = ChannelId("booth")
CUT_MS = 60_000
"""How long a cut connection takes to return, in ms."""
STEP_MS = 250
"""How often a microphone sends what it has heard, in ms."""


class Microphone:
    """A sound card and its connection."""

    def __init__(self, channel: ChannelId, *, card: float = 1.0, delay: int = 0) -> None:
        """`card`: seconds of the card in a second of the wall clock; `delay`: the connection's delay in ms."""
        self.channel = channel
        self.delay = delay
        self.on = False
        self.cut_at: int | None = None
        """Monotonic ms since which the connection is cut; None while it isn't."""
        self.came_back, self.was_cut = 0, 0
        """When the connection returned, and for how long it had been cut, in ms."""
        self.take: LiveTake | None = None
        self.session: SessionId | None = None
        """The session of the take."""
        self._card = card
        self._takes = 0
        self._began = 0
        self._first = 0
        """The first sample that it still keeps."""

    def start(self, now: int) -> None:
        """Begin a take; sound of an earlier take is dropped."""
        self._takes += 1
        self._began, self._first, self.take, self.on = now, 0, None, True

    async def stop(self) -> None:
        """Stop as when somebody presses stop and all sound has been sent."""
        self.on = False
        if self.take is not None:
            await self.take.finish(TakeEndReason.STOPPED)
        self.take = None

    def cut(self, now: int) -> None:
        """Cut the connection."""
        self.cut_at, self.take = now if self.cut_at is None else self.cut_at, None

    def back(self, now: int) -> None:
        """Restore the connection."""
        if self.cut_at is not None:
            self.came_back, self.was_cut, self.cut_at = now, now - self.cut_at, None

    def heard(self, now: int) -> int:
        """Return the number of samples of its take that it has heard by monotonic ms `now`."""
        return max(0, int((now - self._began) * 16 * self._card))

    def hearing(self, now: int) -> int | None:
        """Return the media ms of what it hears now; None while no session receives it."""
        return None if self.take is None or self.take.finished else self.take.t(self.heard(now))

    async def send(self, hall: MemoryHall, session: SessionId | None, now: int) -> None:
        """Send a hello if one is due, and the sound heard so far, which arrives at `now`."""
        if self.cut_at is not None and now - self.cut_at >= CUT_MS:
            self.back(now)
        if not self.on or self.cut_at is not None or session is None:
            return
        heard = self.heard(now - self.delay)
        if self.take is None:
            name = f"take{self.channel}{self._takes:04}"
            age = (heard - self._first) // 16
            took = await hall.live.begin(
                session, TakeHello(protocol=PROTOCOL, channel=self.channel, take=name, first=self._first, age=age)
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
    """Everything that outlives a run of the server, and the server while it runs."""

    def __init__(self, *microphones: Microphone) -> None:
        self.microphones = microphones
        self.live: LiveSession | None = None
        """The current meeting, or the last one."""
        self._log, self._spools = FailingLog(), MemorySpools()
        self._acts = 0
        self._meetings = 0
        self._lives = 0
        self._hall: MemoryHall | None = None
        self.ahead = 0
        """Ms by which the wall clock of the serving machine is fast."""
        self._wrote = 0
        """When the last event was written, in ms of the monotonic clock, which all runs share."""

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
        """The session's media time in ms."""
        return self.state.media_now(self.hall.clock.wall())

    @asynccontextmanager
    async def served(self, ahead: int | None = None) -> AsyncIterator[None]:
        """Run the server once; sessions are folded from their logs again.

        `ahead`: it is another machine's server, whose wall clock is that many ms fast; None for the same machine.
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
        """Take the session over, as a node does that begins to keep the house."""
        self._lives += 1
        passed = self.hall.clock.monotonic() - self._wrote
        t = taken_over(live.state, live.writer.at, passed, self.hall.clock.wall())
        await self.do(NoteWriter(node=f"n{self._lives}", t=t))
        self._wrote = self.hall.clock.monotonic()

    async def log(self) -> Sequence[LogRecord]:
        """Return the log of the current or last meeting."""
        assert self.live is not None
        return await self._log.read(self.live.id, 0, 100_000)

    async def _send(self) -> None:
        while True:
            for each in self.microphones:
                session = self.live.id if self.live is not None and self.state.status is not Status.CLOSED else None
                await each.send(self.hall, session, self.hall.clock.monotonic())
            await self.hall.clock.sleep(STEP_MS)

    async def do(self, command: AnyCommand) -> Receipt | Refusal:
        """Carry out a command as desks do: a close waits for the last words."""
        assert self.live is not None
        self._acts += 1
        name = CommandId(f"act-{self._acts}")
        return await self.hall.closing.send(self.live.writer, SYSTEM, name, command)

    async def meet(self, *, opened: bool) -> None:
        """Begin the next meeting; unless `opened`, its first microphone opens it."""
        self._meetings += 1
        self.live = await self.hall.session(SessionId(f"meeting-{self._meetings}"))
        await self.do(AddChannel(channel=BOOTH, kind=ChannelKind.INTERPRETATION, languages=("fr",)))
        if opened:
            await self.do(OpenSession())


async def _deaf(link: EngineEnd) -> None:
    """Run an engine that ignores what it hears."""
    await hello(link, 4)
    while (message := await link.receive()) is not None:
        if isinstance(message, engine.EndOfAudio):
            await link.send(engine.Drained(attachment=message.attachment))
