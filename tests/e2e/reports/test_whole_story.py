"""From an open call in three languages to what bodies are sent, in Chromium: a workshop prepares the sample session.

Each part has quicker tests of its own: calls and policy questions in
`integration/adapters/outcomes/test_policy_pages.py`, reports in `integration/outcomes/test_report_pages.py`, documents,
bodies and removal in the other files there, the desk's keys in `e2e/moderation`.
"""

from __future__ import annotations

import email
import json
import re
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from integration.outcomes.test_bodies import hook
from moothall.core import commands as do
from moothall.core.events.notes_and_tags import Tag
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import PolicyQuestionId, SegmentId, SessionId, SpeakerId
from moothall.services.sessions.staff import session_scope
from moothall.settings.sections import MailSection, WebhookSection
from support.browser.browsing import tab
from support.desks.admin import AdminHouse, admin_house, make
from support.desks.meeting import FLOOR, Meeting
from support.files.found import found
from support.halls.mail_server import mail_server

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.slow,  # its parts have tests of their own, see above
]

WORKSHOP, MAIN, DOCUMENT = SessionId("village-networks"), SessionId("remote-participation"), "outcomes"
SAMPLE = Path(__file__).parents[3] / "config/sample/session.jsonl"
NAMES = {"chair": "Helen Marsh", "speaker": "Daniel Reed", "moderator": "Peter"}
SAID_BEFORE = (
    ("chair", "Good morning. This workshop prepares the open session of this afternoon."),
    ("speaker", "In our valley nine villages share one mast, and the schools pay for it together."),
    ("speaker", "Captions reach every classroom, since they need almost no data."),
    ("moderator", "I do not agree that schools should pay. It is for the ministry."),
    ("chair", "So we agree that every school should be able to follow by text."),
    ("chair", "Who pays stays open, and we hand that on to the main session."),
)
"""The workshop, written for the sample session."""
PROPOSED = (
    ("en", "Who checks the captions, and how soon is the record published?", "Grace"),
    ("es", "¿Cómo puede seguir la sesión una escuela con mala conexión?", "Inés"),
    ("ar", "بأي لغات يُترجم النص؟", "ليلى"),
)
CHECKED, SCHOOLS, LANGUAGES = range(3)
HOME = "Grace Taylor, who works at the public library"


class Story:
    """The house, and what is photographed of it."""

    def __init__(self, house: AdminHouse, browser: Browser, page: Page, shots: Path) -> None:
        self.house = house
        self.browser = browser
        self.page = page
        """The secretariat's."""
        self.address = house.running.address
        self.shots = shots
        self.asked: list[PolicyQuestionId] = []
        self.meetings: dict[SessionId, Meeting] = {}

    async def go(self, path: str, page: Page | None = None) -> None:
        await (page or self.page).goto(f"{self.address}{path}")

    async def fill(self, path: str) -> None:
        """Open a page of the secretariat's, with its folded forms."""
        await self.go(path)
        await self.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")

    async def shot(self, name: str, page: Page | None = None) -> None:
        await (page or self.page).screenshot(path=self.shots / f"{name}.png", full_page=True)

    async def on(self, session: SessionId) -> Meeting:
        if session not in self.meetings:  # one of each, since it numbers its commands
            live = await self.house.running.backend.sessions.open(session)
            self.meetings[session] = Meeting(self.house.running, live)
        return self.meetings[session]

    async def call(self) -> None:
        """Proposals in three languages become policy questions of the main session; a fourth does not."""
        page = self.page
        await self.fill("/admin/policy?ui=en")
        await page.locator("#CallTitle").fill("What is the open session to answer?")
        await page.locator("#CallText").fill("Propose one question each, in any language.")
        await page.get_by_role("button", name="Make the call").click()
        call = page.url.rpartition("/")[2].partition("?")[0]
        for language, text, name in (*PROPOSED, ("en", "Why is the coffee cold?", "")):
            async with tab(self.browser) as visitor:
                await self.go(f"/calls/{call}?ui={language}", visitor)
                await visitor.locator("#Text").fill(text)
                await visitor.locator("#Name").fill(name)
                await visitor.locator("#Language").select_option(language)
                await visitor.locator("#Proposing button.main").click()
                await expect(visitor).to_have_url(re.compile("/asked/"))
                await self.shot(f"01-proposed-{language}", visitor)
        live = await self.on(SessionId(call))
        names = [each.id for each in (live.live.state.questions.numbered(n) for n in range(1, 5)) if each is not None]
        queued, declined = InterventionStatus.QUEUED, InterventionStatus.DECLINED
        office = Actor(Role.SECRETARIAT, "office")
        await live.do(do.SetStatus(interventions=tuple(names), status=queued), by=office)
        no = do.SetStatus(interventions=(names[3],), status=declined, reason="It is for the kitchen.")
        await live.do(no, by=office)
        for n in range(1, 4):
            await self.go(f"/admin/policy/calls/{call}/proposals/{n}?ui=en")
            await page.get_by_label("Remote participation").check()
            if n == SCHOOLS + 1:
                await page.get_by_label("Village networks").check()
            await page.get_by_role("button", name="Make it a policy question").click()
            await expect(page.locator("main")).to_contain_text("Selected as a policy question")
        await self.go(f"/calls/{call}?ui=es")
        await self.shot("02-call-selected")
        fates = json.loads(
            await (
                await page.context.request.get(f"{self.address}/calls/{call}", headers={"Accept": "application/json"})
            ).text()
        )["proposals"]
        assert [each["fate"] for each in fates] == ["selected"] * 3 + ["not-taken"]
        selected = live.live.state.outcomes.call.selected
        self.asked = [selected[name].question for name in names[:3]]
        await self.go(f"/admin/policy/sessions/{WORKSHOP}?ui=en")
        await page.locator("#Feeds").select_option(MAIN)
        await page.get_by_role("button", name="Save the changes").click()

    async def workshop(self) -> None:
        """It is held, and its report is published before the main session begins."""
        on = await self.on(WORKSHOP)
        await begun(on)
        for n, (who, text) in enumerate(SAID_BEFORE):
            await on.do(do.SetSpeaker(channel=FLOOR, speaker=SpeakerId(who)))
            await on.say(f"w{n}", text)
        for n, tag in ((4, Tag.AGREED), (1, Tag.DIVERGING), (3, Tag.DIVERGING)):
            marked = do.TagSegment(segment=SegmentId(f"w{n}"), tag=tag, question=self.asked[SCHOOLS])
            await on.do(marked, by=Actor(Role.CHAIR, "chair"))
        await on.do(do.CloseSession())
        texts = {
            "w4": "Every school should be able to “follow by text”.",
            "w1": "Schools can “pay for it together”.",
            "w3": "“It is for the ministry” to pay.",
        }
        await self.report(WORKSHOP, texts, "What the workshop found")

    async def main(self) -> None:
        """The sample session: a question is put under a policy question by a key while it is on."""
        on = await self.on(MAIN)
        await begun(on)
        async with tab(self.browser) as reader, tab(self.browser) as desk:
            await on.enter(desk, Role.MODERATOR)
            await self.go(f"/moderate/{MAIN}?ui=en", desk)
            await expect(desk.locator("#Desk")).to_be_visible()
            await expect(desk.locator("main")).to_contain_text("Every school should be able to “follow by text”.")
            await self.go(f"/s/{MAIN}?ui=en", reader)
            rows = [json.loads(line) for line in SAMPLE.read_text("utf-8").splitlines()]
            for n, row in enumerate(rows):
                if n == 18:
                    await desk.keyboard.press("1")
                    await desk.get_by_role("button", name=f"1. {PROPOSED[CHECKED][1]}").click()
                    await expect(reader.locator("#Topic")).to_contain_text(PROPOSED[CHECKED][1])
                    await self.ask(reader, "Who pays the two editors?")
                    await expect(desk.locator("#Checked .question")).to_have_count(1)
                    await desk.keyboard.press("n")
                    await desk.keyboard.press("a")
                    await expect(desk.locator("#Queued .question")).to_have_count(1)
                    await desk.locator("#Queued .question").focus()
                    await desk.keyboard.press("2")
                    await expect(desk.locator("#Queued .particulars")).to_contain_text("Policy question 1")
                    await self.shot("03-desk", desk)
                    await self.go(f"/s/{MAIN}?ui=en", reader)
                    await self.shot("04-reader", reader)
                await on.do(do.SetSpeaker(channel=FLOOR, speaker=SpeakerId(row["speaker"])))
                await on.say(f"m{n}", row["text"])
        for n, tag, question in (
            (29, Tag.AGREED, CHECKED),
            (22, Tag.DIVERGING, CHECKED),
            (14, Tag.OPTION, SCHOOLS),
            (30, Tag.AGREED, LANGUAGES),
        ):
            marked = do.TagSegment(segment=SegmentId(f"m{n}"), tag=tag, question=self.asked[question])
            await on.do(marked, by=Actor(Role.CHAIR, "chair"))
        await on.do(do.CloseSession())
        texts = {
            "m29": "The record is there “within twenty-four hours”.",
            "m22": f"It was asked by “{HOME}”.",
            "m14": "Text is enough: an hour takes “less than two hundred kilobytes”.",
            "m30": "English, French and Spanish are there, and “Portuguese will follow in the spring”.",
        }
        await self.report(MAIN, texts, "What the open session found")

    async def ask(self, page: Page, text: str) -> None:
        await self.go(f"/s/{MAIN}/ask?ui=en", page)
        await page.locator("#Text").fill(text)
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page).to_have_url(re.compile("/asked/"))

    async def report(self, session: SessionId, texts: dict[str, str], title: str) -> None:
        """The rapporteur writes the marks' messages, reads each citation and hands it in; the office publishes."""
        live = await self.house.running.backend.sessions.find(session)
        assert live is not None
        _, token = await self.house.running.backend.links.create(Role.RAPPORTEUR, session_scope(session), "Ana")
        async with tab(self.browser) as page:
            await self.go(f"/enter/{token}", page)
            await self.go(f"/report/{session}?ui=en", page)
            for segment, text in texts.items():
                line = live.state.segments.get(SegmentId(segment))
                assert line is not None
                article = page.locator("article.message").filter(
                    has=page.locator(".was", has_text=line.whole.strip()[:60])
                )
                await article.locator("textarea").fill(text)
                await article.locator("button[value=message]").click()
                await expect(article.locator(".kept-here")).to_have_text("")
            heard = page.locator("button[value=heard]")
            while left := await heard.count():
                await heard.first.click()
                await expect(heard).to_have_count(left - 1)
            await expect(page.locator("#Unheard")).to_have_text("Citations still unheard: 0")
            await self.shot(f"05-room-{session}", page)
            await page.locator("#Hand button").click()
            await expect(page.locator("#Stage")).to_have_text("With the secretariat")
        await self.fill("/admin/reports?ui=en")
        card = self.page.locator(f"#Report-{session}")
        await card.locator("[name=title]").fill(title)
        await card.locator("button[value=publish]").click()
        await expect(card).to_contain_text("Report published")
        await self.go(f"/s/{session}/outcome?ui=en")
        await expect(self.page.locator("h1")).to_have_text(title)
        await expect(self.page.get_by_text("Heard by a machine, unchecked").first).to_be_visible()
        await self.shot(f"06-report-{session}")

    async def documents(self) -> None:
        """The outcome document in English, Spanish and Arabic layout, its map, and the Chair's report."""
        page = self.page
        for name, kind, title in ((DOCUMENT, "outcome", "Outcomes"), ("chair", "chair", "Report of the Chair")):
            await self.fill("/admin/documents?ui=en")
            await page.locator("#Name").fill(name)
            await page.locator("#Title").fill(title)
            await page.locator("#Form").select_option(kind)
            await page.locator("#First").fill("2020-01-01")
            await page.locator("#Last").fill("2099-12-31")
            await page.get_by_role("button", name="Save the document").click()
            await page.locator(f"form[action*='/{name}/publish'] button").click()
            await expect(page.locator("main")).to_contain_text("Version 1, ")
        await self.go("/outcomes/chair?ui=en")
        for title in ("What the workshop found", "What the open session found"):
            await expect(page.locator("main")).to_contain_text(title)
        await self.shot("07-chair")
        for language, way in (("en", "ltr"), ("es", "ltr"), ("ar", "rtl")):
            await self.go(f"/outcomes/{DOCUMENT}?ui={language}")
            await expect(page.locator("html")).to_have_attribute("dir", way)
            for _, text, _ in PROPOSED:
                await expect(page.locator("main")).to_contain_text(text)
            await self.shot(f"08-outcomes-{language}")
        await self.go(f"/outcomes/{DOCUMENT}/map?ui=en")
        await self.shot("09-map")

    async def changed(self, folder: Path) -> None:
        """A cited line is mended, and one that a message repeats is removed at the desk."""
        on = await self.on(MAIN)
        line = on.live.state.segments.get(SegmentId("m14"))
        assert line is not None
        mended = do.CorrectSegment(
            channel=FLOOR,
            segment=line.id,
            base_revision=line.revision,
            base_words=len(line.words),
            text=line.whole.strip().replace("two hundred", "three hundred"),
        )
        await on.do(mended, by=Actor(Role.CAPTIONER, "c"))
        await on.enter(self.page, Role.TECHNICIAN)
        await self.go(f"/desk/{MAIN}?ui=en&role=technician")
        await self.page.locator("#m22").get_by_role("checkbox").check()
        await self.page.locator("#Give .more > summary").press("Enter")
        await self.page.locator("#RemoveLines").press("Enter")
        await self.page.get_by_role("dialog").get_by_role("button", name="Remove for good").click()
        await expect(self.page.locator("#Status")).to_have_text("Removed for good")
        assert found(folder, HOME) == []
        for path in (f"/s/{MAIN}/outcome", f"/outcomes/{DOCUMENT}"):
            await self.go(f"{path}?ui=en")
            main = self.page.locator("main")
            await expect(main).to_contain_text("It was asked by “[Removed]”.")
            await expect(main).to_contain_text("less than three hundred kilobytes")
            await expect(main).not_to_contain_text("Grace Taylor")
            await self.shot(f"10-changed{path.replace('/', '-')}")

    async def recommended(self) -> None:
        """The table counts what was published and sent."""
        await self.go("/recommendations?ui=en")
        await self.shot("12-recommendations")
        for figure, many in (
            ("Reports of meetings that were published", "2"),
            ("Messages in published reports", "7"),
            ("Documents sent to bodies", "2"),
            ("Policy questions of the meetings", "3"),
        ):
            row = self.page.locator("tr", has_text=figure)
            await expect(row.first.locator("td").last).to_have_text(many)
        await expect(self.page.locator("main")).to_contain_text("Not measured here")


async def begun(on: Meeting) -> None:
    people = (do.IntroduceSpeaker(speaker=SpeakerId(who), name=name) for who, name in NAMES.items())
    await on.do(do.OpenSession(), *people)


async def sent(story: Story, receiver: str) -> None:
    """What concerns two bodies is sent to them, by e-mail and to a webhook."""
    page = story.page
    for name, title, way, address, question in (
        ("cstd", "CSTD", "email", "office@cstd.example", CHECKED),
        ("itu", "ITU", "webhook", receiver, SCHOOLS),
    ):
        await story.fill("/admin/bodies?ui=en")
        await page.locator("#Id").fill(name)
        await page.locator("#Name").fill(title)
        await page.locator(f"[name=question][value='{story.asked[question]}']").check()
        await page.get_by_role("button", name="Save the body").click()
        await story.fill("/admin/bodies?ui=en")
        form = page.locator(f"form[action*='/{name}/address']")
        await form.locator("[name=way]").select_option(way)
        await form.locator("[name=address]").fill(address)
        await form.get_by_role("button").click()
    await story.fill("/admin/bodies?ui=en")
    await page.locator("#Document").select_option(DOCUMENT)
    for box in await page.locator("[name=body]").all():
        await box.check()
    await page.get_by_role("button", name="Send it").click()
    while not {"acknowledged", "· sent"} <= {
        said for said in ("acknowledged", "· sent") if said in await page.locator("main").inner_text()
    }:
        await page.reload()
    await story.shot("11-bodies")


async def test_from_an_open_call_to_what_bodies_are_sent(page: Page, browser: Browser, tmp_path: Path) -> None:
    async with mail_server() as mail, hook() as receiver:
        settings = MailSection(host="127.0.0.1", port=mail.port, tls="none", sender="office@forum.example")
        hooks = WebhookSection(allowed_networks=("127.0.0.0/8",))
        async with admin_house(tmp_path, webhooks=hooks, mail=settings) as house:
            shots = tmp_path / "shots"
            shots.mkdir()
            story = Story(house, browser, page, shots)
            office = await house.secretary()
            for title in ("Village networks", "Remote participation"):
                await make(office, title=title, languages="English", sound="none")
            _, token = await house.running.backend.links.create(Role.SECRETARIAT, "hall", "Office")
            await story.go(f"/enter/{token}")
            await story.call()
            await story.workshop()
            await story.main()
            await story.documents()
            await story.changed(tmp_path / "data")
            await sent(story, receiver.address)
            [raw] = mail.letters
            letter = email.message_from_bytes(raw, policy=default)
            assert isinstance(letter, EmailMessage)
            body = letter.get_body()
            assert body is not None
            text = body.get_content()
            assert "The record is there “within twenty-four hours”." in text
            assert "It was asked by “[Removed]”." in text
            assert PROPOSED[SCHOOLS][1] not in text
            assert b"Grace Taylor" not in raw
            [told] = receiver.got
            assert told["type"] == "outcome.published"
            await story.recommended()
