"""The original beside a translation, and a translation in place of an interpreter, on the reader's page in Chromium."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, expect

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId
from moothall.core.signals import Partial, StandIn
from support.browser.browsing import shape, tab, visit
from support.browser.translated_lines import (
    FRENCH,
    IN_SPANISH,
    SPANISH,
    TEXTS,
    TRANSLATOR,
    made,
    made_again,
    name,
    translated,
)
from support.halls.stage import CAPTIONER, corrected, ended, opened, stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def both(page: Page) -> list[tuple[str | None, str | None]]:
    """What stands above, and the translation, line by line."""
    found: list[tuple[str | None, str | None]] = await page.locator("#Lines > .line").evaluate_all(
        """(lines) => lines.map((line) => {
            return ['.original', '.text'].map((part) => line.querySelector(part)?.textContent ?? null);
        })"""
    )
    return [(above, below) for above, below in found]


LINE = "This is line number {} of the meeting, as it was said."


async def test_original_and_translation_stand_above_one_another(page: Page, browser: Browser) -> None:
    async with translated() as on:
        await on.say(opened("s3", 12_000, language="ar"), ended("s3", "سطر."))
        await visit(page, on, f"{IN_SPANISH}&ui=en")
        assert await page.locator(".original").count() == 0
        ways = page.get_by_role("navigation", name="Original or translation")
        await expect(ways.get_by_role("link")).to_have_text(["Original", "Translation", "Both", "Side by side"])
        await ways.get_by_role("link", name="Both").click()
        await expect(page.locator("#s2-mt-es .original")).to_have_text(LINE.format(2))
        await expect(page).to_have_url(f"{on.page}{IN_SPANISH}&ui=en&show=both")
        await expect(ways.get_by_role("link", name="Both")).to_have_attribute("aria-current", "true")
        await ways.get_by_role("link", name="Side by side").click()
        apart = "(line) => line.querySelector('.text').offsetLeft >= line.querySelector('.original').offsetWidth"
        assert await page.locator("#s2-mt-es").evaluate(apart)
        await ways.get_by_role("link", name="Both").click()
        waiting = page.locator("#Lines > .waiting")
        await expect(waiting.locator(".original")).to_have_text("سطر.")
        await expect(waiting.locator(".original")).to_have_css("direction", "rtl")
        await expect(waiting.locator(".original")).to_have_attribute("lang", "ar")
        await expect(waiting.locator(".mark")).to_have_text("Being translated")
        await on.say(
            signals=[
                Partial(channel=SPANISH, segment=name("s3"), first=0, text="سطر.", language="ar")
            ]  # until it is made
        )
        await expect(page.locator("#Growing .text")).to_have_text("سطر.")
        await expect(page.locator("#Growing .line")).to_be_hidden()
        live = await shape(page)
        async with tab(browser, java_script_enabled=False) as without:
            await without.goto(f"{on.page}{IN_SPANISH}&show=both")
            assert await shape(without) == live
        await on.say(opened("s4", 16_000), ended("s4", "Four."))
        await expect(waiting.locator(".original")).to_have_text(["سطر.", "Four."])
        await on.say(*made("s4", 16_000, "Cuatro."), by=TRANSLATOR)
        await expect(page.locator("#s4-mt-es .original")).to_have_text("Four.")
        await on.say(*made("s3", 12_000, "Una línea."), by=TRANSLATOR)
        await expect(waiting).to_have_count(0)
        assert await both(page) == [
            *((LINE.format(n), f"Línea {n}.") for n in range(3)), ("سطر.", "Una línea."), ("Four.", "Cuatro."),
        ]  # fmt: skip
        await on.say(made_again("s4", "Cuatro, otra vez."), by=TRANSLATOR)
        await expect(page.locator("#s4-mt-es .text")).to_have_text("Cuatro, otra vez.")
        await expect(page.locator("#s4-mt-es .original")).to_have_text("Four.")
        await on.say(*made("s5", 20_000, "Dicho en español.", route="", origin=le.Origin.MACHINE), by=TRANSLATOR)
        await expect(page.locator("#s5-mt-es .text")).to_be_attached()
        await expect(page.locator("#s5-mt-es .original")).to_have_count(0)
        await ways.get_by_role("link", name="Translation").click()
        await expect(page.locator(".original")).to_have_count(0)
        await page.reload()
        await expect(page.locator("#s4-mt-es")).to_be_attached()
        await expect(page.locator(".original")).to_have_count(0)
        await ways.get_by_role("link", name="Original").click()
        await expect(page.locator("#s4 .text")).to_have_text("Four.")


async def test_the_original_of_older_lines_comes_with_them_and_nothing_moves(page: Page, browser: Browser) -> None:
    async with stage(*TEXTS) as on:
        await on.lines(420)
        for n in range(420):
            await on.say(*made(f"s{n}", n * 4_000, f"Línea {n}, bastante larga para leerla."), by=TRANSLATOR)
        await visit(page, on, f"{IN_SPANISH}&show=both")
        await expect(page.locator("#s419-mt-es .original")).to_be_in_viewport()
        await page.mouse.wheel(0, -900)
        await expect(page.locator("#Jump")).to_be_visible()
        await page.locator("#Earlier").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#s200-mt-es .original")).to_have_text(LINE.format(200))
        await page.locator("#Earlier").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#s0-mt-es .original")).to_have_text(LINE.format(0))
        read = page.locator("#s100-mt-es .text")
        await read.scroll_into_view_if_needed()
        top = await read.evaluate("(line) => line.getBoundingClientRect().top")
        await page.evaluate("document.querySelector('#Ways [data-show=translation]').click()")
        await expect(page.locator(".original")).to_have_count(0)
        await page.evaluate("document.querySelector('#Ways [data-show=both]').click()")
        await expect(page.locator("#s0-mt-es .original")).to_have_text(LINE.format(0))
        assert await page.locator(".original").count() == 420
        assert abs(await read.evaluate("(line) => line.getBoundingClientRect().top") - top) < 40
        async with tab(browser, java_script_enabled=False) as without:
            await without.goto(f"{on.page}{IN_SPANISH}&show=both&before=200")
            pairs = await both(without)
            assert (len(pairs), pairs[0][0], pairs[-1][0]) == (200, LINE.format(0), LINE.format(199))
            await without.goto(f"{on.page}/read{IN_SPANISH}&show=both&from=101")
            assert (await both(without))[0] == (LINE.format(100), "Línea 100, bastante larga para leerla.")
            await expect(without.get_by_role("link", name="Both")).to_have_attribute("aria-current", "true")


async def test_after_a_long_cut_each_line_has_its_original_as_it_reads_now(page: Page) -> None:
    long = "Line {n}, long enough that nobody who comes back after so many lines gets the events of all of them."
    async with stage(*TEXTS) as on:

        async def lines(first: int, count: int) -> None:
            await on.lines(count, long)
            for n in range(first, first + count):
                await on.say(*made(f"s{n}", n * 4_000, f"Línea {n}."), by=TRANSLATOR)

        await lines(0, 20)
        await visit(page, on, f"{IN_SPANISH}&show=both")
        await expect(page.locator("#s19-mt-es .original")).to_have_text(long.format(n=19))
        on.refusing = True
        on.cut()
        await on.say(corrected("s3", "Mended."), by=CAPTIONER)
        await lines(20, 420)
        on.refusing = False
        await expect(page.locator("#s439-mt-es .original")).to_have_text(long.format(n=439))
        await expect(page.locator("#s3-mt-es .original")).to_have_text("Mended.")
        await expect(page.locator(".original")).to_have_count(440)


async def test_who_reads_an_interpreter_is_brought_to_the_translation_and_back(page: Page) -> None:
    silent = StandIn(channel=FRENCH, instead=ChannelId("mt-fr"))
    machine = ev.ChannelAdded(
        channel=ChannelId("mt-fr"), kind=ev.ChannelKind.TRANSLATION, languages=("fr",), of_record=True
    )
    notice = "The interpreter is silent: this is a machine translation until they go on"
    async with stage(TEXTS[0], machine) as on:
        await visit(page, on, "?channel=fr&size=150&ui=en")
        before = await page.evaluate("history.length")
        await on.say(signals=[silent])
        await expect(page.locator("#Instead")).to_have_text(notice)
        await expect(page.locator("#Status")).to_have_text(notice)
        await page.wait_for_url("**/s/*?channel=mt-fr*")
        await expect(page).to_have_url(f"{on.page}?channel=mt-fr&size=150&ui=en&instead-of=fr")
        await expect(page.locator("#Instead")).to_be_visible()
        await expect(page.locator("#Instead")).to_have_text(notice)
        await expect(page.locator("#Status")).to_have_text(notice)
        assert await page.evaluate("history.length") == before
        await expect(page.locator("html")).to_contain_class("live")
        await on.say(
            signals=[StandIn(channel=FRENCH, instead=None), StandIn(channel=ChannelId("mt-fr"), instead=FRENCH)]
        )
        await expect(page.locator("#Status")).to_have_text("The interpreter goes on")
        await expect(page).to_have_url(f"{on.page}?channel=fr&size=150&ui=en")
        await expect(page.locator("#Instead")).to_be_hidden()


async def test_who_looks_back_is_asked_and_who_chose_the_translation_stays(page: Page) -> None:
    machine = ev.ChannelAdded(
        channel=ChannelId("mt-fr"), kind=ev.ChannelKind.TRANSLATION, languages=("fr",), of_record=True
    )
    lines = [
        each
        for n in range(60)
        for each in made(f"f{n}", n * 4_000, "Une ligne.", channel=FRENCH, language="fr", origin=le.Origin.INTERPRETER)
    ]
    async with stage(TEXTS[0], machine, *lines) as on:
        await visit(page, on, "?channel=fr&ui=en")
        await expect(page.locator("#Lines > li").last).to_be_in_viewport()
        await page.mouse.wheel(0, -600)
        await expect(page.locator("#Jump")).to_be_visible()
        await on.say(signals=[StandIn(channel=FRENCH, instead=ChannelId("mt-fr"))])
        asked = page.get_by_role(
            "link", name="The interpreter is silent: read the machine translation until they go on"
        )
        await expect(asked).to_be_visible()
        await on.say(signals=[StandIn(channel=FRENCH, instead=None)])
        await expect(asked).to_be_hidden()
        await on.say(signals=[StandIn(channel=FRENCH, instead=ChannelId("mt-fr"))])
        await asked.click()
        await expect(page).to_have_url(f"{on.page}?channel=mt-fr&ui=en&instead-of=fr")
        await page.clock.install()
        await visit(page, on, "?channel=mt-fr&ui=en")
        await on.say(signals=[StandIn(channel=ChannelId("mt-fr"), instead=FRENCH)])
        await on.say(*made("n0", 999_000, "Nouvelle.", channel=ChannelId("mt-fr"), language="fr"), by=TRANSLATOR)
        await expect(page.locator("#n0-mt-fr")).to_be_visible()
        await page.clock.run_for(1_500)
        await expect(page).to_have_url(f"{on.page}?channel=mt-fr&ui=en")
        await expect(page.locator("#Instead")).to_be_hidden()


# test_hub_as_centre.py has the same without scripts.
@pytest.mark.slow
async def test_without_scripts_the_page_says_where_to_read_and_after_the_close_nobody_is_silent(
    page: Page, browser: Browser
) -> None:
    machine = ChannelId("mt-fr")
    there = ev.ChannelAdded(channel=machine, kind=ev.ChannelKind.TRANSLATION, languages=("fr",), of_record=True)
    async with stage(TEXTS[0], there) as on, tab(browser, java_script_enabled=False) as without:
        note = without.locator("#Instead")
        await without.goto(f"{on.page}?channel=fr&ui=en&size=150")
        await expect(note).to_be_hidden()
        await on.say(signals=[StandIn(channel=FRENCH, instead=machine)])
        await without.reload()
        await without.get_by_role("link", name="The interpreter is silent: read the machine translation").click()
        await expect(without).to_have_url(f"{on.page}?channel=mt-fr&size=150&ui=en&instead-of=fr")
        await expect(note).to_have_text("The interpreter is silent: this is a machine translation until they go on")
        await visit(page, on, "?channel=mt-fr&ui=en&instead-of=fr")
        await on.say(signals=[StandIn(channel=FRENCH, instead=None), StandIn(channel=machine, instead=FRENCH)])
        await without.get_by_role("link", name="Load newer text").click()
        await without.get_by_role("link", name="The interpreter goes on: back to the interpreter").click()
        await expect(without).to_have_url(f"{on.page}?channel=fr&size=150&ui=en")
        await expect(note).to_be_hidden()
        await expect(page).to_have_url(f"{on.page}?channel=fr&ui=en")
        await on.say(signals=[StandIn(channel=FRENCH, instead=machine), StandIn(channel=machine, instead=None)])
        await expect(page).to_have_url(f"{on.page}?channel=mt-fr&ui=en&instead-of=fr")
        await expect(page.locator("html")).to_contain_class("live")
        await expect(page.locator("#Instead")).to_be_visible()
        await on.say(ev.SessionClosed(t=9_000))
        await expect(page.locator("#Instead")).to_be_hidden()
        await without.goto(f"{on.page}?channel=mt-fr&instead-of=fr")
        await expect(note).to_be_hidden()


# Readers are brought there in the tests above.
@pytest.mark.slow
async def test_a_wall_shows_the_translation_while_the_interpreter_is_silent(page: Page) -> None:
    machine = ChannelId("mt-fr")
    there = ev.ChannelAdded(channel=machine, kind=ev.ChannelKind.TRANSLATION, languages=("fr",), of_record=True)
    away = [StandIn(channel=FRENCH, instead=machine), StandIn(channel=machine, instead=None)]
    back = [StandIn(channel=FRENCH, instead=None), StandIn(channel=machine, instead=FRENCH)]
    lines = made("f0", 0, "Bonjour.", channel=FRENCH, language="fr", origin=le.Origin.INTERPRETER)
    async with stage(TEXTS[0], there, *lines, *made("s0", 0, "Salut.", channel=machine, language="fr")) as on:
        own, other = f"{on.page}/screen?channel=fr&size=150", f"{on.page}/screen?channel=mt-fr&size=150"
        newest = page.locator("#Newest")
        await page.goto(own)
        for _ in range(2):
            await on.say(signals=away)
            await expect(page).to_have_url(f"{other}&instead-of=fr")
            await expect(newest).to_have_text("Salut.")
            await expect(page.locator("#Notice")).to_contain_text("Translated by a machine")
            await on.say(signals=back)
            await expect(page).to_have_url(own)
            await expect(newest).to_have_text("Bonjour.")
        await on.say(signals=away)
        await expect(page).to_have_url(f"{other}&instead-of=fr")
        await on.say(ev.SessionClosed(t=9_000))
        await expect(page).to_have_url(own)
        await page.goto(other)
        await expect(newest).to_have_text("Salut.")
        await expect(page).to_have_url(other)
