"""The public agenda and the form of access needs over HTTP: what everybody sees, and what only the secretariat gets."""

from __future__ import annotations

import gzip
import re
from html import unescape
from pathlib import Path

import aiohttp
import pytest
from icalendar import Calendar
from msgspec.structs import replace

from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.programme.needs_door import ALLOWANCE
from moothall.core.commands import AnyCommand, OpenSession, PauseSession
from moothall.core.events.types import Access
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.programme.agenda import AgendaNote, AgendaPart
from moothall.core.programme.plan import Planned, Room, RoomId
from moothall.services.log.act_queue import Receipt
from moothall.services.programme.calling_off import cancel
from support.desks.admin import AdminHouse, Browser, admin_house
from support.files.found import found
from support.memory.programme import HOUR

HIDDEN = "Zebra"
FORM = {
    "id": "one-form",
    "text": "A seat in front,\nplease",
    "name": "Ana <b>",
    "reach": "ana@example.org",
    "about": "",
}


async def planned(
    house: AdminHouse, name: str, title: str, access: Access = Access.PUBLIC, **fields: object
) -> Planned:
    programme = house.running.backend.programme
    starts = programme.now() - programme.now() % (24 * HOUR) + 34 * HOUR
    plan = Planned(session=SessionId(name), title=title, starts=starts, ends=starts + HOUR)
    made = await programme.make(replace(plan, **fields), access=access)
    assert isinstance(made, Planned)
    return made


async def everything(browser: Browser, *paths: str) -> str:
    found = []
    for path in paths or ("/agenda", "/agenda.ics", "/agenda/access", "/"):
        assert await browser.get(path) == 200
        found.append(browser.text)
    return "".join(found)


@pytest.mark.parametrize("access", [Access.LINK, Access.STAFF, None], ids=["by link", "for the staff", "a rehearsal"])
async def test_nothing_leaks_of_what_not_everybody_may_read(tmp_path: Path, access: Access | None) -> None:
    async with admin_house(tmp_path) as house:
        programme = house.running.backend.programme
        stranger, secretary = await house.browser(), await house.secretary()
        await planned(house, "open", "Opening")
        before = await everything(stranger)
        room = Room(id=RoomId("zebra-room"), title=f"{HIDDEN} room")
        await programme.keep(rooms=[room])
        made = await planned(
            house, "zebra", f"{HIDDEN} talk", access or Access.PUBLIC, room=room.id, rehearsal=access is None
        )
        await programme.keep(planned=[replace(made, title=f"{HIDDEN} again", starts=None, ends=None, room=None)])
        await programme.agenda.annotate(made.session, AgendaNote(statement=f"{HIDDEN} stripes"))
        await cancel(programme, made.session, f"{HIDDEN} again", by="test")
        after = await everything(stranger)
        assert HIDDEN not in after
        assert "zebra" not in after
        assert len(after) == len(before)
        assert await stranger.get("/agenda/zebra.ics") == 404
        for browser in (stranger, secretary):
            assert HIDDEN not in await everything(browser, "/agenda", "/agenda.ics", "/agenda/access")


async def test_a_need_names_no_session_that_is_not_offered(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        await planned(house, "zebra", HIDDEN, Access.STAFF)
        visitor = await house.browser()
        assert await visitor.post("/agenda/access", {**FORM, "about": "session:zebra"}) == 200
        (need,) = house.running.backend.access_needs.all()
        assert (need.session, need.day) == (None, "")


async def test_what_the_secretariat_writes_is_on_the_agenda_and_stays(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        made = await planned(house, "open", "Opening & <b>")
        secretary, reader = await house.secretary(), await house.browser()
        await secretary.get("/admin/agenda?text=fr")
        written = {"text": "fr", "theme": "Eau <i>\r\n\r\n- Prix\r\n- Accès", "topics": "  "}
        assert await secretary.send("/admin/agenda", **written) == 200
        assert "Saved." in secretary.text
        await secretary.get(f"/admin/meetings/{made.session}/agenda")
        note = {"statement": "Captions & a <loop>"}
        assert await secretary.send(f"/admin/meetings/{made.session}/agenda", **note) == 200
        off = {"act": "cancel", "reason": "The <hall> is flooded."}
        assert await secretary.send(f"/admin/meetings/{made.session}/standing", **off) == 200
        await reader.get("/agenda?ui=fr")
        assert '<div lang="fr" dir="ltr">' in reader.text
        assert "<p>Eau &lt;i&gt;</p>" in reader.text
        assert "<li>Prix</li>" in reader.text
        assert "Captions &amp; a &lt;loop&gt;" in reader.text
        assert reader.text.count("Annulée") == 2, "at the meeting and among the changes"
        assert "Sujets par thème" not in reader.text
        await reader.get("/agenda.ics")
        (event,) = Calendar.from_ical(reader.text).walk("VEVENT")
        assert (str(event["SUMMARY"]), event["STATUS"]) == ("Opening & <b>", "CANCELLED")
        assert str(event["URL"]) == f"{house.running.served.public}/s/open"
        await reader.get("/agenda/open.ics")
        assert len(Calendar.from_ical(reader.text).walk("VEVENT")) == 1
        assert await reader.get("/s/open/ask?ui=en") == 200
        assert "The meeting is cancelled and takes no questions" in reader.text
        assert 'class="asking" hidden' in reader.text
        asked = {"id": "form-1", "kind": "question", "text": "Why?", "language": "en"}
        assert await reader.post("/s/open/ask?ui=en", asked) == 422
        assert "The meeting is cancelled and takes no questions" in reader.text
        await reader.get("/s/open?ui=en")
        assert "data-asks" not in reader.text
        await reader.get("/?ui=en")
        assert 'data-kind="cancelled">Cancelled</span> · <bdi>The &lt;hall&gt; is flooded.</bdi>' in reader.text
    async with admin_house(tmp_path) as house:
        reader = await house.browser()
        await reader.get("/agenda?ui=fr")
        assert "Captions &amp; a &lt;loop&gt;" in reader.text
        assert reader.text.count("Annulée") == 2


async def test_a_text_that_is_too_long_stands_in_the_form_again_and_eight_thousand_signs_fit(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        await secretary.get("/admin/agenda")
        whole = {part.value: "水" * 8_000 for part in AgendaPart}
        assert await secretary.send("/admin/agenda", text="zh", **whole) == 200
        kept = house.running.backend.programme.agenda.texts["zh"]
        assert {len(text) for text in kept.values()} == {8_000}
        assert await secretary.send("/admin/agenda", text="zh", theme="x" * 8_001, topics="Kept here") == 400
        assert "Kept here" in secretary.text
        assert "A part has at most 8000 characters" in secretary.text
        made = await planned(house, "open", "Opening")
        await secretary.get(f"/admin/meetings/{made.session}/agenda")
        assert await secretary.send(f"/admin/meetings/{made.session}/agenda", statement="y" * 501) == 400
        assert "y" * 501 in secretary.text
        assert await secretary.get("/admin/meetings/nowhere/agenda") == 404


async def test_today_or_the_next_day_stands_on_top_and_the_texts_below_the_days(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        programme = house.running.backend.programme
        noon = programme.now() - programme.now() % (24 * HOUR) + 12 * HOUR
        for name, days in (("before", -1), ("today", 0), ("tomorrow", 1)):
            await planned(house, name, name, starts=noon + days * 24 * HOUR, ends=noon + days * 24 * HOUR + HOUR)
        await planned(house, "open", "open", starts=None, ends=None)
        await programme.agenda.write("en", {AgendaPart.THEME: "Nobody offline."})
        text = await everything(await house.browser(), "/agenda?ui=en")
        order = [text.index(f'id="{name}"') for name in ("today", "tomorrow", "open", "before", "theme")]
        assert order == sorted(order)
        tabs = re.findall(r'<li><a href="#Day-([\d-]+)"( aria-current="true")?>', text)
        assert [bool(here) for _, here in tabs] == [False, True, False]
        assert tabs == sorted(tabs)
        assert text.count(">Today<") == text.count(">Past<") == 1


async def test_a_meeting_that_is_on_can_be_read_and_each_has_its_end(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        running = house.running.backend
        for name in ("on", "break", "to-come"):
            await planned(house, name, name)
        begun: dict[str, tuple[AnyCommand, ...]] = {"on": (OpenSession(),), "break": (OpenSession(), PauseSession())}
        for name, acts in begun.items():
            live = await running.sessions.open(SessionId(name))
            assert isinstance(await live.writer.send(SYSTEM, CommandId(name), acts), Receipt)
        text = await everything(await house.browser(), "/agenda?ui=en")
        assert re.findall(r'class="button" href="/s/([a-z-]+)\?ui=en"', text) == ["break", "on"]
        assert text.count(">10:00\N{EN DASH}11:00</time>") == 3


async def test_its_languages_lead_to_the_meetings_text_in_them(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        await planned(house, "one", "One", languages=("en",))
        await planned(house, "three", "Three", languages=("pt-BR", "en", "ar"))
        browser = await house.browser()
        text = await everything(browser, "/agenda?ui=fr")
        links = re.findall(
            r'<a href="/s/(\w+)/in/([\w-]+)\?ui=fr" lang="([\w-]+)" dir="(\w+)" hreflang="([\w-]+)">(.*?)<', text
        )
        assert links == [
            ("one", "en", "en", "ltr", "en", "English"),
            ("three", "en", "en", "ltr", "en", "English"),
            ("three", "pt-BR", "pt-BR", "ltr", "pt-BR", "Português (Brasil)"),
            ("three", "ar", "ar", "rtl", "ar", "العربية"),
        ]
        assert text.count("On y parle : <a") == 2
        assert await browser.get("/s/three/in/ar?ui=fr") == 200


async def test_of_a_meeting_that_has_not_begun_in_its_planned_time_it_says_so(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        programme = house.running.backend.programme
        now = programme.now()
        for name, ends in (("over", now), ("late", now + HOUR), ("off", now)):
            await planned(house, name, name, starts=ends - 2 * HOUR, ends=ends)
        await cancel(programme, SessionId("off"), "", by="test")
        text = await everything(await house.browser(), "/agenda?ui=en")
        rows = {name: text.split(f'<li id="{name}"')[1].split("</li>")[0] for name in ("over", "late", "off")}
        told = {name: ("Not begun" in row, ".ics" in row) for name, row in rows.items()}
        assert told == {"over": (True, False), "late": (False, True), "off": (False, False)}


async def test_what_changed_is_told_with_what_was_before(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        programme, reader, secretary = house.running.backend.programme, await house.browser(), await house.secretary()
        await programme.add_room("Main hall")
        made = await planned(house, "open", "Opening")
        await programme.keep(
            planned=[replace(made, starts=made.starts and made.starts + HOUR, room=RoomId("main-hall"))]
        )
        await secretary.get("/admin/meetings/open")
        assert await secretary.send("/admin/meetings/open/plan", title="Welcome", languages="en") == 200
        await reader.get("/agenda?ui=en")
        plain = reader.text.replace("\u2068", "").replace("\u2069", "")
        for line in (
            "New: Welcome",
            "New title: Welcome (before: Opening)",
            "now here: Main hall (before: without a place)",
        ):
            assert line in plain, line
        assert "Welcome: now " in plain
        for number in range(14):
            await planned(house, f"more-{number}", f"More {number}")
        await reader.get("/agenda?ui=en")
        assert "15 new meetings" in reader.text
        assert "New: " not in reader.text


async def test_a_need_goes_to_the_secretariat_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with admin_house(tmp_path) as house:
        made = await planned(house, "open", "Opening")
        visitor, secretary, technician = await house.browser(), await house.secretary(), await house.browser()
        await visitor.get("/agenda/access")
        assert visitor.headers["Cache-Control"] == "no-store"
        assert visitor.cookies == []
        for _ in range(2):  # Sent twice it is one.
            assert await visitor.post("/agenda/access", {**FORM, "about": f"session:{made.session}"}) == 200
            assert "The organisers have it now" in visitor.text
        _, token = await house.running.backend.links.create(Role.TECHNICIAN, "hall", "")
        await technician.get(f"/enter/{token}")
        (need,) = house.running.backend.access_needs.all()
        for browser in (visitor, technician):
            assert await browser.get("/admin/access-needs") == 403
            assert await browser.post(f"/admin/access-needs/{need.id}", {"act": "delete"}) == 403
            assert "A seat in front" not in await everything(browser)
        await secretary.get("/admin")
        assert "What people need (open: 1)" in secretary.text
        await secretary.get("/admin/access-needs")
        for text in ("A seat in front,\nplease", "Ana &lt;b&gt;", "ana@example.org", "Opening"):
            assert text in secretary.text
        settle = f"/admin/access-needs/{need.id}"
        assert await secretary.send(settle, act="dealt-with") == 200
        assert "Not dealt with yet" in secretary.text
        assert await secretary.send(settle, act="nothing") == 400
        await secretary.get("/admin/access-needs")
        assert await secretary.send(settle, act="open") == 200
        form = secretary.hidden(settle)
        assert await secretary.send(settle, act="delete") == 200
        assert "Nobody has written anything" in secretary.text
        assert await secretary.post(settle, {**form, "act": "delete"}) == 404
    assert "seat" not in caplog.text
    assert "ana@" not in caplog.text
    assert not found(tmp_path, "A seat in front")


async def test_a_form_that_is_refused_keeps_all_that_was_typed(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        made = await planned(house, "open", "Opening")
        visitor = await house.browser()
        chosen = {**FORM, "about": f"session:{made.session}"}
        kept = ('value="Ana &lt;b&gt;"', 'value="ana@example.org"', f'value="session:{made.session}" selected')
        for wrong in ({"text": " "}, {"text": "x" * 2_001}, {"name": "x" * 101}, {"reach": "x" * 201}):
            assert await visitor.post("/agenda/access", {**chosen, **wrong}) == 422
            assert 'role="alert"' in visitor.text
            assert sum(each in visitor.text for each in kept) >= 2
            assert 'value="one-form"' in visitor.text
        for number in range(20 * int(ALLOWANCE.burst)):  # Some more come free meanwhile.
            status = await visitor.post("/agenda/access", {**chosen, "id": f"form {number}"})
            if status != 200:
                break
        assert status == 429
        assert all(each in visitor.text for each in kept)
        assert visitor.headers["Retry-After"] == "60"
        assert await visitor.post("/agenda/access", {**chosen, "id": ""}) == 400
        assert await visitor.post("/agenda/access", chosen, origin="https://evil.example") == 403
        assert "ana@example.org" in visitor.text, "what was typed is shown again"


async def test_a_hundred_sessions_are_60_kb_at_most(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        programme = house.running.backend.programme
        for number in range(100):
            made = await planned(house, f"meeting-{number}", f"Meeting {number}: who pays for the last mile?")
            await programme.agenda.annotate(made.session, AgendaNote(statement="Captions, sign language, step-free."))
            await programme.keep(planned=[replace(made, ends=made.ends and made.ends + HOUR)])
        await programme.agenda.write("en", {part: f"{part} 123 " * 100 for part in AgendaPart})
        address = f"{house.running.address}/agenda?ui=en"
        async with (
            aiohttp.ClientSession(auto_decompress=False) as http,
            http.get(address, headers={"Accept-Encoding": "gzip"}) as answer,
        ):
            body = await answer.read()
        assert gzip.decompress(body).count(b'data-status="created"') == 100
        assert len(body) <= 60 << 10


@pytest.mark.parametrize("language", ["ar", "zh", "en", "fr", "ru", "es", "pt"])
async def test_help_is_there_in_each_language_and_is_short(tmp_path: Path, language: str) -> None:
    async with admin_house(tmp_path) as house:
        reader = await house.browser()
        for path in ("/help", "/help/hubs", "/agenda", "/agenda/access"):
            assert await reader.get(f"{path}?ui={language}") == 200
            assert f'<html lang="{language}"' in reader.text
        await reader.get(f"/?ui={language}")
        assert f'href="/help?ui={language}"' in reader.text
        assert f'href="/agenda?ui={language}"' in reader.text


@pytest.mark.parametrize("language", ["ar", "zh", "en", "fr", "ru", "es", "pt"])
async def test_help_names_every_key_and_the_ways_for_screen_readers_and_braille(tmp_path: Path, language: str) -> None:
    keys = re.search(r"USUAL = \{ on: true, ([^}]*) \}", (find_web_folder() / "js/reader/keys.js").read_text("utf-8"))
    assert keys is not None
    async with admin_house(tmp_path) as house:
        reader, ui = await house.browser(), house.running.pages.catalogues[language]
        await reader.get(f"/help?ui={language}")
        help_page = unescape(reader.text)
        named = ("Skip to the text", "Read new lines to my screen reader", "Read by braille", "Something wrong?")
        assert [text for text in named if ui.text(text) not in help_page] == []
        assert set(re.findall("\u2068(.)\u2069", help_page)) == set(re.findall(r"'(.)'", keys[1]))
