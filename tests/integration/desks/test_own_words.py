"""A speaker's private link, with forms alone: made at the desk, opened, proposed, decided on, and made public."""

from __future__ import annotations

import re
from pathlib import Path

from moothall.core import commands as do
from moothall.core.events.outcome_parts import Citation, MessageKind, PublishedMessage, PublishedSection
from moothall.core.events.types import Access, ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CitationId, CommandId, MessageId, SegmentId, SessionId, SpeakerId
from moothall.core.outcomes import commands as oc
from moothall.services.log.act_queue import Receipt
from moothall.services.outcomes.outcome_logs import OutcomeLogs
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.staff import HALL
from support.desks.admin import AdminHouse, Browser, admin_house, make
from support.desks.own_words import with_old_lines

FLOOR = ChannelId("floor")
ANA, BO = SpeakerId("ana"), SpeakerId("bo")
OWN, LINKS, CHECK = "/own-words/water-board", "/desk/water-board/speakers", "/desk/water-board/check"


async def staff(house: AdminHouse, role: Role) -> Browser:
    browser = await house.browser()
    _, token = await house.running.backend.links.create(role, HALL, f"{role}")
    assert await browser.get(f"/enter/{token}") == 200
    return browser


def fields(browser: Browser, act: str, segment: str = "") -> dict[str, str]:
    """The hidden fields of the page's first form with that act, for a line."""
    for form in re.findall(r"<form.*?</form>", browser.text, re.DOTALL):
        found = dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form))
        if f'value="{act}"' in form and segment in ("", found.get("segment", "")):
            return {**found, "act": act}
    raise AssertionError(f"no form to {act} {segment}")


def the_link(browser: Browser) -> str:
    found = re.search(r'<code dir="ltr">[^<]*?(/own-words/[^<]+)</code>', browser.text)
    assert found is not None, browser.text
    return found[1]


async def quoted(house: AdminHouse, by: str, *citations: Citation) -> None:
    """Publish the report of another session, with a message that rests on these citations."""
    sessions, catalogue = house.running.backend.sessions, SessionCatalogue(house.running.backend.log)
    other = await sessions.open(SessionId("other"))
    made = do.CreateSession(title="Other", languages=("en",), access=Access.PUBLIC)
    floor = do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",))
    assert isinstance(await other.writer.send(SYSTEM, CommandId("made"), [made, floor]), Receipt)
    report = await OutcomeLogs(sessions, entries=catalogue.all).report(other.id, "Report", Access.PUBLIC)
    assert isinstance(report, LiveSession)
    message = PublishedMessage(id=MessageId("m1"), kind=MessageKind.VIEW, text=by, citations=citations)
    written: list[do.AnyCommand] = [
        oc.AssignReport(session=other.id, template="short"),
        oc.WriteSection(section="issues", text="One.", base_revision=0),
        oc.SubmitReport(),
        oc.PublishReport(
            title="What <came> of it",
            language="en",
            sections=(PublishedSection(id="issues", heading="Issues", text="One."),),
            messages=(message,),
        ),
    ]
    assert isinstance(await report.writer.send(SYSTEM, CommandId("published"), written), Receipt)


async def test_a_speaker_has_what_was_misheard_corrected(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        await make(secretary, access="staff")
        live = await house.running.backend.sessions.find(SessionId("water-board"))
        assert live is not None

        async def tell(name: str, *commands: do.AnyCommand) -> None:
            answer = await live.writer.send(Actor(Role.SECRETARIAT, "s"), CommandId(name), commands)
            assert isinstance(answer, Receipt), answer

        await tell("open", do.OpenSession())
        for speaker, name in ((ANA, "Ana <Silva>"), (BO, "Bo")):
            await tell(f"name-{speaker}", do.IntroduceSpeaker(speaker=speaker, name=name))
        for name, speaker, text in (
            ("a", ANA, "We where <ready>."),
            ("b", BO, "A secret of Bo."),
            ("c", ANA, "And we meant it."),
        ):
            typed = do.TypeSegment(channel=FLOOR, segment=SegmentId(name), text=text, language="en", speaker=speaker)
            await tell(f"type-{name}", typed)
        await tell("close", do.CloseSession())

        reporter, checker, ana, stranger = [
            await staff(house, Role.RAPPORTEUR),
            await staff(house, Role.CAPTIONER),
            await house.browser(),
            await house.browser(),
        ]
        await secretary.get("/admin/meetings/water-board")
        assert f'href="{LINKS}"' in secretary.text
        assert await reporter.get(LINKS) == 404, "a rapporteur corrects no lines"
        assert await checker.get(LINKS) == 200
        made = fields(checker, "make")
        assert made["speaker"] == "ana"
        assert await checker.post(LINKS, {**made, "until": "2020-01-01"}) == 409
        assert "Choose a day from today on" in checker.text
        until = re.search(r'name="until" value="([^"]+)"', checker.text)
        assert until is not None
        assert await checker.post(LINKS, {**fields(checker, "make"), "until": until[1]}) == 200
        link = the_link(checker)

        assert await stranger.get(OWN) == 404
        assert await stranger.get(f"{OWN}/enter/guess") == 404
        secret = link.rpartition("/")[2]
        assert await ana.get(link, follow=False) == 303
        (cookie,) = ana.cookies
        assert secret not in cookie
        assert all(f"; {part}" in cookie for part in ("HttpOnly", "SameSite=Lax", f"Path={OWN}"))
        assert await ana.get(link) == 200
        assert ana.url == OWN
        assert secret not in ana.text
        assert ana.headers["Cache-Control"] == "no-store"
        assert "noindex" in ana.headers["X-Robots-Tag"]
        assert "No line of the text is said to be yours yet" in ana.text, "the words are too new"
        assert "not what was meant" in ana.text

        with_old_lines(house.running.backend.own_words)
        await ana.get(OWN)
        assert "We where &lt;ready&gt;." in ana.text
        assert "A secret of Bo" not in ana.text
        proposed = {**fields(ana, "propose", "a"), "text": "We were <ready>."}
        assert await ana.post(OWN, {**proposed, "form": "x.y"}) == 409
        assert "We were &lt;ready&gt;.</textarea>" in ana.text
        assert await ana.post(OWN, proposed) == 200
        assert "Waits for whoever checks the text" in ana.text
        assert await ana.post(OWN, {**fields(ana, "propose", "c"), "text": "And we meant more."}) == 200
        assert await ana.post(OWN, {**fields(ana, "propose", "c"), "segment": "b", "text": "Nothing."}) == 409

        await checker.get(CHECK)
        assert "<ins>" in checker.text
        assert "Ana &lt;Silva&gt;" in checker.text
        accept = fields(checker, "accept")
        await tell(
            "mend",
            do.CorrectSegment(channel=FLOOR, segment=SegmentId("a"), base_revision=0, base_words=0, text="We wear it."),
        )
        assert await checker.post(CHECK, accept) == 409
        assert "The line was mended since" in checker.text
        await ana.get(OWN)
        assert "We wear it." in ana.text
        assert "The line was mended since you proposed this. It read:" in ana.text
        assert await ana.post(OWN, {**proposed, "text": "We were steady."}) == 409
        assert "This line was mended meanwhile" in ana.text
        assert "We were steady.</textarea>" in ana.text
        assert await checker.post(CHECK, fields(checker, "accept")) == 200
        mended = live.state.segments.get(SegmentId("a"))
        assert mended is not None
        assert mended.whole == "We were <ready>."
        decline = fields(checker, "decline")
        assert await checker.post(CHECK, decline) == 409
        assert await checker.post(CHECK, {**decline, "reason": "It was not said."}) == 200
        assert "What speakers propose" not in checker.text

        await ana.get(OWN)
        assert "Accepted by: Captioner" in ana.text
        assert "It was not said." in ana.text
        await secretary.get("/s/water-board/history/a")
        assert "Proposed by the speaker" in secretary.text
        await secretary.get("/s/water-board/history/c")
        assert "It was not said." not in secretary.text
        assert await ana.post(OWN, fields(ana, "publish", "c")) == 200
        await secretary.get("/s/water-board/history/c")
        assert "Declined by: Captioner" in secretary.text
        assert "It was not said." in secretary.text

        assert "No published report quotes what you said" in ana.text
        line = SegmentId("a")
        cited = Citation(
            id=CitationId("c1"), session=live.id, offset=live.writer.offset, channel=FLOOR, first=line, last=line
        )
        await quoted(house, "They were <ready>.", cited)
        await ana.get(OWN)
        assert "No published report quotes what you said" not in ana.text
        assert '<a href="/s/other/outcome#Message-m1">They were &lt;ready&gt;.</a>' in ana.text
        assert "What &lt;came&gt; of it" in ana.text
        await ana.get(f"{OWN}?ui=ar")
        assert 'dir="rtl"' in ana.text
        assert 'lang="en" dir="ltr"' in ana.text
        await checker.get(LINKS)
        assert await checker.post(LINKS, fields(checker, "revoke")) == 200
        assert await ana.get(OWN) == 404
