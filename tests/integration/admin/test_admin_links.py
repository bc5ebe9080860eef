"""Role links over HTTP: what a link permits, and what happens when it is replaced or revoked."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from pathlib import Path

import aiohttp

from moothall.adapters.admin.local_door import Caller
from moothall.adapters.admin.staff_door import READER_COOKIE
from moothall.core.kernel.actors import Role
from moothall.services.programme.office import AdminLinkOrder
from moothall.services.sessions.staff import HALL
from support.desks.admin import admin_house, make


async def test_a_link_becomes_a_cookie_and_is_in_no_address(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        link = await house.running.office.admin_link(new=False)
        assert link is not None
        browser = await house.browser()
        assert await browser.get(link, follow=False) == 303
        assert browser.headers["Location"] == "/admin"
        assert browser.headers["Cache-Control"] == "no-store"
        assert browser.headers["Referrer-Policy"] == "no-referrer"
        cookie = browser.headers["Set-Cookie"]
        assert re.match(r"moothall_staff=[\w-]{43}; HttpOnly; Max-Age=2592000; Path=/; SameSite=Lax\Z", cookie)
        token = link.rpartition("/")[2]
        assert token not in cookie
        assert await browser.get("/admin") == 200
        assert token not in browser.text
        assert browser.headers["Cache-Control"] == "no-store"
        for wrong in (token[:-1], token + "x", "x", "%00"):
            assert await browser.get(f"/enter/{wrong}") == 404
            assert "This link is not valid" in browser.text
            assert browser.headers["Referrer-Policy"] == "no-referrer"


async def test_behind_https_cookies_go_over_https_alone_and_links_say_its_address(tmp_path: Path) -> None:
    async with admin_house(tmp_path, public_address="https://hall.example/") as house:
        link = await house.running.office.admin_link(new=False)
        assert link is not None
        assert link.startswith("https://hall.example/enter/")
        browser = await house.browser()
        await browser.get("/enter/" + link.rpartition("/")[2], follow=False)
        assert "; Secure" in browser.headers["Set-Cookie"]


async def test_a_lost_link_is_replaced_and_a_leaked_one_revoked_alone(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        _, link = await make(secretary)
        technician, captioner = await house.browser(), await house.browser()
        await technician.get(link)
        await secretary.get("/admin/meetings/water-board")
        await secretary.send("/admin/links", role="captioner", label="Bo & Co")
        (second,) = secretary.addresses()
        assert "Bo &amp; Co" in secretary.text
        await captioner.get(second, follow=False)
        assert captioner.headers["Location"] == "/caption/water-board"
        (staff, _) = [each for each in house.running.backend.links.list() if each.scope == "session:water-board"]

        await secretary.get("/admin/meetings/water-board")
        await secretary.send(f"/admin/links/{staff.link}/replace")
        (new,) = secretary.addresses()
        assert await technician.get("/staff") == 403
        assert await technician.get(link) == 404
        assert await technician.get(new) == 200
        assert await captioner.get("/staff") == 200

        await secretary.get("/admin/meetings/water-board")
        assert "Last opened: " in secretary.text
        assert await secretary.send(f"/admin/links/{staff.link}/revoke") == 200
        assert "Revoke this link?" in secretary.text
        assert await technician.get("/staff") == 200
        assert await secretary.send(f"/admin/links/{staff.link}/revoke") == 200
        assert "The link is revoked" in secretary.text
        assert 'href="/admin/meetings/water-board"' in secretary.text
        assert await technician.get("/staff") == 403
        assert await technician.get(new) == 404
        assert await captioner.get("/staff") == 200
        await secretary.get("/admin/meetings/water-board")
        again = secretary.hidden("/admin/links")
        assert await secretary.post(f"/admin/links/{staff.link}/revoke", again) == 404
        assert await secretary.post(f"/admin/links/{staff.link}/replace", again) == 404
        assert await secretary.post("/admin/links", {**again, "role": "engine"}) == 400
        assert await secretary.post("/admin/links", {**again, "role": "reader", "scope": "hall"}) == 400
        assert await secretary.post("/admin/links", {**again, "scope": "room:../x"}) == 404


async def test_a_meeting_for_whoever_has_the_link_is_nothing_to_others(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        address, _ = await make(secretary, access="link")
        other, _ = await make(secretary, access="link", title="Another")
        assert re.match(re.escape(house.running.served.public) + r"/s/water-board\?key=[a-z2-7]{32}\Z", address)
        reader, stranger = await house.browser(), await house.browser()
        doors = ("/s/water-board", "/s/water-board/events", "/s/water-board/lines")
        for path in doors:
            assert await stranger.get(path) == 404
        assert await stranger.get(address.replace("key=", "key=x")) == 404
        assert await stranger.get(other.replace("another", "water-board")) == 404
        assert await reader.get(address + "&feed=lines", follow=False) == 303
        assert reader.headers["Location"] == "/s/water-board?feed=lines"
        assert "; Path=/s/water-board;" in reader.headers["Set-Cookie"]
        assert await reader.get("/s/water-board") == 200
        assert reader.headers["Cache-Control"] == "no-store"
        assert await reader.get("/s/another") == 404
        assert await reader.get("/") == 200
        assert "Water board" not in reader.text
        assert await reader.get("/staff") == 403
        assert await reader.get("/s/water-board/lines") == 200
        assert await secretary.get("/s/another") == 200
        entered = await house.browser()
        assert await entered.get(f"/enter/{address.rpartition('=')[2]}") == 200
        assert entered.url == "/s/water-board"


async def test_whoever_reads_with_a_link_that_is_taken_back_reads_no_further(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house, asyncio.timeout(60):
        secretary = await house.secretary()
        await make(secretary, access="link")
        links = house.running.backend.links
        (staff, *_) = [each for each in links.list() if each.role is Role.READER]
        found = links.reader_proof(await links.replace(staff.link))
        assert found is not None
        cookies = {READER_COOKIE: found[1]}
        streams, answered = ("events", "low", "text"), asyncio.Semaphore(0)
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookies=cookies, cookie_jar=jar) as http, asyncio.TaskGroup() as group:

            async def read(door: str) -> None:
                with suppress(aiohttp.ClientError):
                    async with http.get(f"{house.running.address}/s/water-board/{door}") as answer:
                        assert answer.status == 200
                        answered.release()
                        await answer.read()

            reading = [group.create_task(read(door)) for door in streams]
            socket = await http.ws_connect(f"{house.running.address}/s/water-board/ws")
            assert "snapshot" in await socket.receive_str()
            for _ in streams:
                await answered.acquire()
            other, _ = await links.create(Role.CAPTIONER, HALL, "")
            await links.revoke(other.link)  # Another link's fate is nothing to them.
            assert not any(task.done() for task in reading)
            await links.revoke(staff.link)
            while (message := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
                assert "snapshot" not in message.data  # What came before it was taken back: a pulse, the signals.
            assert message.type is aiohttp.WSMsgType.CLOSED


async def test_the_staffs_meeting_is_nothing_to_readers_and_has_no_sheet_for_them(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        (link,) = await make(secretary, access="staff", young_people="1", rehearsal="1")
        (planned,) = house.running.backend.programme.planned()
        assert planned.rehearsal
        assert planned.session == "rehearsal-water-board"
        reader, technician = await house.browser(), await house.browser()
        assert await reader.get(f"/s/{planned.session}") == 404
        await technician.get(link)
        assert await technician.get(f"/s/{planned.session}") == 200


async def test_whoever_leaves_is_a_stranger(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        assert await secretary.post("/leave") == 200
        assert secretary.url == "/"
        assert await secretary.get("/admin") == 403


async def test_a_link_for_one_browser_sends_a_second_one_away_until_it_is_freed(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        await secretary.get("/admin/links")
        await secretary.send("/admin/links", role="chair", label="Ana", one_browser="1")
        (link,) = secretary.addresses()
        first, second = await house.browser(), await house.browser()
        assert await first.get(link, follow=False) == 303
        (mark,) = [each for each in first.cookies if each.startswith("moothall_link_")]
        assert re.match(
            r"moothall_link_\w{10}=[\w-]{43}; HttpOnly; Max-Age=34560000; Path=/enter; SameSite=Lax\Z", mark
        )
        assert await second.get(link) == 403
        assert "This link belongs to another browser" in second.text
        assert await first.post("/leave") == 200
        assert await first.get(link) == 200
        await secretary.get("/admin/links")
        assert "Opened: 2 ×, browsers: 1" in secretary.text
        (staff,) = [each for each in house.running.backend.links.list() if each.label == "Ana"]
        assert await secretary.send(f"/admin/links/{staff.link}/free") == 200
        assert await first.get("/staff") == 403
        assert await second.get(link) == 200
        assert await first.get(link) == 403
        again = secretary.hidden("/admin/links")
        assert await secretary.post("/admin/links/gone/free", again) == 404


async def test_a_link_can_expire_and_end_with_its_meeting(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        await make(secretary)
        await secretary.get("/admin/meetings/water-board")
        form = secretary.hidden("/admin/links") | {"role": "captioner"}
        for expires in ("2020-01-01T10:00", "tomorrow"):
            assert await secretary.post("/admin/links", {**form, "expires": expires}) == 400
            assert "has to expire later than now" in secretary.text
        assert await secretary.post("/admin/links", {**form, "scope": "hall", "with_session": "1"}) == 400
        assert await secretary.post("/admin/links", {**form, "role": "reader", "one_browser": "1"}) == 400
        ends = {"expires": "2099-01-01T10:00", "with_session": "1"}
        assert await secretary.post("/admin/links", {**form, **ends}) == 200
        (link,) = secretary.addresses()
        captioner = await house.browser()
        assert await captioner.get(link) == 200
        await secretary.get("/admin/meetings/water-board")
        assert "Expires: Thu 1 Jan, 10:00" in secretary.text
        assert "Ends with the meeting, 24 h after its close" in secretary.text
        backend = house.running.backend
        (staff,) = [each for each in backend.links.list() if each.role is Role.CAPTIONER]
        for act in ("open", "close"):
            await secretary.get("/admin/meetings/water-board")
            assert await secretary.send("/admin/meetings/water-board", act=act) == 200
        ends_at = backend.links.ends(staff.link)
        assert ends_at is not None
        assert abs(ends_at - backend.clock.wall() - 24 * 3_600_000) < 600_000
        assert await captioner.get("/staff") == 200


async def test_the_operator_makes_links_with_an_end(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        office = house.running.office
        order = AdminLinkOrder(hours=2, one_browser=True)
        assert await office.admin_link(new=False, order=order) is not None
        assert await office.admin_link(new=False) is None
        (staff,) = house.running.backend.links.list()
        terms = house.running.backend.links.terms(staff.link)
        assert terms.expires > house.running.backend.clock.wall()
        assert terms.one_browser
        caller = Caller(house.running.backend.data)
        passing = await caller.admin_link(new=False, order=AdminLinkOrder(hours=1, without_sign_in=True))
        assert passing is not None
        assert await caller.admin_link(new=False) is None
        assert len(house.running.backend.links.list()) == 2
