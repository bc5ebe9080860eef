"""Which streams are fetched, tried and forgotten."""

from __future__ import annotations

import asyncio

from moothall.core.commands import (
    AddChannel,
    CloseSession,
    OpenSession,
    ReopenSession,
)
from moothall.core.events import types as ev
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.streams.watching import StreamFault
from moothall.services.capture.pulling import PullState
from moothall.services.capture.streams import MOST_TRY_MS, NAMESPACE, TriedStream
from moothall.services.sessions.forgetting import AFTER_CLOSE_MS
from moothall.testing import loop
from moothall.testing.book import MemoryBook
from moothall.testing.log_memory import FailingLog
from moothall.testing.spool_memory import MemorySpools
from moothall.testing.stream_memory import Fetched
from support.memory.fetching import ADDRESS, SOUND, fetching
from support.memory.hall import FLOOR, SESSION, MemoryHall


def test_a_recording_comes_to_its_end_once_also_for_a_server_that_is_started_again() -> None:
    async def story() -> None:
        log, spools, book = FailingLog(), MemorySpools(), MemoryBook()
        async with fetching(Fetched(ms=5_000), hall=MemoryHall(log, spools), book=book) as at:
            await at.meeting()
            await at.hall.clock.sleep(20_000)
            assert (at.state, len(at.port.addresses), at.streams.lost_for(SESSION)) == (PullState.OVER, 1, 0)
        async with fetching(SOUND, hall=MemoryHall(log, spools), book=book) as at:
            await at.hall.clock.sleep(5_000)
            assert (at.state, at.port.addresses) == (PullState.OVER, [])
            assert await at.streams.put(SESSION, FLOOR, ADDRESS) is None
            await at.hall.clock.sleep(5_000)
            assert at.state is PullState.SOUND

    loop.run(story())


def test_a_stream_that_is_taken_away_ends_and_another_one_may_have_its_place() -> None:
    async def story() -> None:
        async with fetching(SOUND) as at:
            await at.meeting()
            await at.hall.clock.sleep(5_000)
            assert await at.streams.put(SESSION, FLOOR, "http://radio.example.net/") is None
            await at.hall.clock.sleep(5_000)
            assert at.port.addresses == [ADDRESS, "http://radio.example.net/"]
            other = await at.streams.put(SESSION, FLOOR, ADDRESS, "somebody")
            assert isinstance(other, Refusal)
            assert other.code is RefusalCode.BUSY
            assert await at.streams.remove(SESSION, FLOOR)
            assert not await at.streams.remove(SESSION, FLOOR)
            await at.hall.clock.sleep(5_000)
            assert (at.port.open, at.streams.of(SESSION), at.streams.lost_for(SESSION)) == (0, [], 0)

    loop.run(story())


def test_the_next_one_waits_until_the_one_before_is_ended_with_its_take() -> None:
    async def story() -> None:
        async with fetching(Fetched(leaves_ms=3_000), SOUND) as at:
            await at.meeting()
            await at.hall.clock.sleep(5_000)
            assert await at.streams.put(SESSION, FLOOR, "http://radio.example.net/") is None
            assert at.port.open == 0
            await at.hall.clock.sleep(10_000)
            assert at.port.addresses == [ADDRESS, "http://radio.example.net/"]
            assert (at.state, at.port.open) == (PullState.SOUND, 1)
            kinds = [type(event) for event in await at.kinds()]
            assert kinds.count(ev.SourceAttached) == 2

    loop.run(story())


def test_each_text_has_a_stream_of_its_own() -> None:
    async def story() -> None:
        async with fetching(SOUND) as at:
            await at.meeting()
            french = ChannelId("fr")
            await at.act(AddChannel(channel=french, kind=ChannelKind.INTERPRETATION, languages=("fr",)))
            assert await at.streams.put(SESSION, french, "http://radio.example.net/fr") is None
            await at.hall.clock.sleep(10_000)
            assert [each.state for each in at.streams.of(SESSION)] == [PullState.SOUND] * 2

    loop.run(story())


def test_an_address_is_forgotten_an_hour_after_the_close_and_goes_on_when_it_is_opened_again_before() -> None:
    async def story() -> None:
        book = MemoryBook()
        async with fetching(SOUND, book=book) as at:
            await at.meeting()
            await at.act(CloseSession())
            await at.hall.clock.sleep(AFTER_CLOSE_MS // 2)
            await at.act(ReopenSession())
            await at.hall.clock.sleep(5_000)
            assert at.state is PullState.SOUND
            await at.act(CloseSession())
            await at.hall.clock.sleep(AFTER_CLOSE_MS - 10_000)
            assert len(await book.read(NAMESPACE)) == 1
            book.full = True
            await at.hall.clock.sleep(20_000)
            assert len(await book.read(NAMESPACE)) == 1
            book.full = False
            await at.hall.clock.sleep(5_000)
            assert (await book.read(NAMESPACE), at.streams.of(SESSION)) == ({}, [])

    loop.run(story())


def test_what_can_not_be_fed_is_refused() -> None:
    async def story() -> None:
        async with fetching(SOUND) as at:
            await at.hall.session()
            await at.act(AddChannel(channel=ChannelId("mt-es"), kind=ChannelKind.TRANSLATION, languages=("es",)))
            codes = {}
            for name, said in {
                "no address": (SESSION, FLOOR, "file:///etc/passwd"),
                "no session": (SessionId("none"), FLOOR, ADDRESS),
                "no text": (SESSION, ChannelId("fr"), ADDRESS),
                "a translation": (SESSION, ChannelId("mt-es"), ADDRESS),
            }.items():
                refused = await at.streams.put(*said)
                assert isinstance(refused, Refusal)
                codes[name] = refused.code
            assert list(codes.values()) == [RefusalCode.INVALID, *[RefusalCode.UNKNOWN] * 3]
            await at.act(OpenSession())
            await at.act(CloseSession())
            closed = await at.streams.put(SESSION, FLOOR, ADDRESS)
            assert isinstance(closed, Refusal)
            assert closed.code is RefusalCode.CONFLICT

    loop.run(story())


def test_a_try_has_an_end_however_little_comes_again_and_again() -> None:
    async def story() -> None:
        async with fetching(Fetched(slow_ms=11_000), SOUND) as at:
            async with asyncio.TaskGroup() as group:
                slow = group.create_task(at.streams.try_it(ADDRESS))
                await at.hall.clock.sleep(MOST_TRY_MS - 1_000)
                assert at.port.open == 1
                await at.hall.clock.sleep(2_000)
                assert slow.done()
            assert slow.result() == TriedStream(shown="https://radio.example.org", trouble=StreamFault.SILENT)
            assert at.port.open == 0

    loop.run(story())


def test_it_can_be_tried_before_and_says_what_was_found_or_what_is_wrong() -> None:
    async def story() -> None:
        async with fetching(
            SOUND, Fetched(ms=0, then=StreamFault.PRIVATE), Fetched(ms=0, then=StreamFault.SILENT)
        ) as at:
            good = await at.streams.try_it(ADDRESS)
            assert isinstance(good, TriedStream)
            assert (good.shown, good.found is not None, good.trouble) == ("https://radio.example.org", True, None)
            assert good.level is not None
            assert good.level > -12
            for trouble in (StreamFault.PRIVATE, StreamFault.SILENT):
                bad = await at.streams.try_it(ADDRESS)
                assert isinstance(bad, TriedStream)
                assert (bad.found, bad.trouble) == (None, trouble)
            nothing = await at.streams.try_it("nothing")
            assert nothing == TriedStream(shown="", trouble=StreamFault.ADDRESS)
            assert at.port.open == 0

    loop.run(story())
