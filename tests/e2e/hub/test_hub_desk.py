"""The pages of a hub's room in a browser: asking there, the coordinator's desk, the room's wall."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

import msgspec
import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from moothall.adapters.pages.catalogues import LANGUAGES
from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, InterventionId, Lane, SegmentId, SessionId
from moothall.core.kernel.times import Zone
from moothall.core.sessions.state import Status
from moothall.services.sessions.staff import HALL
from moothall.wire.hubs.messages import Offered, OfferedText
from moothall_hub.room.ports import HubFacts, Saving, Stuck, UplinkHealth, UplinkHealthState
from support.browser.axe import findings_in_all_colours
from support.browser.node import module
from support.hubs.desk import Room, S, a_note, application, room
from support.links.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


RENEWED_MS = 5_100
"""After which a page has asked again (web/js/questions/asked.js)."""


class Served:
    """A room on a port of its own."""

    def __init__(self, made: Room, address: str, token: str) -> None:
        self.room = made
        self.address = address
        self.token = token

    async def ask(self, page: Page, text: str) -> InterventionId:
        """Ask something there; the page is then its author's."""
        await page.goto(f"{self.address}/s/s/ask")
        await page.fill("#Text", text)
        await page.fill("#Name", "Ana")
        await page.click(".asking button")
        await page.wait_for_url("**/asked/**")
        return InterventionId(page.url.partition("?")[0].rpartition(".")[2])

    async def desk(self, page: Page) -> None:
        """The coordinator's desk."""
        await page.goto(f"{self.address}/enter/{self.token}")
        await page.wait_for_url("**/desk")


@asynccontextmanager
async def served(port: int = 0) -> AsyncIterator[Served]:
    """A room with its doors open."""
    async with room() as made:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app, _ = application(made, frozenset({address}), public=address)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await Site(runner, listener).start()
            _, token = await made.links.create(Role.HUB, HALL, "Kisumu")
            yield Served(made, address, token)
        finally:
            await runner.cleanup()


@pytest_asyncio.fixture(loop_scope="session")
async def there() -> AsyncIterator[Served]:
    async with served() as made:
        yield made


async def busy(there: Served) -> None:
    """Everything that its pages can show."""
    made, now = there.room, there.room.clock.wall()
    await made.meeting.do(
        do.Ask(
            intervention=InterventionId("q1"),
            kind=InterventionKind.QUESTION,
            text="Who <pays>?",
            language="en",
            asker="x",
        )
    )
    await made.meeting.stand(InterventionId("q1"), InterventionStatus.QUEUED)
    first, second, third = made.local.of(S).by_id
    await made.local.put_on_wall(S, [first, second], on_wall=True)
    await made.local.forward(S, [third])
    made.meetings.left += [a_note("n1", "How many are you?", at=now - 60_000), a_note("n2", "23.", by=Role.HUB, at=now)]
    await made.presence.count(S, 23)
    made.meetings.stopped.append(Stuck(session=S, lane=Lane("ch:floor"), offset=42, reason="Its body is another one."))
    made.facts = HubFacts(
        name="kisumu",
        title="Kisumu <Library>",
        zone=Zone("Africa/Nairobi", ZoneInfo("Africa/Nairobi")),
        address="https://hall.example",
    )
    made.uplink.now = UplinkHealth(
        state=UplinkHealthState.DOWN,
        since=now - 400_000,
        acts_waiting=3,
        events_missing=12,
        bytes_today=1_234_567,
        budget=50_000_000,
        saving=Saving.WORDS,
        clock_difference_ms=-5_340_000,
    )
    texts = (OfferedText(channel=ChannelId("floor"), kind=ChannelKind.FLOOR, languages=("en", "ar")),)
    made.meetings.offered[:] = [
        Offered(session=S, title="Open hall", place="Hall A", begins=now, status=Status.OPEN, texts=texts),
        Offered(session=SessionId("t"), title="Tomorrow & after", begins=now + 86_400_000, status=Status.CREATED),
    ]


LOOKED_AT = ("/s/s/ask", "", "/s/s/questions", "/desk", "/s/s/screen")
"""Of a hub; the one without a path is that of what was asked."""
OF_ITS_OWN = ("/desk", "/s/s/screen")
"""What has a sheet of styles that no page of `test_accessibility.py` has."""


@pytest.mark.parametrize(
    ("language", "looked_at"),
    [("ar", OF_ITS_OWN), *(pytest.param(each, LOOKED_AT, marks=pytest.mark.slow) for each in LANGUAGES)],
    ids=["its own", *LANGUAGES],
)
async def test_axe_finds_nothing_and_all_of_it_fits(
    browser: Browser, there: Served, language: str, looked_at: Sequence[str]
) -> None:
    """Quick tests have Arabic: whether it fits from right to left too, and the same elements as in English. What a
    hub's room shares with the centre, they have in `test_accessibility.py`.
    """
    context = await browser.new_context(locale=language, viewport={"width": 1000, "height": 700})
    await context.add_init_script(path=module("axe-core/axe.min.js"))
    page = await context.new_page()
    for text in ("Will the <board> publish the figures?", "Why?", "Who pays for the data?"):
        await there.ask(page, text)
    asked = page.url
    await busy(there)
    await there.desk(page)
    found: list[str] = []
    for name in looked_at:
        path = name or asked.removeprefix(there.address)
        await page.set_viewport_size({"width": 1000, "height": 700})
        await page.goto(f"{there.address}{path}")
        found += [f"{path}: {fault}" for fault in await findings_in_all_colours(page)]
        await page.set_viewport_size({"width": 320, "height": 640})
        over = await page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        found += [f"{path}: {over} px too wide"] if over > 0 else []
    await context.close()
    assert found == []


async def test_the_author_sees_it_go_and_the_browser_keeps_it_until_it_has_arrived(page: Page, there: Served) -> None:
    await page.clock.install()
    what = await there.ask(page, "Why?")
    made = there.room
    made.uplink.now = msgspec.structs.replace(made.uplink.now, state=UplinkHealthState.DOWN)
    kept = "() => JSON.parse(localStorage.getItem('moothall.hub.asks') ?? '[]').map(({ fields }) => fields.text)"
    assert await page.evaluate(kept) == ["Why?"]
    await made.local.forward(S, [what])
    await page.clock.run_for(RENEWED_MS)
    await page.locator("#Stands", has_text="Waiting for the connection").wait_for()
    await page.locator("#Handing").wait_for()
    await made.meeting.take()
    await made.meeting.stand(what, InterventionStatus.QUEUED)
    await page.clock.run_for(RENEWED_MS)
    await page.locator("#Stands", has_text="In the queue: you are next").wait_for()
    await page.locator("#Handing").wait_for(state="hidden")
    assert await page.evaluate(kept) == []


async def test_it_is_taken_to_another_computer_and_is_the_same_there(page: Page, there: Served) -> None:
    what = await there.ask(page, "Will the <board> & all publish?")
    async with served() as other:
        await page.locator("#Handing summary").click()
        await page.fill("#HandingAddress", "nowhere at all")
        await page.click("#Handing button")
        await page.locator("#HandingWrong", has_text="That is no address.").wait_for()
        await page.fill("#HandingAddress", other.address.removeprefix("http://"))
        await page.click("#Handing button")
        await page.wait_for_url(f"{other.address}/**")
        await page.locator("#Carried", has_text="What you wrote has come along.").wait_for()
        assert await page.input_value("#Text") == "Will the <board> & all publish?"
        assert "#" not in page.url
        await page.click(".asking button")
        await page.wait_for_url("**/asked/**")
        (each,) = other.room.local.of(S).by_id.values()
        assert each.id == what
        assert each.form == there.room.local.of(S).by_id[what].form


# tests/js/hub/kept.test.js has what is kept, and the test above the form.
@pytest.mark.slow
async def test_what_a_new_computer_at_the_same_address_lacks_is_in_the_form_again(page: Page) -> None:
    async with served() as dead:
        what = await dead.ask(page, "Why?")
    async with served(int(dead.address.rpartition(":")[2])) as new:
        await page.goto(f"{new.address}/s/s/ask")
        await page.locator("#Carried", has_text="What you wrote has come along.").wait_for()
        await page.click(".asking button")
        await page.wait_for_url("**/asked/**")
        assert list(new.room.local.of(S).by_id) == [what]


async def test_the_desk_renews_itself_and_keeps_what_was_picked(
    page: Page, context: BrowserContext, there: Served
) -> None:
    somebody = await context.new_page()
    first = await there.ask(somebody, "Why?")
    await page.clock.install()
    await there.desk(page)
    await page.locator(f"#Pick-{first}").check()
    second = await there.ask(somebody, "When?")
    await page.clock.run_for(RENEWED_MS)
    await page.locator(f"#Q-{second}").wait_for()
    assert await page.locator(f"#Pick-{first}").is_checked()
    await page.locator(f"#Pick-{second}").check()
    await page.click("#ForwardPicked")
    await page.wait_for_url("**#Questions")
    assert [put.id for put in there.room.outbox.acts.values()] == [f"ask:{first}", f"ask:{second}"]
    await page.locator("#DoneNow", has_text="On its way to the meeting").wait_for()


# The strip of a reader says the same by the same part (`test_hub_pages.py`).
@pytest.mark.slow
async def test_the_desk_calls_no_link_good_while_its_own_computer_is_away(page: Page, there: Served) -> None:
    await page.clock.install()
    await there.desk(page)
    line = page.locator("#LineNow .line-state")
    before = await line.inner_text()
    assert await line.get_attribute("data-good") == "yes"

    async def away(route: Route) -> None:
        await route.abort()

    await page.route("**/desk*", away)
    await page.clock.run_for(RENEWED_MS)
    await expect(line).to_have_text("Reconnecting: nothing will be missed")
    assert await line.get_attribute("data-good") == "no"
    await page.unroute("**/desk*", away)
    await page.clock.run_for(RENEWED_MS)
    await expect(line).to_have_text(before)
    assert await line.get_attribute("data-good") == "yes"


async def test_the_text_the_link_and_what_wants_an_act_are_in_view_and_the_text_is_live(
    page: Page, there: Served
) -> None:
    made, captioner = there.room, Actor(Role.CAPTIONER, "c1")
    for text in ("Why?", "When?", "Who pays?"):
        await there.ask(page, text)
    await busy(there)
    await page.set_viewport_size({"width": 1280, "height": 800})
    await there.desk(page)
    line = do.TypeSegment(channel=ChannelId("floor"), segment=SegmentId("one"), text="It is <said>.", language="en")
    await made.meeting.do(line, actor=captioner)
    await page.locator("#Newest", has_text="It is <said>.").wait_for()
    for seen in ("#LineNow", "#Fetch-s", "#WantsNow li", "#Newest .said:last-child", "[id^=Q-]", "#PeopleNow"):
        assert await page.locator(seen).first.evaluate("e => e.getBoundingClientRect().bottom <= innerHeight"), seen
    assert await page.locator("#State").is_hidden()  # Without a line nothing is live.
    await page.set_viewport_size({"width": 390, "height": 844})
    tops = [
        await page.locator(part).first.evaluate("e => e.getBoundingClientRect().top")
        for part in ("#LineNow", "#WantsNow", "#Newest", "#Questions")
    ]
    assert tops == sorted(tops)
    assert tops[2] < 844
    await page.get_by_role("link", name="Programme", exact=True).click()
    await page.locator("#Programme h2").wait_for()
    assert await page.locator("#Now").is_hidden()
    await expect(page.locator(".tabs [aria-current]")).to_have_text("Programme")
    await page.get_by_role("link", name="The meeting", exact=True).click()
    await page.locator("#Newest").wait_for()


async def test_by_keys_alone_enter_passes_nothing_on(page: Page, there: Served) -> None:
    await there.ask(page, "Why?")
    await there.desk(page)
    await page.locator("[id^=Pick-]").focus()
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await page.locator("#PeopleNumber").focus()
    await page.keyboard.type("23")
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    assert there.room.presence.people(S).people == 23  # type: ignore[union-attr]
    assert there.room.outbox.acts == {}


async def test_the_wall_is_cleared_from_the_desk_without_a_link(
    page: Page, context: BrowserContext, there: Served
) -> None:
    what = await there.ask(page, "Why?")
    await there.room.local.put_on_wall(S, [what], on_wall=True)
    wall = await context.new_page()
    await wall.goto(f"{there.address}/s/s/screen")
    await wall.locator("#HereWall", has_text="Why?").wait_for()
    there.room.outbox.full = True
    await there.desk(page)
    await page.locator("#Wall summary").click()
    async with wall.expect_navigation():
        await page.get_by_role("button", name="Clear our wall").click()
    await wall.locator("#HereWall").wait_for(state="attached")
    assert "Why?" not in await wall.content()


# A refinement of the test above.
@pytest.mark.slow
async def test_what_was_said_before_doesnt_come_back_on_a_cleared_wall(page: Page, there: Served) -> None:
    made, captioner = there.room, Actor(Role.CAPTIONER, "c1")

    async def say(text: str) -> None:
        line = do.TypeSegment(
            channel=ChannelId("floor"), segment=SegmentId(text), text=f"<{text}> is said", language="en"
        )
        await made.meeting.do(line, actor=captioner)

    await say("before")
    await page.goto(f"{there.address}/s/s/screen")
    await page.locator("#Newest", has_text="<before>").wait_for()

    async def whole(route: Route) -> None:
        """All of the text comes once more, as it does where a hole in it was filled."""
        await route.continue_(url=re.sub(r"&after=[^&]*", "", route.request.url))

    await page.route("**/s/s/events*", whole)
    async with page.expect_navigation():
        await made.local.clear_wall(S)
    assert await page.locator("#Newest").inner_text() == ""
    await say("after")
    await page.locator("#Newest", has_text="<after>").wait_for()
    assert "<before>" not in await page.locator("#Newest").inner_text()


# The doors of a hub's room are tested without a browser in unit/hubs/pages.
@pytest.mark.slow
async def test_without_scripts_everything_is_there(browser: Browser, there: Served) -> None:
    context = await browser.new_context(java_script_enabled=False, locale="en-GB")
    page = await context.new_page()
    await there.ask(page, "Why?")
    assert await page.locator("#Handing").is_hidden()
    await there.desk(page)
    await page.get_by_role("button", name="Pass on the best 3").click()
    await page.get_by_role("button", name="One more").click()
    assert len(there.room.outbox.acts) == 1
    assert there.room.presence.people(S).people == 1  # type: ignore[union-attr]
    await context.close()
