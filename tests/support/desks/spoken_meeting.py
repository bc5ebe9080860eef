"""A meeting at which somebody speaks, and the machine hears them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moothall.services.sound.live_take import LiveTake
from moothall.testing.engine_link import engine_link
from moothall.wire import audio
from support.desks.meeting import Meeting, S
from support.memory.microphone import RATE, STEP, greeting
from support.memory.respeaking import Listener, speech


@asynccontextmanager
async def spoken_in(on: Meeting) -> AsyncIterator[None]:
    """While inside, somebody speaks in the room, and the machine hears them."""
    ours, theirs = engine_link()
    take = await on.running.live.begin(S, greeting())
    assert isinstance(take, LiveTake)
    clock = on.running.backend.clock

    async def speak() -> None:
        began, at = clock.monotonic(), 0
        while True:
            await clock.sleep(max(0, began + (at + STEP) * 1_000 // RATE - clock.monotonic()))
            piece = audio.Piece(first=at, age=0, pcm=speech(at * 1_000 // RATE, STEP))
            assert await take.feed(piece, clock.monotonic())
            at += STEP

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(each) for each in (on.running.recognising.serve(theirs), Listener().listen(ours), speak())
        ]
        yield
        for task in tasks:
            task.cancel()
