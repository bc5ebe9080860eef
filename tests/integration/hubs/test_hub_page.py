"""A hub after installation: what its coordinator does on its page, over HTTP and without a script."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind
from moothall.core.events.types import Access, ChannelKind
from moothall.core.hubs.entry import Details
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, InterventionId, NoteId, SessionId
from moothall.core.sessions.state import State
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.staff import HALL, session_scope
from support.desks.admin import AdminHouse, Browser, admin_house
from support.files.programme_files import sample, week_before

S = SessionId("plenary")
PAGE = f"/hub/kisumu/{S}"


async def send(
    house: AdminHouse, act: str, *commands: do.AnyCommand, session: SessionId = S, by: Actor = SYSTEM
) -> None:
    live = await house.running.backend.sessions.open(session)
    assert isinstance(await live.writer.send(by, CommandId(act), commands), Receipt)


async def make(house: AdminHouse, session: SessionId, access: Access = Access.PUBLIC) -> None:
    created = do.CreateSession(title=f"The {session} & <all>", languages=("en",), access=access)
    channel = do.AddChannel(channel=ChannelId("floor"), kind=ChannelKind.FLOOR, languages=("en",))
    await send(house, "made", created, channel, session=session)


async def coordinator(house: AdminHouse, scope: str = HALL, label: str = "Kisumu") -> Browser:
    _, token = await house.running.backend.links.create(Role.HUB, scope, label)
    browser = await house.browser()
    assert await browser.get(f"/enter/{token}") == 200
    return browser


async def state(house: AdminHouse) -> State:
    return (await house.running.backend.sessions.open(S)).state


async def test_the_coordinator_chooses_a_meeting_by_the_groups_own_clock(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        await house.running.backend.programme.keep_zone("Europe/Paris")
        browser = await coordinator(house)
        assert browser.url == "/hub/kisumu"
        assert "There is no meeting yet." in browser.text
        meetings = {"plenary": Access.PUBLIC, "coming": Access.LINK, "hidden": Access.STAFF, "past": Access.PUBLIC}
        for name, access in meetings.items():
            await make(house, SessionId(name), access)
        await send(house, "open", do.OpenSession())
        await send(house, "open", do.OpenSession(), session=SessionId("past"))
        await send(house, "close", do.CloseSession(), session=SessionId("past"))
        assert await browser.get("/hub/kisumu?ui=en") == 200
        order = re.findall(r'href="/hub/kisumu/(\w+)\?ui=en"', browser.text)
        assert order == ["plenary", "coming", "past"]
        assert "Times are Paris time" in browser.text
        await house.running.backend.hubs.change("kisumu", Details(zone="Africa/Nairobi"))
        await browser.get("/hub/kisumu?ui=en")
        assert "Times are Nairobi time" in browser.text
        for path in ("/hub/kisumu/hidden", "/hub/kisumu/nosuchone", "/hub/kisumu/..x", "/hub/kisumu/hidden/now"):
            assert await browser.get(path) == 404
        assert await browser.get("/hub/lima") == 403
        stranger = await house.browser()
        for path in ("/hub/kisumu", PAGE, f"{PAGE}/now", "/hub/nobody"):
            assert await stranger.get(path) == 403


async def test_coming_meetings_have_their_planned_times(tmp_path: Path) -> None:
    async with admin_house(tmp_path, clock=week_before()) as house:
        await house.running.office.import_programme(
            sample("programme.csv"), zone="UTC", access=Access.PUBLIC, apply=True
        )
        browser = await coordinator(house)
        await browser.get("/hub/kisumu?ui=en")
        rows = re.findall(r'<li data-status="created">(.*?)</li>', browser.text, re.DOTALL)
        assert rows
        assert all("<time" in row for row in rows)


async def test_a_link_of_one_meeting_opens_no_other(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        for name in ("plenary", "other"):
            await make(house, SessionId(name))
        browser = await coordinator(house, session_scope(S))
        assert browser.url == PAGE
        assert await browser.get("/hub/kisumu/other") == 404
        await browser.get("/hub/kisumu")
        assert "/hub/kisumu/other" not in browser.text
        await browser.get("/staff")
        assert 'href="/hub/kisumu"' in browser.text


async def test_heads_are_counted_by_one_tap_or_as_a_number(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        await make(house, S)
        await send(house, "open", do.OpenSession())
        browser = await coordinator(house)
        people = house.running.backend.hubs.people
        await browser.get(PAGE)
        assert "Nobody has been counted here yet." in browser.text
        await browser.send(f"{PAGE}/people", step="more")
        assert browser.url == PAGE
        assert people("kisumu") == 1
        twice = browser.hidden(f"{PAGE}/people")
        for _ in range(2):  # Sent twice by a slow line it is one person.
            await browser.post(f"{PAGE}/people", {**twice, "step": "more"})
        assert people("kisumu") == 2
        await browser.send(f"{PAGE}/people", people="٢٣")
        assert people("kisumu") == 23
        assert "People now: 23" in browser.text
        await browser.send(f"{PAGE}/people", people="9", age="60000")  # What was counted before is no news.
        assert people("kisumu") == 23
        await browser.send(f"{PAGE}/people", step="fewer")
        assert people("kisumu") == 22
        for wrong in ("", "many", "-1", "1000000", "1.5"):
            assert await browser.send(f"{PAGE}/people", people=wrong) == 400
            assert "as a number" in browser.text
        await browser.send(f"{PAGE}/people", people="0")
        await browser.send(f"{PAGE}/people", step="fewer")
        assert people("kisumu") == 0
        assert await browser.post(f"{PAGE}/people", {**twice, "form": "x"}) == 403


async def test_notes_go_both_ways_with_receipts(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        await make(house, S)
        browser = await coordinator(house)
        await browser.get(PAGE)
        form = browser.hidden(f"{PAGE}/notes")
        for _ in range(2):
            await browser.post(f"{PAGE}/notes", {**form, "text": " We <hear> nothing.\r\nDo you? "})
        (note,) = (await state(house)).notes_and_tags.hub_notes
        assert (note.hub, note.by, note.text) == ("kisumu", Role.HUB, "We <hear> nothing.\nDo you?")
        moderator = Actor(Role.MODERATOR, "m1")
        answer = do.LeaveHubNote(hub="kisumu", note=NoteId("back"), text="Now?")
        other = do.LeaveHubNote(hub="lima", note=NoteId("other"), text="To Lima alone")
        read = do.ReadHubNote(hub="kisumu", note=note.note)
        await send(house, "answer", answer, other, read, by=moderator)
        await browser.get(PAGE)
        assert "We &lt;hear&gt; nothing." in browser.text
        assert "Read by: Moderator" in browser.text
        assert "To Lima alone" not in browser.text
        assert browser.text.index("Now?") < browser.text.index("We &lt;hear&gt;")
        to_read = browser.hidden(f"{PAGE}/notes/read")
        for _ in range(2):
            assert await browser.post(f"{PAGE}/notes/read", to_read) == 200
        assert "I have read it" not in browser.text
        assert (await state(house)).notes_and_tags.hub_notes[1].read == (Role.HUB,)
        for wrong in ("other", "nosuchone", "../x"):
            assert await browser.post(f"{PAGE}/notes/read", {**to_read, "note": wrong}) == 404


async def test_what_was_typed_into_a_note_is_not_lost(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        await make(house, S)
        browser = await coordinator(house)
        await browser.get(PAGE)
        form = browser.hidden(f"{PAGE}/notes")
        assert await browser.post(f"{PAGE}/notes", {**form, "form": "of yesterday", "text": "It is dark"}) == 403
        assert "It is dark</textarea>" in browser.text
        assert await browser.post(f"{PAGE}/notes", {**form, "text": " "}) == 400
        assert await browser.post(f"{PAGE}/notes", {**form, "note": "No!", "text": "Hm"}) == 400
        assert await browser.post(f"{PAGE}/notes", {**form, "text": "x" * 10_001}) == 400
        assert await browser.post(f"{PAGE}/notes", {**form, "text": "One"}) == 200
        assert await browser.post(f"{PAGE}/notes", {**form, "text": "Two"}) == 200
        assert [note.text for note in (await state(house)).notes_and_tags.hub_notes] == ["One"]
        await send(
            house, "taken", do.LeaveHubNote(hub="kisumu", note=NoteId("taken"), text="x"), by=Actor(Role.CHAIR, "c")
        )
        assert await browser.post(f"{PAGE}/notes", {**form, "note": "taken", "text": "Three"}) == 409
        assert "Three</textarea>" in browser.text


async def test_the_groups_questions_and_where_they_stand(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        await make(house, S)
        await send(house, "open", do.OpenSession())
        browser = await coordinator(house)
        assert await browser.get(PAGE) == 200
        assert f'href="/s/{S}/ask"' in browser.text
        assert f'href="/s/{S}/screen"' in browser.text
        await browser.get(f"/s/{S}/ask")
        form = {"id": "f1", "kind": "question", "text": "Who <pays>?", "name": "Ana", "language": "en", "hub": "kisumu"}
        assert await browser.post(f"/s/{S}/ask", form) == 200
        below = do.Ask(
            intervention=InterventionId("below"), kind=InterventionKind.QUESTION, text="And here?", language="en",
            asker="a", origin="hub:kisumu.ward",
        )  # fmt: skip
        await send(house, "below", below, by=Actor(Role.HUB, "b", hub="kisumu.ward"))
        elsewhere = do.Ask(
            intervention=InterventionId("lima"), kind=InterventionKind.QUESTION, text="From Lima", language="en",
            asker="b", origin="hub:lima",
        )  # fmt: skip
        await send(house, "lima", elsewhere, by=Actor(Role.HUB, "l", hub="lima"))
        assert await browser.get(f"{PAGE}/now") == 200
        assert browser.text.index("And here?") < browser.text.index("Who &lt;pays&gt;?")
        assert "<bdi>ward</bdi>" in browser.text
        await send(
            house, "w", do.SetHubPresence(hub="kisumu.ward", title="Ward <school>", people=3, here=True, since=1)
        )
        await house.running.backend.hubs.change("kisumu", Details(), "Kisumu town")
        await browser.get(f"{PAGE}/now")
        assert "<bdi>Ward &lt;school&gt;</bdi>" in browser.text
        await browser.get(f"/s/{S}/ask")
        assert "\u2068Kisumu town\u2069" in browser.text
        await browser.get(f"{PAGE}/now")
        assert "Being checked" in browser.text
        assert "From Lima" not in browser.text
        own = re.search(rf'href="(/s/{S}/asked/[^"]+)" id="q-', browser.text)
        assert own is not None
        assert await browser.get(unescape(own[1])) == 200


async def test_a_page_that_renews_itself_is_there(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        await make(house, S)
        browser = await coordinator(house)
        assert await browser.get(PAGE) == 200
        assert not house.running.backend.hubs.here("kisumu")
        await browser.get(f"{PAGE}/now")
        assert house.running.backend.hubs.here("kisumu")
        assert "<html" not in browser.text
