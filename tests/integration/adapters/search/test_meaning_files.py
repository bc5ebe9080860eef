"""Lines are found by what they mean, once their session is silent; what is removed is neither in a file nor in the
process that compares them.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from moothall.adapters.reports.indexed_vectors import IndexedVectors
from moothall.adapters.search.meaning_child import AGAIN_MS, MeaningChild
from moothall.adapters.search.meaning_files import (
    AT_ONCE,
    MOST_VECTORS,
    MOST_WAITING,
    MeaningFiles,
    delete_vectors,
    vectors_of,
)
from moothall.adapters.search.vector_file import MeantSession
from moothall.core.events import types as ev
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import Epoch, SegmentId, SessionId
from moothall.core.search.lines import Shelf
from moothall.wire.meaning import DIMENSIONS, Embed, LikeLines, Seek
from support.search import installed
from support.search.hall import Hall, opened, text_offsets
from support.sessions.record_maker import Telling
from support.sessions.recorder import MORNING, SESSION

LINES = ("The digital divide is wide.", "We protect children online.", "Thank you, Madam Chair.", "Le fossé est large.")


@pytest.fixture(autouse=True)
def with_the_extra() -> Iterator[None]:
    with installed():
        yield


@asynccontextmanager
async def meant(hall: Hall, folder: Path, most: int = MOST_VECTORS) -> AsyncIterator[MeaningFiles]:
    meaning = MeaningFiles(folder, MeaningChild(hall.clock), most)
    meaning.quiet = lambda: True
    hall.indexing.beside.append(meaning)
    yield meaning
    hall.indexing.beside.remove(meaning)
    await meaning.close()


async def said(hall: Hall, *lines: str) -> list[SegmentId]:
    segments = [hall.told.line(text, 0, 900) for text in lines]
    await hall.store()
    await follow(hall)
    return segments


async def follow(hall: Hall) -> None:
    await hall.indexing.catch_up()
    while await hall.indexing.write_beside():
        pass


async def like(hall: Hall, meaning: MeaningFiles, text: str) -> list[SegmentId]:
    found = await meaning.find(text, Shelf.PUBLIC, hall.indexing.searchable())
    assert all(each.session.session == SESSION for each in found)
    return [each.segment for each in found]


async def test_a_question_finds_what_means_the_same_in_another_language(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall, meant(hall, tmp_path) as meaning:
        one, two, _, four = await said(hall, *LINES)
        assert sorted(await like(hall, meaning, "fossé numérique")) == sorted([one, four])
        assert await like(hall, meaning, "enfants") == [two]
        assert await meaning.find("enfants", Shelf.STAFF, hall.indexing.searchable()) == ()
        assert await meaning.find("enfants", Shelf.PUBLIC, {}) == ()


async def test_a_report_takes_the_vectors_of_lines_that_read_as_they_did(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall, meant(hall, tmp_path) as meaning:
        made = IndexedVectors(meaning, hall.indexed)
        assert await made(SESSION) == {}
        one, two, three, four = await said(hall, *LINES)
        vectors = await made(SESSION)
        assert vectors.keys() == {one, two, three, four}
        assert {len(each) for each in vectors.values()} == {DIMENSIONS}
        meaning.quiet = lambda: False
        hall.told.correct(two, "We protect everybody online.", words=4)
        await hall.store()
        await hall.indexing.catch_up()
        assert (await made(SESSION)).keys() == {one, three, four}


async def test_no_vector_is_made_while_a_meeting_is_on(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall, meant(hall, tmp_path) as meaning:
        meaning.quiet = lambda: False
        await said(hall, *LINES)
        assert await like(hall, meaning, "enfants") == []
        meaning.quiet = lambda: True
        await follow(hall)
        (five,) = await said(hall, "More children.")
        assert five in await like(hall, meaning, "enfants")
        meaning.quiet = lambda: False
        await said(hall, "And children.")
        assert await like(hall, meaning, "enfants") == []  # They would be those from before.


async def test_a_meeting_that_begins_stops_the_vectors_which_go_on_from_there(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall, meant(hall, tmp_path) as meaning:
        left = iter((True, True))  # when it is looked for a session, and before the first lines
        meaning.quiet = lambda: next(left, False)
        segments = await said(hall, *LINES, "More children.")
        assert len(meaning._files[Shelf.PUBLIC].vectors(SESSION).segments) == AT_ONCE
        assert await like(hall, meaning, "enfants") == []
        meaning.quiet = lambda: True
        await follow(hall)
        assert segments[-1] in await like(hall, meaning, "enfants")


async def test_what_is_removed_is_in_no_file_and_in_no_process(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall, meant(hall, tmp_path) as meaning:
        one, two, *_ = await said(hall, *LINES)
        file = vectors_of(tmp_path / "search", Shelf.PUBLIC)
        held = meaning._files[Shelf.PUBLIC].vectors(SESSION)
        vector = held.vectors[held.segments.index(two) * DIMENSIONS :][:DIMENSIONS]
        assert vector in file.read_bytes()
        meaning.quiet = lambda: False
        await hall.remove(*text_offsets(hall, two))
        for path in file.parent.glob("*vectors*"):
            assert vector not in path.read_bytes()
        assert await like(hall, meaning, "enfants") == []
        meaning.quiet = lambda: True
        await follow(hall)
        assert await like(hall, meaning, "enfants") == []
        assert one in await like(hall, meaning, "fossé")
        await hall.indexed.forget(SESSION)
        assert meaning._files[Shelf.PUBLIC].vectors(SESSION).vectors == b""


@pytest.mark.parametrize("whole", [True, False])
async def test_what_was_removed_while_the_vectors_were_away_goes_before_anything_is_made(
    tmp_path: Path, *, whole: bool
) -> None:
    async with opened(tmp_path) as hall:
        async with meant(hall, tmp_path) as meaning:
            one, two, *_ = await said(hall, *LINES)
            if not whole:
                meaning.quiet = lambda: False
                await hall.remove(*text_offsets(hall, one))
            assert meaning._files[Shelf.PUBLIC].vectors(SESSION).vectors != b""
        await hall.remove(*text_offsets(hall, two))
        async with meant(hall, tmp_path) as meaning:
            meaning.quiet = lambda: False
            await follow(hall)
            assert meaning._files[Shelf.PUBLIC].vectors(SESSION).vectors == b""
        delete_vectors(tmp_path)
        assert list((tmp_path / "search").glob("*vectors*")) == []
        delete_vectors(tmp_path / "nowhere")


async def test_vectors_outlast_an_index_that_is_made_anew(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        async with meant(hall, tmp_path):
            await said(hall, *LINES)
        await hall.index.drop(SESSION)
        hall.indexing._lacking[SESSION] = None
        async with meant(hall, tmp_path) as meaning:
            assert not await hall.indexing.write_beside()
            await hall.indexing.catch_up()
            assert await meaning.lacks(hall.indexing.searchable()) is None  # They are all there.
            assert len(await like(hall, meaning, "enfants")) == 1


async def test_a_process_that_ends_is_started_again_and_goes_on(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall, meant(hall, tmp_path) as meaning:
        (one,) = await said(hall, "More cables.")
        assert await like(hall, meaning, "câbles") == [one]
        pid = meaning.child.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        (two,) = await said(hall, "And cables.")
        assert await like(hall, meaning, "câbles") == []
        await follow(hall)
        assert await like(hall, meaning, "câbles") == []
        await hall.clock.advance(AGAIN_MS)
        await follow(hall)
        assert sorted(await like(hall, meaning, "câbles")) == sorted([one, two])


async def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        async with meant(hall, tmp_path):
            await said(hall, *LINES)
        file = vectors_of(tmp_path / "search", Shelf.PUBLIC)
        file.write_bytes(b"no database" * 1_000)
        async with meant(hall, tmp_path) as meaning:
            await follow(hall)
            assert len(await like(hall, meaning, "enfants")) == 1


async def test_a_question_that_is_given_up_counts_until_the_process_has_answered_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall, meant(hall, tmp_path) as meaning:
        (one,) = await said(hall, "More cables.")
        pid = meaning.child.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        asked = [asyncio.ensure_future(like(hall, meaning, "câbles")) for _ in range(MOST_WAITING)]
        await asyncio.sleep(0)
        for each in asked:
            each.cancel()
        await asyncio.wait(asked)
        assert meaning._waiting == MOST_WAITING
        assert await like(hall, meaning, "câbles") == []  # It is not asked.
        os.kill(pid, signal.SIGCONT)
        await meaning.child.ask(Embed(()))  # behind them
        assert await like(hall, meaning, "câbles") == [one]


async def test_a_process_that_ends_while_it_is_given_a_session_is_given_the_others_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall, meant(hall, tmp_path) as meaning:
        (one,) = await said(hall, "More cables.")
        other = SessionId("other")
        pid = meaning.child.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        meaning._files[Shelf.PUBLIC].sessions[other] = MeantSession(Epoch("other"), 1, "", None)
        with pytest.raises(StorageUnavailable):
            await meaning._hold(meaning._sessions())
        await hall.clock.advance(AGAIN_MS)
        await meaning._hold(meaning._sessions())
        assert await like(hall, meaning, "câbles") == [one]


async def test_what_is_removed_while_the_process_is_given_it_is_not_held(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall, meant(hall, tmp_path) as meaning:
        one, two = await said(hall, "More cables.", "Children.")
        meaning._held.clear()
        pid = meaning.child.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        holding = asyncio.ensure_future(meaning._hold(meaning._sessions()))
        while not meaning.child._turn.locked():  # It is being sent.
            await meaning._in_thread(lambda: None)
        removing = asyncio.ensure_future(hall.remove(*text_offsets(hall, two)))
        while SESSION in meaning._files[Shelf.PUBLIC].sessions:
            await meaning._in_thread(lambda: None)
        os.kill(pid, signal.SIGCONT)
        await asyncio.gather(holding, removing)
        sought = await meaning.child.ask(Seek("enfants", (SESSION,), 9, 0.8))
        assert isinstance(sought, LikeLines)
        assert sought.lines == ()
        await follow(hall)
        assert await like(hall, meaning, "câbles") == [one]


async def test_where_there_is_no_room_the_oldest_sessions_have_no_vectors_until_there_is(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall, meant(hall, tmp_path, 5) as meaning:

        async def held(*lines: int) -> set[SessionId]:
            """Those that have vectors, once sessions of so many lines were held, the first one last."""
            for age, many in enumerate(lines):
                told = Telling(session=SessionId(f"age-{age}"), opened=False)
                told.tell(ev.SessionOpened(wall=MORNING - age))
                for at in range(many):
                    told.line("Cables.", 1_000 * at, 1_000 * at + 900)
                head = await hall.log.acquire(told.recorder.session, told.recorder.epoch)
                await hall.log.append(told.recorder.session, head.term, 0, told.records)
                hall.indexing.note(told.recorder.session)
            await hall.indexing.catch_up()
            for _ in range(20):
                if not await hall.indexing.write_beside():
                    return {*meaning._sessions()}
            raise AssertionError("Vectors are made again and again.")

        assert await held(2, 2, 2, 1) == {"age-0", "age-1"}
        await hall.indexed.forget(SessionId("age-1"))
        assert await held() == {"age-0", "age-2", "age-3"}
