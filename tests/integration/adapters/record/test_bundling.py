"""How bundles are made, kept and dropped, with the process that writes them."""

from __future__ import annotations

import asyncio
import json
import os
import zipfile
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec.structs import replace

from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.record.bundle_messages import BundleForm, RecordingFile
from moothall.adapters.record.bundling import (
    MOST_BYTES,
    MOST_KEPT,
    MOST_LEFT,
    MOST_LOOKING,
    MOST_WAITING,
    BundleBusy,
    BundleFailed,
    BundleFontsMissing,
    BundleList,
    Bundles,
    BundleWish,
)
from moothall.core.chain import LogRecord
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import Lane, SessionId
from moothall.core.ports import LogHead
from moothall.record.proceedings.report import SessionReport
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.testing.log_memory import MemoryLog
from support.record.proceedings import REPORT
from support.sessions.record_maker import Telling, meeting

SESSION, CITED = SessionId("plenary"), SessionId("cited")
WISH = BundleWish(name="all", title="All", language="en", sessions=(SESSION,))
LINES = replace(WISH, form=BundleForm.LINES)


class Sounds:
    """Asked for a session's sound, it can be made to wait, and to name another file each time."""

    def __init__(self) -> None:
        self.asked = 0
        self.reached = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.restless = False
        self.file: Path | None = None

    async def of(self, _: SessionId) -> Sequence[RecordingFile]:
        self.asked += 1
        self.reached.set()
        await self.gate.wait()
        if self.file is not None:
            return [RecordingFile(str(self.file), "mic", 0)]
        return [RecordingFile(f"/nowhere/{self.asked}", "mic", 0)] if self.restless else ()


class Reports:
    """The report of each session, which cites another one."""

    published = True

    async def logs(self, session: SessionId) -> Sequence[SessionId]:
        return (SessionId(f"report.{session}"), CITED) if self.published else ()

    async def of(self, session: SessionId, language: str) -> SessionReport | None:
        return REPORT if self.published else None


class NoReports(Reports):
    """No session has a report."""

    published = False


class ShortenedLog(MemoryLog):
    """A log that lost its end twice."""

    async def head(self, session: SessionId) -> LogHead | None:
        found = await super().head(session)
        return None if found is None else replace(found, lost=2)


class DamagedLog(MemoryLog):
    """A log that can be damaged behind what the list of sessions reads."""

    damaged = False

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        if self.damaged:
            raise RecordBroken("An event can't be read.")
        return await super().read(session, after, limit, lanes)


@asynccontextmanager
async def running(
    folder: Path,
    sounds: Sounds,
    *,
    patience: float = 60,
    log: MemoryLog | None = None,
    records: Sequence[LogRecord] = (),
    reports: Reports | None = None,
) -> AsyncIterator[Bundles]:
    log, records = log or MemoryLog(), records or meeting().records
    head = await log.acquire(SESSION, records[0].header.epoch)
    await log.append(SESSION, head.term, 0, records)
    bundles = Bundles(
        log,
        folder=folder,
        web=find_web_folder(),
        public="https://hall.example",
        zone=lambda: "UTC",
        catalogue=SessionCatalogue(log),
        sound_of=sounds.of,
        reports=reports or Reports(),
        patience=patience,
    )
    async with asyncio.TaskGroup() as group:
        making = group.create_task(bundles.run())
        yield bundles
        making.cancel()


async def test_a_bundle_is_made_once_and_leaves_no_name_on_the_disk(tmp_path: Path) -> None:
    async with running(tmp_path, Sounds()) as bundles:
        one, other = await asyncio.gather(bundles.get(WISH), bundles.get(WISH))
        assert one is other is await bundles.get(WISH)
        assert one.tag == await bundles.tag(WISH)
        assert os.pread(one.file.fileno(), 4, 0) == b"PK\x03\x04"
        assert os.listdir(tmp_path) == []
    assert one.file.closed


async def test_the_list_of_files_is_proved_by_a_session_that_is_there(tmp_path: Path) -> None:
    listed: list[BundleList] = []
    async with running(tmp_path, Sounds()) as bundles:
        bundles.log_list = listed.append
        kept = await bundles.get(replace(WISH, sessions=(SessionId("erased"), SESSION)))
        with os.fdopen(os.dup(kept.file.fileno()), "rb") as file, zipfile.ZipFile(file) as archive:
            manifest = archive.read("all/manifest.json")
    assert {(each.session, each.sha256) for each in listed} == {(SESSION, sha256(manifest).digest())}
    assert json.loads(manifest)["proof"] == f"https://hall.example/s/{SESSION}/manifest.json.tlog-proof?sha256="


async def test_positions_are_those_that_readers_have(tmp_path: Path) -> None:
    async with running(tmp_path, Sounds(), log=ShortenedLog()) as bundles:
        kept = await bundles.get(LINES)
        _, record = os.pread(kept.file.fileno(), kept.size, 0).splitlines()
        assert json.loads(record)["position"]["epoch"].endswith("r2")
    async with running(tmp_path, Sounds()) as bundles:
        assert await bundles.tag(LINES) != kept.tag


async def test_what_is_withdrawn_while_it_is_made_begins_it_again(tmp_path: Path) -> None:
    sounds = Sounds()
    async with running(tmp_path, sounds) as bundles, asyncio.TaskGroup() as group:
        await bundles.tag(WISH)
        sounds.gate.clear()
        sounds.reached.clear()
        got = group.create_task(bundles.get(WISH))
        await sounds.reached.wait()
        bundles.withdraw(SESSION)
        sounds.gate.set()
        kept = await got
        assert not kept.file.closed
        # Three looks make a bundle: before, for the process, and behind. One that is given up looks at least once.
        assert sounds.asked > 1 + 3
        bundles.withdraw(SessionId("another"))
        assert not kept.file.closed
        bundles.withdraw(SESSION)
        assert kept.file.closed
        again = await bundles.get(WISH)
        assert again is not kept
        bundles.withdraw(CITED)
        assert again.file.closed, "its report has words of that session"


async def test_what_happens_in_a_session_that_is_not_in_it_does_not_begin_it_again(tmp_path: Path) -> None:
    """As in one for the staff alone, which withdraws itself with every line."""
    sounds = Sounds()
    async with running(tmp_path, sounds) as bundles, asyncio.TaskGroup() as group:
        sounds.gate.clear()
        got = group.create_task(bundles.get(WISH))
        await sounds.reached.wait()
        bundles.withdraw(SessionId("another"))
        sounds.gate.set()
        assert not (await got).file.closed
        assert sounds.asked == 3  # Three looks make a bundle.


async def test_a_session_of_which_something_was_removed_stays_in_the_bundle(tmp_path: Path) -> None:
    async with running(tmp_path, Sounds()) as bundles:
        before = await bundles.get(WISH)
        bundles.withdraw(SESSION)
        bundles.catalogue.read_again(SESSION)  # as a removal does
        kept = await bundles.get(WISH)
        assert (kept.tag, kept.size) == (before.tag, before.size)


async def test_sessions_that_change_all_the_time_make_no_bundle(tmp_path: Path) -> None:
    sounds = Sounds()
    sounds.restless = True
    async with running(tmp_path, sounds) as bundles:
        with pytest.raises(BundleFailed):
            await bundles.get(WISH)
        sounds.restless = False
        assert (await bundles.get(WISH)).size


@pytest.mark.parametrize(("most_bytes", "reserve"), [(100, 0), (MOST_BYTES, 1 << 62)])
async def test_what_has_no_room_is_tried_once(tmp_path: Path, most_bytes: int, reserve: int) -> None:
    sounds = Sounds()
    async with running(tmp_path, sounds) as bundles:
        bundles.most_bytes, bundles.reserve = most_bytes, reserve
        with pytest.raises(BundleFailed):
            await bundles.get(WISH)
        assert sounds.asked == 2, "once before, and once for the process"


async def test_what_is_too_large_by_its_sound_is_not_begun(tmp_path: Path) -> None:
    sounds = Sounds()
    sounds.file = tmp_path / "long.opus"
    sounds.file.write_bytes(bytes(101))
    async with running(tmp_path, sounds) as bundles:
        bundles.most_bytes = 100
        with pytest.raises(BundleFailed):
            await bundles.get(WISH)
        assert sounds.asked == 1


async def test_neither_a_damaged_log_nor_a_disk_that_fails_ends_the_making_of_others(tmp_path: Path) -> None:
    log = DamagedLog()
    async with running(tmp_path, Sounds(), log=log) as bundles:
        kept = await bundles.get(WISH)
        log.damaged = True
        with pytest.raises(BundleFailed):
            await bundles.get(LINES)
        log.damaged = False
        bundles.folder = tmp_path / "nowhere"
        with pytest.raises(BundleFailed):
            await bundles.get(LINES)
        bundles.folder = tmp_path
        assert (await bundles.get(LINES)).size
        assert await bundles.get(WISH) is kept


async def test_a_pdf_that_cannot_be_set_is_not_tried_again_until_nobody_has_asked_for_a_while(tmp_path: Path) -> None:
    told = Telling()
    told.line("\U0001d900\U00016f00\U000119a0" * 40, 0, 900, language="und")  # scripts for which few have fonts
    async with running(tmp_path, Sounds(), records=told.records, reports=NoReports()) as bundles:
        wish = replace(WISH, form=BundleForm.PDF)
        tag = await bundles.tag(wish)
        with pytest.raises(BundleFontsMissing) as first:
            await bundles.get(wish, tag)
        with pytest.raises(BundleFontsMissing) as again:
            await bundles.get(wish, tag)
        assert again.value is first.value
        assert (await bundles.get(replace(WISH, form=BundleForm.EPUB))).size


async def test_few_downloads_of_what_is_dropped_go_on_and_none_once_it_is_withdrawn(tmp_path: Path) -> None:
    cut: list[int] = []
    async with running(tmp_path, Sounds()) as bundles:
        with ExitStack() as downloads:
            for n in range(MOST_KEPT + MOST_LEFT + 1):
                assert cut == []
                kept = await bundles.get(replace(LINES, name=f"w{n}"))
                downloads.enter_context(kept.reading(partial(cut.append, n)))
            assert cut == [0]
            bundles.withdraw(SESSION)
            assert sorted(cut[1:]) == list(range(1, MOST_KEPT + MOST_LEFT + 1))


async def test_few_requests_look_at_the_logs_together(tmp_path: Path) -> None:
    sounds = Sounds()
    async with running(tmp_path, sounds) as bundles, asyncio.TaskGroup() as group:
        sounds.gate.clear()
        asked = [group.create_task(bundles.tag(WISH)) for _ in range(MOST_LOOKING + 1)]
        for _ in range(20):  # turns of the loop
            await asyncio.sleep(0)
        bundles.patience = 0
        with pytest.raises(BundleBusy):
            await bundles.tag(WISH)
        assert sounds.asked == MOST_LOOKING
        sounds.gate.set()
        assert len({await each for each in asked}) == 1


async def test_few_wait_and_few_are_kept(tmp_path: Path) -> None:
    sounds = Sounds()
    wishes = [replace(WISH, name=f"w{n}") for n in range(MOST_WAITING + 1)]
    async with running(tmp_path, sounds, patience=0) as bundles:
        sounds.gate.clear()
        for wish in wishes:
            with pytest.raises(BundleBusy):
                await bundles.get(wish)
        bundles.patience = 60
        with pytest.raises(BundleBusy):
            await bundles.get(wishes[-1])
        sounds.gate.set()
        kept = [await bundles.get(wish) for wish in wishes[: MOST_KEPT + 1]]
        assert [each.file.closed for each in kept].count(False) <= MOST_KEPT
