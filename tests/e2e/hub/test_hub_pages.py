"""What a hub adds to the pages of readers, in a browser: the bar of its uplink, missed spans, the set-up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, ViewportSize, expect

from moothall.adapters.pages.catalogues import LANGUAGES
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import ChannelId
from moothall.services.sessions.staff import HALL
from moothall_hub.app import RunningHub
from moothall_hub.pairing.pairing import Pairing
from support.browser.axe import findings_in_all_colours
from support.browser.node import module
from support.hubs.node import came_late, copied, meeting, running_hub
from support.sessions.recorder import SESSION

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

MISSED = f"/s/{SESSION}/missed?from=180000&to=482000"
WINDOW: ViewportSize = {"width": 1280, "height": 720}
SMALL: ViewportSize = {"width": 320, "height": 640}
OF_ITS_OWN = (f"/s/{SESSION}", MISSED, "/setup")
PAGES = ("/", "/help", f"/s/{SESSION}", MISSED, "/setup", f"/microphone/{SESSION}", f"/s/{SESSION}/screen")


@pytest_asyncio.fixture(loop_scope="session")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningHub]:
    data = tmp_path_factory.mktemp("hub")
    records = meeting()
    await copied(data, SESSION, records, [ChannelId("floor")])
    late = [each for each in records if each.header.offset in range(10, 22)]
    await came_late(data, SESSION, 180_000, 482_000, late)
    async with running_hub(data) as running:
        yield running


async def coordinator(hub: RunningHub, page: Page) -> None:
    """Open the coordinator's link."""
    _, token = await hub.parts.links.create(Role.HUB, HALL, "Coordinator")
    await page.goto(f"{hub.own}/enter/{token}")


def at(hub: RunningHub, address: str, language: str = "en") -> str:
    return f"{hub.own}{address}{'&' if '?' in address else '?'}ui={language}"


@pytest.mark.parametrize(
    ("language", "pages"),
    [("en", OF_ITS_OWN), *(pytest.param(each, PAGES, marks=pytest.mark.slow) for each in LANGUAGES)],
    ids=["its own", *LANGUAGES],
)
async def test_axe_finds_nothing_on_the_pages_of_a_hub(
    hub: RunningHub, browser: Browser, language: str, pages: Sequence[str]
) -> None:
    """All rules by light, and those of contrast in the dark, in forced colours and in the two themes of high contrast;
    and nothing goes beyond a small window.

    The pages that a hub has as the centre has them, quick tests have in `test_accessibility.py`.
    """
    context = await browser.new_context(bypass_csp=True)
    page = await context.new_page()
    await coordinator(hub, page)
    await hub.parts.pairings.keep(
        Pairing(address="https://text.example.org", hub="kisumu", title="Kisumu & <Library>", key="k", keys={})
    )
    assert await hub.parts.below.give("North")
    found = {}
    for address in pages:
        await page.set_viewport_size(WINDOW)
        await page.goto(at(hub, address, language))
        await page.add_script_tag(path=module("axe-core/axe.min.js"))
        found[address] = await findings_in_all_colours(page)
        await page.set_viewport_size(SMALL)
        if not await page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            found[address].append("too wide")
    assert {address: faults for address, faults in found.items() if faults} == {}
    await context.close()


# English is looked at in a small window above.
@pytest.mark.slow
async def test_nothing_goes_beyond_a_small_window(hub: RunningHub, browser: Browser) -> None:
    """In other languages than English, too."""
    context = await browser.new_context(viewport=SMALL)
    page = await context.new_page()
    await coordinator(hub, page)
    for language in ("ar", "ru"):
        for address in PAGES:
            await page.goto(at(hub, address, language))
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (language, address)
    await context.close()


async def test_what_was_missed_is_read_or_skipped_for_good_by_keyboard(hub: RunningHub, page: Page) -> None:
    await page.goto(at(hub, f"/s/{SESSION}"))
    await page.get_by_text("You missed 5 minutes.").wait_for()
    await page.get_by_role("link", name="Read it").focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/missed?**")
    assert await page.locator("#Lines .line").count() == 6
    await page.get_by_role("link", name="To what is said now").first.click()
    await page.get_by_role("button", name="Skip it").focus()
    await page.keyboard.press("Enter")
    await page.get_by_text("You missed 5 minutes.").wait_for(state="hidden")
    await page.reload()
    await page.get_by_role("status").first.wait_for()
    assert await page.get_by_text("You missed 5 minutes.").is_hidden()


async def test_the_strip_says_by_itself_when_the_link_is_another(hub: RunningHub, page: Page) -> None:
    await page.goto(at(hub, f"/s/{SESSION}"))
    status = page.locator("#HubSaid")
    await status.get_by_text("not connected to any meeting").wait_for()
    await hub.parts.pairings.keep(Pairing(address="http://127.0.0.1:1", hub="kisumu", title="Kisumu", key="k", keys={}))
    await status.get_by_text("This computer is connecting").wait_for()
    assert await status.get_attribute("role") == "status"


async def test_the_strip_is_told_by_the_texts_link_and_does_not_speak_for_a_computer_out_of_reach(
    hub: RunningHub, page: Page
) -> None:
    await page.clock.install()
    await page.goto(at(hub, f"/s/{SESSION}"))
    strip, told = page.locator("#HubLine"), "document.dispatchEvent(new CustomEvent('pulse', {{ detail: {0} }}))"
    before = await page.locator("#HubSaid").inner_text()

    async def away(route: Route) -> None:
        await route.abort()

    await page.route("**/uplink?*", away)
    await page.evaluate(told.format("{ lost: false }"))
    await expect(strip).to_have_attribute("data-kind", "lost")
    await expect(page.locator("#HubSaid")).to_have_text("Reconnecting: nothing will be missed")
    await page.unroute("**/uplink?*", away)
    await page.evaluate(told.format("{ lost: true }"))
    await expect(page.locator("#HubSaid")).to_have_text(before)


# The pages are tested without a browser in unit/hubs.
@pytest.mark.slow
async def test_without_scripts_the_strip_and_the_missed_minutes_are_there(hub: RunningHub, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(at(hub, f"/s/{SESSION}"))
    assert await page.get_by_text("You missed 5 minutes.").is_visible()
    assert await page.get_by_role("button", name="Skip it").count() == 0
    await page.get_by_role("link", name="Read it").click()
    assert await page.locator("#Lines .line").count() == 6
    await context.close()


# A matter of the sheet of styles alone.
@pytest.mark.slow
async def test_an_old_projector_shows_more_text_than_addresses(hub: RunningHub, browser: Browser) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    for width, height in ((800, 600), (1024, 768), (1280, 720), (1280, 1024)):
        await page.set_viewport_size({"width": width, "height": height})
        await page.goto(at(hub, f"/s/{SESSION}/screen"))
        text = await page.locator("main").bounding_box()
        assert text is not None
        assert text["height"] > height * 0.4, (width, height)
    await context.close()


ROOM = """() => {
    const [head, select] = ['.side', '#HowIRead select'].map((each) => document.querySelector(each))
        .map((each) => each.getBoundingClientRect());
    return [select.left - head.left, head.right - select.right];
}"""

STATE_SHOWN = """(kind) => {
    document.getElementById("HubLine").dataset.kind = kind;
    const state = document.getElementById("State");
    state.dataset.kind = "live";
    return state.checkVisibility({ visibilityProperty: true });
}"""


# A matter of the sheet of styles alone.
@pytest.mark.slow
async def test_in_a_wide_window_the_link_stands_above_and_nothing_is_called_live_without_it(
    hub: RunningHub, page: Page
) -> None:
    await page.set_viewport_size({"width": 1366, "height": 768})
    await page.goto(at(hub, f"/s/{SESSION}"))
    stands = (("good", True), ("down", False), ("good", True), ("lost", False), ("absent", False), ("full", False))
    for kind, shown in stands:
        # In one act: the page's own script says how the line is, too.
        assert await page.evaluate(STATE_SHOWN, kind) is shown, kind
    await page.evaluate("scrollTo(0, 0)")
    strip = await page.locator("#HubLine").bounding_box()
    assert strip is not None
    assert (strip["y"], strip["width"]) == (0, 1366)
    for ui in ("en", "ar"):
        await page.goto(at(hub, f"/s/{SESSION}?ui={ui}"))
        await page.locator("#HowIRead > summary").click()
        assert min(await page.evaluate(ROOM)) >= 6  # the ring of what has the focus: 3 px, 3 px away


async def test_a_hub_s_front_page_shows_what_was_said_last_as_the_centre_s_does(hub: RunningHub, page: Page) -> None:
    await page.goto(at(hub, "/"))
    said = page.locator(f'.said[data-of="{SESSION}"]')
    await expect(said).not_to_be_empty()
    line = await said.text_content()
    await page.goto(at(hub, f"/s/{SESSION}"))
    await expect(page.locator("#Lines .text").last).to_have_text(line or "")
