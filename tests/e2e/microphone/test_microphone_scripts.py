"""How the microphone's page follows the meeting that it feeds."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from e2e.reader.test_page_scripts import Scripts
from moothall.core.events import types as ev
from support.halls.stage import stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FOLLOWED = """
    const words = window.words ??= new m.Words(() => {});
    words.follow('/s/plenary/events?channel=floor&feed=live&as=microphone');
    const until = Date.now() + 10000;
    const is = () => JSON.stringify([words.session?.title, words.session?.status, words.session?.not_recorded ?? null]);
    while (is() !== JSON.stringify(v) && Date.now() < until) await new Promise((done) => setTimeout(done, 20));
    return JSON.parse(is());
"""


async def test_the_page_follows_the_meeting_and_is_no_reader(browser: Browser) -> None:
    async with stage() as on, await browser.new_page() as page:
        await page.goto(on.address + "/s/plenary")
        sheet = await page.locator("link[rel=stylesheet]").first.get_attribute("href")
        assert sheet is not None
        scripts = Scripts(page, sheet.rpartition("/css/")[0] + "/js")
        for event, known in (
            (None, ["Plenary", "open", None]),
            (ev.SessionPaused(t=9_000), ["Plenary", "paused", None]),
            (ev.SessionResumed(t=9_100), ["Plenary", "open", None]),
            (ev.NotRecordedBegan(t0=9_200), ["Plenary", "open", 9_200]),
            (ev.NotRecordedEnded(t1=9_300), ["Plenary", "open", None]),
            (ev.SessionDescribed(title="Water"), ["Water", "open", None]),
        ):
            if event is not None:
                await on.say(event)
            assert await scripts.run("microphone/words", FOLLOWED, known) == known
        await scripts.run("microphone/words", "window.words.close();", None)
