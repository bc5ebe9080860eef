"""A microphone and an engine's hearing without sockets, for tests of live sound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from moothall.core.commands import CloseSession
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.services.log.act_queue import Receipt
from moothall.services.sound.live_take import LiveTake
from moothall.testing.engine_link import EngineEnd
from moothall.wire import audio, engine
from moothall.wire.audio import Piece
from support.memory.hall import FLOOR, MemoryHall, hello, memory_hall

RATE = 16_000
PERIOD = 65_521
"""Samples after which a microphone's sound repeats."""
STEP = 1_600
"""Samples in a piece, 100 ms."""


def sound(first: int, count: int, mark: int = 0) -> bytes:
    """Return PCM16 whose samples encode their positions; `mark` distinguishes microphones."""
    begin, period = first % PERIOD, _period(mark)
    turns = (begin + count) // PERIOD + 1
    return (period * turns)[2 * begin : 2 * (begin + count)]


@cache
def _period(mark: int) -> bytes:
    return b"".join(((position * 7 + mark) % PERIOD).to_bytes(2, "little") for position in range(PERIOD))


def greeting(take: str = "takeone1", *, first: int = 0, age: int = 0, channel: ChannelId = FLOOR) -> audio.TakeHello:
    """Return a microphone's first message."""
    return audio.TakeHello(protocol=audio.PROTOCOL, channel=channel, take=take, first=first, age=age)


class Ears:
    """An engine that recognises nothing and remembers all audio that it receives."""

    def __init__(self) -> None:
        self.heard: list[tuple[ChannelId, int, bytes]] = []
        """For each attachment: its channel, the media ms at which its audio begins, and the audio."""
        self.attachments: dict[int, int] = {}

    def attached(self, message: engine.Attach) -> None:
        """Called for each attachment; does nothing here."""

    async def listen(self, link: EngineEnd, channels: int = 4) -> None:
        """Accept every attachment, until the link ends."""
        await hello(link, channels)
        while (message := await link.receive()) is not None:
            match message:
                case engine.Attach():
                    self.attachments[message.attachment] = len(self.heard)
                    self.heard.append((message.channel, message.audio_from, b""))
                    self.attached(message)
                case engine.Audio():
                    number = self.attachments[message.attachment]
                    channel, t, pcm = self.heard[number]
                    self.heard[number] = (channel, t, pcm + message.pcm)
                case engine.EndOfAudio():
                    await link.send(engine.Drained(attachment=message.attachment))
                case _:
                    pass


@asynccontextmanager
async def live_hall(hall: MemoryHall | None = None, *, ears: Ears | None = None) -> AsyncIterator[MemoryHall]:
    """Run a hall that takes in live sound, with an engine if `ears` are given."""
    async with memory_hall(hall) as made:
        assert made.group is not None
        started = asyncio.Event()
        owner = made.group.create_task(made.live.run(started))
        await started.wait()
        closing = made.group.create_task(made.closing.run())  # as app/sound.py does
        made.sessions.tell_loaded(lambda live: made.closing.complete(live.writer))
        if ears is not None:
            made.group.create_task(ears.listen(made.connect()))
        try:
            yield made
        finally:
            owner.cancel()
            closing.cancel()
            await asyncio.wait({owner, closing})


async def close(hall: MemoryHall, session: SessionId) -> None:
    """Close a session without waiting for its last words."""
    live = await hall.sessions.open(session)
    assert isinstance(await live.writer.send(SYSTEM, CommandId("close"), CloseSession()), Receipt)


async def begun(hall: MemoryHall, session: SessionId, said: audio.TakeHello, done: int = 0) -> LiveTake:
    """Begin or continue a take by a hello; returns the take."""
    take = await hall.live.begin(session, said, done)
    assert isinstance(take, LiveTake), take
    return take


async def speak(
    hall: MemoryHall, take: LiveTake, until: int, *, mark: int = 0, age: int = 0, pace: bool = True
) -> None:
    """Send samples from the take's end up to position `until`, at the pace of real time or at once."""
    while take.received < until:
        count = min(STEP, until - take.received)
        if pace:
            await hall.clock.sleep(count * 1000 // RATE)
        piece = Piece(first=take.received, age=age, pcm=sound(take.received, count, mark))
        assert await take.feed(piece, hall.clock.monotonic())
