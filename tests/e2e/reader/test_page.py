"""The session's page in Chromium, with the real stream behind it."""

from __future__ import annotations

import gzip
import re

import pytest
from playwright.async_api import Browser, Page, Response, expect

from moothall.adapters.pages.catalogues import LANGUAGES
from moothall.adapters.pages.static_files import StaticFiles, find_web_folder
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.ids import SegmentId, SpeakerId
from moothall.core.signals import ChannelState, LastWords, Sound, Unsaved
from support.browser.browsing import shape, texts, visit
from support.browser.translated_lines import TEXTS, made
from support.halls.stage import (
    CAPTIONER,
    FLOOR,
    corrected,
    ended,
    opened,
    partial,
    stage,
    words,
)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ATTACK = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>\"'&amp;</p>"

LONG = "The text of a meeting goes on and on, in words of no great length. "


async def test_words_appear_grow_and_become_a_line(page: Page) -> None:
    async with stage() as on:
        await visit(page, on)
        growing = page.locator("#Growing .text")
        await on.say(signals=[partial("s0", 0, "Good mor")])
        await expect(growing).to_have_text("Good mor")
        await on.say(opened("s0"), words("s0", 0, "Good morning"), signals=[partial("s0", 2, "every")])
        await expect(growing).to_have_text("Good morning every")
        await expect(page.locator("#Growing .rest")).to_have_text("every")
        assert await texts(page) == []
        await on.say(words("s0", 2, "everybody."))
        await expect(growing).to_have_text("Good morning everybody.")
        await on.say(ended("s0", "Good morning everybody."))
        await expect(page.locator("#s0 .text")).to_have_text("Good morning everybody.")
        await expect(growing).to_have_count(0)


async def test_a_hypothesis_shows_only_while_it_follows_the_committed_words(page: Page) -> None:
    async with stage() as on:
        await visit(page, on)
        await on.say(opened("s0"), words("s0", 0, "one two"), signals=[partial("s0", 1, "stale")])
        await expect(page.locator("#Growing .text")).to_have_text("one two ".strip())
        await on.say(signals=[partial("s0", 2, "three")])
        await expect(page.locator("#Growing .text")).to_have_text("one two three")
        await on.say(signals=[partial("s9", 4, "of a line that nobody has seen")])
        await expect(page.locator("#Growing .text")).to_have_text("one two")


async def test_each_frame_is_one_update_of_the_display(page: Page) -> None:
    async with stage() as on:
        await visit(page, on)
        await on.say(opened("s0"), words("s0", 0, "one"), signals=[partial("s0", 1, "too")])
        await expect(page.locator("#Growing .text")).to_have_text("one too")
        await page.evaluate(
            """() => {
                window.seen = [];
                new MutationObserver(() => window.seen.push(document.getElementById('Growing').innerText.trim()))
                    .observe(document.getElementById('Reader'), {subtree: true, childList: true, characterData: true});
            }"""
        )
        await on.say(words("s0", 1, "two"), signals=[partial("s0", 2, "three")])
        await expect(page.locator("#Growing .text")).to_have_text("one two three")
        assert [re.sub(r"\n.*", "", seen) for seen in await page.evaluate("window.seen")] == ["one two three"]


async def test_a_machine_s_own_second_thought_is_not_called_mended(page: Page) -> None:
    async with stage() as on:
        await on.lines(1)
        await visit(page, on)
        await on.say(corrected("s0", "Better heard."))
        await expect(page.locator("#s0 .text")).to_have_text("Better heard.")
        await expect(page.locator("#s0 .mark")).to_have_count(0)


async def test_lines_made_in_the_browser_are_those_of_the_server(page: Page, browser: Browser) -> None:
    async with stage() as on:
        await visit(page, on)
        await on.say(ev.SpeakerIntroduced(speaker=SpeakerId("amina"), name="Amina <Diallo>"))
        await on.say(opened("a", 1_000, speaker="amina"), words("a", 0, "One."), ended("a", "One.", 2_000))
        await on.say(opened("b", 61_000, speaker="amina", language="ar"), ended("b", "اثنان.", 62_000))
        await on.say(opened("room", 62_500), ended("room", "Nobody's.", 62_900))
        await on.say(opened("typed", 61_500, speaker="amina"), ended("typed", "Typed meanwhile.", 62_000))
        await on.say(ev.GapNoted(channel=FLOOR, t0=63_000, t1=3_700_000, reason=ev.GapReason.ENGINE_LOST))
        await on.say(opened("c", 3_700_500, origin=le.Origin.SPEAKER), ended("c", "Three & more.", 3_700_900))
        await on.say(opened("d", 3_701_000, origin=le.Origin.PERSON), ended("d", "Four.", 3_702_000))
        await on.say(corrected("d", "Four, mended."), by=CAPTIONER)
        await on.say(opened("e", 3_703_000), words("e", 0, "Five grows"))
        await expect(page.locator("#Growing .text")).to_have_text("Five grows")
        live = await shape(page)
        assert await page.locator("#Lines .line").evaluate_all("lines => lines.map(({id}) => id)") == [
            "a", "b", "typed", "room", "c", "d",
        ]  # fmt: skip
        not_named = page.locator("#Lines .speaker:visible")
        assert await not_named.all_text_contents() == ["Amina <Diallo>", "Speaker not named", "Speaker not named"]
        await page.goto(on.page)
        assert await shape(page) == live
        plain = await browser.new_context(java_script_enabled=False)
        try:
            without = await plain.new_page()
            await without.goto(on.page)
            assert await shape(without) == live
        finally:
            await plain.close()


async def test_a_closed_meeting_is_its_record_at_the_same_address(page: Page) -> None:
    async with stage() as on:
        await on.lines(2)
        await visit(page, on)
        await on.say(opened("z"), words("z", 0, "Last"), signals=[partial("z", 1, "wor")])
        await on.say(ended("z", "Last words."), ev.SessionClosed(t=20_000))
        await expect(page.locator("#State")).to_have_text("Closed: this is the record")
        await expect(page.locator("#z .text")).to_have_text("Last words.")
        await expect(page).to_have_title("Plenary \N{EN DASH} Record")
        asked = len(on.asked)
        on.cut()
        await page.goto(on.page)
        await expect(page.locator("#State")).to_have_text("Closed: this is the record")
        assert len(await texts(page)) == 3
        assert len(on.asked) == asked, "a record needs no stream"
        await on.say(ev.RecordSealed(version=ev.SealVersion.CHECKED, n=1))
        await page.reload()
        await expect(page.locator("#State")).to_have_text("Closed: this is the record · Checked")


# unit/adapters/reading/test_session_page.py and test_page_door.py have the page that is sent.
@pytest.mark.slow
async def test_without_javascript_all_text_is_there(browser: Browser) -> None:
    async with stage() as on:
        await on.lines(450)
        await on.say(opened("g", 1_800_000), words("g", 0, "still growing"))
        plain = await browser.new_context(java_script_enabled=False, locale="en")
        try:
            page = await plain.new_page()
            await page.goto(on.page)
            assert await page.locator("#Growing .text").inner_text() == "still growing"
            for seen in ("once", "twice"):  # a browser does not load an address that differs in its place only
                await on.say(words("g", 2 if seen == "once" else 3, seen))
                await on.clock.advance(1_000)
                await page.get_by_role("link", name="Load newer text").click()
                await expect(page.locator("#Growing .text")).to_contain_text(seen)
                await expect(page.locator("#Growing .text")).to_be_in_viewport(ratio=1)
            await page.goto(on.page)
            await page.keyboard.press("Tab")
            await page.keyboard.press("Enter")  # the way to the text leads to what is said now
            await expect(page.locator("#Growing .text")).to_be_in_viewport(ratio=1)
            read: list[str] = []
            while True:
                read = await texts(page) + read
                if not await page.locator("#Earlier").is_visible():
                    break
                await page.locator("#Earlier").click()
            assert read == [f"This is line number {n} of the meeting, as it was said." for n in range(450)]
            await page.get_by_role("link", name="Later lines").click()
            assert (await texts(page))[0].startswith("This is line number 200 ")
            await page.get_by_role("link", name="Newest text").click()
            await expect(page.locator("#s449")).to_be_attached()
            await expect(page.locator("#s449 .source")).to_be_hidden()
            await page.locator("#HowIRead > summary").click()
            await page.get_by_label("Show the source of each line").check()
            await expect(page.locator("#s449 .source")).to_have_text("Written by a machine")
            await expect(page.locator("#s449 .source")).to_be_visible()
        finally:
            await plain.close()


@pytest.mark.parametrize("scripted", [True, False])
async def test_nothing_that_is_said_becomes_markup(browser: Browser, scripted: bool) -> None:
    attacks: list[ev.AnyEvent] = [
        ev.SpeakerIntroduced(speaker=SpeakerId("evil"), name=ATTACK),
        opened("early", speaker="evil", language=f'en"{ATTACK}'),
        ended("early", ATTACK),
    ]
    async with stage(*attacks, title=f"</script>{ATTACK}") as on:
        context = await browser.new_context(java_script_enabled=scripted)
        try:
            page = await context.new_page()
            loud: list[str] = []
            page.on("pageerror", lambda error: loud.append(str(error)))
            page.on("dialog", lambda dialog: loud.append(dialog.message))
            await page.goto(on.page)
            seen = ["early"]
            if scripted:
                await on.say(opened("late", speaker="evil", language=f"'>{ATTACK}"), ended("late", ATTACK))
                await on.say(
                    opened("later", speaker="evil"),
                    words("later", 0, ATTACK),
                    signals=[partial("later", len(ATTACK.split()), ATTACK)],
                )
                await on.say(signals=[Unsaved(channel=FLOOR, text=ATTACK)])
                await expect(page.locator("#Unsaved .text")).to_have_text(ATTACK)
                seen += ["late"]
            for line in seen:
                await expect(page.locator(f"#{line} .text")).to_have_text(ATTACK)
            await expect(page.locator("#early .speaker")).to_have_text(ATTACK)
            await expect(page.locator("h1")).to_have_text(f"</script>{ATTACK}")
            assert await page.locator("img").count() == 0
            assert await page.title() != "taken"
            assert loud == []
        finally:
            await context.close()


async def test_lines_run_in_the_direction_of_their_language(page: Page) -> None:
    amina = ev.SpeakerIntroduced(speaker=SpeakerId("amina"), name="Amina")
    async with stage(amina, opened("first", language="ar", speaker="amina"), ended("first", "UNESCO نشرت")) as on:
        await visit(page, on)
        await expect(page.locator("#first .speaker")).to_have_css("direction", "rtl")
        await on.say(opened("second", language="fa-IR"), ended("second", "متن"))
        await on.say(opened("third", language="fr"), ended("third", "Texte"))
        await on.say(opened("fourth", language="ar"), words("fourth", 0, "ينمو"))
        for where, language, direction in [
            ("#first .text", "ar", "rtl"),
            ("#second .text", "fa-IR", "rtl"),
            ("#third .text", "fr", "ltr"),
            ("#Growing .text", "ar", "rtl"),
        ]:
            await expect(page.locator(where)).to_have_attribute("lang", language)
            await expect(page.locator(where)).to_have_attribute("dir", direction)


async def test_how_it_stands_is_said_in_words(page: Page) -> None:
    def heard(sound: Sound, lag: int = 300) -> ChannelState:
        return ChannelState(channel=FLOOR, sound=sound, lag=lag, t=0)

    async with stage(begun=False) as on:
        state = page.locator("#State")
        await visit(page, on)
        await expect(state).to_have_text("The meeting has not begun. Its text will appear here.")
        await on.say(ev.SessionOpened(wall=on.clock.wall()))
        await expect(state).to_have_text("Live, waiting for the first words")
        await on.say(signals=[heard(Sound.NONE)])
        await expect(state).to_have_text("No sound arrives")
        await on.say(opened("s0"), words("s0", 0, "one"), signals=[heard(Sound.SPEECH)])
        await expect(state).to_have_text("Live: somebody is speaking")
        await on.say(signals=[heard(Sound.SPEECH, 9_200)])
        await expect(state).to_have_text("Text delayed 9 s")
        on.clock.set_wall(on.clock.wall() + 47_000)
        await on.say(signals=[heard(Sound.SPEECH)])
        await expect(state).to_have_text("Live, last words 45 s ago")
        await on.say(signals=[heard(Sound.SILENCE)])
        await expect(state).to_have_text(re.compile(r"^Silent since \d\d:\d\d$"))
        await on.say(signals=[Unsaved(channel=FLOOR, text=" two three")])
        await expect(state).to_have_text("The newest words are not yet saved")
        await expect(page.locator("#Unsaved")).to_have_text("Not yet savedtwo three")
        await on.say(signals=[Unsaved(channel=FLOOR, text="")])
        await expect(page.locator("#Unsaved")).to_be_hidden()
        await on.say(signals=[LastWords(channel=FLOOR, awaited=True)])
        await expect(state).to_have_text("The last words are coming")
        await expect(page.locator("#Status")).to_have_text("The last words are coming")
        await on.say(signals=[LastWords(channel=FLOOR, awaited=False)])
        await expect(state).to_have_text(re.compile(r"^Silent since \d\d:\d\d$"))
        await on.say(ev.SessionPaused(t=50_000))
        await expect(state).to_have_text("Break. The text goes on when the meeting does.")
        await on.say(ev.SessionResumed(t=60_000))
        await expect(state).to_have_text(re.compile(r"^Silent since \d\d:\d\d$"))


async def test_lines_are_announced_only_when_asked_and_each_once(page: Page) -> None:
    async with stage() as on:
        await visit(page, on)
        assert await page.locator("#Log").get_attribute("aria-live") == "off"
        await on.lines(1)
        await expect(page.locator("#s0")).to_be_attached()
        announced = page.locator("#Announcer > span")
        await expect(page.locator("#Announcer > *")).to_have_count(0)
        await page.locator("#HowIRead > summary").click()
        await page.get_by_label("Tell my screen reader").select_option("Finished lines")
        await on.say(opened("a", language="fr"), words("a", 0, "Un."), signals=[partial("a", 1, "deux")])
        await on.say(ended("a", "Un, deux."))
        await expect(announced).to_have_text(["Un, deux."])
        await expect(announced).to_have_attribute("lang", "fr")
        await on.say(corrected("a", "Un, deux, trois."), by=CAPTIONER)
        await expect(page.locator("#a .text")).to_have_text("Un, deux, trois.")
        await expect(announced).to_have_text(["Un, deux."])


async def test_a_name_given_later_reaches_lines_already_there(page: Page) -> None:
    async with stage() as on:
        await on.lines(3)
        await visit(page, on)
        await on.say(ev.SpeakerIntroduced(speaker=SpeakerId("joao"), name="João"))
        await on.say(ev.SpeakerAssigned(segments=(SegmentId("s1"), SegmentId("s2")), speaker=SpeakerId("joao")))
        await expect(page.locator("#s1 .speaker")).to_have_text("João")
        await expect(page.locator("#s2 .speaker")).to_be_hidden()
        await on.say(ev.SpeakerAssigned(segments=(SegmentId("s1"),), speaker=None))
        await expect(page.locator("#s1 .speaker")).to_have_count(0)
        await expect(page.locator("#s2 .speaker")).to_be_visible()


# `test_accessibility.py` has the page at 400 %.
@pytest.mark.slow
async def test_a_small_window_needs_no_sideways_scrolling(page: Page) -> None:
    await page.set_viewport_size({"width": 320, "height": 256})
    async with stage(title="Verantwortungsübernahmeerklärungsverfahren " * 2) as on:
        await on.lines(3, "A line with Donaudampfschifffahrtsgesellschaftskapitänsmütze{n} in it.")
        await on.say(opened("g", 12_000, language="ar"), words("g", 0, "نص عربي طويل " * 8))
        await on.say(signals=[partial("g", 24, "Rest" * 9)])
        for language in LANGUAGES:
            await page.goto(f"{on.page}?ui={language}")
            await expect(page.locator("#Growing .rest")).not_to_be_empty()
            assert await page.evaluate("document.documentElement.scrollWidth") <= 320
            assert await page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")


@pytest.mark.parametrize("text", ["floor", "mt-es"])
async def test_what_a_reader_has_to_load_is_small(page: Page, text: str) -> None:
    async with stage(*TEXTS) as on:
        await on.lines(200, "This is line number {n}. " + LONG)
        for n in range(200):
            await on.say(*made(f"s{n}", n * 4_000, f"Esta es la línea {n}. {LONG}"))
        loaded: list[Response] = []
        page.on("response", lambda response: note(loaded, response))
        await visit(page, on, f"?channel={text}")
        await expect(page.locator("#s199" if text == "floor" else "#s199-mt-es")).to_be_in_viewport()
        await page.wait_for_load_state("load")
        sizes = {each.url: len(gzip.compress(await each.body())) for each in loaded if "/events" not in each.url}
    scripts = {url: size for url, size in sizes.items() if url.endswith(".js")}
    # Scripts come in one file, with the one that must run first, and those of what the text at hand needs.
    assert len(scripts) <= (2 if text == "floor" else 3)
    assert {"asks_waiting.js", "early.js"} <= {url.rpartition("/")[2] for url in scripts}
    assert not any("desk" in url or "vendor" in url for url in sizes)
    player = StaticFiles(find_web_folder()).get("js/reader/sound.js")  # only where the sound is published
    assert player is not None
    assert sum(scripts.values()) + len(player.packed) <= 25_000
    assert sum(sizes.values()) <= 60_000


def note(loaded: list[Response], response: Response) -> None:
    loaded.append(response)
