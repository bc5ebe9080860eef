"""A meeting's plan is changed, doubled, cancelled and deleted on its page, and each meeting gets more time there."""

from __future__ import annotations

from pathlib import Path

from moothall.core.events.types import Access, SoundKept
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import RoomId
from moothall.services.sessions.staff import HALL
from support.desks.admin import admin_house, make


async def test_a_meetings_plan_is_changed_with_a_form(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary, programme = await house.secretary(), house.running.backend.programme
        await make(secretary)
        await programme.keep_zone("Africa/Nairobi")
        page, plan = "/admin/meetings/water-board", "/admin/meetings/water-board/plan"
        form = {"title": "Water", "languages": "Kiswahili, français", "starts": "2026-12-01T10:00", "ends": ""}
        live = await programme.live(SessionId("water-board"))
        assert live is not None
        await secretary.get(page)
        assert 'value="English, French"' in secretary.text
        assert await secretary.send(plan, **form) == 200
        assert secretary.url == page
        assert (live.state.title, live.state.languages) == ("Water", ("sw", "fr"))
        planned = programme.plan_of(SessionId("water-board"))
        assert planned is not None
        assert (planned.title, planned.languages) == ("Water", ("sw", "fr"))
        assert (planned.starts, planned.ends) == (1_796_108_400_000, None)  # 07:00 UTC
        assert 'value="2026-12-01T10:00"' in secretary.text
        for wrong, sentence in (
            ({"title": " "}, "needs a title"),
            ({"languages": "Klingonese"}, "Not known as a language: “\u2068Klingonese\u2069”"),
            ({"languages": " "}, "which languages are spoken"),
            ({"starts": "soon"}, "Write times as"),
            ({"ends": "2026-12-01T09:00"}, "Write times as"),
            ({"starts": "", "ends": "2026-12-01T11:00"}, "Write times as"),
        ):
            await secretary.get(page)
            assert await secretary.send(plan, **{**form, **wrong}) == 400
            assert sentence in secretary.text
            assert 'role="alert"' in secretary.text
        await secretary.get(page)
        assert await secretary.send(page, act="open") == 200
        assert 'name="starts"' not in secretary.text
        assert await secretary.send(plan, title="Water for all", languages="English", starts="") == 409
        assert live.state.title == "Water"
        await secretary.get(page)
        assert await secretary.send(plan, title="Water for all", languages="English", ends="2026-12-01T13:00") == 200
        assert (live.state.title, live.state.languages) == ("Water for all", ("en",))
        assert (programme.planned()[0].starts, programme.planned()[0].ends) == (planned.starts, 1_796_119_200_000)
        await secretary.get("/admin/meetings/water-board?ui=fr")
        assert "La réunion a lieu : ce que vous changez vaut aussitôt" in secretary.text


async def test_meetings_are_found_by_the_address_alone(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        for title in ("Water & <board>", "Harbour"):
            await make(secretary, title=title)
        assert await secretary.get("/admin?q=water&state=created&ui=en") == 200
        assert "Meetings that fit: 1 of 2" in secretary.text
        assert "/admin/meetings/harbour" not in secretary.text
        assert 'name="ui" value="en"' in secretary.text
        assert await secretary.get('/admin?q="<b>&day=none&room=none') == 200
        assert "Meetings that fit: 0 of 2" in secretary.text
        assert 'value="&#34;&lt;b&gt;"' in secretary.text


async def test_place_readers_and_sound_are_changed_with_the_form(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary, programme = await house.secretary(), house.running.backend.programme
        await make(secretary)
        await programme.add_room("Garden")
        page, plan = "/admin/meetings/water-board", "/admin/meetings/water-board/plan"
        stranger = await house.browser()
        assert await stranger.get("/s/water-board") == 200
        await secretary.get(page)
        form = {"title": "Water board", "languages": "English, French", "starts": "", "ends": ""}
        assert await secretary.send(plan, **form, place="garden", access="link", sound="none") == 200
        live = await programme.live(SessionId("water-board"))
        assert live is not None
        assert (live.state.access, live.state.sound) == (Access.LINK, SoundKept.NONE)
        assert programme.room_of(SessionId("water-board")) == RoomId("garden")
        assert await stranger.get("/s/water-board") == 404
        for wrong in ({"place": "none"}, {"access": "all"}, {"base": "no plan"}):
            await secretary.get(page)
            assert await secretary.send(plan, **form, **wrong) == 400
        assert (live.state.access, programme.room_of(SessionId("water-board"))) == (Access.LINK, RoomId("garden"))


async def test_two_secretaries_who_change_the_same_are_shown_both(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        first, programme = await house.secretary(), house.running.backend.programme
        second = await house.browser()
        _, token = await house.running.backend.links.create(Role.SECRETARIAT, HALL, "")
        assert await second.get(f"/enter/{token}") == 200
        await make(first)
        page, plan = "/admin/meetings/water-board", "/admin/meetings/water-board/plan"
        form = {"title": "Water board", "languages": "English, French", "starts": "", "ends": ""}
        for browser in (first, second):
            await browser.get(page)
        assert await first.send(plan, **{**form, "title": "Rain & snow", "languages": "English"}) == 200
        assert await second.send(plan, **{**form, "title": "Snow"}) == 409
        assert "Saved by somebody else: <bdi>Rain &amp; snow</bdi>" in second.text
        assert 'name="title" required maxlength="500" autocomplete="off" dir="auto" value="Snow"' in second.text
        live = await programme.live(SessionId("water-board"))
        assert live is not None
        assert live.state.title == "Rain & snow"
        assert await second.send(plan, **{**form, "title": "Snow", "languages": "English"}) == 200
        assert (live.state.title, live.state.languages) == ("Snow", ("en",))


async def test_a_meeting_is_cancelled_hidden_and_held_after_all(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary, stranger = await house.secretary(), await house.browser()
        await make(secretary)
        page, standing = "/admin/meetings/water-board", "/admin/meetings/water-board/standing"
        await secretary.get(page)
        assert await secretary.send(standing, act="cancel", reason="No <quorum>") == 200
        assert "No &lt;quorum&gt;" in secretary.text
        assert "Open the meeting" not in secretary.text
        await stranger.get("/")
        assert 'data-kind="cancelled">Cancelled</span> · <bdi>No &lt;quorum&gt;' in stranger.text
        await stranger.get("/s/water-board")
        assert "Cancelled · No &lt;quorum&gt;" in stranger.text
        await secretary.get("/admin?state=cancelled")
        assert "/admin/meetings/water-board" in secretary.text
        await secretary.get(page)
        assert await secretary.send(standing, act="reinstate") == 200
        assert await secretary.send(page, act="open") == 200
        assert await secretary.send(standing, act="hide") == 200
        assert "In no public list" in secretary.text
        await stranger.get("/")
        assert "Water board" not in stranger.text
        assert await stranger.get("/s/water-board") == 200
        assert await secretary.send(standing, act="list") == 200
        assert await secretary.send(standing, act="none") == 400
        await secretary.get(page)
        assert await secretary.send(standing, act="cancel") == 409


async def test_a_meeting_is_duplicated_with_a_time_of_its_own(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary, programme = await house.secretary(), house.running.backend.programme
        await make(secretary, access="link")
        path = "/admin/meetings/water-board/duplicate"
        for wrong, sentence in (({"title": " "}, "needs a title"), ({"starts": "soon"}, "Write times as")):
            await secretary.get(path)
            assert await secretary.send(path, **{"title": "Water board", "starts": "", **wrong}) == 400
            assert sentence in secretary.text
        await secretary.get(path)
        fields = {**secretary.hidden(path), "title": "Water board", "starts": "2026-12-01T10:00"}
        for _ in range(2):
            assert await secretary.post(path, fields) == 200
        assert [each.session for each in programme.planned()] == ["water-board-2", "water-board"]
        live = await programme.live(SessionId("water-board-2"))
        assert live is not None
        assert live.state.access is Access.LINK


async def test_what_never_began_is_deleted_and_that_is_taken_back_for_a_minute(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary, stranger = await house.secretary(), await house.browser()
        await make(secretary)
        page, path = "/admin/meetings/water-board", "/admin/meetings/water-board/delete"
        restore = "/admin/meetings/water-board/restore"
        await secretary.get(path)
        assert await secretary.send(path) == 200
        assert secretary.url == "/admin"
        assert "\u2068Water board\u2069” is deleted" in secretary.text
        deleted = secretary.hidden(restore)
        await stranger.get("/")
        assert "Water board" not in stranger.text
        assert await secretary.get(page) == 404
        assert await secretary.post(restore, deleted, origin="https://evil.example") == 403
        assert await secretary.post(restore, deleted) == 200
        assert secretary.url == page
        assert await secretary.post(restore, deleted) == 404
        await stranger.get("/")
        assert "Water board" in stranger.text
        await secretary.get(page)
        assert await secretary.send(page, act="open") == 200
        await secretary.get(path)
        assert "nobody can delete here" in secretary.text
        assert await secretary.post(path, deleted) == 409


async def test_each_press_gives_a_meeting_that_is_on_ten_more_minutes(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary, programme = await house.secretary(), house.running.backend.programme
        await make(secretary)
        page, longer = "/admin/meetings/water-board", "/admin/meetings/water-board/longer"
        await secretary.get(page)
        assert "10 more minutes" not in secretary.text
        assert await secretary.send(page, act="open") == 200
        pressed = secretary.hidden(longer)
        ends: list[int | None] = []
        for fields in (pressed, pressed, None):
            assert await secretary.post(longer, fields or secretary.hidden(longer)) == 200
            ends.append(programme.planned()[0].ends)
        assert ends[0] is not None
        assert ends == [ends[0], ends[0], ends[0] + 600_000]
