"""Who was there, on a real server: counts, badges, readers, the attendance list, release, years, recommendations."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from moothall.app.hall import hall
from moothall.core import commands as do
from moothall.core.events.attendance import CountSource
from moothall.core.events.types import Access, ChannelKind, SoundKept
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.kernel.lanes import STAFF
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import Conference, EngineSection, Server, Settings, Translation
from support.desks.admin import AdminHouse, Browser, admin_house

PLENARY = SessionId("plenary")
FLOOR = ChannelId("floor")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[AdminHouse]:
    async with admin_house(tmp_path) as opened:
        await send(
            opened,
            do.CreateSession(title="Plenary", languages=("en",)),
            do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),
            do.OpenSession(),
        )
        yield opened


async def send(house: AdminHouse, *commands: do.AnyCommand, by: Actor = SYSTEM) -> None:
    live = await house.running.backend.sessions.open(PLENARY)
    name = CommandId(f"c{live.writer.offset}")
    answer = await live.writer.send(by, name, commands)
    assert isinstance(answer, Receipt), answer


async def moderator(house: AdminHouse) -> Browser:
    browser = await house.browser()
    _, token = await house.running.backend.links.create(Role.MODERATOR, "hall", "Mo")
    assert await browser.get(f"/enter/{token}") == 200
    return browser


async def badges(browser: Browser, data: bytes, **fields: str) -> int:
    action = "/attendance/plenary/badges"
    form = aiohttp.FormData()
    for name, value in {**browser.hidden(action), **fields}.items():
        form.add_field(name, value)
    form.add_field("file", io.BytesIO(data), filename="badges.csv", content_type="text/csv")
    return await browser.post(action, form)


async def report(browser: Browser) -> dict[str, object]:
    assert await browser.get("/attendance/plenary/report.json") == 200, browser.text
    found: dict[str, object] = json.loads(browser.text)
    return found


async def test_counts_and_badges_are_one_number_and_nothing_of_a_file_is_stored(
    house: AdminHouse, tmp_path: Path
) -> None:
    browser = await moderator(house)
    assert await browser.get("/attendance/plenary") == 200
    assert await browser.send("/attendance/plenary/count", people="many") == 400
    assert "Write how many people there are" in browser.text
    assert await browser.send("/attendance/plenary/count", people="40") == 200
    assert (await report(browser))["room"] == {"least": 40, "most": 40}
    await browser.get("/attendance/plenary")
    assert await badges(browser, b"badge,name\n17,Rosalind\n18,Ben\n17,Rosalind\n", corrects="yes") == 200
    assert (await report(browser))["room"] == {"least": 2, "most": 2}
    await browser.get("/attendance/plenary")
    assert await badges(browser, b"badge,name\n,Rosalind\n") == 400
    assert "Line 2: the badge" in browser.text
    stored = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert b"Rosalind" not in stored


async def test_a_report_is_for_the_staff_until_the_secretariat_releases_it(house: AdminHouse) -> None:
    stranger, browser, office = await house.browser(), await moderator(house), await house.secretary()
    assert await stranger.get("/attendance/plenary") == 404
    assert "This report is not public yet." in stranger.text
    assert await stranger.get("/attendance/plenary/report.csv") == 404
    assert await stranger.get("/attendance/nosuchone") == 404
    await send(house, do.CountPeople(people=40, source=CountSource.TYPED), by=Actor(Role.MODERATOR, "m"))
    await send(house, do.CloseSession())
    await browser.get("/attendance/plenary")
    assert "/attendance/plenary/release" not in browser.text
    await office.get("/attendance")
    assert "/attendance/plenary" in office.text
    await office.get("/attendance/plenary")
    assert await office.send("/attendance/plenary/release", act="release") == 200
    assert await stranger.get("/attendance/plenary") == 200
    assert "40" in stranger.text
    assert 'action="' not in stranger.text
    assert await stranger.get("/attendance/plenary/report.csv") == 200
    rows = list(csv.reader(io.StringIO(stranger.text.lstrip("\ufeff"))))
    assert ["room", "", "40", "40", ""] in rows
    assert await stranger.get("/attendance.json") == 200
    year = json.loads(stranger.text)
    assert year["room"] == {"least": 40, "most": 40}
    assert [each["session"] for each in year["sessions"]] == ["plenary"]
    assert await stranger.get("/attendance.csv") == 200
    assert "Plenary" in stranger.text
    assert await stranger.get(f"/attendance?year={year['year']}") == 200
    people = stranger.text.partition('id="Records"')[0]  # of released reports, as the sentence below them says
    assert "Groups that took part" in people
    assert "Names on attendance lists" in people
    await office.get("/attendance/plenary")
    assert await office.send("/attendance/plenary/release", act="withhold") == 200
    assert await stranger.get("/attendance/plenary") == 404


async def test_a_released_report_goes_with_its_meeting_when_only_the_staff_may_read_that(house: AdminHouse) -> None:
    stranger, office = await house.browser(), Actor(Role.SECRETARIAT, "s")
    await send(house, do.CountPeople(people=40, source=CountSource.TYPED), by=office)
    await send(house, do.CloseSession())
    await send(house, do.ReleaseAttendance(released=True), by=office)
    assert await stranger.get("/attendance/plenary") == 200
    assert await stranger.get("/attendance.json") == 200
    assert [each["session"] for each in json.loads(stranger.text)["sessions"]] == ["plenary"]
    await send(house, do.ReopenSession())
    assert await stranger.get("/attendance/plenary") == 404
    await send(house, do.ArrangeSession(access=Access.STAFF, sound=SoundKept.NONE))
    await send(house, do.CloseSession())
    for page in ("/attendance/plenary", "/attendance/plenary/report.csv", "/attendance/plenary/report.json"):
        assert await stranger.get(page) == 404
    assert await stranger.get("/attendance.json") == 200
    assert json.loads(stranger.text)["sessions"] == []


async def test_readers_are_counted_by_browser_and_a_poller_by_nobody(house: AdminHouse) -> None:
    browser = await house.browser()
    assert await browser.get("/s/plenary/ask") == 200  # it gets the cookie of an asker here
    async with (
        browser.http.get(f"{browser.address}/s/plenary/events?reader=one") as first,
        browser.http.get(f"{browser.address}/s/plenary/events?reader=two") as second,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http,
        http.get(f"{browser.address}/s/plenary/events?reader=three") as third,
        http.get(f"{browser.address}/s/plenary/questions") as asked,
        http.get(f"{browser.address}/s/plenary/events?reader=three") as again,
    ):
        assert asked.cookies  # These stand beside the text, so its page has this cookie when it comes back.
        for each in (first, second, third, again):
            assert each.status == 200
            await each.content.readany()
        count = house.running.backend.online.of(PLENARY)
        assert count is not None
        assert (count.people.least, count.people.most) == (2, 2)
        for each in (first, second, third, again):
            each.close()
    assert await (await house.browser()).get("/s/plenary/poll?wait=0") == 200
    count = house.running.backend.online.of(PLENARY)
    assert count is not None
    assert count.uncounted
    made = await report(await moderator(house))
    assert made["online"] == {"least": 2, "most": None}


async def test_people_sign_in_themselves_until_the_list_is_final(house: AdminHouse) -> None:
    person, office = await house.browser(), await house.secretary()
    assert await person.get("/s/plenary/sign-in-sheet") == 404
    assert "the attendance list is not open" in person.text
    await office.get("/attendance/plenary")
    assert await office.send("/attendance/plenary/roll", act="open") == 200
    sheet = "/s/plenary/sign-in-sheet"
    assert await person.get(sheet) == 200
    assert await person.send(sheet, name="Ana Souza") == 422  # she has not agreed
    assert 'value="Ana Souza"' in person.text
    fields = {"name": "Ana Souza", "representing": "Radio Kisumu", "group": "media", "region": "africa"}
    assert await person.send(sheet, **fields, agreed="yes") == 200
    own = person.url
    assert own.startswith(f"{sheet}/")
    assert "You are on the list." in person.text
    assert await person.send(own, name="Ana Sousa", agreed="yes") == 200
    other = await house.browser()
    await other.get(sheet)
    assert await other.send(sheet, name="Ben Off", agreed="yes") == 200
    assert await other.send(other.url, act="strike") == 200
    assert await other.get(f"{sheet}/{'x' * 22}") == 404
    log = house.running.backend.log
    kept = b"".join(each.body or b"" for each in await log.read(PLENARY, 0, 1_000, frozenset({STAFF})))
    assert b"Ben Off" not in kept
    stranger = await house.browser()
    await send(house, do.CloseSession())
    await office.get("/attendance/plenary")
    assert "Ana Sousa" in office.text
    assert await office.send("/attendance/plenary/roll", act="final") == 200
    assert await office.send("/attendance/plenary/release", act="release") == 200
    assert await stranger.get("/attendance/plenary") == 200
    assert "Ana Sousa" in stranger.text
    assert await person.get(own) == 404
    assert "The attendance list is final" in person.text
    assert await office.send("/attendance/plenary/roll", act="strike", entry="n1") == 200
    assert await stranger.get("/attendance/plenary") == 200
    assert "Ana Sousa" not in stranger.text
    left = [record for record in await log.read(PLENARY, 0, 1_000) if record.header.type == "roll.named"]
    assert [record.body for record in left] == [None]


async def test_the_recommendations_are_answered_from_the_records(house: AdminHouse) -> None:
    browser = await house.browser()
    word = do.TypeSegment(channel=FLOOR, segment=SegmentId("a"), text="Good evening.", language="en")
    await send(house, word, by=Actor(Role.CAPTIONER, "c1"))
    await send(house, do.CloseSession())
    assert await browser.get("/recommendations.json") == 200
    found = {each["id"]: each for each in json.loads(browser.text)["recommendations"]}
    assert found["A.1-messages"]["figure"] == "messages-published"
    assert list(found["A.2-transmitted"]["years"].values()) == [{"least": 0, "most": 0}]
    assert list(found["B.2-verbatim"]["years"].values()) == [{"least": 1, "most": 1}]
    assert list(found["A.1-reports"]["years"].values()) == [{"least": 0, "most": 0}]
    assert list(found["C.3-attendees"]["years"].values()) == [{"least": 0, "most": None}]
    assert await browser.get("/recommendations") == 200
    assert "Not measured here" in browser.text
    assert await browser.get("/recommendations.csv") == 200
    assert browser.text.startswith("\ufeffid,section,words,figure,link,")


async def test_a_wrong_table_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    table = tmp_path / "mine.toml"
    table.write_text('[[recommendation]]\nid = "a"\nsection = "A"\nwords = "x"\nfigure = "y"\n', encoding="utf-8")
    settings = Settings(
        server=Server(port=0, data=str(tmp_path / "data")),
        conference=Conference(recommendations=str(table)),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )
    with pytest.raises(ExceptionGroup) as refused:
        async with hall(settings):
            pass
    sentence = str(refused.value.exceptions[0])
    assert "mine.toml, entry 1 ('a'), the field 'figure' is 'y', which is not known" in sentence
