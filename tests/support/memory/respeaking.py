"""A room in which a word is said each second, a respeaker who repeats it later, and an engine that recognises both: a
word's samples equal its number.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, SegmentId
from moothall.core.sessions.state import State, Status
from moothall.services.captioning.respeaking import Respeaking
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sound.live_take import LiveTake, take_of
from moothall.testing.engine_link import EngineEnd
from moothall.wire import audio as sent
from moothall.wire import engine as wire
from support.memory.hall import FLOOR, SESSION, MemoryHall, hello
from support.memory.microphone import RATE, STEP, Ears, greeting, live_hall

ANN = Actor(Role.CAPTIONER, "ann")
BEN = Actor(Role.CAPTIONER, "ben")
NAMES = (
    *("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet", "kilo", "lima"),
    *("mike", "november", "oscar", "papa", "quebec", "romeo", "sierra", "tango", "uniform", "victor", "whiskey"),
    *("xray", "yankee", "zulu"),
)
LAG_MS = 1_500
"""The delay of the respeaker's words, in ms."""


def word(n: int) -> str:
    """Return the word of second n."""
    return NAMES[n % len(NAMES)] + "s" * (n // len(NAMES))


def said(until: int, since: int = 0) -> list[str]:
    """Return the words of these seconds."""
    return [word(n) for n in range(since, until)]


def speech(t: int, count: int, lag: int = 0, since: int = 0) -> bytes:
    """Return the PCM of `count` samples from media ms `t` on.

    Word n lasts from n.1 s to n.5 s, `lag` ms later; words before number `since` are silent.
    """
    each_ms = (divmod(at, 1_000) for at in range(t - lag, t - lag + count * 1_000 // RATE))
    numbers = (second + 1 if second >= since and 100 <= ms < 500 else 0 for second, ms in each_ms)
    return b"".join(number.to_bytes(2, "little") * (RATE // 1_000) for number in numbers)


class Listener(Ears):
    """An engine that commits each word once it has heard its end."""

    def __init__(self) -> None:
        super().__init__()
        self._attached: dict[int, _Heard] = {}

    async def listen(self, link: EngineEnd, channels: int = 4) -> None:
        """Accept every attachment, until the link ends."""
        await hello(link, channels)
        while (message := await link.receive()) is not None:
            match message:
                case wire.Attach():
                    self._attached[message.attachment] = _Heard(message)
                case wire.Audio():
                    for act in self._attached[message.attachment].hear(message):
                        await link.send(act)
                case wire.EndOfAudio():
                    for last in self._attached[message.attachment].over():
                        await link.send(last)
                case _:
                    pass


class _Heard:
    def __init__(self, attach: wire.Attach) -> None:
        self._attach = attach
        self._open: tuple[int, int] | None = None
        """The number of the word being said, and the media ms of its start."""
        known = attach.open_segment
        self._segment = SegmentId(f"g{attach.generation}") if known is None else known.segment
        self._words = 0 if known is None else len(known.words)
        self._acts = 0

    def hear(self, message: wire.Audio) -> list[wire.ToServer]:
        acts: list[wire.ToServer] = []
        samples = array("h", message.pcm)
        for at in range(0, len(samples), RATE // 100):
            number, t = samples[at], message.t + at * 1_000 // RATE
            if self._open is not None and number != self._open[0]:
                acts += self._said(*self._open, t)
                self._open = None
            if number and self._open is None:
                self._open = (number, t)
        return acts

    def over(self) -> list[wire.ToServer]:
        acts: list[wire.ToServer] = []
        if self._words:
            end = do.EndSegment(
                channel=FLOOR,
                generation=self._attach.generation,
                segment=self._segment,
                t1=0,
                reason=le.EndReason.SENTENCE,
            )
            acts.append(self._act(end))
        return [*acts, wire.Drained(attachment=self._attach.attachment)]

    def _said(self, number: int, t0: int, t1: int) -> list[wire.ToServer]:
        if t0 + t1 < 2 * self._attach.committed_through or t1 - t0 < 200:
            return []  # Already committed, or only half a word.
        text = word(number - 1)
        commit = do.CommitWords(
            channel=FLOOR,
            generation=self._attach.generation,
            segment=self._segment,
            first=self._words,
            words=(le.Word(text=f" {text}", t0=t0, t1=t1),),
            start=None if self._words else do.SegmentStart(t0=t0, language="en"),
        )
        self._words += 1
        return [self._act(commit)]

    def _act(self, command: wire.AttachmentCommand) -> wire.PassAct:
        self._acts += 1
        name = CommandId(f"{self._attach.generation}-{self._acts}")
        return wire.PassAct(attachment=self._attach.attachment, id=name, commands=(command,))


def lines_of(state: State) -> list[tuple[bool, str]]:
    """Return the lines of the floor in order: whether each was respoken, and its text."""
    lines = (line for _, line in state.segments.items() if not line.gone)
    return [(bool(line.respoken), line.whole.strip()) for line in sorted(lines, key=lambda line: (line.t0, line.id))]


class Room:
    """A session in whose room somebody speaks."""

    def __init__(self, hall: MemoryHall, live: LiveSession, respeaking: Respeaking, engine: Listener) -> None:
        self.hall, self.live, self.respeaking, self.engine = hall, live, respeaking, engine
        self.takes = 0
        self._speaking: list[asyncio.Task[None]] = []

    @property
    def air(self) -> le.AirSource:
        return self.live.state.channels[FLOOR].air.source

    async def put(self, source: le.AirSource, by: Actor) -> None:
        """Put the machine or a person on air."""
        await self.do(do.PutOnAir(channel=FLOOR, source=source), by)

    async def do(self, command: do.AnyCommand, by: Actor = SYSTEM) -> None:
        """Carry out a command."""
        self.takes += 1
        answer = await self.live.writer.send(by, CommandId(f"do-{self.takes}"), command)
        assert isinstance(answer, Receipt), answer

    async def type(self, text: str, by: Actor = ANN) -> None:
        """Write a line, as a captioner."""
        line = SegmentId(f"t{self.takes}")
        await self.do(do.TypeSegment(channel=FLOOR, segment=line, text=text, language="en"), by)

    def comes_back(self, name: str, received: int) -> sent.TakeHello:
        """Return the hello of a microphone that reconnects.

        The server has its take up to `received`; the microphone still has the 10 s before.
        """
        state = self.live.state
        first = max(0, received - 10 * RATE)
        (t,) = [known.t for source, known in state.sources.items() if (take_of(source) or ("",))[0].endswith(name)]
        return greeting(name, first=first, age=state.media_now(self.hall.clock.wall()) - t - first * 1_000 // RATE)

    async def floor(self, hello: sent.TakeHello | None = None) -> LiveTake:
        """Connect the room's microphone, which hears each word as it is said."""
        take = await self.hall.live.begin(self.live.id, hello or self._greeting())
        assert isinstance(take, LiveTake), take
        self._begin(take, 0)
        return take

    async def respeak(
        self, by: Actor = ANN, lag: int = LAG_MS, hello: sent.TakeHello | None = None, since: int | None = None
    ) -> LiveTake:
        """Put a respeaker on air, who says the words that the text lacks, or those from word `since` on."""
        since = len(self.words()) if since is None else since
        take = await self.respeaking.begin(self.live.id, hello or self._greeting(), 0, by)
        assert isinstance(take, LiveTake), take
        self._begin(take, lag, since)
        return take

    def _greeting(self) -> sent.TakeHello:
        self.takes += 1
        return greeting(f"takeno{self.takes:02}")

    def _begin(self, take: LiveTake, lag: int, since: int = 0) -> None:
        assert self.hall.group is not None
        self._speaking.append(self.hall.group.create_task(self._speak(take, lag, since)))

    async def _speak(self, take: LiveTake, lag: int, since: int) -> None:
        while not take.finished:
            now = self.live.state.media_now(self.hall.clock.wall())
            if (waits := take.t(take.received + STEP) - now) > 0:  # Sound kept meanwhile is sent at once.
                await self.hall.clock.sleep(waits)
            age = max(0, -waits)
            pcm = speech(take.t(take.received), STEP, lag, since)
            await take.feed(sent.Piece(first=take.received, age=age, pcm=pcm), self.hall.clock.monotonic())

    async def fall_silent(self) -> None:
        """Disconnect the microphone that began to send last."""
        task = self._speaking.pop()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def until(self, t: int) -> None:
        """Wait until media ms `t`."""
        await self.hall.clock.sleep(max(0, t - self.live.state.media_now(self.hall.clock.wall())))

    def lines(self) -> list[tuple[bool, str]]:
        """Return the lines in order: whether each was respoken, and its text."""
        return lines_of(self.live.state)

    def words(self) -> list[str]:
        """Return all words, in order."""
        return " ".join(text for _, text in self.lines()).split()

    async def gaps(self) -> list[ev.GapNoted]:
        return [event for event in await self.hall.events() if isinstance(event, ev.GapNoted)]

    def stop(self) -> None:
        for task in self._speaking:
            task.cancel()


@asynccontextmanager
async def room(hall: MemoryHall | None = None, *, channels: int = 4) -> AsyncIterator[Room]:
    """Run an open session, with an engine for `channels` texts. If the log of `hall` has the session already, this is
    another run of its server.
    """
    async with live_hall(hall) as made:
        engine = Listener()
        assert made.group is not None
        made.group.create_task(engine.listen(made.connect(), channels))
        live = await made.sessions.open(SESSION)
        if live.state.status is Status.ABSENT:
            live = await made.session()
            await live.writer.send(SYSTEM, CommandId("open"), do.OpenSession())
        respeaking = Respeaking(sessions=made.sessions, ingest=made.live, closing=made.closing, clock=made.clock)
        owner = made.group.create_task(respeaking.run())
        on = Room(made, live, respeaking, engine)
        try:
            yield on
        finally:
            on.stop()
            owner.cancel()
