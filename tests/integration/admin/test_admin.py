"""The staff's pages over HTTP: who gets in, what each form does, and what others don't get."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec

from moothall.adapters.store import signing
from moothall.adapters.store.sqlite_file import FILE_NAME
from moothall.core.commands import CloseSession, OpenSession
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.programme.drafts import MOST_SESSIONS
from moothall.core.programme.plan import Planned, RoomId
from moothall.core.sessions.state import Status
from moothall.services.programme.programme import Programme
from moothall.services.sessions.staff import HALL
from support.desks.admin import MEETING, admin_house, make
from support.files.programme_files import FILES, sample, week_before
from support.memory.programme import HOUR

DOORS = [
    ("GET", "/admin"), ("GET", "/admin/meetings/water-board"), ("GET", "/staff"), ("POST", "/admin/meetings"),
    ("POST", "/admin/meetings/water-board"), ("POST", "/admin/meetings/water-board/plan"), ("POST", "/admin/rooms"),
    ("POST", "/admin/meetings/water-board/longer"), ("POST", "/admin/meetings/water-board/standing"),
    ("GET", "/admin/meetings/water-board/duplicate"), ("POST", "/admin/meetings/water-board/duplicate"),
    ("GET", "/admin/meetings/water-board/delete"), ("POST", "/admin/meetings/water-board/delete"),
    ("POST", "/admin/meetings/water-board/restore"),
    ("POST", "/admin/rooms/hall/next"),
    ("GET", "/admin/links"), ("POST", "/admin/links/many"), ("POST", "/admin/links/table"),
    ("POST", "/admin/links"), ("POST", "/admin/links/x/replace"), ("POST", "/admin/links/x/revoke"),
    ("POST", "/admin/programme"), ("POST", "/admin/programme/import"), ("GET", "/admin/programme.csv"),
    ("POST", "/staff/rooms/hall/next"),
]  # fmt: skip


async def test_a_stranger_gets_nothing_but_a_sentence(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        await make(await house.secretary())
        stranger, technician = await house.browser(), await house.browser()
        _, token = await house.running.backend.links.create(Role.TECHNICIAN, "room:hall", "")
        await technician.get(f"/enter/{token}")
        assert technician.url == "/staff"
        for method, path in DOORS:
            for browser in (stranger, technician) if path.startswith("/admin") else (stranger,):
                status = await (browser.get(path) if method == "GET" else browser.post(path, {"title": "X"}))
                assert status == 403, (method, path)
                assert "Open the link that you were given" in browser.text
                assert "Water board" not in browser.text
        assert [each.title for each in house.running.backend.programme.planned()] == ["Water board"]


async def test_a_meeting_from_title_and_languages_is_there_with_its_links(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        page, link = await make(secretary, languages="Kiswahili, English, fr-CA")
        assert page == f"{house.running.served.public}/s/water-board"
        assert secretary.text.count('class="qr"') == 2
        signer = signing.Ed25519Signer.load(tmp_path / "data" / signing.FILE_NAME)
        assert secretary.text.count(f'signed with this key: <bdi class="key">{signer.key_id}') == 2
        live = await house.running.backend.sessions.find(SessionId("water-board"))
        assert live is not None
        assert (live.state.title, live.state.languages) == ("Water board", ("sw", "en", "fr-CA"))
        assert list(live.state.channels) == ["floor"]
        record = await house.running.backend.sessions.find(SessionId("water-board"))
        assert record is live
        technician = await house.browser()
        assert await technician.get(link) == 200
        assert technician.url == "/staff"
        assert "Water board" in technician.text
        assert '"/desk/water-board"' in technician.text
        await secretary.get("/staff")
        for text in ("Water board", '"/desk/water-board"', '"/s/water-board/microphone"', '"/moderate/water-board"'):
            assert text in secretary.text
        assert "Live now" not in secretary.text
        await live.writer.send(SYSTEM, CommandId("open"), (OpenSession(),))
        await secretary.get("/staff")
        assert secretary.text.index("Live now") < secretary.text.index('class="act" href="/control"')
        for text in ('"/desk/water-board"', '"/s/water-board/microphone"', '"/moderate/water-board"', "Live</span>"):
            assert secretary.text.count(text) == 1
        captioner = await house.browser()
        _, token = await house.running.backend.links.create(Role.CAPTIONER, HALL, "")
        await captioner.get(f"/enter/{token}")
        assert '"/desk/water-board"' in captioner.text
        assert '"/moderate/water-board"' not in captioner.text
        await live.writer.send(SYSTEM, CommandId("close"), (CloseSession(),))
        await secretary.get("/staff")
        assert "Water board" not in secretary.text
        reader = await house.browser()
        assert await reader.get(page) == 200
        assert "Water board" in reader.text


async def test_what_could_not_be_stored_stands_in_the_form_again(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        await secretary.get("/admin")
        other = sqlite3.connect(tmp_path / "data" / FILE_NAME, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert await secretary.send("/admin/meetings", **MEETING) == 503
        other.close()
        assert "It could not be stored at the moment" in secretary.text
        assert 'value="Water board"' in secretary.text
        assert await secretary.send("/admin/meetings", **MEETING) == 200
        assert "All about this meeting" in secretary.text


async def test_a_form_that_is_sent_again_makes_nothing_twice(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        form = {**secretary.hidden("/admin/meetings"), **MEETING}
        assert await secretary.post("/admin/meetings", form) == 200
        assert secretary.url == "/admin/meetings"
        assert await secretary.post("/admin/meetings", form) == 200
        assert secretary.url == "/admin"
        assert len(house.running.backend.programme.planned()) == 1
        await make(secretary)
        assert [each.session for each in house.running.backend.programme.planned()] == ["water-board", "water-board-2"]


async def test_a_form_from_elsewhere_does_nothing(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary, other = await house.secretary(), await house.browser()
        form = {**secretary.hidden("/admin/meetings"), **MEETING}
        _, token = await house.running.backend.links.create(Role.SECRETARIAT, "hall", "")
        await other.get(f"/enter/{token}")
        theirs = {**form, **other.hidden("/admin/meetings")}
        for browser, fields, origin in (
            (secretary, form, None),
            (secretary, form, "https://evil.example"),
            (secretary, form, "null"),
            (secretary, MEETING, "own"),
            (secretary, {**form, "form": form["form"][:-1]}, "own"),
            (secretary, {**form, "form": "ü.ü"}, "own"),
            (secretary, theirs, "own"),
        ):
            assert await browser.post("/admin/meetings", fields, origin=origin) == 403
            assert "nothing was done" in browser.text
        assert await secretary.post("/leave", origin="https://evil.example") == 403
        assert house.running.backend.programme.planned() == ()


WRONG = [
    ({"title": " "}, 400, "needs a title"),
    ({"title": "x" * 501}, 400, "needs a title"),
    (
        {"languages": "Kiswahili, Klingonish; old Elvish"},
        400,
        "“\u2068Klingonish\u2069”, “\u2068old Elvish\u2069”. ",
    ),
    ({"languages": "English, qx"}, 400, "“\u2068qx\u2069”"),
    ({"languages": ","}, 400, "which languages"),
    ({"access": "secret"}, 400, "nothing was done"),
    ({"title": "x" * 70_000}, 413, ""),
]


async def test_what_is_wrong_is_said_and_what_was_written_stays(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        for fields, status, sentence in WRONG:
            await secretary.get("/admin")
            assert await secretary.send("/admin/meetings", **{**MEETING, **fields}) == status
            assert sentence in secretary.text
            if "title" in fields and status == 400:
                assert 'value="English, français"' in secretary.text
            if "languages" in fields:
                assert 'value="Water board"' in secretary.text
                assert f'value="{fields["languages"]}"' in secretary.text
        assert house.running.backend.programme.planned() == ()


async def test_a_programme_is_shown_before_it_is_made(tmp_path: Path) -> None:
    async with admin_house(tmp_path, clock=week_before()) as house:
        secretary = await house.secretary()
        programme: Programme = house.running.backend.programme
        for name in FILES[1:]:
            await secretary.get("/admin")
            assert await secretary.upload(sample(name)) == 200, secretary.text
            if name == "schedule.json":
                assert secretary.text.count("<tr data-kind") == 11
                assert "Africa/Nairobi" in secretary.text
                assert programme.planned() == ()
                form = secretary.hidden("/admin/programme/import")
                assert await secretary.post("/admin/programme/import", form) == 200
                assert "Changes made: 11" in secretary.text
                assert await secretary.post("/admin/programme/import", form) == 200
                assert secretary.url == "/admin"
            else:
                assert "Nothing would change" in secretary.text
        assert len(programme.planned()) == 8
        await secretary.get("/admin")
        assert "Budget hearing, first reading" in secretary.text
        assert "Harbour room" in secretary.text
        assert secretary.text.count("Times are Nairobi time, UTC+3.") == 1
        assert 'name="zone" value="Africa/Nairobi"' in secretary.text
        await secretary.get("/")
        assert secretary.text.count("Times are Nairobi time, UTC+3.") == 1
    async with admin_house(tmp_path) as house:  # and so it is after a restart
        assert house.running.backend.programme.zone().name == "Africa/Nairobi"


async def test_the_programme_as_a_table_is_taken_back_without_a_difference(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary, programme = await house.secretary(), house.running.backend.programme
        await secretary.get("/admin")
        assert "/admin/programme.csv" not in secretary.text, "there is nothing yet"
        await secretary.upload(sample("schedule.json"))
        await secretary.post("/admin/programme/import", secretary.hidden("/admin/programme/import"))
        await secretary.get("/admin")
        assert '<a class="act" href="/admin/programme.csv" download' in secretary.text
        assert await secretary.get("/admin/programme.csv") == 200
        table = secretary.text
        assert len(table.splitlines()) == 9
        await secretary.get("/admin")
        assert await secretary.upload(table.encode()) == 200
        assert "Nothing would change" in secretary.text
        cancelled, other, *_ = programme.planned()
        renamed = table.replace(other.title, "Another title")
        await secretary.get("/admin")
        assert await secretary.upload(renamed.encode()) == 200
        assert secretary.text.count("<tr data-kind") == 1, "it is the same meeting still"
        await make(secretary, title="Try it", rehearsal="1")
        await programme.keep(planned=[msgspec.structs.replace(cancelled, cancelled=True)])
        assert cancelled.starts is not None
        day = programme.zone().at(cancelled.starts).date().isoformat()
        assert await secretary.get(f"/admin/programme.csv?day={day}") == 200
        zone = programme.zone()
        there = [each for each in programme.planned() if each.starts and zone.at(each.starts).date().isoformat() == day]
        assert len(secretary.text.splitlines()) == len(there), "a heading, and no row for what is cancelled"
        await programme.keep(planned=[Planned(session=SessionId(f"m{n}"), title="T") for n in range(MOST_SESSIONS)])
        assert await secretary.get("/admin/programme.csv") == 413
        assert "5000 meetings and 8 MB at most" in secretary.text
        assert await secretary.get(f"/admin/programme.csv?day={day}") == 200


async def test_a_table_of_a_spreadsheet_is_shown_as_it_will_be_or_all_its_mistakes_at_once(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        await secretary.get("/admin")
        table = (
            "Title;Date;Start;End;Room;Languages;Speakers;Time zone\n"
            "Ouverture;01/12/2026;09:00;10:00;Salle A;English, español;Élodie;Africa/Nairobi\n"
            "Suite;02/12/2026;09:00;10:00;Salle A;fr;;Africa/Nairobi\n"
            "Ensemble;01/12/2026;9:30;10:30;Salle A;français;;Africa/Nairobi\n"
        )
        assert await secretary.upload(table.encode("cp1252")) == 200
        for shown in ("09:00 \N{EN DASH} 10:00", "Salle A", "English, Spanish", "Élodie", "Times are Nairobi time"):
            assert shown in secretary.text, shown
        assert "Two meetings in one place at the same time" in secretary.text
        assert "Windows-1252" in secretary.text
        await secretary.get("/admin")
        plain = b"Title;Date;Start;Languages\nA;13/12/2026;09:00;en\n"
        assert await secretary.upload(plain, zone="Africa/Nairobi") == 200
        for shown in ("Times are Nairobi time", "13 Dec, 09:00", "Another time zone"):
            assert shown in secretary.text, shown
        wrong = "Title;Date;Start;Languages\nA;soon;;Elvish\nB;;later;\n"
        await secretary.get("/admin")
        assert await secretary.upload(wrong.encode("utf-8")) == 400
        for said in (
            "Line 2, column &#39;Date&#39;",
            "Line 2, column &#39;Languages&#39;",
            "Line 3, column &#39;Start&#39;",
        ):
            assert said in secretary.text, secretary.text
        assert 'action="/admin/programme"' in secretary.text, "the mended file can be sent from here"
        assert await secretary.upload(b"Title,End\n,2026-01-02 10:00\n", zone="Mars/Base") == 400
        for said in ("time zone &#39;Mars/Base&#39;", "Line 2, column &#39;Title&#39;", "Line 2, column &#39;End&#39;"):
            assert said in secretary.text, secretary.text
        assert 'name="zone" value="Mars/Base"' in secretary.text
        assert house.running.backend.programme.planned() == ()


async def test_a_file_that_is_none_is_said_and_a_large_one_is_read(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        large = b"title,note\n" + b"".join(b"Talk %d,%s\n" % (n, b"x" * 900) for n in range(300))
        assert await secretary.upload(large) == 200
        assert secretary.text.count("<tr data-kind") == 300
        for data, zone, status, sentence in (
            (b"\xff\xfe\x00", "UTC", 400, "UTF-16"),
            (b"<!DOCTYPE x><schedule/>", "UTC", 400, "DOCTYPE"),
            (b"title\nA", "Mars/Base", 400, "time zone"),
            (b"x" * 9_000_000, "UTC", 413, "larger than"),
        ):
            await secretary.get("/admin")
            assert await secretary.upload(data, zone=zone) == status, secretary.text
            assert sentence in secretary.text
        assert await secretary.post("/admin/programme", {"file": "text"}) == 400


async def test_an_import_without_a_language_asks(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary, programme = await house.secretary(), house.running.backend.programme
        assert await secretary.upload(b"id,title,languages\na,Opening,\nb,Closing,fr\n") == 200
        assert "names no language: 1 · <bdi>Opening</bdi>" in secretary.text
        made = "/admin/programme/import"
        for languages in ("", "Klingonese"):
            assert await secretary.send(made, languages=languages) == 200
            assert 'role="alert"' in secretary.text
            assert programme.planned() == ()
        assert await secretary.send(made, languages="Kiswahili, English") == 200
        assert sorted(each.languages for each in programme.planned()) == [("fr",), ("sw", "en")]


async def test_the_next_meeting_of_a_place_starts_at_one_press(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary, technician = await house.secretary(), await house.browser()
        assert await secretary.send("/admin/rooms", title="Main hall") == 200
        await secretary.get("/admin")
        assert await secretary.send("/admin/rooms", title="main hall") == 400
        for title in ("First", "Second"):
            await make(secretary, title=title, place="main-hall")
        await secretary.get("/admin/links")
        assert await secretary.send("/admin/links", role="technician", scope="room:main-hall") == 200
        await technician.get(secretary.addresses()[0])
        assert '"/room/main-hall/microphone"' in technician.text
        assert "/desk/" not in technician.text
        assert "Start “\u2068First\u2069”" in technician.text
        assert await technician.send("/staff/rooms/main-hall/next") == 200
        programme = house.running.backend.programme
        assert programme.status_of(SessionId("first")) is Status.OPEN
        assert '"/desk/first"' in technician.text
        stale = technician.hidden("/staff/rooms/main-hall/next")
        assert await technician.post("/staff/rooms/main-hall/next", stale) == 200
        assert programme.status_of(SessionId("first")) is Status.CLOSED
        assert programme.status_of(SessionId("second")) is Status.OPEN
        assert await technician.post("/staff/rooms/main-hall/next", stale) == 409
        assert await technician.post("/staff/rooms/other/next", stale) == 403
        assert programme.status_of(SessionId("second")) is Status.OPEN

        await make(secretary, title="Third", place="main-hall")
        await secretary.get("/admin/meetings/third")
        assert "“\u2068Second\u2069” is on in the same place" in secretary.text
        blind = {**secretary.hidden("/admin/meetings/third"), "other_session": ""}
        assert await secretary.post("/admin/meetings/third", blind) == 200
        assert programme.status_of(SessionId("third")) is Status.CREATED, "it was not told of before"
        assert await secretary.send("/admin/meetings/third") == 200
        assert programme.status_of(SessionId("third")) is Status.OPEN
        assert await secretary.send("/admin/meetings/third") == 200

        await secretary.get("/admin/meetings/second")
        assert await secretary.send("/admin/meetings/second") == 200
        assert programme.status_of(SessionId("second")) is Status.CLOSED
        assert await secretary.send("/admin/meetings/second") == 200
        assert programme.status_of(SessionId("second")) is Status.OPEN
        form = secretary.hidden("/admin/meetings/second")
        assert await secretary.post("/admin/meetings/second", {**form, "act": "open"}) == 409
        assert await secretary.post("/admin/meetings/second", {**form, "act": "burn"}) == 400
        assert await secretary.get("/admin/meetings/none") == 404
        await secretary.get("/admin")
        assert await secretary.post("/admin/rooms/main-hall/next", secretary.hidden("/admin/rooms")) == 404


async def test_whoever_closes_a_meeting_is_told_first_of_sound_that_would_have_no_text(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary, closing = await house.secretary(), house.running.backend.closing
        assert await secretary.send("/admin/rooms", title="Main hall") == 200
        for title in ("First", "Second"):
            await make(secretary, title=title, place="main-hall")
        programme = house.running.backend.programme
        assert await programme.next_session(RoomId("main-hall")) == "first"
        presses = {
            "first": ("/admin", "/admin/rooms/main-hall/next"),
            "second": ("/admin/meetings/second", "/admin/meetings/second"),
        }
        for session, (page, action) in presses.items():
            closing.warn_with(lambda _: 0)
            await secretary.get(page)
            assert "what was said yet" not in secretary.text
            closing.warn_with(lambda _: 90_000)
            assert await secretary.send(action) == 200
            assert programme.status_of(SessionId(session)) is Status.OPEN, "the page didn't say so before"
            assert "No speech recogniser has heard 2\xa0min of what was said yet." in secretary.text
            assert await secretary.send(action) == 200
            assert programme.status_of(SessionId(session)) is Status.CLOSED


async def test_what_was_moved_before_the_last_one_can_be_started_when_nothing_comes_behind_it(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        assert await secretary.send("/admin/rooms", title="Main hall") == 200
        for title in ("Early", "Last"):
            await make(secretary, title=title, place="main-hall")
        programme = house.running.backend.programme
        now, early = programme.now(), programme.plan_of(SessionId("early"))
        assert early is not None
        assert await programme.next_session(RoomId("main-hall"), then=SessionId("last")) == "last"
        await programme.keep(planned=[msgspec.structs.replace(early, starts=now - HOUR, ends=now + HOUR)])
        for page, action in (("/admin", "/admin/rooms/main-hall/next"), ("/staff", "/staff/rooms/main-hall/next")):
            await secretary.get(page)
            assert "End this one and start “\u2068Early\u2069”" in secretary.text, page
            assert secretary.hidden(action)["then"] == "early"
        assert await secretary.send("/staff/rooms/main-hall/next") == 200
        assert programme.status_of(SessionId("early")) is Status.OPEN


async def test_the_pages_speak_the_readers_language_and_keep_it(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        await secretary.get("/admin?ui=ar")
        assert '<html lang="ar" dir="rtl"' in secretary.text
        assert 'action="/admin/meetings?ui=ar"' in secretary.text
        for page in ("/admin", "/staff"):
            await secretary.get(page)
            assert f'<a href="{page}?ui=fr" lang="fr"' in secretary.text
        await secretary.get("/admin?ui=ar")
        await secretary.send("/admin/meetings?ui=ar", **{**MEETING, "languages": "العربية، English"})
        assert "امسح الرمز" in secretary.text
        live = await house.running.backend.sessions.find(SessionId("water-board"))
        assert live is not None
        assert live.state.languages == ("ar", "en")


async def test_a_meetings_policy_questions_are_listed_with_a_form(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary, programme = await house.secretary(), house.running.backend.programme
        await make(secretary)
        page, questions = "/admin/meetings/water-board", "/admin/meetings/water-board/questions"
        live = await programme.live(SessionId("water-board"))
        assert live is not None
        await secretary.get(page)
        assert await secretary.send(questions, questions="Who pays?\r\n\r\n  How  is <it> measured? ") == 200
        assert secretary.url == page
        listed = live.state.notes_and_tags.questions
        assert [(each.id, each.text) for each in listed] == [("q1", "Who pays?"), ("q2", "How is <it> measured?")]
        assert "<li><bdi>How is &lt;it&gt; measured?</bdi></li>" in secretary.text
        before = live.writer.offset
        assert await secretary.send(questions, questions="Who pays?\nHow is <it> measured?") == 200
        assert live.writer.offset == before
        assert await secretary.send(questions, questions="How is <it> measured?") == 200
        assert [each.id for each in live.state.notes_and_tags.questions] == ["q2"]
        assert await secretary.send(questions, questions="\n".join(map(str, range(21)))) == 400
        assert '<p class="warning" role="alert">A meeting has at most 20 policy questions' in secretary.text
        assert "\n".join(("", *map(str, range(21)))) + "</textarea>" in secretary.text, "what was typed is kept"
        await secretary.get(page)
        fields = {**secretary.hidden(questions), "questions": "Why?"}
        assert await secretary.post("/admin/meetings/nowhere/questions", fields) == 404
        assert await secretary.post(questions, fields, origin=None) == 403
        stranger = await house.browser()
        assert await stranger.post(questions, fields) == 403


async def test_links_that_no_phone_can_open_are_said(tmp_path: Path) -> None:
    for number, (address, local) in enumerate((("", True), ("http://hall.example.org", False))):
        async with admin_house(tmp_path / str(number), address) as house:
            secretary = await house.browser()
            _, token = await house.running.backend.links.create(Role.SECRETARIAT, HALL, "")
            await secretary.get(f"/enter/{token}")
            assert ("No phone can open these links" in secretary.text) is local
            await make(secretary)
            assert ("No phone can open these links" in secretary.text) is local


async def test_two_meetings_at_one_time_in_one_place_are_said_of_both(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary, programme = await house.secretary(), house.running.backend.programme
        await make(secretary)
        await make(secretary, title="Rain")
        await programme.add_room("Garden")
        times = {"starts": "2026-12-01T10:00", "ends": "2026-12-01T11:00", "place": "garden"}
        for name, title in (("water-board", "Water board"), ("rain", "Rain")):
            await secretary.get(f"/admin/meetings/{name}")
            plan = f"/admin/meetings/{name}/plan"
            assert await secretary.send(plan, title=title, languages="English, French", **times) == 200
        assert "“\u2068Water board\u2069” is planned in the same place at the same time" in secretary.text
        await secretary.get("/admin?day=2026-12-01")
        assert "At the same time in the same place" in secretary.text
        assert "Two meetings in one place at the same time" in secretary.text
