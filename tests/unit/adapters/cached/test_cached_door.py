"""The door for caches: what its answers let caches keep, for how long, and what they never contain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from moothall.adapters.cached.cached_client import follow_cached
from moothall.adapters.cached.cached_door import CONTENTS_CONTROL, GONE_CONTROL, KEPT_MS, PAGE_CONTROL
from moothall.core.events import types as ev
from moothall.core.kernel.errors import ProtocolError, RefusalCode, refuse
from moothall.core.kernel.ids import ChannelId
from moothall.services.sessions.reader_access import ASKER
from moothall.testing.clock import ManualClock
from moothall.wire.cached_feed import CachedText, Contents
from support.halls.readers import House, house, until
from support.sessions.meeting import ENGINE, Meeting, ended, opened, partial, words

BOUND_S = 10
"""What was removed is gone from two caches in a row, and a browser's own, within this."""


async def get(made: House, path: str = "", **headers: str) -> tuple[int, bytes, Mapping[str, str]]:
    async with made.http.get(f"{made.url}/cached/floor{path}", headers=headers) as answer:
        found = answer.headers.copy()
        found.popall("Date", None)
        return answer.status, await answer.read(), found


async def contents(made: House) -> Contents:
    status, body, _ = await get(made)
    assert status == 200
    return msgspec.json.decode(body, type=Contents)


async def taken(made: House, text: CachedText) -> list[str]:
    """What a reader has who asks now: the texts of the lines."""
    _, body, _ = await get(made)
    for name in text.take(body):
        status, page, _ = await get(made, f"/{name}")
        assert status == 200
        text.fill(name, page)
    return [line.text for line in text.lines]


async def say(made: House, count: int) -> None:
    for _ in range(count):
        made.fanout.publish(await made.meeting.line())
    await until(lambda: made.fanout.figures.backlog == 0)


async def test_contents_and_pages_are_everybodys_and_may_be_kept_for_a_moment() -> None:
    async with house() as made:
        await say(made, 31)
        status, body, headers = await get(made)
        assert status == 200
        assert headers["Cache-Control"] == CONTENTS_CONTROL
        assert headers["Content-Type"] == "application/json"
        (page,) = msgspec.json.decode(body, type=Contents).pages
        assert await get(made, "?x=1", Cookie="moothall=1", Origin="https://evil.example") == (200, body, headers)
        known = await get(made, **{"If-None-Match": headers["ETag"]})
        assert (known[0], known[1], known[2]["Cache-Control"]) == (304, b"", CONTENTS_CONTROL)

        status, body, headers = await get(made, f"/{page}")
        assert (status, headers["Cache-Control"]) == (200, PAGE_CONTROL)
        assert page.endswith(headers["ETag"].strip('"'))
        assert not any(name in headers for name in ("Vary", "Set-Cookie", "Content-Encoding"))
        assert (await get(made, f"/{page}", **{"If-None-Match": headers["ETag"]}))[0] == 304


def test_what_was_removed_is_gone_within_the_bound() -> None:
    """Fresh, then given while it is asked for anew: in two caches that don't say how old a thing is, and a browser.

    nginx counts in whole seconds, and so keeps what may be kept for a second for up to two.
    """

    def seconds(control: str, name: str) -> int:
        found = re.search(rf"(?:^|[ ,]){name}=([0-9]+)", control)
        return int(found[1]) if found else 0

    for control in (CONTENTS_CONTROL, PAGE_CONTROL, GONE_CONTROL):
        assert "stale-if-error" not in control
        stale = seconds(control, "stale-while-revalidate")
        shared, own = seconds(control, "s-maxage") + stale, seconds(control, "max-age") + stale
        assert 2 * (shared + 1) + own <= BOUND_S


def test_what_may_be_kept_is_on_the_page_of_the_doors() -> None:
    page = (Path(__file__).parents[4] / "docs/reference/doors.md").read_text(encoding="utf-8")
    for kind, control in (("contents", CONTENTS_CONTROL), ("a page", PAGE_CONTROL), ("404", GONE_CONTROL)):
        assert f"| {kind} | `{control}` |" in page


async def test_the_text_put_together_from_the_pages_is_the_text() -> None:
    async with house() as made:
        text = CachedText()
        await say(made, 3)
        assert await taken(made, text) == ["line 1.", "line 2.", "line 3."]
        await say(made, 132)
        assert await taken(made, text) == [f"line {n}." for n in range(1, 136)]


async def test_what_is_removed_leaves_the_door_at_once_and_its_old_pages_lead_nowhere() -> None:
    async with house() as made:
        await say(made, 40)
        text = CachedText()
        assert "line 2." in await taken(made, text)
        (page,) = (await contents(made)).pages
        # The second line's three events stand behind those that opened the meeting.
        made.fanout.publish(await made.meeting.remove(7, 8, 9))
        await until(lambda: made.fanout.figures.backlog == 0)
        status, body, headers = await get(made, f"/{page}")
        assert (status, headers["Cache-Control"]) == (404, GONE_CONTROL)
        assert b"line 2." not in body
        assert "line 2." not in await taken(made, text)


async def test_nothing_is_kept_here_of_a_text_in_which_something_has_happened() -> None:
    async with house() as made:
        await say(made, 2)
        await contents(made)
        (followed,) = made.cached.followed
        assert followed.made is not None
        made.fanout.publish(await made.meeting.remove(4, 5, 6))
        await until(lambda: followed.made is None)


async def test_all_who_read_behind_caches_are_one_reader_who_leaves_when_nobody_asks() -> None:
    async with house(clock=ManualClock()) as made:
        for _ in range(3):
            await contents(made)
        assert made.fanout.readers == {"floor": 1}
        await made.advance(KEPT_MS - 1_000)
        await contents(made)
        await made.advance(KEPT_MS - 1_000)
        assert made.fanout.figures.readers == 1
        await made.advance(2_000)
        assert made.fanout.figures.readers == 0
        assert len((await contents(made)).lines) == 0


async def test_of_too_many_texts_the_one_asked_for_longest_ago_is_followed_no_more() -> None:
    meeting = Meeting()
    await meeting.open("floor", "es", "fr")
    async with house(meeting=meeting, cached_texts=2) as made:
        for channel in ("floor", "es", "floor", "fr"):
            async with made.http.get(f"{made.url}/cached/{channel}") as answer:
                assert answer.status == 200
        assert made.fanout.readers == {"floor": 1, "es": 0, "fr": 1}


async def test_a_fanout_that_ends_is_followed_anew() -> None:
    async with house() as made:
        await contents(made)
        (before,) = made.cached.followed
        made.fanout.end()
        await contents(made)
        (after,) = made.cached.followed
        assert after is not before
        assert made.fanout.figures.readers == 1


async def test_words_that_may_change_or_are_not_kept_are_never_there() -> None:
    async with house() as made:
        made.fanout.publish(
            await made.meeting.store(opened("s1"), words("s1", 0, " secret"), signals=[partial(" guess")], by=ENGINE)
        )
        await until(lambda: made.fanout.figures.backlog == 0)
        _, body, _ = await get(made)
        assert b"secret" not in body
        assert b"guess" not in body
        made.fanout.publish(await made.meeting.store(ended("s1", " said."), by=ENGINE))
        await until(lambda: made.fanout.figures.backlog == 0)
        assert [line.text for line in (await contents(made)).lines] == ["said."]


@pytest.mark.parametrize("access", [ev.Access.LINK, ev.Access.STAFF])
async def test_a_session_that_not_everybody_may_read_is_not_here_whoever_asks(access: ev.Access) -> None:
    meeting = Meeting()
    await meeting.open(access=access)
    async with house(meeting=meeting) as made:
        status, body, _ = await get(made)
        assert status == 404
        assert b"Plenary" not in body


async def test_the_links_that_somebody_has_opened_change_nothing() -> None:
    asked: list[object] = []

    async with house(may_read=lambda _: asked.append(ASKER.get())) as made:
        await contents(made)
        assert asked == [()]
    async with house(may_read=lambda _: refuse(RefusalCode.UNKNOWN, "There is no such session here.")) as made:
        assert (await get(made))[0] == 404
        assert (await get(made, "/0-25-Abcdefgh"))[0] == 404


async def test_what_is_not_there_says_so_for_a_moment_and_a_store_that_is_away_is_not_kept() -> None:
    async with house() as made:
        async with made.http.get(f"{made.url}/cached/xx") as answer:
            assert (answer.status, answer.headers["Cache-Control"]) == (404, GONE_CONTROL)
        await made.meeting.log.close()
        status, _, headers = await get(made)
        assert (status, headers["Cache-Control"]) == (503, "no-store")


async def test_a_script_reads_it_to_its_end() -> None:
    async with house() as made:
        await say(made, 60)
        made.fanout.publish(await made.meeting.store(ev.SessionClosed(t=900)))
        await until(lambda: made.fanout.figures.backlog == 0)
        async for text, _ in follow_cached(made.url, ChannelId("floor"), made.clock):
            assert len(text.lines) == 60
        with pytest.raises(ProtocolError, match="no such text"):
            async for _ in follow_cached(made.url, ChannelId("xx"), made.clock):
                pass
