from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from markupsafe import Markup

from moothall.adapters.http.security_headers import secure
from moothall.adapters.pages.catalogues import NO_BREAK
from moothall.adapters.pages.error_pages import error_pages
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.questions.your_turn import YourTurn
from moothall.adapters.reading.page_door import PageDoor
from moothall.core.events import lines as le
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import ChannelId, Epoch, InterventionId, PollId, SegmentId, SessionId, SpeakerId
from moothall.core.kernel.lanes import Feed
from moothall.core.questions.interventions import Questions, evolve_questions
from moothall.core.views.captions import CaptionsView, Line, Snapshot
from moothall.core.views.quality import Corrected, Delay, Quality
from moothall.services.programme.house_look import ConferenceLook
from moothall.testing.clock import ManualClock

PAGES = Pages(find_web_folder())
FLOOR = ChannelId("floor")
HTML = {"Accept": "text/html"}
GOOD = Quality(
    words=1_000,
    lines=100,
    delay=Delay(p50=1_000, p95=1_600),
    gaps=0,
    corrected=Corrected(lines=2, by_machine=1, by_person=1),
    words_a_minute=128,
    languages={"fr": 1_000},
)


CARD: dict[str, object] = {
    **dict.fromkeys(("address", "events", "ids", "page", "position"), "q1"),
    **dict.fromkeys(("may_hold", "now"), False),
    "said": "It is your turn",
}
"""What the page of somebody has who has asked."""


class Hall:
    """One session with two channels and 430 lines on the floor."""

    def __init__(self) -> None:
        self.broken: Exception | None = None
        self.closing = False
        self.questions: Questions | None = None
        self.paged: list[int] = []
        """The pages of older lines that were read."""
        self.views = {channel: self._view(channel) for channel in (FLOOR, ChannelId("fr"))}

    def remove_last_line(self) -> None:
        """Its text is gone from the log."""
        self.views[FLOOR] = self._view(FLOOR, removed=4 + 2 * 430)

    def close(self) -> None:
        """The meeting is over; Ana and Bo have spoken by turns."""
        self.views[FLOOR] = self._view(
            FLOOR,
            more=(
                *(ev.SpeakerIntroduced(speaker=SpeakerId(name), name=name.title()) for name in ("ana", "bo")),
                *(
                    ev.SpeakerAssigned(segments=(SegmentId(f"s{n}"),), speaker=SpeakerId(("ana", "bo")[n % 2]))
                    for n in range(9)
                ),
                ev.SessionClosed(t=500),
            ),
        )

    def _view(self, channel: ChannelId, removed: int = 0, more: Sequence[ev.AnyEvent] = ()) -> CaptionsView:
        said: list[ev.AnyEvent] = [
            ev.SessionCreated(title="Plenary", languages=("en",)),
            ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)),
            ev.ChannelAdded(channel=ChannelId("fr"), kind=ev.ChannelKind.INTERPRETATION, languages=("fr",)),
            ev.SessionOpened(wall=1_764_000_000_000),
        ]
        for n in range(430):
            segment = SegmentId(f"s{n}")
            said.append(le.SegmentOpened(channel=FLOOR, segment=segment, t0=n, language="en", origin=le.Origin.MACHINE))
            said.append(
                le.SegmentEnded(channel=FLOOR, segment=segment, t1=n + 1, reason=le.EndReason.PAUSE, text=f"Line {n}.")
            )
        view = CaptionsView.empty(SessionId("plenary"), Epoch("e1"), Feed(channel))
        for offset, event in enumerate([*said, *more], 1):
            view = view.apply(offset, Role.ENGINE, None if offset == removed else event)
        return view

    async def snapshot_of(self, session: SessionId, feed: Feed) -> Snapshot | None:
        if self.broken is not None:
            raise self.broken
        view = self.views.get(feed.channel) if session == "plenary" else None
        return None if view is None else view.snapshot()

    def quality_of(self, session: SessionId, channel: ChannelId) -> Quality | None:
        return GOOD if (session, channel) == ("plenary", "fr") else None

    async def number_of(self, session: SessionId, feed: Feed, segment: SegmentId) -> int | None:
        return self.views[feed.channel].number(segment)

    async def questions_of(self, session: SessionId) -> Questions | None:
        return self.questions if session == "plenary" else None

    async def page_of(self, session: SessionId, feed: Feed, before: int) -> tuple[Line, ...] | None:
        self.paged.append(before)
        return self.views[feed.channel].page(before)


@pytest.fixture
def hall() -> Hall:
    return Hall()


@pytest.fixture
def door(hall: Hall) -> PageDoor:
    return PageDoor(
        PAGES,
        clock=ManualClock(),
        snapshot_of=hall.snapshot_of,
        page_of=hall.page_of,
        number_of=hall.number_of,
        quality_of=hall.quality_of,
        questions_of=hall.questions_of,
        last_awaited=lambda session: hall.closing and session == "plenary",
    )


@pytest.fixture
async def client(door: PageDoor) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application(middlewares=[error_pages(PAGES)])
    app.add_routes(door.routes())
    secure(app)
    async with TestClient(TestServer(app)) as client:
        yield client


Client = TestClient[web.Request, web.Application]


async def test_the_page(client: Client) -> None:
    async with client.get("/s/plenary", headers={"Accept-Language": "es-MX, en;q=0.5"}) as response:
        text = await response.text()
        assert response.status == 200
        assert response.headers["Content-Language"] == "es"
        assert response.headers["Vary"] == "Accept-Language, Accept-Encoding"
        assert response.headers["Cache-Control"] == "no-cache"
        assert response.headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert "'unsafe" not in response.headers["Content-Security-Policy"]
    assert "Line 429." in text
    assert "Line 249." not in text
    async with client.get("/s/plenary?ui=ru&before=200") as response:
        text = await response.text()
        assert "Line 0." in text
        assert "Line 200." not in text
        assert "ui=ru" in text


async def test_how_good_the_text_is_needs_no_script(client: Client) -> None:
    said = '<p class="facts">Typical delay 1.0 s, at most 1.6 s for 95 % of words · 1 % of lines corrected by people'
    async with client.get("/s/plenary?channel=fr") as response:
        assert f"{said} · 128 words a minute · French</p>\n</div>" in (await response.text()).replace(NO_BREAK, " ")
    async with client.get("/s/plenary") as response:
        assert "words a minute" not in await response.text()


async def test_the_page_as_it_was_chosen_to_be_read(client: Client) -> None:
    async with client.get("/s/plenary?read=low&theme=blue&size=200&ui=ru") as response:
        text = await response.text()
    assert '<html lang="ru" dir="ltr" data-read="low" data-size="200" data-theme="blue" data-texts="fr=fr">' in text
    assert "read=low" in text.partition('id="Earlier"')[0].rpartition("before=400")[0][-90:]
    async with client.get("/s/plenary?read=nonsense&theme=url(x)") as response:
        assert response.status == 200
        assert '<html lang="en" dir="ltr" data-texts="fr=fr">' in await response.text()


@pytest.mark.parametrize(
    ("query", "first", "last", "following"),
    [
        ("", 0, 19, 21),
        ("from=1", 0, 19, 21),
        ("from=195", 194, 213, 215),
        ("from=411", 410, 429, None),
        ("from=425", 424, 429, None),
        ("from=431", None, None, None),
        ("from=99999", None, None, None),
    ],
)
async def test_lines_at_one_s_own_pace(
    client: Client, query: str, first: int | None, last: int | None, following: int | None
) -> None:
    async with client.get(f"/s/plenary/read?{query}", headers={"Accept-Language": "en"}) as response:
        assert response.status == 200
        text = await response.text()
    lines = [int(n) for n in re.findall(r">Line (\d+)\.<", text)]
    assert lines == ([] if first is None or last is None else list(range(first, last + 1)))
    assert re.findall(r'from=(\d+)" rel="next"', text) == ([] if following is None else [str(following)])


async def test_struck_lines_are_passed_over_at_one_s_own_pace_and_the_open_one_waits(
    client: Client, hall: Hall
) -> None:
    view = hall.views[FLOOR]
    struck = tuple(SegmentId(f"s{n}") for n in range(5, 15))
    view = view.apply(view.offset + 1, Role.CAPTIONER, le.ChannelRewound(channel=FLOOR, t=0, segments=struck))
    grows = le.SegmentOpened(channel=FLOOR, segment=SegmentId("g"), t0=900, language="en", origin=le.Origin.MACHINE)
    hall.views[FLOOR] = view.apply(view.offset + 1, Role.ENGINE, grows)
    async with client.get("/s/plenary/read", headers={"Accept-Language": "en"}) as response:
        text = await response.text()
    assert [int(n) for n in re.findall(r">Line (\d+)\.<", text)] == [*range(5), *range(15, 30)]
    assert "Next lines (400 more)" in text


async def test_what_was_not_recorded_between_two_pages_stands_on_one_of_them(client: Client, hall: Hall) -> None:
    view = hall.views[FLOOR]
    for event in (ev.NotRecordedBegan(t0=250), ev.NotRecordedEnded(t1=9_000)):
        view = view.apply(view.offset + 1, Role.CHAIR, event)
    hall.views[FLOOR] = view

    async def pages(*queries: str) -> list[int]:
        found = []
        for query in queries:
            async with client.get(f"/s/plenary{query}", headers={"Accept-Language": "en"}) as response:
                found.append((await response.text()).count('<li class="gap"'))
        return found

    assert await pages("", "?before=250", "?before=30", "?before=249") == [0, 1, 0, 0]
    assert await pages("/read?from=1", "/read?from=231", "/read?from=251", "/read?from=431") == [0, 1, 0, 0]


async def test_pages_of_lines_with_an_etag(client: Client) -> None:
    async with client.get("/s/plenary/lines?channel=floor&before=430") as response:
        page = await response.json()
        assert [line["text"] for line in page["lines"]] == [f"Line {n}." for n in range(400, 430)]
        assert page["before"] == 400
        tag = response.headers["ETag"]
    for known in (tag, f'"other", {tag}', f"W/{tag}"):
        async with client.get("/s/plenary/lines?before=430", headers={"If-None-Match": known}) as response:
            assert response.status == 304
            assert response.headers["ETag"] == tag
    async with client.get("/s/plenary/lines?before=400", headers={"If-None-Match": tag}) as response:
        assert response.status == 200
        assert (await response.json())["before"] == 200
    async with client.get("/s/plenary/lines?before=7") as response:
        page = await response.json()
        assert len(page["lines"]) == 7
        assert page["before"] is None
    async with client.get("/s/plenary/lines?before=999999") as response:
        assert (await response.json())["before"] == 400
    async with client.get("/s/plenary/lines?channel=fr") as response:
        assert await response.json() == {"lines": [], "before": None}


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/s/none", 404, "There is no meeting at this address."),
        ("/s/%3Cscript%3E", 404, "There is no meeting at this address."),
        ("/s/plenary?channel=xx", 404, "This meeting has no such text."),
        ("/s/plenary?channel=%3Cb%3E", 404, "This meeting has no such text."),
        ("/s/plenary?feed=all", 400, "“feed” must be “live” or “lines”"),
        ("/s/plenary?before=0", 400, "must be the number of a line, 1 or more"),
        ("/s/plenary?before=-3", 400, "must be the number of a line, 1 or more"),
        ("/s/plenary?before=x", 400, "must be the number of a line, 1 or more"),
        ("/s/plenary?before=٣", 400, "must be the number of a line, 1 or more"),
        ("/s/plenary?before=" + "9" * 30, 400, "must be the number of a line, 1 or more"),
        ("/s/plenary/read?from=0", 400, "must be the number of a line, 1 or more"),
        ("/s/none/read", 404, "There is no meeting at this address."),
        ("/nothing/here", 404, "There is nothing at this address."),
        ("/static/x/js/none.js", 404, "There is nothing at this address."),
        ("/static/x/../../pyproject.toml", 404, "There is nothing at this address."),
    ],
)
async def test_errors_are_sentences(client: Client, path: str, status: int, sentence: str) -> None:
    async with client.get(path, headers=HTML) as response:
        assert response.status == status
        assert response.content_type == "text/html"
        assert sentence in (await response.text()).replace("&#39;", "'")
    if "/read" not in path and (path.startswith("/s/plenary") or path == "/s/none"):
        script = path.replace("/s/plenary", "/s/plenary/lines").replace("/s/none", "/s/none/lines")
        async with client.get(script, headers={"Accept-Language": "en"}) as response:
            assert response.status == status
            assert sentence in (await response.json())["error"]


async def test_a_wrong_method_and_what_scripts_get(client: Client) -> None:
    async with client.post("/s/plenary", headers=HTML) as response:
        assert response.status == 405
        assert "GET" in response.headers["Allow"]
        assert "be used in this way" in await response.text()
    async with client.get("/nothing/here") as response:
        assert response.content_type == "text/plain"


async def test_faults_of_ours_are_sentences_too_and_the_log_has_no_content(
    client: Client, hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    hall.broken = StorageUnavailable("disk")
    async with client.get("/s/plenary", headers=HTML) as response:
        assert response.status == 503
    hall.broken = ValueError("what somebody said")
    async with client.get("/s/plenary", headers={**HTML, "Accept-Language": "fr"}) as response:
        assert response.status == 500
        assert "Une erreur est survenue de notre côté." in await response.text()
    # The route and not the address: in that a link's token may stand.
    assert "/s/{session} failed with ValueError in snapshot_of" in caplog.text
    assert "what somebody said" not in caplog.text


async def test_static_files_are_kept_for_ever_under_their_version(client: Client) -> None:
    address = PAGES.static.address("css/lib/page.css")
    async with client.get(address) as response:
        assert response.status == 200
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["Content-Encoding"] == "gzip"
        assert response.content_type == "text/css"
        file = PAGES.static.get("css/lib/page.css")
        assert file is not None
        assert await response.read() == file.body
    async with client.get("/static/old/css/lib/page.css", headers={"Accept-Encoding": "identity"}) as response:
        assert response.headers["Cache-Control"] == "no-cache"
        assert "Content-Encoding" not in response.headers


async def test_a_page_of_another_release_gets_all_that_a_script_of_this_one_needs(client: Client) -> None:
    """The page's own scripts may lack what those of this release have run by then."""
    name = "late/js/reader/older.js"
    async with client.get(f"/static/{PAGES.static.version}/{name}") as response:
        assert "'js/lib/nodes.js'] =" not in await response.text()
    async with client.get(f"/static/0123456789ab/{name}") as response:
        text = await response.text()
    assert "'js/lib/nodes.js'] =" in text
    assert "export const { Older } =" in text


async def test_a_page_that_is_made_while_the_last_words_are_awaited_says_so(
    hall: Hall, client: TestClient[web.Request, web.Application]
) -> None:
    for closing in (True, False):
        hall.closing = closing
        async with client.get("/s/plenary") as response:
            assert ('data-kind="last-words">The last words are coming' in await response.text()) is closing


async def test_how_many_asked_stands_beside_the_way_to_what_they_asked(
    client: TestClient[web.Request, web.Application], hall: Hall
) -> None:
    async def shown() -> str:
        async with client.get("/s/plenary?channel=floor", headers=HTML) as answer:
            return await answer.text()

    assert "Received" not in await shown()
    hall.questions = Questions()
    assert "Received" not in await shown()
    for status, t in (
        (InterventionStatus.CHECKED, 0),
        (InterventionStatus.CALLED, 180_000),
        (InterventionStatus.ANSWERED, 200_000),
    ):
        stands = qe.InterventionStatusChanged(intervention=InterventionId("q"), number=4, status=status, t=t)
        hall.questions = evolve_questions(hall.questions, stands)
    text = await shown()
    assert '<p class="aside">Received: 4. Answered: 1. Typical' in text
    assert "Typical wait: about 3 minutes." in text.replace(NO_BREAK, " ")


async def test_the_page_says_what_is_asked_now_in_its_own_language(client: Client, hall: Hall) -> None:
    question = InterventionId("q")
    for each in (
        qe.InterventionStatusChanged(intervention=question, number=4, status=InterventionStatus.CALLED, t=0),
        qe.InterventionPublished(
            intervention=question,
            number=4,
            kind=InterventionKind.QUESTION,
            text="من <يدفع>؟",
            language="ar",
            name="",
            origin="remote",
            t=0,
        ),
    ):
        hall.questions = evolve_questions(hall.questions or Questions(), each)
    for page in ("/s/plenary", "/s/plenary/read"):
        async with client.get(page) as answer:
            text = await answer.text()
        assert (
            '#Now">Now: Question no. 4 · \u2068remote, in Arabic\u2069: '
            '<bdi lang="ar" dir="rtl">من &lt;يدفع&gt;؟</bdi></a>' in text
        )


async def test_what_somebody_missed_stands_on_one_page(client: Client, hall: Hall) -> None:
    async with client.get("/s/plenary/catch-up") as answer:
        text = await answer.text()
    assert "Nothing beside the words yet." in text
    assert re.findall(r'data-line="(s\d+)"', text) == [f"s{n}" for n in range(425, 430)]
    assert 'href="/s/plenary/line/s429?channel=floor"' in text
    question = InterventionId("q")
    called = qe.InterventionStatusChanged(intervention=question, number=4, status=InterventionStatus.CALLED, t=61_000)
    asks = qe.InterventionPublished(
        intervention=question,
        number=4,
        kind=InterventionKind.QUESTION,
        text="Who <pays>?",
        language="en",
        name="Ana",
        origin="remote",
        t=0,
    )
    asked = qe.PollOpened(poll=PollId("p"), number=1, question="Go <on>?", language="ar", options=("a", "b"), t=70_000)
    counted = qe.PollCounted(poll=PollId("p"), remote=(3, 0), room=(0, 1))
    for each in (called, asks, asked, counted):
        hall.questions = evolve_questions(hall.questions or Questions(), each)
    async with client.get("/s/plenary/catch-up?ui=en") as answer:
        text = await answer.text()
    assert (
        text.count('Question no. 4 · <bdi>Ana</bdi></p>\n<p class="words" lang="en" dir="ltr">Who &lt;pays&gt;?</p>')
        == 2
    )
    happened = text.partition('class="happened"')[2]
    assert happened.index("Go &lt;on&gt;?") < happened.index("Who &lt;pays&gt;?"), "the newest first"
    assert '<meter min="0" max="100" value="75" aria-hidden="true"></meter> <span class="figure">3</span>' in happened
    assert 'href="/s/plenary/moment/61000?channel=floor&amp;ui=en&amp;live" data-t="61000">1:01</a> · 16:01' in happened
    async with client.get("/s/none/catch-up", headers=HTML) as answer:
        assert answer.status == 404


async def test_for_braille_a_turn_is_one_paragraph_without_times(client: Client) -> None:
    async with client.get("/s/plenary/read?from=1&braille=yes&channel=floor") as answer:
        text = await answer.text()
    assert " ".join(f"Line {n}." for n in range(60)) in text
    assert 'class="time"' not in text
    assert '/s/plenary/read?channel=floor&amp;braille=yes&amp;from=61"' in text
    assert '/s/plenary/read?channel=floor&amp;from=1"' in text, "the way back to lines"


async def test_the_page_says_that_a_show_of_hands_is_open(client: Client, hall: Hall) -> None:
    asked = qe.PollOpened(poll=PollId("p"), number=1, question="Go <on>?", language="ar", options=("a", "b"), t=0)
    hall.questions = evolve_questions(Questions(), asked)
    async with client.get("/s/plenary") as answer:
        text = await answer.text()
    assert re.search(
        r'id="Raised" data-begun="A show of hands has begun: {question}" [^>]*"><a href="[^"]*#Hands">', text
    )
    assert 'has begun: <bdi lang="ar" dir="rtl">Go &lt;on&gt;?</bdi></a>' in text
    hall.questions = evolve_questions(hall.questions, qe.PollClosed(poll=asked.poll, t=1))
    async with client.get("/s/plenary") as answer:
        assert re.search(r'id="Raised" [^>]* hidden><a href="[^"]*#Hands"></a>', await answer.text())


@pytest.mark.parametrize(
    ("number", "before"),
    [(0, "&before=200"), (199, "&before=200"), (200, "&before=400"), (399, "&before=400"), (400, "")],
)
async def test_a_line_is_found_on_the_page_that_holds_it(client: Client, number: int, before: str) -> None:
    address = f"/s/plenary/line/s{number}?channel=floor&theme=dark&ui=fr"
    async with client.get(address, allow_redirects=False) as answer:
        location = answer.headers["Location"]
        assert (answer.status, answer.headers["Cache-Control"]) == (303, "no-store")
    assert location == f"/s/plenary?channel=floor&theme=dark&ui=fr{before}#s{number}"
    async with client.get(location) as answer:
        assert f'id="s{number}"' in await answer.text()


@pytest.mark.parametrize(
    ("ms", "query", "where"),
    [
        (0, "", "?channel=floor&before=200#s0"),
        (401, "", "?channel=floor&before=400#s201"),
        (401, "?channel=floor&live=1", "?channel=floor#s201"),
        (10_000_000, "", "?channel=floor#s429"),
    ],
)
async def test_a_moment_is_found_in_the_text_that_is_read(client: Client, ms: int, query: str, where: str) -> None:
    async with client.get(f"/s/plenary/moment/{ms}{query}", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, f"/s/plenary{where}")


@pytest.mark.parametrize(
    ("asked", "where"),
    [("en", "?channel=floor"), ("fr?ui=ar&theme=dark", "?channel=fr&theme=dark&ui=ar"), ("ru", ""), ("%3Cb%3E", "")],
)
async def test_a_language_leads_to_the_text_in_it(client: Client, asked: str, where: str) -> None:
    async with client.get(f"/s/plenary/in/{asked}", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, f"/s/plenary{where}")
    async with client.get(f"/s/none/in/{asked}", allow_redirects=False) as answer:
        assert answer.status == 404


@pytest.mark.parametrize("address", ["/s/plenary/line/s430", "/s/plenary/line/a%20b", "/s/none/line/s1"])
async def test_there_is_no_way_to_a_line_that_is_not_there(client: Client, address: str) -> None:
    async with client.get(address, allow_redirects=False) as answer:
        assert answer.status == 404


async def test_who_asks_for_the_same_page_at_the_same_time_gets_the_same(
    client: TestClient[web.Request, web.Application], door: PageDoor, hall: Hall
) -> None:
    first = await (await client.get("/s/plenary", headers=HTML)).text()
    for headers in ({"Accept-Encoding": "gzip"}, {"Accept-Encoding": "identity"}, {"Cookie": "asker=x"}):
        answer = await client.get("/s/plenary", headers={**HTML, **headers})
        assert await answer.text() == first
        assert answer.headers["Vary"] == "Accept-Language, Accept-Encoding"
        assert ("Content-Encoding" in answer.headers) == (headers.get("Accept-Encoding") != "identity")
    assert door.pages_made == 1
    others = ["?ui=fr", "?channel=fr", "?ui=en", "?before=200", "?size=150"]
    pages = {await (await client.get(f"/s/plenary{query}", headers=HTML)).text() for query in others}
    french = await (await client.get("/s/plenary", headers={**HTML, "Accept-Language": "fr"})).text()
    assert first not in pages | {french}
    assert french not in pages
    hall.closing = True
    assert await (await client.get("/s/plenary", headers=HTML)).text() != first


async def test_all_of_a_record_is_read_once_for_all_who_ask_at_the_same_time(
    client: TestClient[web.Request, web.Application], door: PageDoor, hall: Hall
) -> None:
    hall.close()
    pages = [await answer.text() for answer in await asyncio.gather(*(client.get("/s/plenary") for _ in range(5)))]
    assert (len(set(pages)), door.pages_made) == (1, 1)
    assert 'id="Contents"' in pages[0]
    assert hall.paged.count(230) == 1, "the lines before the newest 200, for the contents"


async def test_what_is_said_to_one_visitor_is_in_no_page_of_others(hall: Hall) -> None:
    class Yours(YourTurn):
        def __init__(self) -> None:
            pass

        async def part(self, request: web.Request, *_: object, **__: object) -> dict[str, object] | None:
            return CARD if "mine" in request.cookies else None

        def asks_too(self, request: web.Request, *_: object) -> bool:
            return "too" in request.cookies

    door = PageDoor(
        PAGES,
        clock=ManualClock(),
        snapshot_of=hall.snapshot_of,
        page_of=hall.page_of,
        number_of=hall.number_of,
        your_turn=Yours(),
    )
    app = web.Application()
    app.add_routes(door.routes())
    async with TestClient(TestServer(app)) as client:
        mine = await client.get("/s/plenary", headers={**HTML, "Cookie": "mine=1"})
        other = await client.get("/s/plenary", headers=HTML)
        assert (mine.headers["Cache-Control"], other.headers["Cache-Control"]) == ("no-store", "no-cache")
        too = await client.get("/s/plenary", headers={**HTML, "Cookie": "too=1"})
        assert too.headers["Cache-Control"] == "no-store"
        assert await mine.text() != await other.text()
        assert door.pages_made == 1


async def test_a_page_that_was_made_is_given_to_nobody_once_words_are_removed(
    client: TestClient[web.Request, web.Application], door: PageDoor, hall: Hall
) -> None:
    assert "Line 429." in await (await client.get("/s/plenary", headers=HTML)).text()
    hall.remove_last_line()
    assert "Line 429." not in await (await client.get("/s/plenary", headers=HTML)).text()
    assert door.pages_made == 2


async def test_a_new_look_of_the_house_is_on_a_page_that_was_made(hall: Hall) -> None:
    pages, looks = Pages(find_web_folder()), [ConferenceLook(style="/water.css")]
    pages.show_look(lambda: looks[-1])
    door = PageDoor(
        pages, clock=ManualClock(), snapshot_of=hall.snapshot_of, page_of=hall.page_of, number_of=hall.number_of
    )
    app = web.Application()
    app.add_routes(door.routes())
    async with TestClient(TestServer(app)) as client:
        assert "/water.css" in await (await client.get("/s/plenary", headers=HTML)).text()
        looks.append(ConferenceLook(style="/river.css"))
        assert "/river.css" in await (await client.get("/s/plenary", headers=HTML)).text()


async def test_at_a_hub_each_page_says_how_the_link_is_now(hall: Hall) -> None:
    pages, asked = Pages(find_web_folder()), iter(range(9))
    pages.status_bar(lambda ui, session, channel: Markup("<p>look {}</p>").format(next(asked)))
    door = PageDoor(
        pages, clock=ManualClock(), snapshot_of=hall.snapshot_of, page_of=hall.page_of, number_of=hall.number_of
    )
    app = web.Application()
    app.add_routes(door.routes())
    async with TestClient(TestServer(app)) as client:
        for look in range(2):
            assert f"<p>look {look}</p>" in await (await client.get("/s/plenary", headers=HTML)).text()
