"""A disk fills up while a session is live: nothing acknowledged is lost, readers are informed, and the server recovers.

Quick tests cover everything marked `slow`. A file that may not grow: `test_log_crash.py`. An engine that dies while
nothing can be stored: `unit/services/engines`. A start that finds no room: the start after a kill and the first start
here.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import pytest

from moothall.adapters.sound.spool_folder import RESERVE_SHARE
from moothall.testing.scripted import Script, make_script, render, write_script
from support.files.small_disk import SmallDisk, small_disk
from support.halls.process import (
    CLOCK,
    HallProcess,
    Witness,
    free_port,
    logged,
    plain,
    require_intact,
    require_nothing_lost,
    watched,
    write_wave,
)

DISK_BYTES = 1 << 20
BYTES_A_MS = 32
"""Of audio: PCM16 mono at 16 kHz."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A disk of 1 MB at a data folder."""
    with small_disk(tmp_path / "data", DISK_BYTES) as made:
        yield made


def spooled(disk: SmallDisk) -> int:
    """Bytes of audio on it."""
    return sum(file.stat().st_size for file in disk.folder.glob("spool/**/*.pcm"))


def hall_at(data: Path, script: Script, number: int, *options: str) -> HallProcess:
    """A server that plays the script into a session there."""
    (data.parent / "script.json").write_bytes(write_script(script))
    write_wave(data.parent / "sound.wav", render(script))
    model = f"scripted:{data.parent / 'script.json'}"
    return HallProcess(data, data.parent / "sound.wav", model, free_port(number), *options)


def require_whole(hall: HallProcess, witness: Witness, script: Script) -> None:
    """Every word of the script is in the log once, the reader was told of it once, and the chain verifies."""
    log = logged(hall.data)
    require_nothing_lost(witness, log)
    assert plain(log.words) == [word.text.strip() for word in script.words]
    assert " ".join(log.texts) == script.text.strip()
    assert log.gaps == 0
    require_intact(hall.data)


def require_full_disk_named(hall: HallProcess) -> None:
    """The last that it said is a sentence about it."""
    said = hall.log.read_text().splitlines()[-1]
    assert said.startswith("moothall: ")
    assert "full" in said


async def words_wait_until(hall: HallProcess, witness: Witness, make_room: Callable[[], None]) -> None:
    """With the disk full: the words are on the screen, marked, for whoever comes late too; then they are stored."""
    stored = len(witness.words)
    await witness.until(lambda: len(witness.unsaved.split()) >= 6)
    assert len(witness.words) == stored
    late = Witness()
    async with asyncio.TaskGroup() as group:
        following = group.create_task(late.watch(hall.address))
        await late.until(lambda: late.unsaved)
        following.cancel()
    assert late.unsaved.split()[:6] == witness.unsaved.split()[:6]
    assert len(logged(hall.data).words) == stored
    waiting = witness.unsaved.split()
    make_room()
    await witness.until(lambda: not witness.unsaved)
    assert plain(witness.words)[stored:][: len(waiting)] == waiting
    await witness.until(lambda: witness.closed)
    assert not witness.unsaved


async def finds(hall: HallProcess, words: str) -> None:
    """Comes back when a visitor finds a line with these."""
    query, wanted = {"q": words}, {"Accept": "application/json"}
    async with aiohttp.ClientSession() as visitor:
        while True:
            async with visitor.get(f"{hall.address}/search", params=query, headers=wanted) as answer:
                if answer.status == 200 and (await answer.json())["total"]:
                    return
            await CLOCK.sleep(250)


async def test_words_of_a_full_disk_are_shown_and_stored_when_there_is_room(disk: SmallDisk) -> None:
    script = make_script(5, 18)
    hall = hall_at(disk.folder, script, 11)
    async with watched(hall) as witness:
        await witness.until(lambda: len(witness.words) >= 5)
        disk.fill()
        await words_wait_until(hall, witness, disk.make_room)
    assert "was refused (unavailable)" in hall.log.read_text()
    require_whole(hall, witness, script)


@pytest.mark.slow
async def test_files_that_may_not_grow_are_as_a_full_disk(tmp_path: Path) -> None:
    script = make_script(6, 18)
    hall = hall_at(tmp_path / "data", script, 12)
    async with watched(hall) as witness:
        await witness.until(lambda: len(witness.words) >= 5)
        before = resource.prlimit(hall.pid, resource.RLIMIT_FSIZE)

        def make_room() -> None:
            resource.prlimit(hall.pid, resource.RLIMIT_FSIZE, before)

        resource.prlimit(hall.pid, resource.RLIMIT_FSIZE, (4_096, before[1]))
        await words_wait_until(hall, witness, make_room)
    require_whole(hall, witness, script)


@pytest.mark.slow
async def test_an_engine_that_dies_on_a_full_disk_takes_no_word_with_it(disk: SmallDisk) -> None:
    script = make_script(7, 14)
    hall = hall_at(disk.folder, script, 13)
    async with watched(hall) as witness:
        await witness.until(lambda: len(witness.words) >= 4)
        disk.fill()
        await witness.until(lambda: len(witness.unsaved.split()) >= 3)
        assert hall.kill_engine()
        await witness.until(lambda: not witness.unsaved)
        stored = len(witness.words)
        disk.make_room()
        await witness.until(lambda: witness.closed)
    assert stored < 14
    require_whole(hall, witness, script)


async def test_a_server_killed_on_a_full_disk_goes_on_when_there_is_room(disk: SmallDisk) -> None:
    script = make_script(8, 14)
    hall = hall_at(disk.folder, script, 14)
    async with watched(hall) as witness:
        await witness.until(lambda: len(witness.words) >= 4)
        disk.fill()
        await witness.until(lambda: len(witness.unsaved.split()) >= 3)
        await hall.kill()
        await hall.launch()
        # It may find room within its files and wait for more, or find none and say so.
        waits = await hall.opened()
        disk.make_room()
        if not waits:
            assert await hall.ended() == 1
            require_full_disk_named(hall)
            await hall.start()
        await witness.until(lambda: witness.closed)
        await finds(hall, script.words[-1].text)
    require_whole(hall, witness, script)


@pytest.mark.slow
async def test_a_session_that_was_stopped_needs_room_to_go_on(disk: SmallDisk) -> None:
    script = make_script(9, 10)
    hall = hall_at(disk.folder, script, 18)
    async with watched(hall) as witness:
        await witness.until(lambda: len(witness.words) >= 4)
        assert await hall.stop() == 0
        disk.fill()
        await hall.launch()
        assert await hall.ended() == 1
        require_full_disk_named(hall)
        disk.make_room()
        await hall.start()
        await witness.until(lambda: witness.closed)
    require_whole(hall, witness, script)


@pytest.mark.parametrize("room", [0, *(pytest.param(room, marks=pytest.mark.slow) for room in (16_384, 49_152))])
async def test_a_first_start_on_a_full_disk_says_what_is_wrong(disk: SmallDisk, room: int) -> None:
    hall = hall_at(disk.folder, make_script(9, 4), 15)
    disk.fill(room)
    await hall.launch()
    assert await hall.ended() == 1
    require_full_disk_named(hall)
    disk.make_room()
    await hall.start()
    assert await hall.stop() == 0


async def test_sound_leaves_the_last_room_to_the_text_whose_words_come_once_after_a_kill(disk: SmallDisk) -> None:
    script = make_script(11, 20)
    size = 4 * DISK_BYTES
    disk.resize(size)
    hall = hall_at(disk.folder, script, 17)
    unsaved = set()
    async with watched(hall) as witness:
        await witness.until(lambda: witness.words)
        disk.fill(size // RESERVE_SHARE - 4_096)
        before = spooled(disk)
        while len(witness.words) < 12:
            await witness.news()
            unsaved.add(witness.unsaved)
        assert spooled(disk) == before
        assert witness.words[-1].t1 * BYTES_A_MS > before + 64_000
        await hall.kill()
        await hall.start()
        await witness.until(lambda: witness.closed)
    assert unsaved == {""}
    require_whole(hall, witness, script)
