"""Finished lines as plain text, as `curl -N` gets them."""

from __future__ import annotations

import asyncio

import pytest

from moothall.adapters.system.clock import SystemClock
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.ids import SpeakerId
from moothall.testing.clock import ManualClock
from support.halls.readers import SseClient, house, talk, unread, until
from support.sessions.meeting import ENGINE, Meeting, ended, opened, words

ANA = SpeakerId("ana")


async def spoken(meeting: Meeting, number: int, text: str, t0: int = 0) -> None:
    """A line that stands in the log before anybody asks."""
    await meeting.store(opened(f"a{number}", t0), ended(f"a{number}", text), by=ENGINE)


async def test_lines_come_when_they_are_finished() -> None:
    async with house() as made, made.http.get(made.url + "/text") as response:
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert response.headers["X-Accel-Buffering"] == "no"
        assert response.headers["Cache-Control"] == "no-store"
        await until(lambda: made.fanout.figures.readers == 1)
        made.fanout.publish(await made.meeting.store(ev.SpeakerIntroduced(speaker=ANA, name="Ana")))
        made.fanout.publish(await made.meeting.store(opened("s1", 3_725_000), words("s1", 0, " Good", " day.")))
        given = ev.SpeakerAssigned(segments=(opened("s1").segment,), speaker=ANA)
        made.fanout.publish(await made.meeting.store(given, ended("s1", " Good day.")))
        made.fanout.publish(await made.meeting.store(opened("s2", 3_727_000), ended("s2", " صباح الخير")))
        assert (await response.content.readline()).decode() == "01:02:05 Ana: Good day.\n"
        assert (await response.content.readline()).decode() == "01:02:07 Speaker not named: صباح الخير\n"
        response.close()


async def test_doubtful_words_are_marked_for_who_asks() -> None:
    async with house() as made:
        address = made.url + "/text"
        async with (
            made.http.get(f"{address}?uncertain=yes") as marked,
            made.http.get(f"{address}?uncertain=words&ui=es") as told,
            made.http.get(address) as bare,
        ):
            await until(lambda: made.fanout.figures.readers == 3)
            first = opened("s1")
            said = (le.Word(" Good", 0, 1), le.Word(" day.", 1, 2, 0.2))
            doubted = le.WordsCommitted(channel=first.channel, segment=first.segment, first=0, words=said)
            made.fanout.publish(await made.meeting.store(first, doubted))
            made.fanout.publish(await made.meeting.store(ended("s1", " Good day.")))
            assert await marked.content.readline() == b"00:00:00 Good day. (?)\n"
            assert (await told.content.readline()).decode() == "00:00:00 Good day. (dudoso)\n"
            assert await bare.content.readline() == b"00:00:00 Good day.\n"
            marked.close()
            told.close()
            bare.close()


async def test_it_begins_with_what_comes_next_or_with_everything() -> None:
    meeting = Meeting()
    await meeting.open()
    for n in range(450):
        await spoken(meeting, n, f" Line {n}.", n * 1_000)
    async with house(meeting=meeting) as made:
        async with made.http.get(made.url + "/text") as now, made.http.get(made.url + "/text?all=1") as everything:
            await until(lambda: made.fanout.figures.readers == 2)
            made.fanout.publish(await meeting.store(opened("new", 500_000), ended("new", " The newest.")))
            made.fanout.publish(await meeting.store(ev.SessionClosed(t=510_000)))
            assert await now.text() == "00:08:20 The newest.\n"
            lines = (await everything.text()).splitlines()
        assert lines[0] == "00:00:00 Line 0."
        assert lines[449:] == ["00:07:29 Line 449.", "00:08:20 The newest."]
        assert made.readers.count == 0


async def test_a_line_that_was_growing_comes_once_it_is_finished() -> None:
    meeting = Meeting()
    await meeting.open()
    await meeting.store(opened("s1"), words("s1", 0, " Good"), by=ENGINE)
    async with house(meeting=meeting) as made:
        for query in ("", "?all=1"):
            name = f"s1{query[-1:]}"
            async with made.http.get(made.url + "/text" + query) as response:
                await until(lambda: made.fanout.figures.readers == 1)
                if not query:
                    made.fanout.publish(await meeting.store(ended("s1", " Good day.")))
                else:
                    made.fanout.publish(await meeting.store(opened(name), ended(name, " And more.")))
                    assert await response.content.readline() == b"00:00:00 Good day.\n"
                assert (await response.content.readline()).startswith(b"00:00:00 ")
                response.close()
            await made.advance(1_000)
            await until(lambda: made.readers.count == 0)


async def test_a_closed_session_gives_its_whole_text_and_ends() -> None:
    meeting = Meeting()
    await meeting.open()
    await spoken(meeting, 1, " Only this.")
    await meeting.store(ev.SessionClosed(t=9_000))
    async with house(meeting=meeting) as made, made.http.get(made.url + "/text") as response:
        assert await response.text() == "00:00:00 Only this.\n"


async def test_a_client_of_http_1_0_gets_the_text_without_chunks() -> None:
    request = b"GET /s/plenary/text HTTP/1.0\r\n\r\n"
    async with house() as made, talk(made.port, request) as (reader, _):
        assert b"chunked" not in await reader.readuntil(b"\r\n\r\n")
        await until(lambda: made.fanout.figures.readers == 1)
        made.fanout.publish(await made.meeting.line())
        assert await reader.readline() == b"00:00:00 line 1.\n"


@pytest.mark.parametrize("query", ["?channel=de", "?after=x"])
async def test_what_is_wrong_is_said_in_a_sentence(query: str) -> None:
    async with house() as made, made.http.get(made.url + "/text" + query) as response:
        assert response.status in (400, 404)
        assert (await response.text()).endswith(".\n")


async def test_one_stalled_reader_changes_nothing_for_the_others() -> None:
    request = b"GET /s/plenary/text HTTP/1.1\r\nHost: x\r\n\r\n"
    async with house(clock=SystemClock()) as made, unread(made.port, request):
        await until(lambda: made.fanout.figures.readers == 1)
        client = SseClient(made)
        async with client.connected() as frames:
            await anext(frames)
            for n in range(400):
                text = "x" * 8_192
                made.fanout.publish(await made.meeting.store(opened(f"b{n}"), ended(f"b{n}", text), by=ENGINE))
                await anext(frames)
        assert client.seen == list(range(4, 804))
        assert made.measures.cut["slow"] == 1
        await until(lambda: made.readers.count == 0)


async def test_readers_who_have_left_are_let_go() -> None:
    async with house(clock=ManualClock()) as made:
        async with made.http.get(made.url + "/text") as response:
            await until(lambda: made.fanout.figures.readers == 1)
            response.close()
        for _ in range(100):
            await made.advance(1_000)
            if made.readers.count == 0:
                break
        assert (made.readers.count, made.fanout.figures.readers) == (0, 0)


async def test_when_the_server_goes_the_text_ends() -> None:
    async with house() as made:
        async with made.http.get(made.url + "/text") as response:
            await until(lambda: made.fanout.figures.readers == 1)
            await made.plain.close()
            assert await response.text() == ""
        async with made.http.get(made.url + "/text") as response:
            assert await response.text() == ""


async def test_a_stalled_reader_of_everything_does_not_hold_up_the_end() -> None:
    meeting = Meeting()
    await meeting.open()
    for n in range(300):
        await spoken(meeting, n, "x" * 32_768)
    request = b"GET /s/plenary/text?all=1 HTTP/1.1\r\nHost: x\r\n\r\n"
    async with house(meeting=meeting) as made, unread(made.port, request):
        await until(lambda: made.readers.count == 1)
        await asyncio.sleep(0)  # The answer has begun, and stands still: nobody takes what it writes.
        await made.plain.close()
        await until(lambda: made.readers.count == 0)
