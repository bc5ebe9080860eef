"""Translations on the reader's page in Chromium: each reader in a language of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import islice

import pytest
from playwright.async_api import Browser, Page, Route, expect

from browsing import shape, tab, texts, visit
from moothall.core import events as ev
from moothall.core.ids import ChannelId, SegmentId, SpeakerId
from moothall.core.signals import Partial, StandIn
from stage import CAPTIONER, Stage, ended, opened, stage
from translated_lines import ARABIC, FRENCH, SPANISH, TEXTS, TRANSLATOR, made, made_again, name

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

IN_SPANISH = "?channel=mt-es"


@asynccontextmanager
async def translated(count: int = 3) -> AsyncIterator[Stage]:
    """A meeting of so many lines, 4 s apart, each with its Spanish."""
    async with stage(*TEXTS, ev.SpeakerIntroduced(speaker=SpeakerId("ana"), name="Ana")) as on:
        await on.lines(count)
        for number in range(count):
            await on.say(*made(f"s{number}", number * 4_000, f"Línea {number}."), by=TRANSLATOR)
        yield on


async def test_a_translated_line_says_in_which_language_it_is_and_how_it_was_made(page: Page, browser: Browser) -> None:
    async with translated(2) as on:
        await visit(page, on, f"{IN_SPANISH}&sources=yes")
        line = page.locator("#s1-mt-es")
        await expect(line.locator(".text")).to_have_attribute("lang", "es")
        await expect(line.locator(".source")).to_have_text("Translated by a machine from English through Portuguese")
        await on.say(*made("s2", 8_000, "Más o menos.", rough=True), by=TRANSLATOR)
        await on.say(*made("s3", 12_000, "Uno solo.", route="echo 1 en>es", speaker="ana"), by=TRANSLATOR)
        await on.say(*made("s4", 16_000, "Dicho así.", route="", origin=ev.Origin.MACHINE), by=TRANSLATOR)
        source = page.locator("#Lines .source")
        said = [
            "Translated by a machine from English through Portuguese",
            "Translated by a machine from English through Portuguese",
            "Translated by a machine from English: the gist only",
            "Translated by a machine from English",
            "Written by a machine",
        ]
        await expect(source).to_have_text(said)
        live = await shape(page)
        await page.reload()
        assert await shape(page) == live
        async with tab(browser, java_script_enabled=False) as without:
            await without.goto(on.page + IN_SPANISH)
            assert await shape(without) == live


@pytest.mark.parametrize(
    ("ui", "said"),
    [
        ("fr", "Traduit par une machine. Original : anglais, en passant par : portugais"),
        ("ar", "ترجمته آلة. الأصل: الإنجليزية، مرورًا بـ: البرتغالية"),
    ],
)
async def test_languages_are_named_in_that_of_the_page(page: Page, ui: str, said: str) -> None:
    async with translated(1) as on:
        await visit(page, on, f"{IN_SPANISH}&ui={ui}")
        await on.say(*made("s1", 4_000, "Nueva."), by=TRANSLATOR)
        await expect(page.locator("#Lines .source")).to_have_text([said.replace(" :", "\N{NO-BREAK SPACE}:")] * 2)


async def test_a_translation_is_made_again_where_it_stands(page: Page) -> None:
    async with translated() as on:
        await visit(page, on, IN_SPANISH)
        await on.say(made_again("s1", "Línea uno, mejor."), by=TRANSLATOR)
        await expect(page.locator("#s1-mt-es .text")).to_have_text("Línea uno, mejor.")
        await expect(page.locator("#s1-mt-es .mark")).to_have_count(0)
        await on.say(ev.SpeakerAssigned(segments=(SegmentId("s1"),), speaker=SpeakerId("ana")), by=CAPTIONER)
        await expect(page.locator("#s1-mt-es .speaker")).to_have_text("Ana")


async def test_what_is_made_late_goes_to_its_place_and_nothing_moves(page: Page) -> None:
    async with stage(*TEXTS) as on:
        await on.lines(60)
        for number in range(30, 60):
            await on.say(*made(f"s{number}", number * 4_000, f"Línea {number}, que es bastante larga."), by=TRANSLATOR)
        await visit(page, on, f"{IN_SPANISH}&say=lines")
        await expect(page.locator("#s59-mt-es")).to_be_in_viewport()
        await page.mouse.wheel(0, -600)
        await expect(page.locator("#Jump")).to_be_visible()
        read = page.locator("#s45-mt-es")
        await read.scroll_into_view_if_needed()
        top = await read.evaluate("(line) => line.getBoundingClientRect().top")
        for number in reversed(range(30)):
            await on.say(*made(f"s{number}", number * 4_000, f"Línea {number}, hecha más tarde."), by=TRANSLATOR)
        await expect(page.locator("#Lines > li")).to_have_count(60)
        assert [line.split(",")[0] for line in await texts(page)] == [f"Línea {number}" for number in range(60)]
        assert abs(await read.evaluate("(line) => line.getBoundingClientRect().top") - top) < 2
        await expect(page.locator("#Fresh")).to_be_hidden()
        await expect(page.locator("#Announcer > *")).to_have_count(0)
        numbers = await page.locator("#Lines > li").evaluate_all("(all) => all.map((each) => Number(each.dataset.n))")
        assert numbers == list(range(60))
        await on.say(*made("s60", 240_000, "Una nueva."), by=TRANSLATOR)
        await expect(page.locator("#Fresh")).to_have_text("1 new line")
        await expect(page.locator("#Announcer .text")).to_have_text(["Una nueva."])


@pytest.mark.parametrize(
    ("ui", "channel", "language", "runs"), [("en", ARABIC, "ar", "rtl"), ("ar", SPANISH, "es", "ltr")]
)
async def test_each_line_runs_as_its_language_does(page: Page, ui: str, channel: str, language: str, runs: str) -> None:
    async with stage(*TEXTS, opened("s0"), ended("s0", "One.")) as on:
        await on.say(*made("s0", 0, "واحد.", channel=ARABIC, language="ar"), by=TRANSLATOR)
        await on.say(*made("s0", 0, "Uno."), by=TRANSLATOR)
        await visit(page, on, f"?channel={channel}&ui={ui}")
        await on.say(*made("s1", 4_000, "اثنان.", channel=ARABIC, language="ar"), by=TRANSLATOR)
        await on.say(*made("s1", 4_000, "Dos."), by=TRANSLATOR)
        await expect(page.locator("#Lines .text")).to_have_count(2)
        for line in await page.locator("#Lines .text").all():
            await expect(line).to_have_attribute("lang", language)
            await expect(line).to_have_css("direction", runs)


async def test_the_newest_translated_line_is_at_the_end_of_a_wall_and_late_ones_are_in_their_place(page: Page) -> None:
    async with translated(3) as on:
        async with page.expect_response(lambda response: "/events" in response.url):
            await page.goto(f"{on.page}/overlay{IN_SPANISH}&fade=5")
        await page.clock.install()
        box = page.locator("#Newest")
        await on.say(*made("s30", 120_000, "La última."), by=TRANSLATOR)
        await expect(box).to_contain_text("La última.")
        await page.clock.fast_forward(8_000)
        await expect(page.locator("html")).to_contain_class("faded")
        await on.say(*made("s7", 28_000, "Una atrasada."), by=TRANSLATOR)
        await expect(box).to_contain_text("Una atrasada.")
        assert " ".join((await box.inner_text()).split()) == "Línea 0. Línea 1. Línea 2. Una atrasada. La última."
        await expect(page.locator("html")).to_contain_class("faded")


async def test_the_language_is_chosen_by_its_own_name_and_remembered(page: Page) -> None:
    async with translated() as on:
        await visit(page, on, "?ui=en")
        menu = page.get_by_role("navigation", name="Text to read")
        for kind in ("Interpreter", "Machine translation"):
            await expect(menu.get_by_role("list", name=kind)).to_be_visible()
        await expect(menu.get_by_role("link")).to_have_text(["As spoken", "Français", "Español", "العربية"])
        spanish = menu.get_by_role("link", name="Español")
        for name, value in [("lang", "es"), ("hreflang", "es"), ("dir", "ltr")]:
            await expect(spanish).to_have_attribute(name, value)
        await expect(menu.get_by_role("link", name="العربية")).to_have_attribute("dir", "rtl")
        await expect(menu.locator(".since")).to_have_text(["Made on demand since November 24, 2025"])
        async with page.expect_response(lambda response: "/events" in response.url):
            await spanish.click()
        await expect(page).to_have_url(f"{on.page}?channel=mt-es&ui=en")
        await expect(spanish).to_have_attribute("aria-current", "page")
        await expect(page.locator("#s2-mt-es .text")).to_have_text("Línea 2.")
        before = await page.evaluate("history.length")
        await page.goto(f"{on.page}?size=150")  # as from a list of meetings: no text in the address
        await expect(page).to_have_url(f"{on.page}?size=150&channel=mt-es")
        await expect(page.locator("#s2-mt-es")).to_be_attached()
        assert await page.evaluate("history.length") == before + 1
        await page.goto(f"{on.page}/read")
        await expect(page).to_have_url(f"{on.page}/read?channel=mt-es")
        await expect(page.locator("#s2-mt-es .text")).to_have_text("Línea 2.")
        await page.get_by_role("navigation", name="Text to read").get_by_role("link", name="As spoken").click()
        await expect(page).to_have_url(f"{on.page}/read?channel=floor")
        await visit(page, on)
        await expect(page).to_have_url(on.page)
        await expect(page.locator("#s2 .text")).to_be_attached()


async def test_a_meeting_without_the_language_is_read_as_spoken(page: Page) -> None:
    async with stage(TEXTS[0], opened("s0"), ended("s0", "One.")) as on:
        await page.goto(on.page)
        await page.evaluate("localStorage.setItem('moothall.choices', JSON.stringify({language: 'es'}))")
        await visit(page, on)
        await expect(page).to_have_url(on.page)
        await page.evaluate("localStorage.setItem('moothall.choices', JSON.stringify({language: 'fr'}))")
        await page.goto(f"{on.page}#s0")  # a place in what is spoken
        await expect(page.locator("#s0")).to_be_visible()
        await page.goto(on.page + "?ui=en")
        await expect(page).to_have_url(f"{on.page}?ui=en&channel=fr")


async def test_what_was_translated_on_demand_is_no_part_of_the_record(page: Page) -> None:
    async with translated() as on:
        await page.goto(f"{on.page}?channel={ARABIC}")
        await expect(page.locator(".notice")).to_contain_text("It is no part of the record of the meeting.")
        await page.set_viewport_size({"width": 390, "height": 700})
        await expect(page.locator(".short")).to_have_text("Translated by a machine, with mistakes")
        await page.goto(on.page + IN_SPANISH)
        await expect(page.locator(".notice")).to_contain_text("The text is kept as the record of the meeting.")
        files = page.locator(".formats a")
        await expect(files.first).to_have_attribute("href", f"/s/{on.session}/record.vtt?channel={SPANISH}")


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
        await expect(ways.get_by_role("link")).to_have_text(["Original", "Translation", "Both"])
        await ways.get_by_role("link", name="Both").click()
        await expect(page.locator("#s2-mt-es .original")).to_have_text(LINE.format(2))
        await expect(page).to_have_url(f"{on.page}{IN_SPANISH}&ui=en&show=both")
        await expect(ways.get_by_role("link", name="Both")).to_have_attribute("aria-current", "true")
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
        await on.say(*made("s5", 20_000, "Dicho en español.", route="", origin=ev.Origin.MACHINE), by=TRANSLATOR)
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
        await page.wait_for_function("document.documentElement.classList.contains('live')")
        await on.say(signals=[StandIn(channel=ChannelId("mt-fr"), instead=FRENCH)])
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
        for each in made(f"f{n}", n * 4_000, "Une ligne.", channel=FRENCH, language="fr", origin=ev.Origin.INTERPRETER)
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
        await visit(page, on, "?channel=mt-fr&ui=en")
        await on.say(signals=[StandIn(channel=ChannelId("mt-fr"), instead=FRENCH)])
        await on.say(*made("n0", 999_000, "Nouvelle.", channel=ChannelId("mt-fr"), language="fr"), by=TRANSLATOR)
        await expect(page.locator("#n0-mt-fr")).to_be_visible()
        await page.wait_for_timeout(1_500)
        await expect(page).to_have_url(f"{on.page}?channel=mt-fr&ui=en")
        await expect(page.locator("#Instead")).to_be_hidden()


async def test_no_line_is_missed_where_older_ones_are_translated_while_pages_load(page: Page) -> None:
    """What is made between the question for a page and its answer moves the numbers that both are about."""
    async with stage(*TEXTS) as on:
        await on.lines(600)
        late = set(range(3, 600, 7))
        for n in range(600):
            if n not in late:
                await on.say(*made(f"s{n}", n * 4_000, f"Línea {n}."), by=TRANSLATOR)
        await visit(page, on, IN_SPANISH)
        waiting = iter(sorted(late, key=lambda n: n % 10))

        async def slowly(route: Route) -> None:
            await on.say(*(each for n in islice(waiting, 9) for each in made(f"s{n}", n * 4_000, f"Línea {n}.")))
            answer = await route.fetch()
            await on.say(*(each for n in islice(waiting, 9) for each in made(f"s{n}", n * 4_000, f"Línea {n}.")))
            await route.fulfill(response=answer)

        await page.route("**/lines?*", slowly)
        while await page.locator("#Older").is_visible():
            await page.locator("#Earlier").evaluate("(link) => link.click()")
            await page.wait_for_timeout(100)
        for n in waiting:
            await on.say(*made(f"s{n}", n * 4_000, f"Línea {n}."), by=TRANSLATOR)
        await expect(page.locator("#Lines > li")).to_have_count(600)
        assert await texts(page) == [f"Línea {n}." for n in range(600)]
        numbers = await page.locator("#Lines > li").evaluate_all("(all) => all.map((each) => Number(each.dataset.n))")
        assert numbers == list(range(600))
