from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Sequence
from zoneinfo import ZoneInfo

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.reading.front_page import FrontPage
from moothall.core.events.lines import Origin
from moothall.core.events.types import Access, ChannelKind
from moothall.core.kernel.ids import ChannelId, Epoch, SegmentId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.kernel.times import Zone
from moothall.core.programme.plan import OVERDUE_MS, Planned, RoomId
from moothall.core.sessions.state import Status
from moothall.core.views.captions import Line, ReaderChannel, Session, Snapshot
from moothall.services.sessions.catalogue import Entry
from moothall.testing.clock import LONG_AGO, ManualClock

PAGES = Pages(find_web_folder())
HOUR = 3_600_000
DAY = 24 * HOUR
Client = TestClient[web.Request, web.Application]


def entry(name: str, status: Status, opened: int | None = None, **fields: object) -> Entry:
    values = {"title": f"About {name}", "languages": ("en", "fr"), "access": Access.PUBLIC, **fields}
    return Entry(session=SessionId(name), status=status, opened=opened, channel=ChannelId("floor"), **values)  # type: ignore[arg-type]


class FrontPages:
    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.hidden: dict[SessionId, Entry] = {}
        self.plans: list[Planned] = []
        self.agenda = ""
        self.more: tuple[str, ...] = ()
        self.room = "Großer <Saal>"

    async def listed(self) -> Sequence[Entry]:
        return self.entries

    def known(self, session: SessionId) -> Entry | None:
        return {entry.session: entry for entry in self.entries}.get(session) or self.hidden.get(session)


@pytest.fixture
def house() -> FrontPages:
    return FrontPages()


@pytest.fixture
def front(house: FrontPages) -> FrontPage:
    return FrontPage(
        PAGES,
        clock=ManualClock(),
        listed=house.listed,
        planned=lambda: house.plans,
        place=lambda room: {"r1": house.room}.get(room, ""),
        known=house.known,
        readable=lambda _, spoken: (*spoken, *house.more),
        agenda=lambda: house.agenda,
    )


@pytest.fixture
async def client(front: FrontPage) -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes(front.routes())
    async with TestClient(TestServer(app)) as client:
        yield client


async def shown(client: Client, query: str = "", language: str = "en") -> str:
    async with client.get("/" + query, headers={"Accept-Language": language}) as response:
        assert response.status == 200
        assert response.headers["Cache-Control"] == "no-cache"
        return await response.text()


def sections(html: str) -> dict[str, list[str]]:
    """The titles under each heading, in order; days are left out."""
    found: dict[str, list[str]] = {}
    for heading, body in re.findall(r'<section.*?<h2 id="(\w+)">(.*?)</section>', html, re.DOTALL):
        found[heading] = re.findall(r"<bdi[^>]*>(About [^<]*)</bdi>", body)
    return found


async def test_what_is_on_now_what_is_coming_and_what_is_past(client: Client, house: FrontPages) -> None:
    house.entries = [
        entry("later-on", Status.OPEN, LONG_AGO - HOUR),
        entry("on", Status.PAUSED, LONG_AGO - 2 * HOUR),
        entry("old", Status.CLOSED, LONG_AGO - 2 * DAY),
        entry("older", Status.CLOSED, LONG_AGO - 3 * DAY),
        entry("someday", Status.CREATED),
        entry("soon", Status.CREATED),
    ]
    plan = {"room": RoomId("r1"), "languages": ("en",)}
    house.plans = [
        Planned(session=SessionId("soon"), title="x", starts=LONG_AGO + HOUR, **plan),  # type: ignore[arg-type]
        Planned(session=SessionId("next"), title="About next", starts=LONG_AGO + 2 * HOUR, **plan),  # type: ignore[arg-type]
        Planned(session=SessionId("old"), title="x", starts=LONG_AGO - 2 * DAY, **plan),  # type: ignore[arg-type]
    ]
    html = await shown(client)
    assert sections(html) == {
        "Now": ["About on", "About later-on"],
        "Coming": ["About soon", "About next", "About someday"],
        "Past": ["About old", "About older"],
    }
    assert re.findall(r"<h3>(.*?)</h3>", html) == [
        "Monday, November 24, 2025",
        "Saturday, November 22, 2025",
        "Friday, November 21, 2025",
    ]
    assert 'href="/s/on"' in html
    assert "/s/next" not in html  # there is nothing to read yet
    assert "Großer &lt;Saal&gt;" in html
    assert re.search(r'<time datetime="2025-11-24T17:00:00Z">17:00</time>', html)
    assert html.count("Times are UTC.") == 1
    assert "English, French" in html


async def test_a_meeting_has_its_planned_end_until_it_is_closed(client: Client, house: FrontPages) -> None:
    opened, ended = LONG_AGO + HOUR // 4, LONG_AGO + HOUR
    house.entries = [
        entry("on", Status.OPEN, opened),
        entry("over", Status.CLOSED, opened),
        entry("again", Status.OPEN, ended + HOUR),
    ]
    house.plans = [
        Planned(session=SessionId(name), title=f"About {name}", starts=starts, ends=ended)
        for name, starts in {**dict.fromkeys(("on", "over", "again", "next"), LONG_AGO), "open": None}.items()
    ]
    html = (await shown(client)).replace("\N{EN DASH}", "-")
    found = re.findall(r"<bdi[^>]*>About (\w+)</bdi>.*?<p class=\"date\">(.*?)</p>", html, re.DOTALL)
    times = {name: "".join(re.findall(r"<time[^>]*>(.*?)</time>", said)) for name, said in found}
    assert times == {"on": "16:15-17:00", "over": "16:15", "again": "18:00", "next": "16:00-17:00", "open": ""}


async def test_times_are_those_of_the_conference_and_the_page_says_so_once(house: FrontPages) -> None:
    paris = Zone("Europe/Paris", ZoneInfo("Europe/Paris"))
    late = LONG_AGO + 7 * HOUR + HOUR // 2  # 23:30 UTC, and the next day in Paris
    house.plans = [
        Planned(session=SessionId("late"), title="About late", starts=late),
        Planned(session=SessionId("spring"), title="About spring", starts=LONG_AGO + 200 * DAY),
    ]
    front = FrontPage(
        Pages(find_web_folder(), zone=lambda: paris),
        clock=ManualClock(),
        listed=house.listed,
        planned=lambda: house.plans,
        known=house.known,
    )
    app = web.Application()
    app.add_routes(front.routes())
    async with TestClient(TestServer(app)) as client:
        html = await shown(client)
        assert html.count("Times are Paris time, UTC+1.") == 1
        assert re.search(r'<time datetime="2025-11-25T00:30:00\+01:00">00:30</time>', html)
        assert "Tuesday, November 25, 2025" in html
        assert re.search(r'<time datetime="2026-06-12T18:00:00\+02:00">18:00 UTC\+2</time>', html)
        assert "Время: Париж, UTC+1." in await shown(client, language="ru")


async def test_a_plan_shows_nothing_that_may_not_be_listed(client: Client, house: FrontPages) -> None:
    house.hidden = {SessionId("backstage"): entry("backstage", Status.OPEN, access=Access.STAFF)}
    house.plans = [
        Planned(session=SessionId("backstage"), title="About backstage", starts=LONG_AGO + HOUR),
        Planned(session=SessionId("trial"), title="About trial", starts=LONG_AGO + HOUR, rehearsal=True),
        Planned(session=SessionId("missed"), title="About missed", starts=LONG_AGO - DAY, ends=LONG_AGO - OVERDUE_MS),
        Planned(session=SessionId("late"), title="About late", starts=LONG_AGO - HOUR),
        Planned(session=SessionId("open-ended"), title="About open-ended"),
    ]
    assert sections(await shown(client)) == {"Coming": ["About open-ended"], "Overdue": ["About late"]}


async def test_what_has_not_begun_in_its_planned_time_is_not_coming(client: Client, house: FrontPages) -> None:
    """With a log, as all of an imported programme has, and without one."""
    ends = {"long-past": LONG_AGO - OVERDUE_MS, "over": LONG_AGO - HOUR, "just-over": LONG_AGO, "late": LONG_AGO + 1}
    listed = {"Coming": ["About late"], "Overdue": ["About just-over", "About over"]}
    house.plans = [
        Planned(session=SessionId(name), title=f"About {name}", starts=end - HOUR, ends=end)
        for name, end in ends.items()
    ]
    assert sections(await shown(client)) == listed
    house.entries = [entry(name, Status.CREATED) for name in ends]
    assert sections(await shown(client)) == listed
    assert "Planned for earlier, and not begun" in await shown(client)
    house.entries = [entry("over", Status.CREATED, cancelled="Nobody came")]
    house.plans = house.plans[1:2]
    page = await shown(client)
    assert (sections(page), "Nobody came" in page) == ({"Overdue": ["About over"]}, True)


async def test_nothing_is_said_in_a_sentence(client: Client, house: FrontPages) -> None:
    assert "No meeting is open to the public at the moment." in await shown(client)
    house.entries = [entry("a", Status.OPEN, LONG_AGO, title="  ")]
    html = await shown(client)
    assert "No meeting is open" not in html
    assert "Meeting without a title" in html


async def test_titles_are_text_and_have_their_language(client: Client, house: FrontPages) -> None:
    house.entries = [
        entry("a", Status.OPEN, LONG_AGO, title="<img src=x onerror=alert(1)>"),
        entry("b", Status.OPEN, LONG_AGO, title="اجتماع", languages=("ar",)),
    ]
    html = await shown(client)
    assert "<img" not in html
    assert '<bdi lang="ar">اجتماع</bdi>' in html


async def test_links_keep_a_language_that_the_address_named(client: Client, house: FrontPages) -> None:
    house.entries = [entry("a", Status.CLOSED, LONG_AGO)]
    assert 'href="/s/a?ui=fr"' in await shown(client, "?ui=fr")
    french = await shown(client, language="fr-CA")
    assert 'href="/s/a"' in french
    assert 'lang="fr"' in french
    assert "lundi 24 novembre 2025" in french


async def test_a_whole_conference_is_listed_and_stays_small(client: Client, house: FrontPages) -> None:
    house.entries = [entry(f"s{n:03}", Status.CLOSED, LONG_AGO - n * HOUR) for n in range(230)]
    html = await shown(client)
    assert len(sections(html)["Past"]) == 230
    assert sections(html)["Past"][0] == "About s000"


class Heard:
    """Snapshots of a session that is on, by channel."""

    def __init__(self, **lines: tuple[str, tuple[Line, ...]]) -> None:
        channels = {
            ChannelId(name.replace("_", "-")): ReaderChannel(
                kind=ChannelKind.FLOOR if name == "floor" else ChannelKind.TRANSLATION, languages=(language,)
            )
            for name, (language, _) in lines.items()
        }
        self.session = Session(id=SessionId("now"), channels=channels)
        self.lines = {ChannelId(name.replace("_", "-")): said for name, (_, said) in lines.items()}

    async def snapshot(self, session: SessionId, feed: Feed) -> Snapshot | None:
        if session != "now" or feed.channel not in self.lines:
            return None
        return Snapshot(
            epoch=Epoch("e"), offset=3, feed="f", session=self.session, lines=self.lines[feed.channel], before=None
        )


def line(number: int, text: str, language: str, t1: int | None = 9) -> Line:
    segment = SegmentId(f"s{number}")
    return Line(segment=segment, t0=number, t1=t1, language=language, origin=Origin.MACHINE, text=text)


async def said(heard: Heard, ui: str) -> list[tuple[str, str, str]]:
    listed = [entry("now", Status.OPEN, LONG_AGO), entry("other", Status.OPEN, LONG_AGO)]

    async def entries() -> Sequence[Entry]:
        return listed

    front = FrontPage(PAGES, clock=ManualClock(), listed=entries, snapshot_of=heard.snapshot)
    app = web.Application()
    app.add_routes(front.routes())
    async with TestClient(TestServer(app)) as client:
        html = await shown(client, language=ui)
    found = re.findall(r'<p class="said" data-of="(\w+)"(?: lang="(\w+)" dir="\w+")?>(.*?)</p>', html)
    return [(who, language, text) for who, language, text in found]


async def test_of_each_meeting_that_is_on_it_shows_what_was_said_last() -> None:
    lines = (line(0, " One.", "en"), line(1, " <Two>.", "en"), line(2, "", "en"), line(3, " It grows", "en", None))
    assert await said(Heard(floor=("en", lines)), "es") == [("now", "en", "&lt;Two&gt;."), ("other", "", "")]
    removed = msgspec.structs.replace(line(2, "It is removed.", "en"), gone=True)
    assert (await said(Heard(floor=("en", (*lines[:2], removed))), "es"))[0] == ("now", "en", "&lt;Two&gt;.")
    assert await said(Heard(floor=("en", ())), "es") == [("now", "", ""), ("other", "", "")]


async def test_it_shows_it_in_the_language_of_the_page_where_there_is_such_a_text() -> None:
    heard = Heard(floor=("en", (line(0, "One.", "en"),)), mt_es=("es", (line(0, "Uno.", "es"),)))
    assert (await said(heard, "es"))[0] == ("now", "es", "Uno.")
    assert (await said(heard, "en"))[0] == ("now", "en", "One.")
    assert (await said(heard, "fr"))[0] == ("now", "en", "One.")


async def test_it_leads_to_help_and_where_there_is_one_to_the_agenda(client: Client, house: FrontPages) -> None:
    page = await shown(client, "?ui=fr")
    assert 'href="/help?ui=fr"' in page
    assert "agenda" not in page
    house.agenda = "https://text.example.org/agenda"
    assert 'href="https://text.example.org/agenda?ui=fr"' in await shown(client, "?ui=fr")
    assert 'href="https://text.example.org/agenda"' in await shown(client)


async def test_it_says_in_which_languages_a_meeting_can_be_read_where_these_are_more(
    client: Client, house: FrontPages
) -> None:
    house.entries = [entry("coming", Status.CREATED), entry("past", Status.CLOSED, LONG_AGO - DAY)]
    assert "Can be read in" not in await shown(client)
    house.more = ("ar", "en")
    house.plans = [Planned(session=SessionId("planned"), title="About it", languages=("fr",))]
    page = await shown(client, "?ui=en")
    found = re.findall("Can be read in: (.*?)</span>", page)
    assert [re.sub("<.*?>", "", each) for each in found] == ["English, Français, العربية"] * 2
    assert re.findall('href="(/s/.*?)".*?>(.*?)<', found[0]) == [
        (f"/s/coming/in/{tag}?ui=en", name) for tag, name in (("en", "English"), ("fr", "Français"), ("ar", "العربية"))
    ]
    assert 'lang="ar" dir="rtl" hreflang="ar"' in found[0]
    assert '<bdi lang="ar" dir="rtl">العربية</bdi>' in found[1], "without a log there is no text yet"


async def test_who_asks_at_the_same_time_gets_the_same_page_as_long_as_all_on_it_is_the_same(
    client: Client, front: FrontPage, house: FrontPages
) -> None:
    house.entries = [entry("coming", Status.CREATED), entry("past", Status.CLOSED)]
    first, part = await shown(client), await shown(client, "?part=live")
    house.entries = [msgspec.structs.replace(each, offset=each.offset + 1) for each in house.entries]
    assert (await shown(client), await shown(client, "?part=live")) == (first, part)
    assert front.pages_made == 2, "the offset stands nowhere on it"

    def plan() -> None:
        house.plans = [Planned(session=SessionId("planned"), title="It", languages=("fr",), room=RoomId("r1"))]

    changes: list[Callable[[], object]] = [
        plan,
        lambda: setattr(house, "room", "Small hall"),
        lambda: setattr(house, "more", ("ar",)),
        lambda: setattr(house, "agenda", "/agenda"),
        lambda: house.entries.append(entry("more", Status.CLOSED, LONG_AGO)),
        lambda: house.hidden.update({SessionId("planned"): entry("planned", Status.CREATED, access=Access.STAFF)}),
    ]
    seen = [first]
    for change in changes:
        change()
        seen.append(await shown(client))
        assert seen[-1] not in seen[:-1]
    assert await shown(client, "?ui=en") not in seen, "its links name the language"
    assert await shown(client, language="fr") not in seen


async def test_a_page_that_was_made_is_given_to_nobody_once_words_are_removed_or_the_meeting_is_hidden() -> None:
    heard, listed = Heard(floor=("en", (line(0, "Secret.", "en"),))), [entry("now", Status.OPEN, LONG_AGO)]

    async def entries() -> Sequence[Entry]:
        return listed

    front = FrontPage(PAGES, clock=ManualClock(), listed=entries, snapshot_of=heard.snapshot)
    app = web.Application()
    app.add_routes(front.routes())
    async with TestClient(TestServer(app)) as client:
        for query in ("", "?part=live"):
            assert "Secret." in await shown(client, query)
        heard.lines[ChannelId("floor")] = (msgspec.structs.replace(line(0, "Secret.", "en"), gone=True),)
        for query in ("", "?part=live"):
            assert "Secret." not in await shown(client, query)
            assert "About now" in await shown(client, query)
        listed.clear()
        for query in ("", "?part=live"):
            assert "About now" not in await shown(client, query)
