"""A simulated screen reader in Chromium: what it says by itself, and what it says when asked to read on.

NVDA, JAWS, VoiceOver and Orca word these things in their own ways, and may leave out or join some.
"""

from __future__ import annotations

from collections.abc import Sequence

from playwright.async_api import Page, Route

from support.browser.node import module

STARTED = """async () => {
    window.reading = (await import('/static/reading-aloud.js')).virtual;
    await reading.start({ container: document.body });
    await reading.clearSpokenPhraseLog();
}"""
HEARD = """async () => {
    for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
    return reading.spokenPhraseLog();
}"""
READ_ON = """async ({ from, to, most }) => {
    const until = async (phrase) => {
        for (let n = 0; n < most; n += 1) if (await reading.next(), await reading.lastSpokenPhrase() === phrase) return;
        throw new Error(`“${phrase}” was not among ${JSON.stringify(await reading.spokenPhraseLog())}`);
    };
    await until(from);
    await reading.clearSpokenPhraseLog();
    await until(to);
    return reading.spokenPhraseLog();
}"""
TOLD = """() => {
    window.told = [];
    const region = document.getElementById('Announcer');
    const keep = () => region.textContent && told.push(region.textContent);
    new MutationObserver(keep).observe(region, { childList: true });
}"""
"""A script that keeps in `told` what the page gives to a screen reader, each text once."""
FRAMES = ("list", "paragraph", "time, ", "end of ", "polite: ")
"""The beginnings of phrases about elements, not about their words."""
MOST = 600
"""Items to go through before a phrase counts as missing."""


async def listen(page: Page, address: str) -> None:
    """Open a page and start the screen reader."""
    path = module("@guidepup/virtual-screen-reader") / "lib" / "esm" / "index.browser.js"

    async def give(route: Route) -> None:
        await route.fulfill(path=path, content_type="text/javascript")

    await page.route("**/static/reading-aloud.js", give)
    await page.goto(address)
    await page.evaluate(STARTED)


async def heard(page: Page) -> list[str]:
    """Return what was said without being asked, without the degree of politeness."""
    phrases: list[str] = await page.evaluate(HEARD)
    return [phrase.removeprefix("polite: ") for phrase in phrases]


async def read_on(page: Page, first: str, last: str) -> list[str]:
    """Return the phrases with words from `first` to `last`, reached by going on item by item."""
    phrases: Sequence[str] = await page.evaluate(READ_ON, {"from": first, "to": last, "most": MOST})
    return [phrase for phrase in phrases if not phrase.startswith(FRAMES)]
