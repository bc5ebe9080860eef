"""One browser counts once, from the opening to the close, and nothing that leads to one is stored."""

from __future__ import annotations

from msgspec import msgpack

from moothall.core.attendance.online import HOUR_MS, OnlineCount
from moothall.core.attendance.ranges import PeopleRange
from moothall.core.commands import CloseSession, OpenSession, ReopenSession
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import CommandId
from moothall.services.attendance import online
from moothall.services.attendance.online import LOOK_MS, NAMESPACE, OnlineCounts
from moothall.testing.book import MemoryBook
from moothall.testing.clock import SeededRandomness
from moothall.testing.loop import run
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall


def counts(hall: MemoryHall, book: MemoryBook) -> OnlineCounts:
    return OnlineCounts(hall.sessions, book=book, clock=hall.clock, randomness=SeededRandomness())


def test_a_browser_counts_once_with_however_many_pages_and_returns() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            made = counts(hall, book := MemoryBook())
            live = await hall.session()
            early = made.come(SESSION, "early", "en")
            assert made.of(SESSION) is None
            await live.writer.send(SYSTEM, CommandId("o"), OpenSession())
            await made.look()
            leave = made.come(SESSION, "ana", "en")
            made.come(SESSION, "ana", "fr")
            leave()
            leave = made.come(SESSION, "ben", "en")
            leave()
            made.come(SESSION, "ben", "en")
            early()
            made.come(SESSION, "cara", "en")
            found = made.of(SESSION)
            assert found is not None
            assert found.people == PeopleRange(3, 4)
            assert found.languages == {"en": PeopleRange(2, 4), "fr": PeopleRange(1, 1)}
            await made.look()
            stored = (await book.read(NAMESPACE))[SESSION]
            assert msgpack.decode(stored, type=OnlineCount) == found
            assert not any(name.encode() in stored for name in ("ana", "ben", "cara", "early"))

    run(story())


def test_a_page_that_gets_its_cookie_later_is_who_it_was_and_so_are_the_browsers_other_pages() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            made = counts(hall, MemoryBook())
            live = await hall.session()
            early = made.come(SESSION, "early page", "en")
            made.come(SESSION, "early cookie", "en", "early page")  # It comes back before the old connection is lost.
            early()
            await live.writer.send(SYSTEM, CommandId("o"), OpenSession())
            await made.look()
            made.come(SESSION, "ana's page", "en", "ana's page")()
            made.come(SESSION, "ana's cookie", "en", "ana's page")
            made.come(SESSION, "ana's cookie", "en", "ana's next page")
            made.come(SESSION, "ben's cookie", "en", "ben's page")
            found = made.of(SESSION)
            assert found is not None
            assert found.people == PeopleRange(3, 3)

    run(story())


def test_hours_are_counted_apart() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            made = counts(hall, MemoryBook())
            live = await hall.session()
            await live.writer.send(SYSTEM, CommandId("o"), OpenSession())
            made.come(SESSION, "ana", "en")()
            made.come(SESSION, "ben", "en")
            first = hall.clock.wall() // HOUR_MS * HOUR_MS
            await hall.clock.sleep(HOUR_MS)
            await made.look()
            found = made.of(SESSION)
            assert found is not None
            assert found.hours == {first: PeopleRange(1, 2), first + HOUR_MS: PeopleRange(1, 1)}
            assert found.people == PeopleRange(1, 2)

    run(story())


def test_after_the_close_the_numbers_stay_and_who_comes_is_not_counted() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            made = counts(hall, book := MemoryBook())
            live = await hall.session()
            await live.writer.send(SYSTEM, CommandId("o"), OpenSession())
            leave = made.come(SESSION, "ana", "en")
            await live.writer.send(SYSTEM, CommandId("c"), CloseSession())
            made.come(SESSION, "late", "en")()
            made.not_counted(SESSION)
            await made.look()
            found = made.of(SESSION)
            assert found is not None
            assert (found.people, found.languages) == (PeopleRange(1, 1), {"en": PeopleRange(1, 1)})
            assert not found.uncounted
            await live.writer.send(SYSTEM, CommandId("r"), ReopenSession())
            await made.look()
            again = made.of(SESSION)
            assert again is not None
            assert again.people == PeopleRange(1, 2)
            leave()
            later = counts(hall, book)
            await later.load()
            assert later.of(SESSION) == again
            later.come(SESSION, "ana", "en")
            more = later.of(SESSION)
            assert more is not None
            assert more.people == PeopleRange(1, 3)
            await later.forget(SESSION)
            assert await book.read(NAMESPACE) == {}

    run(story())


def test_readers_elsewhere_and_those_nobody_counts_leave_no_upper_bound() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            hall.sessions.count_elsewhere(lambda _: {FLOOR: 7})
            made = counts(hall, MemoryBook())
            live = await hall.session()
            await live.writer.send(SYSTEM, CommandId("o"), OpenSession())
            assert made.of(SESSION) == OnlineCount()
            assert hall.group is not None
            running = hall.group.create_task(made.run())
            await hall.clock.sleep(LOOK_MS + 1)
            running.cancel()
            made.not_counted(SESSION)
            found = made.of(SESSION)
            assert found is not None
            assert (found.elsewhere, found.uncounted, found.all_people) == (7, True, PeopleRange(0, None))

    run(story())


def test_beyond_a_limit_no_upper_bound_is_told() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            made = counts(hall, MemoryBook())
            live = await hall.session()
            await live.writer.send(SYSTEM, CommandId("o"), OpenSession())
            for n in range(online.MOST_SEEN + 3):
                made.come(SESSION, f"b{n}", "en")()
            found = made.of(SESSION)
            assert found is not None
            assert found.people == PeopleRange(1, None)

    run(story())
