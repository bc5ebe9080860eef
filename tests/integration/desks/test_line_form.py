"""The captioner's page without scripts: its form sends a line once, and keeps the text of a refused line."""

from __future__ import annotations

import html
import re
from pathlib import Path

import aiohttp

from moothall.core import commands as do
from moothall.core.kernel.actors import Role
from support.desks.meeting import Meeting, S, meeting


def fields(page: str) -> dict[str, str]:
    token = re.search(r'name="form" value="([^"]+)"', page)
    assert token is not None
    return {"form": html.unescape(token[1]), "into": "floor/en"}


def texts(on: Meeting) -> list[str]:
    return [line.whole for _, line in on.live.state.segments.items()]


async def enter(http: aiohttp.ClientSession, on: Meeting, role: Role) -> None:
    async with http.get(await on.link(role), allow_redirects=False) as answer:
        assert answer.status == 303


async def test_a_line_is_sent_once_and_one_that_is_not_taken_stays_in_the_form(tmp_path: Path) -> None:
    async with (
        meeting(tmp_path, languages=("en", "fr")) as on,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as chair,
    ):
        address = f"{on.running.address}/caption/{S}"
        ours = {"Origin": on.running.address}
        await enter(http, on, Role.CAPTIONER)
        async with http.get(f"{address}?ui=en") as answer:
            page = await answer.text()
        assert '<option value="floor/fr">French</option>' in page
        typed = {**fields(page), "text": "  We\r\nbegin. "}
        for _ in range(2):
            async with http.post(f"{address}?ui=en", data=typed, headers=ours, allow_redirects=False) as answer:
                assert answer.status == 303
                assert answer.headers["Location"] == f"/caption/{S}?ui=en&into=floor/en&sent=1"
        assert texts(on) == ["We begin."]
        async with http.get(f"{address}?ui=en&sent=1") as answer:
            again = await answer.text()
        assert "Your line is in the text." in again
        await on.do(do.PauseSession())
        for sent in (
            {**fields(again), "text": "<In a break>"},
            {"form": "x.y", "into": "floor/en", "text": "<No form>"},
        ):
            async with http.post(f"{address}?ui=en", data=sent, headers=ours, allow_redirects=False) as answer:
                assert answer.status == 409
                assert f"{html.escape(sent['text'])}</textarea>" in await answer.text()
        for body, kind, status in ((b"text=" + b"x" * 60_000, "x-www-form-urlencoded", 413), (b"{}", "json", 415)):
            sent_as = {**ours, "Content-Type": f"application/{kind}"}
            async with http.post(f"{address}?ui=en", data=body, headers=sent_as, allow_redirects=False) as answer:
                assert (answer.status, answer.content_type) == (status, "text/html")
        assert texts(on) == ["We begin."]
        await enter(chair, on, Role.CHAIR)
        async with chair.post(address, data=typed, headers=ours, allow_redirects=False) as answer:
            assert answer.status == 404
