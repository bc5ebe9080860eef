from __future__ import annotations

import array
import asyncio
from typing import Self

from moothall.adapters.sound.audio_split import CHUNK, ROOM, AudioSplit
from moothall.testing import loop


class Pipe:
    """Frames of three channels: sample n of channel c is 10 n + c."""

    def __init__(self, frames: int) -> None:
        self.left = frames
        self.read_frames = 0
        self.open = 0
        self.warning: str | None = "Half a sample was dropped."

    async def __aenter__(self) -> Self:
        self.open += 1
        return self

    async def __aexit__(self, *_: object) -> None:
        self.open -= 1

    async def read(self, samples: int) -> bytes:
        await asyncio.sleep(0)  # As a pipe does, it lets others have their turn.
        count = min(samples // 3, self.left)
        first = self.read_frames
        self.left -= count
        self.read_frames += count
        frames = range(first, first + count)
        return array.array("h", [(10 * n + c) % 32_000 for n in frames for c in range(3)]).tobytes()


def expected(channel: int, count: int) -> bytes:
    return array.array("h", [(10 * n + channel) % 32_000 for n in range(count)]).tobytes()


def test_each_channel_is_given_whole_and_in_order() -> None:
    async def story() -> None:
        pipe = Pipe(4_000)
        split = AudioSplit(pipe, 3)

        async def listen(number: int, at_a_time: int) -> bytes:
            async with split.channel(number) as sound:
                heard = b""
                while pcm := await sound.read(at_a_time):
                    heard += pcm
                return heard

        first, third = await asyncio.gather(listen(0, 1_000), listen(2, 777))
        assert (first, third) == (expected(0, 4_000), expected(2, 4_000))
        assert pipe.open == 0
        assert [split.channel(number).warning for number in (0, 2)] == [pipe.warning, pipe.warning]

    loop.run(story())


def test_who_is_ahead_waits_for_who_is_not_and_no_longer_when_that_one_leaves() -> None:
    async def story() -> None:
        pipe = Pipe(3 * ROOM)
        split = AudioSplit(pipe, 3)
        async with split.channel(0) as fast:
            async with split.channel(1) as slow:
                waiting = asyncio.ensure_future(fast.read(ROOM + 2 * CHUNK))
                for _ in range(5_000):  # Turns enough for a reader that wouldn't wait.
                    await asyncio.sleep(0)
                assert not waiting.done()
                assert pipe.read_frames <= ROOM + CHUNK
                assert await slow.read(CHUNK) == expected(1, CHUNK)
            assert len(await waiting) == 2 * (ROOM + 2 * CHUNK)
            assert pipe.open == 1

    loop.run(story())
