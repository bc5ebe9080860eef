from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.displays.display_door import (
    FULL,
    KEPT,
    MOST_POLICY,
    SIDES_MS,
    DisplayDoor,
    WallContent,
    paragraphs,
)
from moothall.adapters.http.security_headers import secure
from moothall.adapters.pages.qr import qr_svg
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.core.events import hubs as he
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.notes_and_tags import PolicyQuestion
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import ChannelId, Epoch, PolicyQuestionId, SegmentId, SessionId, SpeakerId
from moothall.core.kernel.lanes import Feed
from moothall.core.views.captions import CaptionsView, Line, Session, Snapshot
from moothall.core.views.reading_order import BREAK, BREAK_SET_BACK, Gap
from moothall.testing.clock import LONG_AGO, ManualClock

PAGES = Pages(find_web_folder())
FLOOR = ChannelId("floor")
SPANISH = ChannelId("mt-es")
ANA = SpeakerId("ana")
Client = TestClient[web.Request, web.Application]


def said(n: int, text: str, *, language: str = "en", speaker: SpeakerId | None = None) -> list[ev.AnyEvent]:
    name = SegmentId(f"s{n}")
    return [
        le.SegmentOpened(
            channel=FLOOR, segment=name, t0=n * 1_000, language=language, origin=le.Origin.MACHINE, speaker=speaker
        ),
        le.SegmentEnded(channel=FLOOR, segment=name, t1=n * 1_000 + 900, reason=le.EndReason.SENTENCE, text=text),
    ]


class Hall:
    """One session, and what has happened in it."""

    def __init__(self) -> None:
        self.events: list[ev.AnyEvent] = [
            ev.SessionCreated(title="Plenary", languages=("en",)),
            ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en", "ar")),
            ev.SessionOpened(wall=LONG_AGO),
            ev.SpeakerIntroduced(speaker=ANA, name="Ana"),
        ]
        self.asks: tuple[PolicyQuestion, ...] = ()
        self.closing = False
        self.begins: int | None = None
        self.on: SessionId | None = None
        """What is on in the main hall."""

    async def snapshot_of(self, session: SessionId, feed: Feed) -> Snapshot | None:
        if session != "plenary" or feed.channel not in (FLOOR, SPANISH):
            return None
        view = CaptionsView.empty(session, Epoch("e1"), feed)
        for offset, event in enumerate(self.events, 1):
            view = view.apply(offset, Role.ENGINE, event)
        return view.snapshot()


@pytest.fixture
def hall() -> Hall:
    return Hall()


@pytest.fixture
def framers() -> tuple[str, ...]:
    return ()


@pytest.fixture
async def client(hall: Hall, framers: tuple[str, ...]) -> AsyncIterator[Client]:
    door = DisplayDoor(
        PAGES,
        clock=ManualClock(),
        snapshot_of=hall.snapshot_of,
        public="https://hall.example.org",
        framers=framers,
        room=lambda name: WallContent("Main hall", hall.on) if name == "main" else None,
        begins=lambda _: hall.begins,
        last_awaited=lambda session: hall.closing and session == "plenary",
        policy=lambda _: hall.asks,
    )
    app = web.Application()
    app.add_routes(door.routes())
    secure(app)
    async with TestClient(TestServer(app)) as client:
        yield client


async def page(client: Client, path: str, *, status: int = 200, language: str = "en") -> str:
    async with client.get(f"/s/plenary/{path}", headers={"Accept-Language": language}) as response:
        assert response.status == status
        return await response.text()


def text_of(html: str) -> str:
    body = re.sub(r"<script.*?</script>|<noscript>.*?</noscript>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def data(html: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="Data">(.*?)</script>', html, re.DOTALL)
    assert found
    value = json.loads(found[1])
    assert isinstance(value, dict)
    return value


def ancestors(headers: object) -> str:
    found = re.search(r"frame-ancestors (.*)", str(headers))
    assert found
    return found[1]


async def test_a_wall_has_what_the_meeting_is_to_answer(client: Client, hall: Hall) -> None:
    hall.asks = tuple(PolicyQuestion(id=PolicyQuestionId(f"q{n}"), text=f"Who <{n}>?") for n in range(MOST_POLICY + 1))
    html = await page(client, "screen")
    assert re.findall(r'<li dir="auto">(.*?)</li>', html) == [f"Who &lt;{n}&gt;?" for n in range(MOST_POLICY)]


async def test_each_page_begins_with_the_newest_lines(client: Client, hall: Hall) -> None:
    for n in range(KEPT + 5):
        hall.events += said(n, f" Line {n}.")
    for path in ("screen", "overlay", "embed"):
        html = await page(client, path)
        assert f"Line {KEPT + 4}." in text_of(html)
        assert "Line 4." not in text_of(html)
        given = data(html)
        lines = given["lines"]
        assert isinstance(lines, list)
        assert (lines[0]["number"], lines[-1]["number"]) == (5, KEPT + 4)
        assert given["events"] == "/s/plenary/events?channel=floor&feed=live"
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", html)


@pytest.mark.parametrize("place", ["screen", "embed", "overlay"])
@pytest.mark.parametrize("of_record", [True, False])
async def test_a_translation_says_that_it_is_one(client: Client, hall: Hall, place: str, of_record: bool) -> None:
    hall.events.append(
        ev.ChannelAdded(
            channel=SPANISH, kind=ev.ChannelKind.TRANSLATION, languages=("es",), of_record=of_record, requested=None
        )
    )
    text = text_of(await page(client, f"{place}?channel=mt-es"))
    assert "Written by a machine" not in text
    assert ("Translated by a machine, not official: it may be wrong. It is kept." in text) is of_record
    assert "Translated by a machine, not official: it may be wrong." in text


async def test_the_wall_says_the_way_and_how_things_stand(client: Client, hall: Hall) -> None:
    html = await page(client, "screen?theme=dark&size=150")
    assert qr_svg("https://hall.example.org/s/plenary") in html
    assert "hall.example.org/s/plenary" in text_of(html)
    assert "Live, waiting for the first words" in text_of(html)
    assert "Written by a machine: it may be wrong. It is kept." in text_of(html)
    assert 'data-theme="dark"' in html
    assert data(html)["look"] == {"size": 150, "theme": "dark", "steady": 0, "letters": ""}
    assert '<noscript><meta http-equiv="refresh"' in html
    assert html.count('class="qr"') == 1
    assert "Read in your own language, and ask" in text_of(html)
    hall.events.append(ev.NotRecordedBegan(t0=5))
    banner = re.search(r'<p class="view banner"[^>]*>', await page(client, "screen"))
    assert banner
    assert "hidden" not in banner[0]
    hall.events += [ev.NotRecordedEnded(t1=8), ev.SessionClosed(t=9)]
    html = await page(client, "screen")
    assert "refresh" not in html
    assert "Closed: this is the record" in text_of(html)


async def test_before_a_meeting_its_wall_says_when_it_begins(client: Client, hall: Hall) -> None:
    del hall.events[2:]
    assert "Its text will appear here.</span>" in await page(client, "screen")
    hall.begins = LONG_AGO
    assert " data-long" not in await page(client, "screen")
    hall.events[0] = ev.SessionCreated(title="Plenary of the whole assembly, day 2", languages=("en",))
    assert '<bdi id="Title" data-long' in await page(client, "screen")
    told = "Its text will appear here. It is planned for Mon 24 Nov, 16:00. Times are UTC. "
    assert told in text_of(await page(client, "screen"))


async def test_the_code_changes_sides_unless_it_is_to_stand_still(hall: Hall) -> None:
    clock = ManualClock(wall=LONG_AGO - LONG_AGO % (2 * SIDES_MS))
    door = DisplayDoor(
        PAGES,
        clock=clock,
        snapshot_of=hall.snapshot_of,
        public="https://hall.example.org",
        room=lambda name: WallContent("Main hall", None),
    )
    app = web.Application()
    app.add_routes(door.routes())
    async with TestClient(TestServer(app)) as client:
        for side in ("end", "start", "end"):
            assert f'data-side="{side}"' in await page(client, "screen")
            assert f'data-side="{side}"' in await in_room(client, "main/screen")
            clock.set_wall(clock.wall() + SIDES_MS)
        assert "data-side" not in await page(client, "screen?steady=1")


async def test_a_wall_gets_letters_to_be_read_from_afar_where_its_address_says_so(client: Client) -> None:
    assert "wall_face.css" not in await page(client, "screen")
    assert "wall_face.css" in await page(client, "screen?letters=clear")
    sheet = PAGES.static.get("css/display/wall_face.css")
    assert sheet is not None
    faces = re.findall(r'url\("\.\./\.\./([^"]+)"\)', sheet.body.decode())
    assert len(faces) == 4
    for face in map(PAGES.static.get, faces):
        assert face is not None
        assert (face.type, face.body[:4]) == ("font/woff2", b"wOF2")


async def test_the_overlay_takes_what_was_checked_and_nothing_else(client: Client) -> None:
    html = await page(client, "overlay?lines=3&size=60&color=yellow&back=40&fade=5")
    look = {"preset": "", "lines": 3, "size": 60, "color": "ffff00", "back": 40, "fade": 5, "question": 1, "groups": 0}
    assert data(html)["look"] == look
    assert "data-preset" not in html
    assert 'data-preset="side"' in await page(client, "overlay?preset=side")
    assert "page.css" not in html
    assert "color-scheme" not in html  # it would give the page a ground
    html = await page(client, "overlay?color=%22%3E%3Cscript%3E", status=400)
    assert "<script>" not in html
    assert "color" in text_of(html)


async def test_groups_far_away_are_on_the_wall_and_where_it_is_wanted_over_a_picture(
    client: Client, hall: Hall
) -> None:
    here = he.HubPresenceChanged(hub="kisumu", title="Kisumu <1>", people=23, here=True, since=LONG_AGO, t=9)
    assert re.search(r'id="WithUs" hidden', await page(client, "screen"))
    hall.events.append(here)
    for path in ("screen", "overlay?groups=1"):
        html = await page(client, path)
        assert "Kisumu &lt;1&gt;\u2069 is with us: 23 people" in html
        assert data(html)["counted"] == {"people": {"one": "{n} person", "other": "{n} people"}}
    for path in ("overlay", "embed"):
        assert "WithUs" not in await page(client, path)
    # What is cleared from a wall is what others wrote; who is there stays.
    hall.events.append(ev.WallCleared(t=20_000))
    assert "is with us: 23 people" in await page(client, "screen")
    hall.events.append(
        he.HubPresenceChanged(hub="kisumu", title="Kisumu", people=23, here=False, since=LONG_AGO, t=30_000)
    )
    assert "is with us: " not in text_of(await page(client, "screen"))


@pytest.mark.parametrize("path", ["screen?size=1", "overlay?lines=13", "embed?theme=pink", "embed?feed=all"])
async def test_a_wrong_choice_is_a_page_with_a_sentence(client: Client, path: str) -> None:
    assert "Esta dirección no es correcta" in text_of(await page(client, path, status=400, language="es"))


@pytest.mark.parametrize("path", ["screen", "overlay", "embed"])
async def test_what_is_not_there_is_not_there(client: Client, path: str) -> None:
    for address in (
        f"/s/nothing/{path}",
        f"/s/NO/{path}",
        f"/s/plenary/{path}?channel=de",
        f"/s/plenary/{path}?channel=!",
    ):
        async with client.get(address) as response:
            assert response.status == 404


async def test_the_box_leads_to_the_whole_text(client: Client) -> None:
    assert 'href="/s/plenary?channel=floor"' in await page(client, "embed")
    html = await page(client, "embed?ui=fr&theme=light")
    assert 'href="/s/plenary?channel=floor&amp;ui=fr"' in html
    assert 'target="_blank" rel="noopener"' in html
    assert "Original" not in html


async def test_the_box_of_a_translation_leads_to_the_original(client: Client, hall: Hall) -> None:
    hall.events.append(ev.ChannelAdded(channel=SPANISH, kind=ev.ChannelKind.TRANSLATION, languages=("es",)))
    html = await page(client, "embed?channel=mt-es&ui=en")
    assert 'href="/s/plenary?channel=mt-es&amp;ui=en"' in html
    assert re.search(r'<a href="/s/plenary\?channel=floor&amp;ui=en"[^>]*>Original</a>', html)


async def test_by_default_only_our_own_pages_may_frame_the_box_and_none_the_others(client: Client) -> None:
    for path, allowed in (
        ("embed", "'self'"),
        ("embed?theme=x", "'self'"),
        ("screen", "'none'"),
        ("overlay", "'none'"),
    ):
        async with client.get(f"/s/plenary/{path}") as response:
            assert ancestors(response.headers["Content-Security-Policy"]) == allowed


@pytest.mark.parametrize("framers", [("https://www.example.org", "https://b.example")])
async def test_named_origins_may_frame_the_box(client: Client) -> None:
    async with client.get("/s/plenary/embed") as response:
        allowed = ancestors(response.headers["Content-Security-Policy"])
        assert allowed == "'self' https://www.example.org https://b.example"
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]
        assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    async with client.get("/s/plenary/screen") as response:
        assert ancestors(response.headers["Content-Security-Policy"]) == "'none'"


@pytest.mark.parametrize("framers", [("*",)])
async def test_everybody_may_where_the_operator_says_so(client: Client) -> None:
    async with client.get("/s/plenary/embed") as response:
        assert ancestors(response.headers["Content-Security-Policy"]) == "*"


def line(n: int, text: str, *, language: str = "en", speaker: SpeakerId | None = None) -> Line:
    return Line(
        segment=SegmentId(f"s{n}"), t0=n, t1=n, language=language, origin=le.Origin.MACHINE, speaker=speaker, text=text
    )


def test_lines_run_on_until_the_speaker_or_the_language_changes() -> None:
    session = Session(id=SessionId("s"), speakers={ANA: "Ana"})
    made = paragraphs(
        session,
        [
            line(0, " One.", speaker=ANA),
            line(1, "Two.", speaker=ANA),
            line(2, "  ", speaker=ANA),
            line(3, "ثلاثة", language="ar", speaker=ANA),
            line(4, "Four."),
            line(5, "Five.", speaker=SpeakerId("unknown")),
            line(6, "Six.", speaker=ANA),
        ],
        str,
    )
    assert [(each.name, each.direction, each.texts) for each in made] == [
        ("Ana", "ltr", ["One.", "Two."]),
        ("Ana", "rtl", ["ثلاثة"]),
        ("", "ltr", ["Four.", "Five."]),
        ("Ana", "ltr", ["Six."]),
    ]


def test_text_from_before_a_break_was_ended_stands_under_a_mark() -> None:
    gaps = tuple(
        Gap(t0=t0, t1=t0 + 5, reason=reason)
        for t0, reason in ((5, BREAK_SET_BACK), (20, BREAK_SET_BACK), (30, BREAK), (50, BREAK_SET_BACK))
    )
    session = Session(id=SessionId("s"), speakers={ANA: "Ana"}, gaps=gaps)
    lines = [line(n, f"{n}", speaker=ANA) for n in (10, 25, 40)]
    made = paragraphs(session, lines, lambda gap: f"from {gap.t1}")
    assert [(each.mark, each.name, each.texts) for each in made] == [
        ("", "Ana", ["10"]),
        ("from 25", None, []),
        ("", "Ana", ["25", "40"]),
    ]


def test_a_long_paragraph_ends_and_the_name_is_not_said_again() -> None:
    session = Session(id=SessionId("s"), speakers={ANA: "Ana"})
    made = paragraphs(session, [line(0, "x" * FULL, speaker=ANA), line(1, "Two.", speaker=ANA)], str)
    assert [(each.name, len(each.texts)) for each in made] == [("Ana", 1), (None, 1)]


async def in_room(client: Client, path: str, *, status: int = 200) -> str:
    async with client.get(f"/room/{path}", headers={"Accept-Language": "en"}) as response:
        assert response.status == status
        return await response.text()


async def test_a_rooms_wall_goes_along_from_session_to_session(client: Client, hall: Hall) -> None:
    hall.events += said(1, "Good morning.")
    between = await in_room(client, "main/screen")
    assert "Main hall" in text_of(between)
    assert "hall.example.org" in text_of(between)
    assert json.loads(await in_room(client, "main/now")) == {"session": None}
    hall.on = SessionId("plenary")
    during = await in_room(client, "main/screen?theme=dark")
    assert "Good morning." in text_of(during)
    assert "hall.example.org/s/plenary" in text_of(during)
    assert '{"ask":"/room/main/now","session":"plenary"}' in during
    assert json.loads(await in_room(client, "main/now")) == {"session": "plenary"}


async def test_a_rooms_wall_shows_nothing_of_a_session_that_is_not_for_everybody(client: Client, hall: Hall) -> None:
    hall.on = SessionId("closed-doors")
    assert "closed-doors" not in await in_room(client, "main/screen")
    assert json.loads(await in_room(client, "main/now")) == {"session": None}


async def test_a_wall_of_no_room_and_wrong_wishes_are_sentences(client: Client, hall: Hall) -> None:
    assert "nothing at this address" in text_of(await in_room(client, "cellar/screen", status=404))
    assert "nothing at this address" in text_of(await in_room(client, "-/screen", status=404))
    assert "no such room" in await in_room(client, "cellar/now", status=404)
    assert "size" in text_of(await in_room(client, "main/screen?size=9", status=400))
    hall.on = SessionId("plenary")
    assert "no such text" in text_of(await in_room(client, "main/screen?channel=fr", status=404))


async def test_a_wall_that_is_made_while_the_last_words_are_awaited_says_so(hall: Hall, client: Client) -> None:
    for closing in (True, False):
        hall.closing = closing
        async with client.get("/s/plenary/screen") as response:
            assert ('data-kind="last-words">The last words are coming' in await response.text()) is closing


async def test_what_was_cleared_is_on_no_wall_and_in_the_box_as_before(client: Client, hall: Hall) -> None:
    hall.events += [*said(1, "Before."), *said(2, "Cleared."), ev.WallCleared(t=2_001), *said(3, "After.")]
    for path in ("screen", "overlay"):
        html = await page(client, path)
        assert "Cleared." not in html
        lines = data(html)["lines"]
        assert isinstance(lines, list)
        assert [(line["number"], line["segment"]) for line in lines] == [(2, "s3")]
        assert data(html)["wall"] is True
    assert "Cleared." in text_of(await page(client, "embed"))
    hall.events.append(ev.WallCleared(t=None))
    assert "Cleared." in text_of(await page(client, "screen"))
