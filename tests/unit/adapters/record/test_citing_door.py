from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.http.security_headers import secure
from moothall.adapters.pages.catalogues import LANGUAGES
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.record.citing_door import MAX_WAITING, CitingDoor
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.views.captions import Snapshot
from moothall.record.citation.history import History
from moothall.services.sessions.records import NotThere, Records
from moothall.testing.log_memory import MemoryLog
from support.sessions.history_maker import history, offset, seal
from support.sessions.record_maker import FLOOR, Telling
from support.sessions.recorder import EPOCH

PAGES = Pages(find_web_folder())
Client = TestClient[web.Request, web.Application]


class OneMeeting(Records):
    """The history of one session, told by the test."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.told = Telling("Water & <land>")
        self.one = self.told.line("We where ready to go.", 1_000, 4_000, name="Ana <x>")
        self.two = self.told.line("Are you?", 65_000, 66_000, name="Ana <x>")
        self.heard = offset(self.told)
        self.told.tell(ev.SessionClosed(t=90_000))
        seal(self.told, ev.SealVersion.RAW, 1, SYSTEM)
        self.without: tuple[SegmentId, ...] = ()
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = 0
        self.all_wait = asyncio.Event()

    def mend(self) -> None:
        """Correct the first line, and seal the text as checked."""
        self.told.correct(self.one, "We were ready to go.", words=5)
        seal(self.told, ev.SealVersion.CHECKED, 2)

    async def find(
        self, session: SessionId, *, channel: ChannelId | None = None, language: str | None = None
    ) -> Snapshot | NotThere:
        if session != "plenary":
            return NotThere.SESSION
        if channel not in (None, FLOOR):
            return NotThere.CHANNEL
        made = history(self.told, without=self.without)
        return Snapshot(
            epoch=EPOCH, offset=offset(self.told), feed="floor.live", session=made.session, lines=(), before=None
        )

    async def history(self, snapshot: Snapshot) -> History:
        self.waiting += 1
        if self.waiting == MAX_WAITING:
            self.all_wait.set()
        await self.gate.wait()
        return history(self.told, without=self.without)

    def at(self, where: int) -> str:
        return f"{EPOCH}:{where}"


@pytest.fixture
def records() -> OneMeeting:
    return OneMeeting()


@pytest.fixture
async def client(records: OneMeeting) -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes(
        CitingDoor(records, PAGES, public=lambda: "https://forum.example", publisher=lambda: "Forum").routes()
    )
    secure(app)
    async with TestClient(TestServer(app)) as client:
        yield client


async def text_of(client: Client, address: str, status: int = 200, language: str = "en") -> str:
    async with client.get(address, headers={"Accept-Language": language}) as response:
        text = await response.text()
        assert response.status == status, text
        return text


def words(page: str) -> str:
    """What a reader of a page reads, as a single row."""
    body = page.partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub("<[^>]*>", " ", body).split())


async def test_an_address_without_a_position_is_redirected_to_one_that_names_it(
    client: Client, records: OneMeeting
) -> None:
    sealed = offset(records.told)
    async with client.get(f"/s/plenary/cite?from={records.one}:3&ui=en", allow_redirects=False) as response:
        assert response.status == 303
        assert response.headers["Location"] == (
            f"/s/plenary/cite?channel=floor&from={records.one}:3&at={EPOCH}:{sealed}&ui=en"
        )
    records.told.tell(ev.ClockMapped(t=90_000, wall=1_764_000_000_000))
    async with client.get(f"/s/plenary/cite?from={records.one}&to={records.two}:3", allow_redirects=False) as response:
        assert response.headers["Location"] == (
            f"/s/plenary/cite?channel=floor&from={records.one}&to={records.two}:3&at={EPOCH}:{sealed}"
        )


async def test_a_quotation_names_its_version_and_its_state(client: Client, records: OneMeeting) -> None:
    page = words(await text_of(client, f"/s/plenary/cite?from={records.one}&at={records.at(records.heard)}"))
    assert "As it was quoted Ana &lt;x&gt; We where ready to go." in page
    assert "Heard by a machine, unchecked · version “As it came”, state k3j9x2:9 · 0:01" in page
    assert "As it reads now" not in page
    assert "Ana &lt;x&gt;. (2025, November 24). Water &amp; &lt;land&gt; [Transcript; version “As it came”" in page
    assert f"https://forum.example/s/plenary/cite?channel=floor&amp;from={records.one}&amp;at=k3j9x2:9" in page


async def test_a_position_of_a_hubs_readers_is_known_too(client: Client, records: OneMeeting) -> None:
    page = words(await text_of(client, f"/s/plenary/cite?from={records.one}&at={EPOCH}r2:{records.heard}"))
    assert f"state {EPOCH}:{records.heard}" in page


async def test_a_line_is_quoted_while_others_are_being_said(client: Client, records: OneMeeting) -> None:
    """A live page stands at the newest words, which the finished lines lack."""
    growing = SegmentId("growing")
    records.told.tell(
        le.SegmentOpened(channel=FLOOR, segment=growing, t0=95_000, language="en", origin=le.Origin.MACHINE),
        le.WordsCommitted(channel=FLOOR, segment=growing, first=0, words=(le.Word(" So", 95_000, 95_500),)),
    )
    now = records.at(offset(records.told))
    page = words(await text_of(client, f"/s/plenary/cite?from={records.one}&at={now}"))
    assert "As it was quoted Ana &lt;x&gt; We where ready to go." in page
    assert f"state {now}" in page
    await text_of(client, f"/s/plenary/cite?from={growing}&at={now}", 404)


async def test_a_mended_quotation_shows_both_texts(client: Client, records: OneMeeting) -> None:
    records.mend()
    page = await text_of(client, f"/s/plenary/cite?from={records.one}:3:&at=x", 404)
    address = f"/s/plenary/cite?from={records.one}:3&to={records.one}:8&at={records.at(records.heard)}"
    page = await text_of(client, address)
    assert 'data-fate="changed"' in page
    assert "Heard by a machine, unchecked" in words(page), "what was checked is what it reads now"
    assert "As it was quoted Ana &lt;x&gt; where" in words(page)
    assert "As it reads now were" in words(page)
    assert '<del><span class="unseen">Taken out: </span>where</del>' in page
    now = words(await text_of(client, f"/s/plenary/cite?from={records.one}&at={records.at(offset(records.told))}"))
    assert "Checked by: Rapporteur, Nov 24, 2025 16:00 UTC · version “Checked”" in now


async def test_removed_words_are_shown_as_removed(client: Client, records: OneMeeting) -> None:
    records.without = (records.one,)
    address = f"from={records.one}&at={records.at(records.heard)}"
    page = await text_of(client, f"/s/plenary/cite?{address}")
    assert 'data-fate="removed"' in page
    assert "These words were removed from the record. Removed" in words(page)
    assert "ready" not in page
    assert "removed from the record" in await text_of(client, f"/s/plenary/cite.txt?{address}", 410)
    some = await text_of(client, f"/s/plenary/cite?from={records.one}&to={records.two}&at={records.at(records.heard)}")
    assert "Some of these words were removed from the record." in some
    assert "Are you?" in some


async def test_after_a_removal_the_text_is_quoted_as_it_has_been_since(client: Client, records: OneMeeting) -> None:
    three = records.told.line("Let us go.", 70_000, 71_000)
    seal(records.told, ev.SealVersion.CHECKED, 2)
    records.told.tell(ev.BodyRemoved(offsets=(history(records.told).begun[records.two],), reason="request", by="s"))
    records.without = (records.two,)
    page = await text_of(client, f"/s/plenary/cite?from={records.one}&to={three}")
    assert "data-fate" not in page
    assert f"version “Checked”, state {records.at(offset(records.told))}" in words(page)


@pytest.mark.parametrize(
    ("form", "kind", "beginning"),
    [
        ("txt", "text/plain", "“We where ready to go. Are you?” — Ana <x>, Water & <land>, November 24, 2025, 0:01, "),
        ("bib", "application/x-bibtex", "@misc{plenary-9-0-01,"),
        ("ris", "application/x-research-info-systems", "TY  - GEN\r\n"),
        ("json", "application/vnd.citationstyles.csl+json", '[{"id":"plenary-9-0-01"'),
    ],
)
async def test_each_form_of_a_citation(
    client: Client, records: OneMeeting, form: str, kind: str, beginning: str
) -> None:
    span = f"from={records.one}&to={records.two}&at={records.at(records.heard)}"
    async with client.get(f"/s/plenary/cite.{form}?{span}", headers={"Accept-Language": "en"}) as response:
        assert (response.status, response.content_type) == (200, kind)
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        text = await response.text()
    assert text.startswith(beginning)
    assert "unchecked" in text
    assert "https://forum.example/s/plenary/cite?channel=floor&from=" in text
    if form == "json":
        assert json.loads(text)[0]["publisher"] == "Forum"


async def test_without_a_public_address_a_citation_names_the_one_that_was_asked(records: OneMeeting) -> None:
    app = web.Application()
    app.add_routes(CitingDoor(records, PAGES).routes())
    async with TestClient(TestServer(app)) as client, client.get(f"/s/plenary/cite.txt?from={records.one}") as response:
        assert f"http://127.0.0.1:{client.port}/s/plenary/cite?" in await response.text()


async def test_a_quotation_leads_to_the_proof_of_each_line_that_has_one(client: Client, records: OneMeeting) -> None:
    cited = f"/s/plenary/cite?from={records.one}&to={records.two}&at={records.at(records.heard)}&ui=fr"
    assert "/proof?" not in await text_of(client, cited)  # as at a hub
    app = web.Application()
    app.add_routes(CitingDoor(records, PAGES, proved=True).routes())
    async with TestClient(TestServer(app)) as proved:
        page = await text_of(proved, cited)
        for line, time in ((records.one, "0:01"), (records.two, "1:05")):
            link = f'<a href="/s/plenary/proof?line={line}&amp;ui=fr">Preuve de la ligne de {time}</a>'
            assert link in page
        records.without = (records.two,)
        page = await text_of(proved, cited)
        assert f"proof?line={records.one}&" in page
        assert f"proof?line={records.two}&" not in page


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("0:01", "", "We where ready to go."),
        ("0:03", "0:04", "We where ready to go."),
        ("0:05", "1:05", "We where ready to go. Are you?"),
        ("1:05", "0:01:05", "Are you?"),
    ],
)
async def test_words_are_quoted_by_their_times(client: Client, since: str, until: str, said: str) -> None:
    text = await text_of(client, f"/s/plenary/cite.txt?since={since}&until={until}")
    assert text.startswith(f"“{said}”")


@pytest.mark.parametrize(
    ("address", "status", "sentence"),
    [
        ("/s/plenary/cite", 404, "no such words"),
        ("/s/plenary/cite?from=nothing", 404, "no such words"),
        ("/s/plenary/cite?from=ONE&to=..", 404, "no such words"),
        ("/s/plenary/cite?from=ONE&at=e2:3", 404, "that state of the text"),
        ("/s/plenary/cite?from=ONE&at=k3j9x2:9999", 404, "that state of the text"),
        ("/s/plenary/cite?from=ONE&at=now", 404, "that state of the text"),
        ("/s/plenary/cite?since=4", 400, "a time is written like"),
        ("/s/plenary/cite?since=1:05&until=0:01", 404, "no such words"),
        ("/s/plenary/cite.doc?from=ONE", 404, "nothing at this address"),
        ("/s/plenary/history/nothing", 404, "no such words"),
        ("/s/plenary/versions/7", 404, "no such version"),
        ("/s/plenary/versions/raw", 404, "no such version"),
        ("/s/plenary/versions/1/9", 404, "no such version"),
        ("/s/elsewhere/versions", 404, "no meeting at this address"),
        ("/s/-x/versions", 404, "no meeting at this address"),
        ("/s/plenary/versions?channel=xx", 404, "no such text"),
        ("/s/plenary/versions?channel=..", 404, "no such text"),
    ],
)
async def test_what_is_not_there_is_refused_in_a_sentence(
    client: Client, records: OneMeeting, address: str, status: int, sentence: str
) -> None:
    assert sentence in await text_of(client, address.replace("ONE", records.one), status)


async def test_the_history_of_a_line_lists_all_that_it_read(client: Client, records: OneMeeting) -> None:
    records.mend()
    page = await text_of(client, f"/s/plenary/history/{records.one}")
    assert words(page).startswith(
        'class="plain citing"> History of the line at 0:01 Water &amp; &lt;land&gt; · November 24, 2025 '
        "Mended by: Captioner, Nov 24, 2025 16:00 UTC · state k3j9x2:12 We Taken out: where Put in: were ready to go. "
        "Heard by a machine, unchecked · state k3j9x2:7 We where ready to go."
    )
    records.told.tell(le.ChannelRewound(channel=FLOOR, segments=(records.two,), t=65_000))
    assert "Taken out of the text" in await text_of(client, f"/s/plenary/history/{records.two}")


async def test_versions_are_listed_read_and_compared(client: Client, records: OneMeeting) -> None:
    page = words(await text_of(client, "/s/plenary/versions"))
    assert "As it came Sealed Nov 24, 2025 16:00 UTC · state k3j9x2:11" in page
    assert "The text now" not in page
    records.mend()
    records.told.correct(records.two, "Are you ready?", words=2)
    page = words(await text_of(client, "/s/plenary/versions"))
    assert "The text now It was mended since it was sealed. Compare with “Checked”" in page
    assert "Checked Sealed by: Rapporteur, Nov 24, 2025 16:00 UTC · state k3j9x2:13 Compare with “As it came”" in page
    assert "We where ready to go." in await text_of(client, "/s/plenary/versions/1")
    assert "We were ready to go." in await text_of(client, "/s/plenary/versions/2")
    assert "Are you ready?" in await text_of(client, "/s/plenary/versions/now")
    page = words(await text_of(client, "/s/plenary/versions/1/now"))
    assert "From “As it came” to “The text now”" in page
    assert "We Taken out: where Put in: were ready to go." in page
    assert "Are you Put in: ready ?" in page
    assert "Nothing differs." in await text_of(client, "/s/plenary/versions/1/1")


async def test_a_changed_name_is_shown_in_a_comparison(client: Client, records: OneMeeting) -> None:
    records.told.tell(ev.SpeakerAssigned(segments=(records.one,), speaker=None))
    assert "Taken out: Ana &lt;x&gt;" in words(await text_of(client, "/s/plenary/versions/1/now"))
    assert "Put in: Ana &lt;x&gt;" in words(await text_of(client, "/s/plenary/versions/now/1"))


async def test_a_meeting_without_a_sealed_version_says_so(client: Client, records: OneMeeting) -> None:
    records.told = Telling()
    records.told.line("We go.", 1_000, 2_000)
    assert "No version has been sealed yet." in await text_of(client, "/s/plenary/versions")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_page_is_in_every_language(client: Client, records: OneMeeting, language: str) -> None:
    records.mend()
    at = records.at(records.heard)
    for address in (
        f"cite?from={records.one}&at={at}",
        f"history/{records.one}",
        "versions",
        "versions/1",
        "versions/1/2",
    ):
        page = await text_of(client, f"/s/plenary/{address}", language=language)
        assert f'<html lang="{language}"' in page
        assert f"ui={'pt' if language != 'pt' else 'fr'}" in page


async def test_too_many_requests_at_once_are_asked_to_come_back(client: Client, records: OneMeeting) -> None:
    records.gate.clear()
    waiting = [asyncio.ensure_future(text_of(client, "/s/plenary/versions")) for _ in range(MAX_WAITING)]
    await records.all_wait.wait()
    assert "try again" in await text_of(client, "/s/plenary/versions/1", 503)
    records.gate.set()
    assert len(await asyncio.gather(*waiting)) == MAX_WAITING
