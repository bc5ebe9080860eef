"""What only the long poll does; test_doors.py shows that it loses and repeats nothing."""

from __future__ import annotations

import asyncio

import aiohttp
import msgspec
import pytest

from moothall.adapters.reading.poll_door import MAX_WAIT_S
from moothall.testing.clock import ManualClock
from moothall.wire.frames import Received, decode
from support.halls.readers import House, Polled, house, until
from support.sessions.meeting import partial


async def said(answer: aiohttp.ClientResponse) -> tuple[list[Received], str]:
    assert answer.status == 200
    polled = msgspec.json.decode(await answer.read(), type=Polled)
    return [decode(bytes(frame)) for frame in polled.frames], polled.position


async def poll(made: House, query: str = "") -> tuple[list[Received], str]:
    async with made.http.get(f"{made.url}/poll{query}") as answer:
        return await said(answer)


async def test_the_first_poll_gives_the_snapshot_at_once_and_may_not_be_kept() -> None:
    async with house() as made, made.http.get(made.url + "/poll") as answer:
        (frame,), position = await said(answer)
        assert frame.snapshot is not None
        assert position == "k3j9x2:3"
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"


async def test_bodies_come_as_they_were_first_written() -> None:
    async with house() as made:
        publication = await made.meeting.line()
        made.fanout.publish(publication)
        async with made.http.get(made.url + "/poll?after=k3j9x2:3&wait=0") as answer:
            text = await answer.read()
        assert all(record.body is not None and record.body in text for record in publication.records)


async def test_a_poll_waits_for_what_happens() -> None:
    async with house() as made:
        asked = asyncio.ensure_future(poll(made, "?after=k3j9x2:3"))
        await until(lambda: made.fanout.figures.readers == 1)
        assert not asked.done()
        made.fanout.publish(await made.meeting.line())
        (frame,), position = await asked
        assert [event.offset for event in frame.events] == [4, 5, 6]
        assert position == "k3j9x2:6"
        assert made.fanout.figures.readers == 0


async def test_words_of_the_moment_answer_a_poll_once_and_move_no_position() -> None:
    async with house() as made:
        asked = asyncio.ensure_future(poll(made, "?after=k3j9x2:3"))
        await until(lambda: made.fanout.figures.readers == 1)
        made.fanout.publish(await made.meeting.store(signals=[partial(" Good mor")]))
        (frame,), position = await asked
        assert (frame.signals, position) == ((partial(" Good mor"),), "k3j9x2:3")
        # Somebody who asks again has them already: that alone is no news, but it comes along with the news.
        again = asyncio.ensure_future(poll(made, "?after=k3j9x2:3"))
        await until(lambda: made.fanout.figures.readers == 1)
        assert not again.done()
        made.fanout.publish(await made.meeting.line())
        frames, _ = await again
        assert [len(frame.events) for frame in frames] == [0, 3]


@pytest.mark.parametrize(("query", "seconds"), [("&wait=3", 3), ("", 25)])
async def test_a_poll_in_which_nothing_happens_ends_after_its_time(query: str, seconds: int) -> None:
    async with house(clock=ManualClock()) as made:
        asked = asyncio.ensure_future(poll(made, "?after=k3j9x2:3" + query))
        await until(lambda: made.fanout.figures.readers == 1)
        await made.advance(seconds * 1_000 - 1)
        assert not asked.done()
        await made.advance(1)
        assert await asked == ([], "k3j9x2:3")


async def test_who_waits_for_nothing_is_answered_at_once() -> None:
    async with house() as made:
        assert await poll(made, "?after=k3j9x2:3&wait=0") == ([], "k3j9x2:3")


@pytest.mark.parametrize("wait", ["-1", str(MAX_WAIT_S + 1), "1.5", "x", "٣", ""])
async def test_a_wait_that_is_none_is_refused_with_a_sentence(wait: str) -> None:
    async with house() as made:
        async with made.http.get(made.url + "/poll", params={"wait": wait}) as answer:
            assert answer.status == 400
            assert "0 to 30 whole seconds" in await answer.text()
        assert made.readers.count == 0


async def test_who_has_left_gives_up_the_place() -> None:
    async with house(clock=ManualClock()) as made:
        asked = asyncio.ensure_future(poll(made, "?after=k3j9x2:3&wait=30"))
        await until(lambda: made.fanout.figures.readers == 1)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        for _ in range(20):
            await made.advance(1_000)
            if made.readers.count == 0:
                break
        assert (made.readers.count, made.fanout.figures.readers) == (0, 0)


async def test_when_the_server_goes_polls_are_answered() -> None:
    async with house() as made:
        asked = asyncio.ensure_future(poll(made, "?after=k3j9x2:3"))
        await until(lambda: made.fanout.figures.readers == 1)
        await made.poll.close()
        assert await asked == ([], "k3j9x2:3")
        assert await poll(made, "?after=k3j9x2:3") == ([], "k3j9x2:3")
