from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientResponse, DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.http.security_headers import secure
from moothall.adapters.http.visitor_cookie import Visitors
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.reading.reports_door import ALLOWANCE, COOKIE, MAX_BODY_BYTES, MAX_WAIT_S, ReportsDoor
from moothall.core.kernel.ids import ChannelId, Epoch, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.views.captions import CaptionsView, Snapshot
from moothall.services.sessions.reports import MAX_REPORTS, ReportKind, Reports
from moothall.testing.clock import ManualClock, SeededRandomness
from moothall.testing.visitors import visitor_context
from support.halls.readers import until

PAGES = Pages(find_web_folder())
SESSION = SessionId("plenary")
FLOOR = ChannelId("floor")
ORIGIN = "https://hall.example.org"
SCRIPT = {"Accept": "application/json", "Origin": ORIGIN}
FORM = {"Accept": "text/html", "Origin": ORIGIN, "Accept-Language": "en"}
Client = TestClient[web.Request, web.Application]


class Hall:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.reports = Reports(clock=self.clock, randomness=SeededRandomness(), readers=lambda _: 210)
        self.door = ReportsDoor(visitor_context(PAGES, self.clock, self.snapshot_of), self.reports)

    async def snapshot_of(self, session: SessionId, feed: Feed) -> Snapshot | None:
        known = session == SESSION and feed.channel in (FLOOR, "fr")
        return CaptionsView.empty(session, Epoch("e1"), feed).snapshot() if known else None

    @property
    def counts(self) -> dict[ReportKind, int]:
        return self.reports.tally(SESSION).counts


@pytest.fixture
def hall() -> Hall:
    return Hall()


@pytest.fixture
async def client(hall: Hall) -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes(hall.door.routes())
    secure(app)
    async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:
        yield client


def cookie(response: ClientResponse) -> str:
    return response.headers["Set-Cookie"]


def sender(response: ClientResponse) -> dict[str, str]:
    """The header with which the same browser comes again."""
    return {"Cookie": f"{COOKIE}={response.cookies[COOKIE].value}"}


@asynccontextmanager
async def somebody(
    client: Client, path: str = "/s/plenary/report", *, headers: dict[str, str], **what: Any
) -> AsyncIterator[tuple[ClientResponse, dict[str, str]]]:
    """A browser that keeps cookies reports something: the answer, and the header with which it comes again."""
    async with client.post(path, headers=headers, allow_redirects=False, **what) as first:
        assert first.status == 307
        assert re.fullmatch(
            rf"{COOKIE}=[A-Za-z0-9_-]{{40}}; HttpOnly; Path=/s/plenary/report; SameSite=Lax", cookie(first)
        )
        again = sender(first)
    async with client.post(first.headers["Location"], headers={**headers, **again}, **what) as second:
        assert "Set-Cookie" not in second.headers
        yield second, again


async def test_all_that_keep_no_cookie_count_as_one(client: Client, hall: Hall) -> None:
    for _ in range(20):
        async with client.post("/s/plenary/report", json={"kind": "no-text"}, headers=SCRIPT) as response:
            assert response.status == 200
    assert hall.counts == {ReportKind.NO_TEXT: 1}
    async with somebody(client, headers=SCRIPT, json={"kind": "no-text"}) as (response, _):
        assert response.status == 200
    assert hall.counts == {ReportKind.NO_TEXT: 2}


async def test_a_script_reports_and_is_told_what_became_of_it(client: Client, hall: Hall) -> None:
    what = {"kind": "language", "channel": "fr"}
    async with somebody(client, headers=SCRIPT, json=what) as (first, again):
        assert first.status == 200
        said = await first.json()
        assert said == {
            "reports": [
                {"kind": "language", "answer": "sent", "what": "Wrong language", "became": "Sent, thank you"},
            ]
        }
    tally = hall.reports.tally(SESSION)
    assert (tally.readers, tally.counts) == (210, {ReportKind.LANGUAGE: 1})
    assert tally.channels == {ReportKind.LANGUAGE: {"fr": 1}}
    async with client.post("/s/plenary/report", json={"kind": "language"}, headers={**SCRIPT, **again}) as second:
        assert second.status == 200
    async with somebody(client, headers=SCRIPT, json={"kind": "language"}) as (other, _):
        assert other.status == 200
    assert hall.counts == {ReportKind.LANGUAGE: 2}


async def test_the_form_works_without_a_script(client: Client, hall: Hall) -> None:
    fields = {"kind": "no-text", "channel": "floor"}
    async with somebody(client, headers=FORM, data=fields) as (response, again):
        html = await response.text()
        assert response.status == 200
        assert response.headers["Cache-Control"] == "no-store"
        assert "<strong>No text</strong> Sent, thank you" in html
    assert hall.counts == {ReportKind.NO_TEXT: 1}
    hall.reports.seen(SESSION, ReportKind.NO_TEXT)
    link = re.search(r'<a href="(/s/plenary/report[^"]*)">', html)
    assert link
    async with client.get(link[1], headers={**FORM, **again}) as response:
        assert "<strong>No text</strong> Somebody has seen it" in await response.text()
    async with client.get("/s/plenary/report", headers=FORM) as stranger:
        html = await stranger.text()
        assert "Somebody has seen it" not in html
        assert html.count('name="kind"') == len(ReportKind)


async def test_the_language_of_the_address_is_kept(client: Client) -> None:
    async with client.post("/s/plenary/report?ui=ar", data={"kind": "late"}, headers=FORM) as response:
        html = await response.text()
    assert 'dir="rtl"' in html
    assert 'action="/s/plenary/report?ui=ar"' in html
    assert "/s/plenary?channel=floor&amp;ui=ar" in html


async def test_the_answer_comes_while_the_reporter_waits(client: Client, hall: Hall) -> None:
    async with somebody(client, headers=SCRIPT, json={"kind": "word"}) as (_, known_by):
        again = {**SCRIPT, **known_by}

    async def ask(known: str) -> list[str]:
        async with client.get(f"/s/plenary/report?wait=1&known={known}", headers=again) as response:
            return [report["answer"] for report in (await response.json())["reports"]]

    assert await ask("late:sent,nonsense,x:y") == ["sent"]  # not what the server knows: answered at once
    waiting = asyncio.ensure_future(ask("word:sent"))
    await until(lambda: hall.clock.sleepers == 1)
    assert not waiting.done()
    hall.reports.seen(SESSION, ReportKind.WORD)
    assert await waiting == ["seen"]
    waiting = asyncio.ensure_future(ask("word:seen"))
    await until(lambda: hall.clock.sleepers == 1)
    hall.reports.mended(SESSION, ReportKind.WORD)
    assert await waiting == ["mended"]
    waiting = asyncio.ensure_future(ask("word:mended"))
    await until(lambda: hall.clock.sleepers == 1)
    await hall.clock.advance(MAX_WAIT_S * 1_000)
    assert await waiting == ["mended"]
    waiting = asyncio.ensure_future(ask("word:mended"))
    await until(lambda: hall.clock.sleepers == 1)
    await hall.door.close()
    assert await waiting == ["mended"]


async def test_who_has_reported_nothing_does_not_wait(client: Client) -> None:
    async with client.get("/s/plenary/report?wait=1", headers=SCRIPT) as response:
        assert await response.json() == {"reports": []}


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"kind":"everything"}', "application/json", 400),
        (b'{"kind":1}', "application/json", 400),
        (b'{"kind":"late","channel":["floor"]}', "application/json", 400),
        (b"kind=everything", "application/x-www-form-urlencoded", 400),
        (b"\xff=\xff", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a%d=1" % n for n in range(20)), "application/x-www-form-urlencoded", 400),
        (b"kind=late", "text/plain", 415),
        (b'{"kind":"late","x":"' + b"x" * MAX_BODY_BYTES + b'"}', "application/json", 413),
        (b'{"kind":"late","channel":"de"}', "application/json", 404),
        (b'{"kind":"late","channel":"<"}', "application/json", 404),
    ],
)
async def test_what_is_no_report_is_refused_with_a_sentence(
    client: Client, hall: Hall, body: bytes, kind: str, status: int
) -> None:
    headers = {**SCRIPT, "Content-Type": kind}
    async with client.post("/s/plenary/report", data=body, headers=headers) as response:
        assert response.status == status
        assert (await response.json())["error"].endswith(".")
    headers["Accept"] = "text/html"
    async with client.post("/s/plenary/report", data=body, headers=headers) as response:
        assert response.status == status
        assert "<h1>" in await response.text()
    assert hall.counts == {}


async def test_a_session_that_may_not_be_read_takes_none(client: Client) -> None:
    for name in ("backstage", "NO"):
        async with client.post(f"/s/{name}/report", json={"kind": "late"}, headers=SCRIPT) as response:
            assert response.status == 404
        async with client.get(f"/s/{name}/report", headers=FORM) as response:
            assert response.status == 404


async def test_a_forged_cookie_is_none(hall: Hall) -> None:
    made = Visitors(b"key", hall.clock, SeededRandomness())
    hall.door = ReportsDoor(visitor_context(PAGES, hall.clock, hall.snapshot_of, visitors=made), hall.reports)
    app = web.Application()
    app.add_routes(hall.door.routes())
    async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:
        for number in range(20):
            headers = {**SCRIPT, "Cookie": f"{COOKIE}={number:040}"}
            async with client.post("/s/plenary/report", json={"kind": "late"}, headers=headers) as response:
                assert response.status == 200
    assert hall.counts == {ReportKind.LATE: 1}


async def test_one_address_can_only_say_so_much(client: Client, hall: Hall) -> None:
    statuses = []
    known = {**SCRIPT, "Cookie": f"{COOKIE}=somebody"}
    for _ in range(ALLOWANCE.burst + 1):
        async with client.post("/s/plenary/report", json={"kind": "late"}, headers=known) as response:
            statuses.append(response.status)
            last = response.headers.get("Retry-After")
    assert statuses == [200] * ALLOWANCE.burst + [429]
    assert last == "60"
    await hall.clock.advance(1_000)
    async with client.post("/s/plenary/report", json={"kind": "late"}, headers=SCRIPT) as response:
        assert response.status == 200


async def test_when_everybody_has_said_so_it_is_known(client: Client, hall: Hall) -> None:
    for n in range(MAX_REPORTS):
        hall.reports.report(SESSION, FLOOR, ReportKind.LATE, str(n))
    async with client.post("/s/plenary/report", json={"kind": "late"}, headers=SCRIPT) as response:
        assert response.status == 503
        assert "Many readers have reported this already." in (await response.json())["error"]


@pytest.mark.parametrize("secure", [True, False])
async def test_behind_https_the_cookie_goes_over_https_alone(hall: Hall, secure: bool) -> None:
    door = ReportsDoor(visitor_context(PAGES, hall.clock, hall.snapshot_of, secure=secure), hall.reports)
    app = web.Application()
    app.add_routes(door.routes())
    async with (
        TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client,
        client.post("/s/plenary/report", json={"kind": "late"}, headers=SCRIPT, allow_redirects=False) as response,
    ):
        assert ("; Secure" in cookie(response)) == secure
