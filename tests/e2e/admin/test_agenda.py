"""The agenda in a browser: the reader's own times, on paper, and the form of access needs without scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from moothall.app.hall import RunningServer
from support.browser.full_house import full_house

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    async with full_house(tmp_path_factory.mktemp("house")) as running:
        yield running


async def test_times_are_the_readers_own_too_but_on_paper_those_of_the_place(
    browser: Browser, house: RunningServer
) -> None:
    context = await browser.new_context(locale="en-GB", timezone_id="America/Lima")
    page = await context.new_page()
    await page.goto(f"{house.address}/agenda?ui=en")
    own = page.locator(".day .own-time")
    await expect(own.first).to_contain_text("for you")
    assert await own.count() == await page.locator(".day time").count() > 4
    await page.set_viewport_size({"width": 390, "height": 844})
    when = page.locator(".day .when").first
    height = await when.evaluate("(row) => row.getBoundingClientRect().height")
    await own.evaluate_all("(all) => all.forEach((each) => each.toggleAttribute('hidden'))")
    assert await when.evaluate("(row) => row.getBoundingClientRect().height") == height, "nothing moved when it came"
    await own.evaluate_all("(all) => all.forEach((each) => each.toggleAttribute('hidden'))")
    await page.emulate_media(media="print")
    assert not await own.first.is_visible()
    assert not await page.locator(".ways, .of-page").locator("visible=true").count()
    await expect(page.locator(".day .readable a").first).to_be_visible()
    assert await page.locator("#Changes").is_visible()
    await context.close()


async def test_the_form_needs_no_script_and_keeps_what_was_typed(browser: Browser, house: RunningServer) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{house.address}/?ui=en")
    await page.get_by_role("link", name="Agenda").click()
    await page.get_by_role("link", name="Português").first.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#Title")).to_be_attached()
    await page.go_back()
    await page.get_by_role("link", name="Tell us what you need to take part").click()
    await page.get_by_label("What I need").fill("   ")
    await page.get_by_label("Your name, if you like").fill("Ana")
    await page.get_by_label("Which meeting or day").select_option(index=2)
    chosen = await page.get_by_label("Which meeting or day").input_value()
    await page.get_by_role("button", name="Send it to the organisers").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    assert await page.get_by_label("Your name, if you like").input_value() == "Ana"
    assert await page.get_by_label("Which meeting or day").input_value() == chosen
    await page.get_by_label("What I need").fill("A seat in front, please")
    await page.get_by_role("button", name="Send it to the organisers").click()
    assert await page.get_by_role("status").inner_text() == "Thank you. The organisers have it now."
    assert [each.name for each in house.backend.access_needs.all()].count("Ana") == 1
    await context.close()
