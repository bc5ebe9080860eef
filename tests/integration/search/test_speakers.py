"""The page of a speaker: made by the secretariat alone, switched off by the person, and nothing of it elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp
from aiohttp import CookieJar

from integration.search.test_search import LINES, done, meeting, search, settings
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events.types import Access, SoundKept
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SegmentId, SessionId, SpeakerId
from moothall.core.programme.plan import Planned, Speaker

ANA = SpeakerId("ana")
TOKEN = re.compile(r'name="(?P<field>[^"]+)" value="(?P<value>[^"]+)"')


async def spoken(running: RunningServer, session: str, **more: bool) -> None:
    """Hold a meeting in which Ana speaks, whom the programme lists."""
    await meeting(running, session, *LINES, access=Access.PUBLIC, **more)
    await done(running, session, "ana", do.IntroduceSpeaker(speaker=ANA, name="Ana Souza"))
    await done(running, session, "hers", do.AssignSpeaker(segments=(SegmentId("l0"),), speaker=ANA))
    planned(running, session)
    await running.backend.indexing.catch_up()


def planned(running: RunningServer, session: str) -> None:
    plan = Planned(session=SessionId(session), title=f"About {session}", speakers=(Speaker(id=ANA, name="Ana Souza"),))
    running.backend.programme._planned[plan.session] = plan


class Office:
    """A secretary's browser."""

    def __init__(self, running: RunningServer, http: aiohttp.ClientSession) -> None:
        self.running = running
        self.http = http

    async def page(self) -> str:
        async with self.http.get(f"{self.running.address}/admin/speakers") as answer:
            assert answer.status == 200
            return await answer.text()

    async def act(self, *fields: tuple[str, str], status: int = 200) -> str:
        token = TOKEN.search(await self.page())
        assert token is not None
        data = aiohttp.FormData([(token["field"], token["value"]), *fields])
        headers = {"Origin": self.running.address}
        async with self.http.post(f"{self.running.address}/admin/speakers", data=data, headers=headers) as answer:
            text = await answer.text()
            assert answer.status == status, text
            return text


async def status(running: RunningServer, path: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as http, http.get(f"{running.address}{path}") as answer:
        return answer.status, answer.headers.get("X-Robots-Tag", ""), await answer.text()


async def test_the_secretariat_says_who_is_who_and_the_person_switches_it_off(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running:
        for session in ("one", "two", "three"):
            await spoken(running, session)
        await spoken(running, "youth", young_people=True)
        found = await search(running, "divide")
        assert set(found["kinds"]["speaker"]) == {"one/ana", "two/ana", "three/ana"}
        _, token = await running.backend.links.create(Role.SECRETARIAT, "hall", "office")
        async with aiohttp.ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:
            async with http.get(f"{running.address}/enter/{token}", allow_redirects=False):
                office = Office(running, http)
            joining = ("of", "one/ana"), ("of", "two/ana")
            assert "youth/ana" not in await office.page()
            await office.act(("act", "join"), *joining, ("of", "youth/ana"), status=409)
            made = await office.act(("act", "join"), *joining)
            own = re.search(r"<code dir=\"ltr\">([^<]+)</code>", made)
            assert own is not None
            [person] = running.backend.people.all
            page = f"/speakers/{person.id}"
            code, robots, text = await status(running, page)
            assert (code, robots) == (200, "noindex")
            assert "Ana Souza" in text
            assert "About one" in text
            assert "About two" in text
            assert "About three" not in text
            assert "About youth" not in text
            kinds = (await search(running, "divide"))["kinds"]["speaker"]
            assert kinds == {person.id: 2, "three/ana": 1}
            assert (await search(running, "divide", speaker=person.id))["total"] == 2
            assert f'href="{page}"' in (await status(running, f"/search?q=divide&speaker={person.id}"))[2]
            assert "/speakers/" not in (await status(running, "/search?q=divide&speaker=three/ana"))[2]
            await office.act(("act", "join"), *joining, status=409)
            await office.act(("act", "join"), ("of", "three/ana"), ("to", person.id))
            assert "About three" in (await status(running, page))[2]
            assert f'href="/news.atom?speaker={person.id}"' in text
            for form in ("atom", "json"):
                code, robots, news = await status(running, f"/news.{form}?speaker={person.id}&ui=ar")
                assert (code, robots) == (200, "noindex")
                assert {name for name in ("one", "two", "three", "youth") if f"/s/{name}" in news} == {
                    "one", "two", "three"
                }  # fmt: skip
                assert f"{page}?ui=ar" in news
                assert "Ana Souza" in news
            await office.act(("act", "list"), ("person", person.id))
            assert (await status(running, page))[1] == ""
            assert (await status(running, f"/news.json?speaker={person.id}"))[1] == ""
            await office.act(("act", "unlist"), ("person", person.id))
            await office.act(("act", "dance"), ("person", person.id), status=400)
            await office.act(("act", "list"), ("person", "nobody"), status=404)
            address = own[1].removeprefix(running.address)
            assert (await status(running, address))[0] == 200
            for shown, code in (("no", 404), ("yes", 200), ("no", 404)):
                async with http.post(
                    running.address + address, data={"shown": shown}, headers={"Origin": running.address}
                ) as answer:
                    assert answer.status == 200
                assert (await status(running, page))[0] == code
                for form in ("atom", "json"):
                    assert (await status(running, f"/news.{form}?speaker={person.id}"))[0] == code
            assert set((await search(running, "divide"))["kinds"]["speaker"]) == {"one/ana", "two/ana", "three/ana"}
            assert "switched off by the person" in await office.page()
            renewed = await office.act(("act", "link"), ("person", person.id))
            assert own[1] not in renewed
            assert (await status(running, address))[0] == 404
            await office.act(("act", "forget"), ("person", person.id))
            assert running.backend.people.all == []
        assert (await status(running, "/admin/speakers"))[0] == 403
        assert (await status(running, "/speakers/nobody"))[0] == 404
        assert (await status(running, "/news.json?speaker=nobody"))[0] == 404


async def test_a_meeting_that_is_not_public_any_more_leaves_the_page_at_once(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running:
        await spoken(running, "one")
        made = await running.backend.people.join("Ana Souza", running.backend.people.unjoined[0].speakers)
        assert made is not None
        page = f"/speakers/{made[0].id}"
        assert "About one" in (await status(running, page))[2]
        await done(running, "one", "staff", do.ArrangeSession(access=Access.STAFF, sound=SoundKept.NONE))
        assert "About one" not in (await status(running, page))[2]
        assert "/s/one" not in (await status(running, f"/news.atom?speaker={made[0].id}"))[2]


async def test_while_the_index_is_away_a_page_does_not_say_that_somebody_spoke_nowhere(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running:
        await spoken(running, "one")
        made = await running.backend.people.join("Ana Souza", running.backend.people.unjoined[0].speakers)
        assert made is not None
    (tmp_path / "search").rename(tmp_path / "elsewhere")
    (tmp_path / "search").write_bytes(b"a file in place of the folder")
    async with hall(settings(tmp_path)) as running, aiohttp.ClientSession() as http:
        planned(running, "one")
        async with http.get(f"{running.address}/speakers/{made[0].id}") as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
        assert (await status(running, f"/news.json?speaker={made[0].id}"))[0] == 503
        del running.backend.programme._planned[SessionId("one")]  # No programme lists them any more.
        async with http.get(f"{running.address}/speakers/{made[0].id}") as answer:
            assert answer.status == 404
        assert (await status(running, f"/news.json?speaker={made[0].id}"))[0] == 404
