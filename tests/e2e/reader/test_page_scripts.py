"""A script of the reader's page that needs only one element of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from support.halls.stage import stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


class Scripts:
    """Runs a piece of JavaScript with one of the page's modules as `m` and a value as `v`."""

    def __init__(self, page: Page, root: str) -> None:
        self._page = page
        self.root = root

    async def run(self, module: str, body: str, value: object = None) -> object:
        script = f"async (v) => {{ const m = await import('{self.root}/{module}.js'); {body} }}"
        return await self._page.evaluate(script, value)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scripts(started: Browser) -> AsyncIterator[Scripts]:
    async with stage() as on, await started.new_page() as page:
        await page.goto(on.address)
        sheet = await page.locator("link[rel=stylesheet]").first.get_attribute("href")
        assert sheet is not None
        yield Scripts(page, sheet.rpartition("/css/")[0] + "/js")


async def test_the_bar_makes_up_neither_words_nor_kind_of_what_it_hasnt_heard_of(scripts: Scripts) -> None:
    """A hub's copy may lack it, and a page that was cut off has missed what was published meanwhile."""
    body = """
        const note = document.createElement('p');
        note.id = 'NowAsked';
        note.append(document.createElement('a'), document.createElement('form'));
        note.lastChild.append(document.createElement('button'));
        note.dataset.more = JSON.stringify({
          known: { 3: ['request', ''] }, headings: { request: 'Wish no. {n}', comment: 'Comment no. {n}' },
          now: 'Now: {what}', elsewhere: 'No. {n}, elsewhere',
        });
        document.getElementById('NowAsked')?.remove();
        document.body.append(note);
        const isolated = () => note.querySelector('bdi')?.textContent ?? '';
        const said = v.map((event) => { m.nowAsked(event); return note.hidden ? [] : [note.textContent, isolated()]; });
        note.remove();
        return said;
    """
    stands = [{"type": "intervention.status-changed", "number": n, "status": "called"} for n in (3, 8, 8)]
    published = {"type": "intervention.published", "number": 8, "kind": "comment", "text": "So be it."}
    said = await scripts.run("questions/now_asked", body, [*stands[:2], published, stands[2]])
    told = ["Now: Comment no. 8: So be it.", "So be it."]
    assert said == [["Now: Wish no. 3", ""], ["No. 8, elsewhere", ""], told, told]
