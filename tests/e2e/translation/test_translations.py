"""Translations on the reader's page in Chromium: each reader in a language of their own."""

from __future__ import annotations

import re
from itertools import islice

import msgspec
import pytest
from playwright.async_api import Browser, Page, Route, expect

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, SegmentId, SpeakerId
from moothall.core.signals import Partial
from support.browser.browsing import shape, tab, texts, visit
from support.browser.translated_lines import (
    ARABIC,
    IN_SPANISH,
    SPANISH,
    TEXTS,
    TRANSLATOR,
    made,
    made_again,
    name,
    translated,
)
from support.halls.stage import CAPTIONER, ended, opened, stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_translated_line_says_in_which_language_it_is_and_how_it_was_made(page: Page, browser: Browser) -> None:
    async with translated(2) as on:
        await visit(page, on, f"{IN_SPANISH}&sources=yes")
        line = page.locator("#s1-mt-es")
        await expect(line.locator(".text")).to_have_attribute("lang", "es")
        await expect(line.locator(".source")).to_have_text("Translated by a machine from English through Portuguese")
        await on.say(*made("s2", 8_000, "Más o menos.", route="echo 1 en>eo, echo 1 eo>es", rough=True), by=TRANSLATOR)
        way = page.locator("#Notices p", has_text="from English through")
        await expect(way).to_have_text(["Translated by a machine from English through Esperanto: the gist only"])
        await on.say(*made("s3", 12_000, "Uno solo.", route="echo 1 en>es", speaker="ana"), by=TRANSLATOR)
        await on.say(*made("s4", 16_000, "Dicho así.", route="", origin=le.Origin.MACHINE), by=TRANSLATOR)
        source = page.locator("#Lines .source")
        said = [
            "Translated by a machine from English through Portuguese",
            "Translated by a machine from English through Portuguese",
            "Translated by a machine from English through Esperanto: the gist only",
            "Translated by a machine from English",
            "Written by a machine",
        ]
        await expect(source).to_have_text(said)
        await expect(way).to_have_count(0)
        live = await shape(page)
        await page.reload()
        assert await shape(page) == live
        async with tab(browser, java_script_enabled=False) as without:
            await without.goto(on.page + IN_SPANISH)
            assert await shape(without) == live


@pytest.mark.parametrize(
    ("ui", "said"),
    [
        pytest.param(
            "fr",
            "Traduit par une machine. Original : anglais, en passant par : portugais",
            marks=pytest.mark.slow,
        ),
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
        await expect(page.locator("#Announcer")).to_have_text("Una nueva.")


@pytest.mark.parametrize(
    ("ui", "channel", "language", "runs"),
    [pytest.param("en", ARABIC, "ar", "rtl", marks=pytest.mark.slow), ("ar", SPANISH, "es", "ltr")],
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


async def test_a_late_line_stands_as_it_was_said_in_its_own_direction_and_says_so(page: Page) -> None:
    """Also where its beginning was there in the reader's language already."""
    async with stage(*TEXTS, opened("s0"), ended("s0", "One.")) as on:
        await visit(page, on, f"?channel={ARABIC}&ui=en")
        grows = Partial(channel=ARABIC, segment=name("s1", ARABIC), first=0, text="واحد", language="ar")
        await on.say(signals=[grows])
        text, mark = page.locator("#Growing .text"), page.locator("#Growing .mark")
        await expect(text).to_have_css("direction", "rtl")
        await expect(mark).to_have_count(0)
        await on.say(signals=[msgspec.structs.replace(grows, text="One.", language="en")])
        await expect(text).to_have_text("One.")
        await expect(text).to_have_css("direction", "ltr")
        await expect(mark).to_have_text("As spoken, since it is not translated yet")
        await on.say(*made("s1", 4_000, "واحد.", channel=ARABIC, language="ar"), by=TRANSLATOR)
        await expect(page.locator("#Growing .line")).to_have_count(0)


async def test_the_newest_translated_line_is_at_the_end_of_a_wall_and_late_ones_are_in_their_place(page: Page) -> None:
    async with translated(3) as on:
        async with page.expect_response(lambda response: "/events" in response.url):
            await page.goto(f"{on.page}/overlay{IN_SPANISH}&fade=5&ui=en")
        label, way = page.locator("#Notice"), "it may be wrong. It is kept · Through Portuguese"
        await expect(label).to_have_text(re.compile(f"{way}$"))
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
        # The label is that of the newest line, also where it changes while the page is open.
        await on.say(*made("s31", 124_000, "Más o menos.", rough=True), by=TRANSLATOR)
        await expect(label).to_have_text(re.compile(f"{way} · The gist only$"))
        live = await label.inner_text()
        await page.reload()
        await expect(label).to_have_text(live)


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
        await page.goto(f"{on.page}?ui=es")  # nobody speaks Spanish: the bar leads to it
        await page.get_by_role("link", name="En su idioma: Español").click()
        await expect(page).to_have_url(f"{on.page}?channel=mt-es&ui=es")
        await expect(page.get_by_role("link", name="En su idioma: Español")).to_have_count(0)
        await page.goto(on.page)
        await expect(page).to_have_url(f"{on.page}?channel=mt-es")


# unit/adapters/reading/test_page_menu.py has what is offered.
@pytest.mark.slow
async def test_a_meeting_without_the_language_is_read_as_spoken(page: Page) -> None:
    async with stage(TEXTS[0], opened("s0"), ended("s0", "One.")) as on:
        await page.goto(on.page)
        await page.evaluate("localStorage.setItem('moothall.choices', JSON.stringify({language: 'es'}))")
        await visit(page, on)
        await expect(page).to_have_url(on.page)
        await page.evaluate("localStorage.setItem('moothall.choices', JSON.stringify({language: 'fr'}))")
        await page.goto(f"{on.page}#s0")  # a place in what is spoken
        await expect(page.locator("#s0")).to_be_visible()
        for chosen in ("fr", "fr-CA"):  # the region is remembered, and any other is better than none
            await page.evaluate(
                "(it) => localStorage.setItem('moothall.choices', JSON.stringify({language: it}))", chosen.lower()
            )
            await page.goto(on.page + "?ui=en")
            await expect(page).to_have_url(f"{on.page}?ui=en&channel=fr")
        quebec = ev.ChannelAdded(channel=ChannelId("ca"), kind=ev.ChannelKind.INTERPRETATION, languages=("fr-CA",))
        await on.say(quebec)
        await page.goto(on.page + "?ui=en")
        await expect(page).to_have_url(f"{on.page}?ui=en&channel=ca")


# The menu is in unit/adapters/reading/test_page_menu.py.
@pytest.mark.slow
async def test_a_text_that_comes_while_the_page_is_open_is_in_the_menu_as_if_it_was_loaded_anew(page: Page) -> None:
    shown = """(menu) => [menu.getAttribute('aria-label'), ...[...menu.querySelectorAll('span, ul, a')].map((each) => {
        const query = new URLSearchParams(each.search);
        const names = each.getAttributeNames().filter((name) => name !== 'href').sort();
        query.sort();
        const values = names.map((name) => each.getAttribute(name));
        return [each.tagName, `${query}`, each.textContent.replace(/\\s+/g, ''), ...values];
    })]"""
    booth = ev.ChannelAdded(channel=ChannelId("booth"), kind=ev.ChannelKind.INTERPRETATION, languages=("pt-BR",))
    async with stage(opened("s0"), ended("s0", "One.")) as on:
        await visit(page, on, "?ui=fr&size=150#s0")
        await expect(page.locator(".texts")).to_have_count(0)
        await on.say(TEXTS[1], TEXTS[2])
        await on.say(TEXTS[0], booth)
        links = ["Tel que prononcé", "Français", "Português (Brasil)", "Español", "العربية"]
        await expect(page.locator(".texts a")).to_have_text(links)
        live = await page.locator(".texts").evaluate(shown)
        await page.locator(".texts a", has_text="Português (Brasil)").click()
        await expect(page).to_have_url(f"{on.page}?ui=fr&size=150&channel=booth")
        await expect(page.locator(".texts [aria-current]")).to_have_text("Português (Brasil)")
        await page.goto(f"{on.page}?size=150")
        await expect(page).to_have_url(f"{on.page}?size=150&channel=booth")
        await page.goto(f"{on.page}?channel=floor&ui=fr&size=150")
        assert await page.locator(".texts").evaluate(shown) == live


async def test_what_was_translated_on_demand_is_no_part_of_the_record(page: Page) -> None:
    async with translated() as on:
        await page.goto(f"{on.page}?channel={ARABIC}")
        await expect(page.locator(".notice")).to_contain_text("It is no part of the record of the meeting.")
        await page.set_viewport_size({"width": 390, "height": 700})
        await expect(page.locator(".short")).to_have_text("Translated by a machine, not official: it may be wrong.")
        await page.goto(on.page + IN_SPANISH)
        await expect(page.locator(".notice")).to_contain_text("The text is kept as an aid to follow the meeting")
        files = page.locator(".formats a")
        await expect(files.first).to_have_attribute("href", f"/s/{on.session}/record.vtt?channel={SPANISH}")


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
        lines = page.locator("#Lines > li")
        known = await lines.count()
        while await page.locator("#Older").is_visible():
            await page.locator("#Earlier").evaluate("(link) => link.click()")
            await expect(lines).not_to_have_count(known)
            known = await lines.count()
        for n in waiting:
            await on.say(*made(f"s{n}", n * 4_000, f"Línea {n}."), by=TRANSLATOR)
        await expect(lines).to_have_count(600)
        assert await texts(page) == [f"Línea {n}." for n in range(600)]
        numbers = await lines.evaluate_all("(all) => all.map((each) => Number(each.dataset.n))")
        assert numbers == list(range(600))


@pytest.mark.parametrize("scripted", [True, pytest.param(False, marks=pytest.mark.slow)])
async def test_another_language_is_asked_for(browser: Browser, scripted: bool) -> None:
    async with translated() as on:
        on.offered = ("es", "fr", "sw")
        async with tab(browser, java_script_enabled=scripted) as page:
            await page.goto(f"{on.page}?ui=en&size=150")
            await page.get_by_text("Another language", exact=True).click()
            other = page.locator(".texts details button")
            await expect(other).to_have_text(["Français", "Kiswahili"])
            await other.last.click()
            await expect(page).to_have_url(f"{on.page}?channel=mt-sw&size=150&ui=en")
            await expect(page.locator(".texts [aria-current]")).to_have_text("Kiswahili")
            await expect(page.locator(".notice")).to_contain_text("It is no part of the record of the meeting.")
            await page.goto(on.page)
            await expect(page).to_have_url(f"{on.page}{'?channel=mt-sw' if scripted else ''}")


@pytest.mark.parametrize(
    ("language", "origin", "status"), [("tlh", "own", 404), ("", "own", 400), ("x" * 40, "own", 400), ("es", "", 403)]
)
async def test_what_is_not_offered_can_not_be_asked_for(page: Page, language: str, origin: str, status: int) -> None:
    async with translated(1) as on:
        on.offered = ("es",)
        before = on.offset
        answer = await page.request.post(
            f"{on.page}/language",
            form={"language": language},
            headers={"Origin": on.address if origin else "https://elsewhere.example"},
        )
        assert answer.status == status
        assert on.offset == before
