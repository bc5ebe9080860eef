"""Nothing that somebody reads moves by itself: neither when the page becomes live nor while the text grows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from moothall.core import commands as do
from moothall.core.events.lines import EndReason, Word
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import SegmentId, SpeakerId
from moothall.core.signals import Partial
from support.browser.full_house import full_house
from support.desks.meeting import FLOOR, Meeting, S, meeting
from support.links.weak_link import GOOD, Quality, weak_link_to
from support.sessions.questions import SOMEBODY, ask, stand

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
ENGINE = Actor(Role.ENGINE, "scripted")
WATCH = """
window.shifts = [];
new PerformanceObserver((list) => shifts.push(...list.getEntries())).observe({ type: 'layout-shift', buffered: true });
"""
SHIFTED = """() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(
    shifts.filter(({ hadRecentInput }) => !hadRecentInput).map(({ value, sources }) => (
        [value, ...sources.map(({ node }) => node && `${node.nodeName}#${node.id}.${node.className}`)]
    ))))))"""
"""The entries since the page began, each with what moved; what follows a press isn't one."""
PAINTED = """() => new Promise((done) => new PerformanceObserver((list) => (
    list.getEntriesByName('first-contentful-paint').length && done()
)).observe({ type: 'paint', buffered: true }))"""
STATE_GROWS = "document.querySelector('.top .state')?.append(' 10')"
"""As from *1 s ago* to *10 s ago*."""
DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
LINE = "Half of the groups are in places where the line is cut several times a day."
LINES = {"en": LINE, "ar": "نصف المجموعات في أماكن ينقطع فيها الخط مرات كل يوم، ولا يعلم أحد متى يعود إليها."}
YES = {"en": "Yes.", "ar": "نعم."}

TIMES = """() => [...document.querySelectorAll('.line')].map((line) => {
    const [time, about] = [line.querySelector('.about time'), line.querySelector('.about')];
    const row = document.createRange();
    row.selectNodeContents(line.querySelector(line.matches('.again') ? '.text' : '.speaker'));
    const [first] = [...row.getClientRects()].filter(({ width }) => width);
    const { top, bottom, left, right } = time.getBoundingClientRect();
    return [
        first.top < (top + bottom) / 2 && (top + bottom) / 2 < first.bottom,
        first.left >= right || first.right <= left,
        about.getBoundingClientRect().height,
    ];
})"""
"""Of each line: whether its time is in its first row, beside that row's words, and how much height it takes."""


async def open_painted_before_its_scripts(page: Page, address: str) -> None:
    """Open a page and note what moves from the beginning; its scripts come after the first paint."""
    painted = asyncio.Event()

    async def after_the_first_paint(route: Route) -> None:
        if "/early." not in route.request.url:
            await painted.wait()
        await route.continue_()

    await page.add_init_script(WATCH)
    await page.route("**/*.js", after_the_first_paint)
    await page.goto(address, wait_until="commit")
    await page.evaluate(PAINTED)
    painted.set()


async def grow(on: Meeting, page: Page, name: str, language: str = "en") -> None:
    """A line comes word by word, each of them drawn before the next, and ends."""
    channel, first, text = on.live.state.channels[FLOOR], 0, LINES[language]
    t = channel.committed_through
    heard = Partial(channel=FLOOR, segment=SegmentId(name), first=0, text=text[:20], language=language)
    on.live.writer.signal(heard)
    await expect(page.locator(f"#Growing [data-of='{name}'] .rest, #Newest .rest").first).to_be_attached()
    for part in (text[:20], *text[20:].split("، " if language == "ar" else " the ")):
        words = tuple(Word(" " + word, t + 50 * n, t + 50 * (n + 1)) for n, word in enumerate(part.split()))
        start = None if first else do.SegmentStart(t0=t, language=language)
        segment, generation = SegmentId(name), channel.generation
        await on.do(
            do.CommitWords(
                channel=FLOOR, generation=generation, segment=segment, first=first, words=words, start=start
            ),
            by=ENGINE,
        )
        first, t = first + len(words), words[-1].t1
        await expect(page.locator("body")).to_contain_text(words[-1].text.strip())
    end = do.EndSegment(channel=FLOOR, generation=generation, segment=segment, t1=t, reason=EndReason.SENTENCE)
    await on.do(end, by=ENGINE)
    await expect(page.locator(f"#{name}, #Newest [data-line='{name}']").first).to_be_attached()
    await expect(page.locator("#Growing > *, #Newest .rest")).to_have_count(0)
    await page.evaluate(DRAWN)


async def follow_on(on: Meeting, page: Page, language: str = "en") -> None:
    """Lines of which each begins in the frame in which the one before it ends, the longest first."""
    channel = on.live.state.channels[FLOOR]
    t, before = channel.committed_through, ""
    line, yes = LINES[language], YES[language]
    for number, text in enumerate((line * 3, line, yes, line * 2, yes, line)):
        name = f"follows{number}"
        words = tuple(Word(f" {word}", t + 50 * n, t + 50 * (n + 1)) for n, word in enumerate(text.split()))
        begins = do.CommitWords(
            channel=FLOOR,
            generation=channel.generation,
            segment=SegmentId(name),
            first=0,
            words=words,
            start=do.SegmentStart(t0=t, language=language),
        )
        ends = do.EndSegment(
            channel=FLOOR, generation=channel.generation, segment=SegmentId(before), t1=t, reason=EndReason.SENTENCE
        )
        await on.do(*([ends] if before else []), begins, by=ENGINE)
        await expect(page.locator(f"#Growing [data-of='{name}'], #Newest [data-line='{name}']")).to_be_attached()
        await page.evaluate(DRAWN)
        t, before = words[-1].t1, name


@pytest.mark.parametrize(
    ("path", "size", "lines"),
    [
        ("", (390, 844), 40),
        ("", (1280, 800), 40),
        ("", (390, 844), 1),
        ("", (1280, 800), 1),
        ("", (390, 844), 0),
        ("", (1280, 800), 0),
        ("?ui=ar", (390, 844), 1),
        ("?ui=ar", (1280, 800), 40),
        ("?ui=ar", (1280, 800), 0),
        ("?ui=ar&size=300", (390, 844), 40),
        ("?size=75", (390, 844), 40),
        ("/questions", (390, 844), 1),
        ("/read?from=1", (390, 844), 40),
        ("/screen?steady=1", (1280, 720), 40),
    ],
    ids=[
        "phone",
        "wide",
        "phone-short",
        "wide-short",
        "phone-empty",
        "wide-empty",
        "phone-short-arabic",
        "wide-arabic",
        "wide-empty-arabic",
        "phone-large-arabic",
        "phone-small",
        "questions",
        "own-pace",
        "wall",
    ],
)
async def test_nothing_moves_when_the_page_begins_to_live_and_while_text_grows(
    path: str, size: tuple[int, int], lines: int, page: Page, tmp_path: Path
) -> None:
    language = "ar" if "ui=ar" in path else "en"
    async with meeting(tmp_path, languages=(language,)) as on:
        await on.introduce("Amina")
        for number in range(lines):
            await on.say(f"s{number}", LINES[language], language=language)
        if not lines:
            await on.do(do.AttachEngine(channel=FLOOR, model="scripted"))
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        await open_painted_before_its_scripts(page, f"{on.running.address}/s/{S}{path}")
        live = page.locator("#Newest.follows" if "/screen" in path else "html.live")
        await expect(live).to_be_attached()
        await page.evaluate(DRAWN)  # Text that grows in the frame in which the page becomes live counts as a shift.
        if not lines:
            await expect(page.locator(".first-awaited")).to_be_in_viewport(ratio=1)
        if "/screen" in path or path[:1] in ("", "?"):
            for number in range(6):
                await grow(on, page, f"n{number}", language)
            await follow_on(on, page, language)
        await expect(page.locator(".first-awaited:visible")).to_have_count(0)
        if size[0] >= 1200 and "/screen" not in path:  # the questions are unfolded at the first visit
            await expect(page.locator("#Beside[open] #Queue > *").first).to_be_visible()
        await page.evaluate(STATE_GROWS)
        await page.evaluate(DRAWN)
        assert await page.evaluate(SHIFTED) == []


@pytest.mark.parametrize("size", [(390, 844), (1280, 800)], ids=["phone", "wide"])
async def test_nothing_moves_on_the_page_of_a_record(size: tuple[int, int], page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path, languages=("en", "ar")) as on:
        await on.introduce("Amina")
        for number in range(4):
            await on.say(f"s{number}", LINE)
        await on.do(ask("a", "What becomes of them?"), by=SOMEBODY)
        await on.do(do.CloseSession())
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        for ui in ("en", "ar"):
            await open_painted_before_its_scripts(page, f"{on.running.address}/s/{S}?ui={ui}")
            await expect(page.locator("html.live")).to_be_attached()
            await page.evaluate(DRAWN)
            assert await page.evaluate(SHIFTED) == []
            await expect(page.locator("#Mark, [data-asked]").locator("visible=true")).to_have_count(2 * (size[0] > 960))


async def test_nothing_moves_when_the_readers_own_times_come(browser: Browser, tmp_path: Path) -> None:
    async with full_house(tmp_path) as house:
        context = await browser.new_context(timezone_id="America/Lima", viewport={"width": 390, "height": 844})
        await context.route("**/?*part=live*", lambda route: route.abort())  # After 8 s new words move the rest.
        for path in ("/?ui=en", "/?ui=ar", "/agenda?ui=en"):
            page = await context.new_page()
            await open_painted_before_its_scripts(page, f"{house.address}{path}")
            await page.wait_for_load_state("load")
            await expect(page.locator(".own-time").first).to_be_attached()
            await page.evaluate(DRAWN)
            assert await page.evaluate(SHIFTED) == [], path
        await context.close()


async def test_on_a_phone_the_time_of_each_line_is_beside_its_first_words_and_takes_no_height(
    page: Page, tmp_path: Path
) -> None:
    arabic = "نصف المجموعات في أماكن ينقطع فيها الخط مرات كل يوم."
    async with meeting(tmp_path, languages=("en", "ar")) as on:
        await on.introduce("Amina")
        speaks = do.SetSpeaker(channel=FLOOR, speaker=SpeakerId("p1"))
        await on.do(do.AttachEngine(channel=FLOOR, model="scripted"), speaks)
        for number, (text, language) in enumerate(((LINE, "en"), (arabic, "ar"), (LINE, "en"), (arabic, "ar"))):
            channel = on.live.state.channels[FLOOR]
            t = channel.committed_through
            start = do.SegmentStart(t0=t, language=language)
            segment, generation, words = SegmentId(f"s{number}"), channel.generation, (Word(text, t, t + 1_000_000),)
            said = do.CommitWords(
                channel=FLOOR, generation=generation, segment=segment, first=0, words=words, start=start
            )
            await on.do(said, by=ENGINE)
            if number < 3:
                ends = do.EndSegment(
                    channel=FLOOR,
                    generation=generation,
                    segment=segment,
                    t1=t + 1_000_000,
                    reason=EndReason.SENTENCE,
                )
                await on.do(ends, by=ENGINE)
        await page.set_viewport_size({"width": 390, "height": 844})
        for query in ("", "?size=75", "?ui=ar", "?ui=ar&size=300", "?size=200&spacing=wider"):
            await page.goto(f"{on.running.address}/s/{S}{query}")
            await expect(page.locator("html.live")).to_be_attached()
            await expect(page.locator("#Growing .time")).to_be_visible()
            assert await page.evaluate(TIMES) == [[True, True, 0]] * 4


@pytest.mark.parametrize("size", [(390, 844), pytest.param((1280, 800), marks=pytest.mark.slow)], ids=["phone", "wide"])
async def test_nothing_moves_while_a_page_arrives_in_pieces(size: tuple[int, int], page: Page, tmp_path: Path) -> None:
    """A reader comes again over a weak line: all but the page itself is there already."""
    slow = Quality(bits_per_s=8_000, piece=200, held=200)
    async with meeting(tmp_path) as on, weak_link_to(int(on.running.address.rpartition(":")[2])) as link:
        for number in range(40):
            await on.say(f"s{number}", f"{LINE} {number}, {number * number}")
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        await page.goto(f"{link.address}/s/{S}")
        await expect(page.locator("html.live")).to_be_attached()
        await page.add_init_script(WATCH)
        await on.say("s40", f"{LINE} 40, 1600")  # Else the browser would have the page already.
        link.down.become(slow)
        await page.goto(f"{link.address}/s/{S}", wait_until="commit")
        await page.evaluate(PAINTED)
        await expect(page.locator("#s13")).to_be_attached()
        await page.evaluate(DRAWN)
        assert not await page.locator("#s39").count(), "the rest of the text is still under way"
        link.down.become(GOOD)
        await expect(page.locator("html.live")).to_be_attached()
        assert await page.evaluate(SHIFTED) == []


@pytest.mark.parametrize("path", ["/screen?steady=1", "/overlay"])
async def test_nothing_on_a_wall_moves_when_the_question_on_it_is_fitted(path: str, page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.introduce("Amina")
        for number in range(20):
            await on.say(f"s{number}", LINE)
        await on.do(ask("a", f"{LINE} What becomes of them?"), ask("b", "And then?"), by=SOMEBODY)
        queued = [stand(InterventionStatus.QUEUED, each) for each in "ab"]
        await on.do(*queued, stand(InterventionStatus.CALLED, "a"), by=Actor(Role.MODERATOR, "m1"))
        await page.set_viewport_size({"width": 1280, "height": 720})
        await page.add_init_script(WATCH)
        read = asyncio.Event()

        async def once_all_is_read(route: Route) -> None:
            await read.wait()
            await route.continue_()

        await page.route("**/*.js", once_all_is_read)
        await page.goto(f"{on.running.address}/s/{S}{path}", wait_until="commit")
        await expect(page.locator("#Data")).to_be_attached()
        read.set()
        await expect(page.locator("html[style*='--fit']")).to_be_attached()
        await page.evaluate(DRAWN)
        assert await page.evaluate(SHIFTED) == []
