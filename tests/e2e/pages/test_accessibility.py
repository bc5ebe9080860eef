"""Every page: by axe's rules, at 320 px and 400 %, with the text spacing of WCAG 1.4.12, by keys alone.

The pages come from the real server. A page without an entry in `every_page.PAGES` fails a test here. `make test-all`
runs all `LOOKS`: every page in every language, in each window and in all colours. `make test` runs those of `TENTH`.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from enum import Enum
from functools import partial
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Request, ViewportSize

from moothall.adapters.pages.catalogues import LANGUAGES
from moothall.adapters.pages.static_files import find_web_folder
from moothall.app.hall import RunningServer
from support.browser.axe import Colours, findings_in_all_colours
from support.browser.every_page import PAGES, come_to, visitor
from support.browser.full_house import full_house

PLAIN = [name for name in PAGES if "," not in name or "translated" in name]
FRAMES = {"lib/base.html"}
"""What other templates are set in."""
OF_A_ROOM = {
    *("hub/hub_ask.html", "hub/hub_asked.html", "hub/hub_questions.html", "hub/hub_desk.html"),
    *("hub/hub_missed.html", "hub/hub_setup.html", "hub/hub_voice.html"),
}
"""What a hub serves and no hall: test_hub_desk.py and test_hub_pages.py look at them."""
SPACING = "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; } \
p { margin-bottom: 2em !important; }"
"""The four values of WCAG 1.4.12."""
WIDE: ViewportSize = {"width": 1000, "height": 700}
LOW: ViewportSize = {"width": 800, "height": 500}
SMALL: ViewportSize = {"width": 320, "height": 256}
TALL: ViewportSize = {"width": 320, "height": 640}


class Window(Enum):
    """How a page is looked at, and what is asked of it there."""

    WIDE = "wide"
    """By all rules of axe; and nothing moves where motion is not wished for."""
    SMALL = "at 400 %"
    """1,280 x 1,024 at 400 %: does it fit, with the spacing of WCAG 1.4.12 too?"""
    LOW = "by keys"
    """A low window, gone through by keys alone."""


class Look(NamedTuple):
    """One look at one page. Colours are a matter of axe alone: in the other windows they are light."""

    page: str
    language: str
    colours: Colours
    window: Window


def _looks(page: str, language: str) -> list[Look]:
    """A page in one language. Keys go through plain pages: another state has the same fields, or none."""
    others = (Window.SMALL, Window.LOW) if page in PLAIN else (Window.SMALL,)
    return [
        *(Look(page, language, colours, Window.WIDE) for colours in Colours),
        *(Look(page, language, Colours.LIGHT, window) for window in others),
    ]


LOOKS = [look for language in LANGUAGES for page in PAGES for look in _looks(page, language)]
SEED = 372


def _drawn(seed: int) -> list[Look]:
    """Each template once: a tenth of its pages in their languages, by axe in half of the looks."""
    chance = random.Random(seed)  # noqa: S311  # the same in each run
    templates = sorted({name.split(",")[0] for name in PAGES}, key=lambda name: name.rpartition("/")[2])
    chance.shuffle(templates)
    drawn: list[Look] = []
    of_template: dict[str, list[Look]] = {}
    for look in LOOKS:
        of_template.setdefault(look.page.split(",")[0], []).append(look)
    for template, window in zip(templates, itertools.cycle((Window.WIDE, Window.SMALL, Window.WIDE, Window.LOW))):
        its = of_template[template]
        drawn.append(chance.choice([look for look in its if look.window is window] or its))
    return sorted(drawn, key=lambda look: list(PAGES).index(look.page))


TENTH = _drawn(SEED)


def test_the_tenth_has_all_colours() -> None:
    assert {look.colours for look in TENTH} == set(Colours)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    async with full_house(tmp_path_factory.mktemp("house")) as running:
        yield running


def listed(found: dict[str, list[str]]) -> str:
    """For whoever mends it."""
    return "\n".join(f"{name}: {fault}" for name, faults in found.items() for fault in faults)


def test_every_page_is_looked_at() -> None:
    pages = find_web_folder() / "pages"
    templates = {path.relative_to(pages).as_posix() for path in pages.rglob("[!_]*.html")}
    assert templates - FRAMES - OF_A_ROOM <= {name.split(",")[0] for name in PAGES}, (
        "Give each page a way to it in PAGES."
    )


COVERED = """() => {
    scrollTo(0, (document.documentElement.scrollHeight - innerHeight) / 2);
    const stays = (element) => element && (['fixed', 'sticky'].includes(getComputedStyle(element).position)
        || stays(element.parentElement));
    const heights = Array.from({ length: innerHeight / 4 }, (_, n) => n * 4 + 2);
    return heights.filter((y) => stays(document.elementFromPoint(innerWidth / 2, y))).length / heights.length;
}"""
"""How much of the window's height parts take that stay when the page is scrolled, with the page half-way."""

CUT = """() => [...document.querySelectorAll('body *')].filter((element) => {
    const style = getComputedStyle(element), box = element.getBoundingClientRect();
    const clips = ['hidden', 'clip'].includes(style.overflowX) || ['hidden', 'clip'].includes(style.overflowY);
    return clips && box.width > 1 && box.height > 1 && element.innerText?.trim() && style.webkitLineClamp === 'none'
        && (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1);
}).map((element) => element.outerHTML.slice(0, 120))"""
"""What shows a part of its text only."""

WINDOWS = (
    "display/screen.html",
    "display/screen.html, with questions",
    "display/overlay.html",
    "display/overlay.html, with groups",
    "reader/session.html, two lines",
)
"""What shows the newest lines only, as many as there is room for: older ones are cut off at the top, and a question at
its end."""


async def faults_at_400_percent(page: Page, name: str) -> list[str]:
    """What goes over the edge of a window of 1,280 x 1,024 at 400 % (WCAG 1.4.10), stays in it or is cut off."""
    faults: list[str] = []
    enlarged = await page.context.new_cdp_session(page)
    await page.set_viewport_size(SMALL)
    await enlarged.send("Emulation.setDeviceMetricsOverride", {**SMALL, "deviceScaleFactor": 4, "mobile": False})
    for content in "/**/", SPACING:
        style = await page.add_style_tag(content=content)
        if (width := await page.evaluate("document.documentElement.scrollWidth")) > SMALL["width"]:
            faults.append(f"{width} px wide {content}")
        if (part := await page.evaluate(COVERED)) > 0.5:
            faults.append(f"{part:.0%} of the height stays {content}")
        if name not in WINDOWS:
            faults += [f"cut off: {element} {content}" for element in await page.evaluate(CUT)]
        if content == SPACING:
            await enlarged.send("Emulation.setDeviceMetricsOverride", {**TALL, "deviceScaleFactor": 4, "mobile": False})
            if (width := await page.evaluate("document.documentElement.scrollWidth")) > TALL["width"]:
                faults.append(f"{width} px wide in a tall window")
        await style.evaluate("style => style.remove()")
    await enlarged.send("Emulation.clearDeviceMetricsOverride")
    await enlarged.detach()
    return faults


MOVING = """() => [...document.querySelectorAll('*')].filter((element) => {
    const style = getComputedStyle(element);
    return style.animationName !== 'none' || style.scrollBehavior !== 'auto'
        || !/^0s(, 0s)*$/.test(style.transitionDuration);
}).map((element) => element.outerHTML.slice(0, 120))"""

FOLLOW = """(atOnce) => {
    window.reached = [];
    window.following = new AbortController();
    const visited = new Set();
    window.note = () => {
        const element = document.activeElement, style = getComputedStyle(element);
        const box = element.getBoundingClientRect(), first = element.getClientRects()[0] ?? box;
        // Of a link over two rows, the first one: the middle of both may be somebody else's.
        const at = document.elementFromPoint(
            Math.min(Math.max(first.left + first.width / 2, 0), innerWidth - 1),
            Math.min(Math.max(first.top + Math.min(first.height / 2, 12), 0), innerHeight - 1));
        window.reached.push({
            over: element === document.body || visited.has(element),
            what: element.outerHTML.slice(0, 120),
            by: `${at?.outerHTML.slice(0, 80)} at ${scrollY}: ${box.top} to ${box.bottom} of ${innerHeight}`,
            inView: box.bottom > 0 && box.top < innerHeight && box.width > 0,
            uncovered: Boolean(at && [at, at.closest('label')?.control ?? at].some((one) => one.contains(element)
                || element.contains(one))),
            marked: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        });
        visited.add(element);
    };
    if (atOnce) addEventListener('keyup', window.note, { signal: window.following.signal });
}"""
"""Note what has the focus and how it looks: at once after each key, or whenever `note` is called."""
ON_SCREEN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
AT_ONCE, MOST = 10, 600
"""Presses of a key before the page is asked what they reached; presses after which one is caught in the page. The
moderator's page with its forty questions has 204 elements that take the focus, and rows drawn anew count again.
"""


async def walk(page: Page, key: str, *, drawn: bool) -> list[str]:
    """Go through the page with a key; what is wrong with what it reaches. `drawn`: as it is once each is drawn."""
    await page.evaluate(FOLLOW, not drawn)
    for _ in range(0, MOST, AT_ONCE):
        for _ in range(AT_ONCE):
            await page.keyboard.press(key)
            if drawn:
                await page.evaluate(ON_SCREEN)
                await page.evaluate("note()")
        reached: list[dict[str, Any]] = await page.evaluate("reached")
        if any(each["over"] for each in reached):
            break
    else:
        return [f"{key} never comes out of it: {len(reached)} elements, the last of them {reached[-3:]}"]
    await page.evaluate("following.abort()")
    return [
        f"{key}: not {', '.join(wrong)}: {each['what']} but {each['by']}"
        for each in itertools.takewhile(lambda each: not each["over"], reached)
        if (wrong := [quality for quality in ("inView", "uncovered", "marked") if not each[quality]])
    ]


async def walk_both_ways(page: Page, *, drawn: bool = False) -> list[str]:
    stood = page.url
    faults = await walk(page, "Tab", drawn=drawn) + await walk(page, "Shift+Tab", drawn=drawn)
    return faults + [f"leads to {page.url}"] * (page.url != stood)


UNDER_THE_FOOT = """() => {
    const script = document.querySelector('script[src*="/js/control/control.js"]').src;
    return import(script.replace('/control/control.js', '/lib/said.js')).then(({ say }) => {
        // All at once: the page is drawn anew when something comes.
        const links = [...document.querySelectorAll('main a')], link = links[links.length - 1];
        scrollTo(0, 0);
        link.focus();
        scrollBy(0, link.getBoundingClientRect().bottom - innerHeight);
        say('Moved. '.repeat(60));
        const { top, bottom, left } = link.getBoundingClientRect();
        return document.elementFromPoint(left + 2, (top + bottom) / 2) === link;
    });
}"""
"""Have the foot speak while what has the focus stands at the window's lower edge; whether it can be seen after that."""


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
async def test_what_the_foot_says_covers_no_focus(browser: Browser, house: RunningServer) -> None:
    async with visitor(browser, house, viewport={"width": 800, "height": 300}, reduced_motion="reduce") as context:
        page = await context.new_page()
        await come_to(page, house, "control/control.html")
        assert await page.evaluate(UNDER_THE_FOOT)


CHANGE = """() => {
    for (const field of document.querySelectorAll('select, input:is([type=checkbox], [type=radio])')) {
        if (field.disabled) continue;
        if (field.matches('select')) field.selectedIndex = (field.selectedIndex + 1) % field.options.length;
        else field.checked = !field.checked;
        for (const kind of ['input', 'change']) field.dispatchEvent(new Event(kind, { bubbles: true }));
    }
    return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""


async def sent_by_choosing(page: Page) -> list[str]:
    """What a change of each field of the page sends, and where it leads."""
    sent: list[str] = []

    def note(request: Request) -> None:
        if request.is_navigation_request() or request.method != "GET":
            sent.append(f"choosing sends {request.method} {request.url}")

    page.on("request", note)
    await page.evaluate(CHANGE)
    page.remove_listener("request", note)
    return sent


async def faults_of_keys(page: Page, again: Callable[[], Awaitable[None]]) -> list[str]:
    """What is wrong with the page for somebody who has keys alone; `again` comes to it once more."""
    faults: list[str] = []
    if await walk_both_ways(page):
        # Keys come faster here than frames: a line that has just come may lie over the focus until the next frame.
        # What counts is what a person sees.
        await again()
        faults += await walk_both_ways(page, drawn=True)
    faults += await sent_by_choosing(page)
    return faults + ["opens a window"] * (len(page.context.pages) > 1)


async def faults_of(page: Page, house: RunningServer, looks: Sequence[Look]) -> list[str]:
    """What is wrong with a page in one language, loaded once for all looks at it.

    Tab and Shift+Tab go through it; what they reach is seen, uncovered and marked (2.1.2, 2.4.7, 2.4.11). Nothing is
    sent and no page comes by reaching or changing a field (3.2.1, 3.2.2), and nothing moves by itself where motion is
    not wished for (2.3.3).
    """
    name, language = looks[0].page, looks[0].language
    windows = {look.window for look in looks}
    await page.set_viewport_size(WIDE)
    await come_to(page, house, name, language)
    faults: list[str] = []
    if Window.WIDE in windows:
        faults += [f"moves: {element}" for element in await page.evaluate(MOVING)]
        colours = [look.colours for look in looks if look.window is Window.WIDE]
        faults += await findings_in_all_colours(page, colours)
    if Window.SMALL in windows:
        faults += await faults_at_400_percent(page, name)
    if Window.LOW in windows:
        await page.set_viewport_size(LOW)
        faults += await faults_of_keys(page, partial(come_to, page, house, name, language))
        await page.evaluate("localStorage.clear()")  # What was chosen by changing each field is not for the next page.
    return faults


AT_ONCE = 4
"""Pages of one test: on a machine that does much else the whole tenth takes minutes."""
DRAWN = {f"drawn {n // AT_ONCE + 1}": TENTH[n : n + AT_ONCE] for n in range(0, len(TENTH), AT_ONCE)}
EVERY = [pytest.param(language, marks=(pytest.mark.slow, pytest.mark.timeout(900))) for language in LANGUAGES]


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("which", [*DRAWN, *EVERY])
async def test_every_page(browser: Browser, house: RunningServer, which: str) -> None:
    """All pages in a language, each in all ways; or those that are drawn, in one way each.

    The contrast of all colours is calculated in `tests/unit/web/test_contrast.py` too.
    """
    chosen = DRAWN.get(which) or [look for look in LOOKS if look.language == which]
    found: dict[str, list[str]] = {}
    async with visitor(browser, house, viewport=WIDE, reduced_motion="reduce") as context:
        page = await context.new_page()
        for (name, language), looks in itertools.groupby(chosen, key=lambda look: look[:2]):
            if faults := await faults_of(page, house, list(looks)):
                found[f"{name} in {language}"] = faults
    assert not found, listed(found)
