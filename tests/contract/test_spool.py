"""The contract of every SpoolStore. Acts in any order: test_spool_sequence.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from moothall.adapters.sound.audio_spool import DiskSpools
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId, SourceId
from moothall.core.ports import SpoolStore
from moothall.testing.spool_memory import MemorySpools
from support.sound.spools import SESSION, SOURCE, pcm


@pytest.fixture(params=["memory", "disk"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SpoolStore:
    if request.param == "memory":
        return MemorySpools(kept_samples=1_000)
    return DiskSpools(tmp_path, file_samples=100, unsaved_samples=1_000)


async def test_a_new_spool_is_empty(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    assert (spool.start, spool.end, await spool.sync()) == (0, 0, 0)
    assert await spool.read(0, 10) == b""
    await spool.trim(5)
    assert (spool.start, spool.end) == (0, 0)
    await spool.close()


async def test_what_was_appended_is_readable_at_once_and_safe_after_a_sync(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    spool.append(pcm(0, 130))
    assert await spool.read(20, 40) == pcm(20, 40)
    assert await spool.sync() == 130
    spool.append(pcm(130, 200))
    assert await spool.read(0, 1_000) == pcm(0, 330)
    assert await spool.read(95, 110) == pcm(95, 110)
    assert await spool.read(330, 10) == b""
    assert await spool.read(400, 10) == b""
    assert await spool.sync() == 330
    await spool.close()


async def test_a_closed_spool_opens_again_where_it_ended(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    spool.append(pcm(0, 250))
    await spool.close()
    await spool.close()
    again = await store.open(SESSION, SOURCE)
    assert (again.start, again.end) == (0, 250)
    again.append(pcm(250, 10))
    assert await again.read(0, 1_000) == pcm(0, 260)
    await again.close()


async def test_what_is_safe_can_be_copied_as_the_disk_has_it(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    spool.append(pcm(0, 250))
    await spool.sync()
    before = spool.version
    assert await spool.copied(90, 130) == (pcm(90, 130), before)
    assert await spool.copied(240, 100) == (pcm(240, 10), before)
    assert await spool.copied(250, 10) == (b"", before)
    await spool.begin_memory_only(230)
    spool.append(pcm(250, 50))
    await spool.sync()
    meanwhile = spool.version
    assert meanwhile != before
    assert await spool.copied(220, 100) == (pcm(220, 10) + bytes(2 * 70), meanwhile), "memory has it, and a copy not"
    assert await spool.read(220, 100) == pcm(220, 80)
    await spool.end_memory_only(280)
    await spool.sync()
    assert spool.version not in (before, meanwhile)
    assert (await spool.copied(220, 100)).pcm == pcm(220, 10) + bytes(2 * 50) + pcm(280, 20)
    kept = spool.version
    await spool.silence(0, 20)
    assert spool.version != kept
    assert (await spool.copied(10, 20)).pcm == bytes(2 * 10) + pcm(20, 10)
    await spool.trim(150)
    with pytest.raises(ValueError, match="was trimmed"):
        await spool.copied(0, 20)
    last = spool.version
    await spool.close()
    assert (await store.open(SESSION, SOURCE)).version != last


async def test_a_note_is_kept_beside_the_samples(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    assert spool.note == b""
    await spool.keep(b"one")
    await spool.keep(b"two")
    spool.append(pcm(0, 10))
    await spool.close()
    with pytest.raises(ValueError, match="closed"):
        await spool.keep(b"three")
    again = await store.open(SESSION, SOURCE)
    assert (again.note, again.end) == (b"two", 10)
    await again.discard()
    assert (await store.open(SESSION, SOURCE)).note == b""


async def test_a_trim_keeps_everything_from_there_on(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    spool.append(pcm(0, 450))
    await spool.sync()
    await spool.trim(230)
    assert 100 <= spool.start <= 230
    assert await spool.read(spool.start, 1_000) == pcm(spool.start, 450 - spool.start)
    with pytest.raises(ValueError, match="was trimmed"):
        await spool.read(spool.start - 1, 10)
    await spool.trim(100)
    await spool.trim(10_000)
    assert (spool.start > 230, spool.end) == (True, 450)
    await spool.close()
    again = await store.open(SESSION, SOURCE)
    assert (again.start > 230, again.end) == (True, 450)
    await again.close()


async def test_a_discarded_spool_is_forgotten(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    spool.append(pcm(0, 250))
    await spool.sync()
    await spool.discard()
    again = await store.open(SESSION, SOURCE)
    assert (again.start, again.end) == (0, 0)
    await again.close()


async def test_sources_and_sessions_have_spools_of_their_own(store: SpoolStore) -> None:
    names = [(SESSION, SOURCE), (SESSION, SourceId("stream")), (SessionId("hall-2"), SOURCE)]
    spools = [await store.open(*name) for name in names]
    for number, spool in enumerate(spools):
        spool.append(pcm(number, 10))
        await spool.sync()
    assert [await spool.read(0, 10) for spool in spools] == [pcm(0, 10), pcm(1, 10), pcm(2, 10)]
    for spool in spools:
        await spool.close()


async def test_what_is_kept_and_not_open_is_named(store: SpoolStore) -> None:
    assert list(await store.kept()) == []
    for source in ("second", "first", "open", "gone"):
        spool = await store.open(SESSION, SourceId(source))
        spool.append(pcm(0, 10))
        await spool.sync()
        match source:
            case "open":
                pass
            case "gone":
                await spool.discard()
            case _:
                await spool.close()
    assert list(await store.kept()) == [(SESSION, SourceId("first")), (SESSION, SourceId("second"))]


async def test_one_spool_is_open_once(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    with pytest.raises(ValueError, match="open already"):
        await store.open(SESSION, SOURCE)
    await spool.close()
    await (await store.open(SESSION, SOURCE)).close()


async def test_half_a_sample_is_refused(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    with pytest.raises(ValueError, match="3 bytes of audio end in the middle of a sample"):
        spool.append(b"abc")
    assert spool.end == 0
    await spool.close()


@pytest.mark.parametrize("how", ["close", "discard"])
async def test_a_spool_that_was_let_go_takes_and_gives_nothing(store: SpoolStore, how: str) -> None:
    spool = await store.open(SESSION, SOURCE)
    await (spool.close() if how == "close" else spool.discard())
    with pytest.raises(ValueError, match="closed"):
        spool.append(b"ab")
    for act in (spool.sync(), spool.read(0, 1), spool.trim(0)):
        with pytest.raises(ValueError, match="closed"):
            await act


async def test_what_no_longer_fits_is_refused_whole_and_the_source_is_held(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    spool.append(pcm(0, 990))
    with pytest.raises(StorageUnavailable):
        spool.append(pcm(990, 11))
    assert (spool.end, await spool.read(985, 100)) == (990, pcm(985, 5))
    spool.append(pcm(990, 10))
    await spool.sync()
    await spool.trim(500)
    spool.append(pcm(1_000, 11))
    assert await spool.read(900, 200) == pcm(900, 111)
    await spool.close()


# Memory only: what is not recorded.


async def test_what_is_said_off_the_record_can_be_read_until_it_ends(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    spool.append(pcm(0, 250))
    await spool.begin_memory_only(250)
    spool.append(pcm(250, 130))
    assert await spool.sync() == 380
    assert await spool.read(200, 1_000) == pcm(200, 180)
    spool.append(pcm(380, 40))
    await spool.end_memory_only(400)
    assert await spool.read(200, 220) == pcm(200, 50) + bytes(300) + pcm(400, 20)
    assert await spool.sync() == 420
    spool.append(pcm(420, 100))
    await spool.close()
    again = await store.open(SESSION, SOURCE)
    assert await again.read(0, 1_000) == pcm(0, 250) + bytes(300) + pcm(400, 120)
    await again.close()


async def test_set_back_it_takes_what_was_safe_already(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    spool.append(pcm(0, 350))
    await spool.sync()
    await spool.begin_memory_only(120)
    await spool.begin_memory_only(150)  # It was said before.
    spool.append(pcm(350, 10))
    await spool.close()
    again = await store.open(SESSION, SOURCE)
    assert (again.start, await again.read(0, 1_000)) == (0, pcm(0, 120) + bytes(2 * 240))
    await again.close()


async def test_beginning_and_end_may_still_be_to_come(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    await spool.begin_memory_only(150)
    spool.append(pcm(0, 220))
    await spool.sync()
    await spool.end_memory_only(310)
    await spool.end_memory_only(999)  # It has ended.
    spool.append(pcm(220, 180))
    await spool.sync()
    await spool.close()
    again = await store.open(SESSION, SOURCE)
    assert await again.read(0, 1_000) == pcm(0, 150) + bytes(320) + pcm(310, 90)
    await again.close()


async def test_a_note_is_wiped_and_none_is_kept_off_the_record(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    await spool.keep(b"unconfirmed")
    await spool.begin_memory_only(0)
    await spool.keep(b"words")
    assert spool.note == b""
    await spool.close()
    again = await store.open(SESSION, SOURCE)
    assert again.note == b""
    await again.keep(b"seam")
    assert again.note == b"seam"
    await again.close()


async def test_after_a_restart_off_the_record_positions_run_on_and_it_has_to_be_said_again(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    await spool.begin_memory_only(100)
    spool.append(pcm(0, 230))
    await spool.close()
    again = await store.open(SESSION, SOURCE)
    assert again.end == 230
    await again.begin_memory_only(100)
    again.append(pcm(230, 40))
    assert await again.read(0, 1_000) == pcm(0, 100) + bytes(260) + pcm(230, 40)
    await again.end_memory_only(260)
    assert await again.read(0, 1_000) == pcm(0, 100) + bytes(320) + pcm(260, 10)
    await again.discard()
    assert (await store.open(SESSION, SOURCE)).end == 0


async def test_more_than_can_be_kept_off_the_record_is_forgotten_and_nothing_is_refused(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    await spool.begin_memory_only(0)
    for first in range(0, 2_500, 250):
        spool.append(pcm(first, 250))
        await spool.sync()
    assert (spool.end, await spool.read(1_500, 1_000)) == (2_500, pcm(1_500, 1_000))
    await spool.close()


async def test_what_is_in_memory_only_can_be_wiped_as_it_ages(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    spool.wipe_memory_only(1_000)  # Nothing is.
    spool.append(pcm(0, 250))
    await spool.sync()
    await spool.begin_memory_only(200)
    spool.append(pcm(250, 150))
    spool.wipe_memory_only(300)
    assert await spool.read(200, 300) == bytes(200) + pcm(300, 100)
    assert await spool.read(0, 200) == pcm(0, 200), "what is kept is left alone"
    await spool.sync()
    assert await spool.read(200, 300) == bytes(200) + pcm(300, 100)
    spool.wipe_memory_only(250)
    await spool.end_memory_only(350)
    await spool.sync()
    await spool.close()
    with pytest.raises(ValueError, match="closed"):
        spool.wipe_memory_only(400)
    again = await store.open(SESSION, SOURCE)
    assert await again.read(0, 1_000) == pcm(0, 200) + bytes(300) + pcm(350, 50)
    await again.close()


async def test_a_span_can_be_made_silent(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    spool.append(pcm(0, 350))
    await spool.sync()
    spool.append(pcm(350, 50))
    await spool.keep(b"words of the span")
    await spool.silence(90, 370)
    assert spool.note == b""
    assert await spool.read(0, 1_000) == pcm(0, 90) + bytes(560) + pcm(370, 30)
    await spool.close()
    again = await store.open(SESSION, SOURCE)
    assert again.note == b""
    assert await again.read(0, 1_000) == pcm(0, 90) + bytes(560) + pcm(370, 30)
    await again.close()
