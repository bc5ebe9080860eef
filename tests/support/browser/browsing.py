"""A reader's acts in a browser, for the tests of the session's page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Locator, Page

from support.halls.stage import Stage


async def visit(page: Page, on: Stage, query: str = "", stream: str = "/events") -> None:
    """Open the page and wait until its stream is open."""
    async with page.expect_response(lambda response: stream in response.url):
        await page.goto(on.page + query)


async def texts(page: Page) -> list[str]:
    """Return the texts of the page's lines."""
    return await page.locator("#Lines .text").all_text_contents()


async def shape(page: Page) -> str:
    """Return the markup of the page's log without white space between elements and without `tabindex`."""
    html = (await page.locator("#Log").inner_html()).replace(' tabindex="-1"', "")
    return re.sub(r">\s+", ">", re.sub(r"\s+<", "<", html))


async def choose(page: Page, label: str, option: str) -> None:
    if not await page.locator("#HowIRead").evaluate("(panel) => panel.open"):
        await page.locator("#HowIRead > summary").click()
    await page.get_by_label(label, exact=True).select_option(option)


async def style(where: Locator, name: str) -> str:
    return str(await where.evaluate("(element, name) => getComputedStyle(element)[name]", name))


@asynccontextmanager
async def tab(browser: Browser, **about: object) -> AsyncIterator[Page]:
    """Open a tab of a new browser context with the options `about`."""
    context = await browser.new_context(locale="en-GB", **about)  # type: ignore[arg-type]
    context.set_default_timeout(60_000)
    try:
        yield await context.new_page()
    finally:
        await context.close()


async def box(where: Locator) -> dict[str, float]:
    found = await where.bounding_box()
    assert found is not None
    return {"y": found["y"], "height": found["height"]}


SPACED = """
const sheet = new CSSStyleSheet();
sheet.replaceSync(`
    * { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
    p { margin-block-end: 2em !important; }
`);
document.adoptedStyleSheets = [sheet];
"""
"""A script that sets the text spacing of WCAG 2.2, 1.4.12."""

PAINTED = """
window.painted = [];
window.EventSource = class extends EventSource {
    constructor(address) {
        super(address);
        this.addEventListener('message', () => {
            const came = performance.now();
            requestAnimationFrame(() => {
                const after = new MessageChannel();
                after.port1.onmessage = () => window.painted.push(performance.now() - came);
                after.port2.postMessage(0);
            });
        });
    }
};
"""
"""A script that notes for each frame the ms until the picture with it had been handed over."""

CAME = """
window.EventSource = class extends EventSource {
    constructor(address) {
        super(address);
        this.addEventListener('message', ({ data }) => {
            for (const { body } of JSON.parse(data).events ?? []) {
                if (body?.segment) document.documentElement.dataset.came = body.segment;
            }
        });
    }
};
"""
"""A script that notes in the page the segment of the last event on the stream, shown or not."""
