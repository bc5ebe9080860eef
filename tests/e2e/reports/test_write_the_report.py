"""A rapporteur writes a report by keys, also without a connection and beside somebody else, while lines are mended and
removed.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from moothall.core import commands as do
from moothall.core.events.lines import EndReason, Origin, Word
from moothall.core.events.notes_and_tags import Tag
from moothall.core.events.types import Access, ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.removal.selection import Lines
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.staff import session_scope
from support.desks.admin import AdminHouse, admin_house

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SESSION, FLOOR = SessionId("water"), ChannelId("floor")
MOST_ACTIONS = 60
LINES = 30
MESSAGES, CITATIONS = 6, 15


async def meeting(house: AdminHouse) -> LiveSession:
    """A closed meeting with thirty lines, three of which are marked."""
    live = await house.running.backend.sessions.open(SESSION)

    async def told(by: Actor, name: str, *commands: do.AnyCommand) -> None:
        assert isinstance(await live.writer.send(by, CommandId(name), commands), Receipt)

    await told(
        SYSTEM,
        "made",
        do.CreateSession(title="Water for schools", languages=("en",), access=Access.PUBLIC),
        do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),
        do.OpenSession(),
        do.AttachEngine(channel=FLOOR, model="m"),
    )
    for number in range(LINES):
        segment, t0 = SegmentId(f"l{number}"), 1_000 * number
        start = do.SegmentStart(t0=t0, language="en", origin=Origin.MACHINE)
        words = (Word(f"Village {number} needs water for its schools.", t0, t0 + 900, 0.9),)
        commit = do.CommitWords(channel=FLOOR, generation=1, segment=segment, first=0, words=words, start=start)
        end = do.EndSegment(channel=FLOOR, generation=1, segment=segment, t1=t0 + 900, reason=EndReason.SENTENCE)
        await told(Actor(Role.ENGINE, "e"), f"l{number}", commit, end)
    for number, tag in ((0, Tag.AGREED), (2, Tag.DIVERGING), (4, Tag.OPTION)):
        tagged = do.TagSegment(segment=SegmentId(f"l{number}"), tag=tag, question=None)
        await told(Actor(Role.CHAIR, "c"), f"tag-{number}", tagged)
    await told(SYSTEM, "closed", do.CloseSession())
    return live


class Counted:
    """A page on which each press and each text that is typed counts as an action."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.actions = 0

    async def click(self, selector: str) -> None:
        self.actions += 1
        await self.page.locator(selector).click()

    async def press(self, key: str) -> None:
        self.actions += 1
        await self.page.keyboard.press(key)

    async def type(self, selector: str, text: str) -> None:
        """Go to a field and type a text: two actions."""
        self.actions += 2
        await self.page.locator(selector).fill(text)

    async def cited(self, n: int) -> None:
        await expect(self.page.locator(".citation")).to_have_count(n)


async def enter(page: Page, house: AdminHouse, role: Role) -> None:
    _, token = await house.running.backend.links.create(role, session_scope(SESSION), role.value)
    await page.goto(f"{house.running.address}/enter/{token}")


async def test_from_the_close_to_a_submitted_report_in_sixty_actions(page: Page, tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        await meeting(house)
        await enter(page, house, Role.RAPPORTEUR)
        act = Counted(page)
        act.actions += 1
        await page.goto(f"{house.running.address}/report/water?ui=en")
        await act.cited(3)  # the marks are there already
        await expect(page.locator(".citation").get_by_text("Heard by a machine, unchecked")).to_have_count(3)
        for state in await page.locator(".citation").get_by_text("Heard by a machine, unchecked").all():
            await expect(state).to_be_visible()
        # Three more messages, and all fifteen citations: chosen by keys, one press cites.
        await act.click("#Line-l6 input")
        await act.press("c")
        await act.cited(4)
        for n in range(5, CITATIONS + 1):
            if n in (5, 6):  # a message of its own
                act.actions += 1
                await page.select_option("#Into", "new")
            act.actions += 1
            await page.locator(f"#Line-l{2 * n} input" if 2 * n < LINES else "#Line-l29 input").focus()
            await act.press("c")
            await act.cited(n)
            await expect(page.locator("#Into")).not_to_have_value("new")  # the next is cited in the message made last
        articles = page.locator("article.message")
        await expect(articles).to_have_count(MESSAGES)
        names = [(await each.get_attribute("id") or "").removeprefix("Message-") for each in await articles.all()]
        for n, name in enumerate(names):
            await act.type(f"#Text-{name}", f"Message {n} says “water for its schools”.")
        await act.click("#Messages")
        await expect(page.locator(".kept-here:not(:empty)")).to_have_count(0)
        # Every citation is read once.
        heard = page.locator("button[value=heard]")
        for left in range(CITATIONS, 0, -1):
            await expect(heard).to_have_count(left)
            act.actions += 1
            await heard.first.click()
        await expect(page.locator("#Unheard")).to_have_text("Citations still unheard: 0")
        await act.click("#Hand button")
        await expect(page.locator("#Stage")).to_have_text("With the secretariat")
        log = await house.running.backend.sessions.find(SessionId("report.water"))
        assert log is not None
        report = log.state.outcomes.report
        assert len(report.messages) == MESSAGES
        assert sum(len(each.citations) for each in report.messages.values()) == CITATIONS
        assert all(each.text for each in report.messages.values())
        assert act.actions <= MOST_ACTIONS, act.actions


async def test_what_is_typed_outlives_a_cut_and_a_reload_and_somebody_else(page: Page, tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        live = await meeting(house)
        await enter(page, house, Role.RAPPORTEUR)
        await page.goto(f"{house.running.address}/report/water?ui=en")
        first = (await page.locator("article.message").first.get_attribute("id") or "").removeprefix("Message-")
        box = page.locator(f"#Text-{first}")
        await page.context.set_offline(True)
        await box.fill("Typed without a connection.")
        await page.locator("#Text-introduction, .record h2").first.click()
        await expect(page.locator(f"#Form-{first} .kept-here")).to_have_text(
            "Not saved yet: it is kept in this browser."
        )
        await page.context.set_offline(False)
        await page.reload()
        await expect(box).to_have_value("Typed without a connection.")
        await expect(page.locator(f"#Form-{first} .kept-here")).to_be_empty()

        # Somebody else changes it: both texts are shown, and mine is sent once more.
        browser = page.context.browser
        assert browser is not None
        context = await browser.new_context(locale="en-GB")
        other = await context.new_page()
        await enter(other, house, Role.RAPPORTEUR)
        await other.goto(page.url)
        await expect(other.locator(f"#Text-{first}")).to_have_value("Typed without a connection.")
        await page.route(page.url, lambda route: route.fallback() if route.request.method == "POST" else route.abort())
        await other.locator(f"#Text-{first}").fill("Theirs.")
        await other.locator(f"#Form-{first} button[value=message]").click()
        await expect(other.locator("#Said")).to_have_text("Saved")
        await box.fill("Mine.")  # It is sent by itself: a press behind that, as on a slow machine, would be the second.
        await expect(page.locator(f"#Form-{first} .clash blockquote")).to_have_text("Theirs.")
        await expect(box).to_have_value("Mine.")
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.method))
        await page.locator(f"#Form-{first} button[value=message]").click()
        await expect(page.locator(f"#Form-{first} .clash")).to_have_count(0)
        await expect(other.locator(f"#Text-{first}"), "told by the staff's connection").to_have_value("Mine.")

        # A key says that there is no sound. A mended and a removed line are seen as they happen.
        await expect(page.locator("#Said"), "else it could be said after the key").to_have_text("Saved")
        assert sent.count("POST") == 1, "the button sends no second time what leaving the field has sent"
        await page.unroute(page.url)
        await page.locator("#Line-l0 input").focus()
        await page.keyboard.press("p")
        await expect(page.locator("#Said")).to_have_text("There is no sound of this.")
        fix = do.CorrectSegment(
            channel=FLOOR, segment=SegmentId("l0"), base_revision=0, base_words=1, text="No village needs it."
        )
        assert isinstance(await live.writer.send(Actor(Role.CAPTIONER, "c"), CommandId("fix"), fix), Receipt)
        gone = await live.writer.remove(Actor(Role.SECRETARIAT, "o"), CommandId("gone"), Lines((SegmentId("l2"),)))
        assert isinstance(gone, Receipt)
        await expect(page.locator("#Line-l0 .text")).to_have_text("No village needs it.")
        await expect(page.locator("#Line-l2")).to_have_count(0)
        citation = page.locator(f"#Message-{first} .citation")
        await expect(citation.locator(".was")).to_contain_text("Village 0 needs water")
        await expect(citation.locator(".now")).to_have_text("No village needs it.")
        await expect(page.locator('.citation[data-fate="removed"] .fate')).to_have_text(
            "These words were removed from the record."
        )
        await context.close()
