"""What is found is what the log has now, for those who may read it, page by page."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from moothall.adapters.search.index_files import FOLDER, MOST_WAITING, RANKED, SearchFiles
from moothall.adapters.search.stemming import stem
from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import Lane, SessionId
from moothall.core.programme.plan import RoomId
from moothall.core.search.choosing import FindChoice, SearchedSession
from moothall.core.search.folding import Folding
from moothall.core.search.lines import FoundBy, Shelf
from moothall.services.search.indexing import Indexing
from moothall.services.search.ports import FoundLine, IndexBusy
from moothall.services.search.searching import PAGE, PATIENCE_MS, Searching
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.testing.clock import ManualClock
from moothall.testing.log_memory import MemoryLog
from support.sessions.record_maker import Telling
from support.sessions.recorder import Recorder


class House:
    """Sessions that are indexed, and a visitor."""

    def __init__(self, index: SearchFiles) -> None:
        self.log = MemoryLog()
        self.clock = ManualClock()
        self.indexing = Indexing(self.log, index, self.clock)
        self.catalogue = catalogue = SessionCatalogue(self.log)
        self.opened: set[SessionId] = set()
        self.searching = Searching(
            index,
            self.log,
            index.folding,
            clock=self.clock,
            searchable=self.indexing.searchable,
            fill=catalogue.fill,
            known=catalogue.known,
            opens=lambda session, _: session in self.opened,
            room_of=lambda session: RoomId("hall") if session == "plenary" else None,
            day_of=lambda ms: datetime.fromtimestamp(ms / 1000, UTC).date(),
        )

    async def hold(self, session: str, *lines: str, **arranged: object) -> Telling:
        told = Telling(title=f" About {session} ")
        told.recorder = Recorder(SessionId(session))
        created = ev.SessionCreated(title=f" About {session} ", languages=("en",), **arranged)  # type: ignore[arg-type]
        told.records.clear()
        told.tell(created, ev.ChannelAdded(channel="floor", kind=ev.ChannelKind.FLOOR, languages=("en",)))  # type: ignore[arg-type]
        told.tell(ev.SessionOpened(wall=1_764_000_000_000))
        for n, text in enumerate(lines):
            told.line(text, 1_000 * n, 1_000 * n + 900, name="Ana")
        head = await self.log.acquire(SessionId(session), told.recorder.epoch)
        await self.log.append(SessionId(session), head.term, 0, told.records)
        await self.indexing.catch_up()
        return told


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    index = SearchFiles(folder, Folding(stem), "stems 1")
    try:
        yield House(index)
    finally:
        await index.close()


async def test_a_moment_has_all_that_is_known_of_it(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.hold("plenary", "The Digital divide.", sound=ev.SoundKept.PUBLISHED)
        results = await made.searching.find("divides", FindChoice())
        [moment] = results.moments
        assert (results.total, results.pages, results.searched) == (1, 1, 1)
        assert (moment.title, moment.title_language, moment.name, moment.language) == (
            "About plenary",
            "en",
            "Ana",
            "en",
        )
        assert (moment.source, moment.sound, moment.t0, moment.t1) == (FoundBy.MACHINE, True, 0, 900)
        assert [moment.text[start:end] for start, end in moment.marks] == ["divide"]
        assert results.kinds["room"] == {"hall": 1}
        assert results.kinds["speaker"] == {"plenary/p0": 1}
        assert (await made.searching.find("divide", FindChoice(since=date(2026, 1, 1)))).total == 0
        assert (await made.searching.find("divide", FindChoice(language="fr"))).kinds["language"] == {"en": 1}


async def test_rare_words_and_short_lines_come_first_and_pages_are_whole(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.hold(
            "plenary", *(f"The council meets number {n} again and again today." for n in range(45)), "The council."
        )
        first = await made.searching.find("council", FindChoice())
        assert first.moments[0].text == "The council."
        seen = [first, *[await made.searching.find("council", FindChoice(), page=page) for page in (2, 3)]]
        texts = [moment.text for results in seen for moment in results.moments]
        assert (first.total, first.pages, len(texts), len(set(texts))) == (46, 3, 46, 46)
        assert (await made.searching.find("council", FindChoice(), page=4)).moments == ()


async def test_chinese_is_found_in_either_script(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.hold("plenary", "网络治理论坛。", "網絡治理論壇。", "网络。")
        for typed in ("治理论坛", "治理論壇"):
            found = await made.searching.find(typed, FindChoice())
            assert {moment.text for moment in found.moments} == {"网络治理论坛。", "網絡治理論壇。"}


async def test_where_very_many_lines_are_found_the_meetings_with_most_of_them_come_first(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.hold("few", *("word" for _ in range(30)))
        await made.hold("many", *("word" for _ in range(RANKED)))
        first = await made.searching.find("word", FindChoice())
        assert first.total == RANKED + 30
        assert [moment.t0 for moment in first.moments] == [1_000 * n for n in range(PAGE)]
        assert {moment.session for moment in first.moments} == {"many"}
        second = await made.searching.find("word", FindChoice(), page=2)
        assert second.moments[0].t0 == 1_000 * PAGE
        chosen = await made.searching.find("word", FindChoice(meeting="few"), page=2)
        assert [moment.t0 for moment in chosen.moments] == [1_000 * n for n in range(PAGE, 30)]


async def test_a_text_that_the_log_has_lost_is_not_shown_though_the_index_has_it(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        told = await made.hold("plenary", "A secret.", "Another secret.")
        offset = next(record.header.offset for record in told.records if b"A secret" in (record.body or b""))
        told.tell(ev.BodyRemoved(offsets=(offset,), reason="request", by="x"))
        await made.log.remove(SessionId("plenary"), 1, len(told.records) - 1, (offset,), told.records[-1:])
        results = await made.searching.find("secret", FindChoice())
        assert [moment.text for moment in results.moments] == ["Another secret."]


class _Like:
    """Finds one line by what it means."""

    def __init__(self, line: FoundLine) -> None:
        self._line = line
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    async def find(self, text: str, shelf: Shelf, where: Mapping[SessionId, SearchedSession]) -> tuple[FoundLine, ...]:
        if self.meanwhile is not None:
            await self.meanwhile()
        return (self._line,)


@pytest.mark.parametrize("words", ["divide", "chasm"])
@pytest.mark.parametrize("how", ["removed", "for the staff"])
async def test_what_leaves_while_a_search_is_under_way_is_not_shown(tmp_path: Path, how: str, words: str) -> None:
    async with house(tmp_path) as made:
        plenary = SessionId("plenary")
        told = await made.hold("plenary", "A secret.", "The digital divide.")
        line = (await made.searching.find("divide", FindChoice())).moments[0].segment
        offset = next(each.header.offset for each in told.records if b"divide" in (each.body or b""))
        known = made.indexing.searchable()[plenary]
        strand = known.strands[0]
        made.searching.similar = like = _Like(FoundLine(known, strand, line, offset, 0, 900))

        async def seen() -> list[str]:
            results = await made.searching.find(words, FindChoice())
            return [each.text for each in (*results.moments, *results.similar)]

        async def leave() -> None:
            like.meanwhile = None
            last = len(told.records)
            if how == "removed":
                told.tell(ev.BodyRemoved(offsets=(offset,), reason="request", by="x"))
                await made.log.remove(plenary, 1, last, (offset,), told.records[last:])
            else:
                told.tell(ev.SessionArranged(access=ev.Access.STAFF, sound=ev.SoundKept.NONE, listed=True))
                await made.log.append(plenary, 1, last, told.records[last:])
            made.catalogue.read_again(plenary)

        assert await seen() == ["The digital divide."]
        like.meanwhile = leave
        assert await seen() == []


async def test_records_that_links_open_are_found_apart_and_in_order_of_sessions(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.hold("open", "A word.")
        for name, access in (("linked", ev.Access.LINK), ("closed", ev.Access.STAFF), ("hidden", ev.Access.STAFF)):
            await made.hold(name, *(f"A word of {name}." for _ in range(15)), access=access)
        assert (await made.searching.find("word", FindChoice(), own=True)).total == 0
        made.opened = {SessionId("linked"), SessionId("closed"), SessionId("open")}
        own = await made.searching.find("word", FindChoice(), own=True)
        assert (own.total, own.pages, own.searched) == (30, 2, 2)
        second = await made.searching.find("word", FindChoice(), page=2, own=True)
        sessions = [moment.session for moment in (*own.moments, *second.moments)]
        assert sessions == ["linked"] * 15 + ["closed"] * 15
        assert own.kinds["meeting"] == {"linked": 15, "closed": 15}
        made.opened = {SessionId("linked")}
        assert (await made.searching.find("hidden", FindChoice(), own=True)).total == 0
        assert (await made.searching.find("word", FindChoice())).total == 1


async def test_nothing_typed_and_nothing_left_of_a_word_find_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.hold("plenary", "A word.")
        for typed in ("", "…", '""'):
            results = await made.searching.find(typed, FindChoice())
            assert (results.total, results.moments, results.kinds) == (0, (), {})


async def test_more_searches_than_may_wait_are_refused(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.hold("plenary", "A word.")
        index = made.searching.index
        assert isinstance(index, SearchFiles)
        index._waiting = MOST_WAITING
        with pytest.raises(IndexBusy):
            await made.searching.find("word", FindChoice())
        index._waiting = 0
        assert (await made.searching.find("word", FindChoice())).total == 1


async def test_a_search_on_a_disk_that_hangs_is_given_up_and_still_counts(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.hold("plenary", "A word.")
        index = made.searching.index
        assert isinstance(index, SearchFiles)
        hangs = threading.Event()
        index._reading.submit(hangs.wait)
        asking = [asyncio.ensure_future(made.searching.find("word", FindChoice())) for _ in range(MOST_WAITING)]
        await made.clock.advance(PATIENCE_MS)
        for each in asking:
            with pytest.raises(StorageUnavailable):
                await each
        with pytest.raises(IndexBusy):
            await made.searching.find("word", FindChoice())
        hangs.set()
        await asyncio.wrap_future(index._reading.submit(lambda: None))  # behind them
        assert (await made.searching.find("word", FindChoice())).total == 1


async def test_damage_that_a_search_meets_has_the_file_made_anew(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.hold("plenary", "A word.")
        with closing(sqlite3.connect(tmp_path / FOLDER / "public.sqlite3")) as file, file:
            file.execute("UPDATE block SET lines = x'00'")
        for _ in range(2):
            with pytest.raises(StorageUnavailable):
                await made.searching.find("word", FindChoice())
        await made.indexing.catch_up()
        assert (await made.searching.find("word", FindChoice())).total == 1


async def test_a_log_that_is_damaged_since_keeps_no_find_of_another_from_being_shown(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        for session in ("one", "two"):
            await made.hold(session, "A word.")
        assert (await made.searching.find("word", FindChoice())).total == 2
        read = made.log.read

        async def reading(
            session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
        ) -> Sequence[LogRecord]:
            if session == "one":
                raise RecordBroken("It can't be read.")
            return await read(session, after, limit, lanes)

        made.log.read = reading  # type: ignore[method-assign]
        results = await made.searching.find("word", FindChoice())
        assert [each.session for each in results.moments] == ["two"]
