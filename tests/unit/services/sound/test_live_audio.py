from __future__ import annotations

import asyncio

import pytest

from moothall.core.kernel.errors import AudioError, StorageUnavailable
from moothall.core.ports import SpooledPiece
from moothall.services.sound.live_audio import CHUNK, KEEP_MS, RATE, LiveAudio, to_ms, to_samples
from moothall.testing import loop
from moothall.testing.clock import LoopClock
from moothall.testing.spool_memory import MemorySpools
from support.memory.hall import MIC, SESSION, Sound


async def live(t: int = 0, spools: MemorySpools | None = None) -> LiveAudio:
    spool = await (spools or MemorySpools()).open(SESSION, MIC)
    return LiveAudio(MIC, spool, t, LoopClock())


def test_samples_and_milliseconds() -> None:
    assert (to_ms(16_000), to_ms(15), to_samples(1_000)) == (1_000, 0, 16_000)


def test_as_live_a_sample_can_be_heard_when_it_has_been_spoken_and_not_before() -> None:
    async def story() -> None:
        audio, clock = await live(), LoopClock()
        carrying = asyncio.ensure_future(audio.carry(Sound(RATE), as_live=True))
        first = await audio.read(0, RATE)
        assert (len(first) // 2, clock.monotonic()) == (CHUNK, 100)
        await carrying
        assert (clock.monotonic(), audio.end_ms, audio.acknowledged) == (1_000, 1_000, RATE)
        assert await audio.read(RATE, CHUNK) == b""

    loop.run(story())


def test_fast_it_takes_no_time() -> None:
    async def story() -> None:
        audio = await live(t=250)
        await audio.carry(Sound(RATE), as_live=False)
        assert (LoopClock().monotonic(), audio.end_ms, audio.ended) == (0, 1_250, True)

    loop.run(story())


def test_it_ends_where_it_is_told_to() -> None:
    async def story() -> None:
        audio = await live()
        carrying = asyncio.ensure_future(audio.carry(Sound(10 * RATE), as_live=True))
        await audio.read(RATE, 1)
        audio.stop()
        await carrying
        assert audio.ended
        assert to_ms(audio.end) < 1_500

    loop.run(story())


def test_a_source_that_breaks_leaves_what_it_gave() -> None:
    async def story() -> None:
        audio = await live()
        with pytest.raises(AudioError, match="in the middle"):
            await audio.carry(Sound(RATE, breaks=True), as_live=False)
        assert (audio.ended, audio.end, audio.acknowledged) == (True, RATE, RATE)

    loop.run(story())


def test_a_cut_is_not_an_end() -> None:
    async def story() -> None:
        audio = await live()
        carrying = asyncio.ensure_future(audio.carry(Sound(10 * RATE), as_live=True))
        await audio.read(RATE, 1)
        carrying.cancel()
        await asyncio.gather(carrying, return_exceptions=True)
        assert not audio.ended

    loop.run(story())


def test_a_position_is_still_there_or_still_to_come() -> None:
    async def story() -> None:
        audio = await live(t=1_000)
        await audio.carry(Sound(RATE), as_live=False)
        assert [audio.position(t) for t in (0, 1_000, 1_500, 9_000)] == [0, 0, RATE // 2, 8 * RATE]

    loop.run(story())


def test_audio_well_behind_the_last_word_is_forgotten() -> None:
    async def story() -> None:
        spool = await MemorySpools().open(SESSION, MIC)
        audio = LiveAudio(MIC, spool, 0, LoopClock())
        audio.committed(KEEP_MS + 5_000)
        await audio.carry(Sound(40 * RATE), as_live=True)
        assert spool.start == 5 * RATE
        await audio.discard()
        await audio.close()

    loop.run(story())


class FullSpool:
    """A spool that takes nothing more while `full`."""

    def __init__(self) -> None:
        self.full = True
        self.taken = b""
        self.note = b""
        self.start = 0
        self.trimmed = 0
        self.forgotten: list[tuple[object, ...]] = []

    @property
    def end(self) -> int:
        return len(self.taken) // 2

    def append(self, pcm: bytes) -> None:
        if self.full:
            raise StorageUnavailable("The disk is full.")
        self.taken += pcm

    async def sync(self) -> int:
        if self.full:
            raise StorageUnavailable("The disk is full.")
        self.forgotten.append(("sync",))
        return self.end

    async def read(self, first: int, count: int) -> bytes:
        return self.taken[2 * first : 2 * (first + count)]

    version = "1"

    async def copied(self, first: int, count: int) -> SpooledPiece:
        return SpooledPiece(await self.read(first, count), self.version)

    async def trim(self, before: int) -> None:
        self.trimmed = before

    async def keep(self, note: bytes) -> None:
        if self.full:
            raise StorageUnavailable("The disk is full.")
        self.note = note

    async def begin_memory_only(self, first: int) -> None:
        await self._forget("begin", first)

    def wipe_memory_only(self, before: int) -> None:
        self.wiped = before

    async def end_memory_only(self, first: int) -> None:
        await self._forget("end", first)

    async def silence(self, first: int, last: int) -> None:
        await self._forget("silence", first, last)

    async def _forget(self, *what: object) -> None:
        if self.full:
            raise StorageUnavailable("The disk refused.")
        self.forgotten.append(what)

    async def discard(self) -> None:
        pass

    async def close(self) -> None:
        pass


def test_a_full_spool_holds_the_source_and_loses_nothing() -> None:
    async def story() -> None:
        spool = FullSpool()
        audio = LiveAudio(MIC, spool, 0, LoopClock())
        carrying = asyncio.ensure_future(audio.carry(Sound(RATE), as_live=False))
        await LoopClock().sleep(5_500)
        assert (audio.end, audio.acknowledged) == (0, 0)
        spool.full = False
        await carrying
        assert (audio.end, audio.acknowledged) == (RATE, RATE)

    loop.run(story())


def test_a_note_that_a_full_disk_refuses_is_no_failure() -> None:
    async def story() -> None:
        spool = FullSpool()
        audio = LiveAudio(MIC, spool, 0, LoopClock())
        await audio.keep(b"one")
        assert audio.note == b""
        spool.full = False
        await audio.keep(b"two")
        assert audio.note == b"two"

    loop.run(story())


def test_a_spool_that_cannot_be_written_is_trimmed_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        spool = FullSpool()
        audio = LiveAudio(MIC, spool, 0, LoopClock())
        audio.committed(KEEP_MS + 2_000)
        carrying = asyncio.ensure_future(audio.carry(Sound(RATE), as_live=False))
        await LoopClock().sleep(5_500)
        assert spool.trimmed == 2 * RATE
        spool.full = False
        await carrying

    loop.run(story())
    assert caplog.messages == [
        "source mic: the spool can't be written, 0 samples wait",
        "source mic: the disk writes the spool again",
    ]


def test_what_is_not_recorded_is_told_to_the_spool_once(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        spool = FullSpool()
        spool.taken = bytes(2 * 10 * RATE)
        audio = LiveAudio(MIC, spool, 1_000, LoopClock())
        # A restart: the first span was over, the second has just begun, and the disk is slow to forget.
        following = asyncio.ensure_future(audio.follow(((0, 2_000), (5_000, None))))
        await LoopClock().sleep(1_500)
        assert spool.forgotten == []
        spool.full = False
        await following
        expected: list[tuple[object, ...]] = [
            ("silence", 0, RATE),
            ("silence", 4 * RATE, 10 * RATE),
            ("begin", 4 * RATE),
        ]
        assert spool.forgotten == expected
        await audio.follow(((0, 2_000), (5_000, None)))
        assert spool.forgotten == expected
        # It ended, and another one began, before anybody looked.
        await audio.follow(((0, 2_000), (5_000, 6_000), (7_000, None)))
        assert spool.forgotten[3:] == [("end", 5 * RATE), ("begin", 6 * RATE), ("sync",)]
        await audio.follow(((0, 2_000), (5_000, 6_000), (7_000, 7_500)))
        await audio.silence(3_000, 4_000)
        assert spool.forgotten[6:] == [("end", 6 * RATE + RATE // 2), ("sync",), ("silence", 2 * RATE, 3 * RATE)]

    loop.run(story())
    assert caplog.messages == ["source mic: the disk can't delete sound yet; the server tries again"] * 2


def test_a_span_that_lasts_may_begin_earlier_or_have_been_none() -> None:
    async def story() -> None:
        spool = FullSpool()
        spool.full = False
        audio = LiveAudio(MIC, spool, 0, LoopClock())
        await audio.follow(((5_000, None),))
        spool.forgotten.clear()
        # Another one that begins earlier has joined it; then both are over.
        await audio.follow(((3_000, None),))
        assert spool.forgotten == [("begin", 3 * RATE)]
        await audio.follow(((2_000, 9_000),))
        assert spool.forgotten[1:] == [("begin", 2 * RATE), ("end", 9 * RATE), ("sync",)]
        await audio.follow(((2_000, 9_000), (20_000, None)))
        await audio.follow(((2_000, 9_000),))  # It ended where it began.
        assert spool.forgotten[4:] == [("begin", 20 * RATE), ("end", 20 * RATE), ("sync",)]

    loop.run(story())


def test_a_span_that_began_and_ended_before_anybody_looked_is_forgotten_too() -> None:
    async def story() -> None:
        spool = FullSpool()
        spool.full = False
        spool.taken = bytes(2 * 10 * RATE)
        audio = LiveAudio(MIC, spool, 0, LoopClock())
        await audio.follow(())
        await audio.follow(((1_000, 2_000),))
        assert spool.forgotten == [("silence", RATE, 2 * RATE)]
        await audio.follow(((1_000, 2_000), (3_000, None)))
        # The disk refused for a while, and all this was said meanwhile.
        await audio.follow(((1_000, 2_000), (3_000, 4_000), (5_000, 6_000), (7_000, 11_000), (12_000, None)))
        assert spool.forgotten[1:] == [
            ("begin", 3 * RATE),
            ("end", 4 * RATE),
            ("silence", 5 * RATE, 6 * RATE),
            ("begin", 7 * RATE),
            ("end", 11 * RATE),
            ("begin", 12 * RATE),
            ("sync",),
        ]

    loop.run(story())


def test_nothing_of_a_span_that_lasts_is_written_when_the_one_before_it_ends() -> None:
    async def story() -> None:
        spool = FullSpool()
        spool.full = False
        spool.taken = bytes(2 * 10 * RATE)
        audio = LiveAudio(MIC, spool, 0, LoopClock())
        await audio.follow(((1_000, None),))
        before = len(spool.forgotten)
        await audio.follow(((1_000, 2_000), (3_000, None)))
        assert spool.forgotten[before:] == [("end", 2 * RATE), ("begin", 3 * RATE), ("sync",)]

    loop.run(story())


def test_a_reader_can_be_told_to_wait_no_longer() -> None:
    async def story() -> None:
        audio, enough = await live(), asyncio.Event()
        reading = asyncio.ensure_future(audio.read(0, 10, unless=enough.is_set))
        await LoopClock().sleep(10)
        await audio.nudge()
        await LoopClock().sleep(10)
        assert not reading.done()
        enough.set()
        await audio.nudge()
        assert await reading == b""

    loop.run(story())


def test_it_can_be_waited_for_a_position() -> None:
    async def story() -> None:
        audio, clock = await live(), LoopClock()
        waiting = asyncio.ensure_future(audio.until(RATE))
        carrying = asyncio.ensure_future(audio.carry(Sound(2 * RATE), as_live=True))
        await waiting
        assert clock.monotonic() == 1_000
        await audio.until(5 * RATE)
        assert audio.ended
        await carrying

    loop.run(story())


def test_a_span_that_ended_before_a_restart_may_still_be_to_come() -> None:
    async def story() -> None:
        spool = FullSpool()
        spool.full = False
        spool.taken = bytes(2 * RATE)
        await LiveAudio(MIC, spool, 0, LoopClock()).follow(((500, 1_500),))
        assert spool.forgotten == [("begin", RATE // 2), ("end", 3 * RATE // 2)]

    loop.run(story())


def test_a_disk_that_refuses_to_forget_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        spool = await MemorySpools().open(SESSION, MIC)

        async def refuse() -> None:
            raise StorageUnavailable("The disk is read-only.")

        spool.discard = refuse  # type: ignore[method-assign]  # a disk that refuses from now on
        await LiveAudio(MIC, spool, 0, LoopClock()).discard()

    loop.run(story())
    assert "source mic: the disk can't delete its sound" in caplog.text
