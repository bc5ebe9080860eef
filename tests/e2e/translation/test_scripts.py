"""Translations into Arabic and Chinese, in letters of those scripts: live lines, wall, over a picture, a box, a hub
and downloaded records have their direction and language, and no letter is cut off.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession
from playwright.async_api import Page, expect

from moothall.app.hall import RunningServer
from moothall.core.translation.routes import Direction
from moothall.settings.sections import Translation
from moothall.testing.translator_link import EchoEnd, in_script
from moothall_hub.mirror.offers import SessionChoice
from support.halls.translated_meeting import S, translated
from support.hubs.node import running_hub
from support.hubs.together import SESSION, Meeting, centre, paired, shows, until
from support.record.trees import unpacked

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LANGUAGES = ("ar", "zh")
FORMS = ("vtt", "srt", "ttml", "txt", "html", "docx", "epub", "json", "akn")
KEEP_IN = os.environ.get("KEEP_PICTURES_IN", "")
"""A folder for pictures and files of all that is looked at here, as docs/images/arabic-and-chinese.webp has them."""
DIRECTIONS = tuple(Direction(engine="echo", version="1", source="en", target=target, cost=20.0) for target in LANGUAGES)
SAID = (
    "Good morning, all 193 of you.",
    "The report of 2026 says that access costs 2.5 dollars a month in most countries, and that nobody knows why.",
    "Who pays for it, and when?",
)
CUT = """(node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    const [text, box] = [range.getBoundingClientRect(), node.getBoundingClientRect()];
    return text.left < box.left - 1 || text.right > box.right + 1 || text.right > innerWidth || text.left < 0;
}"""
"""Whether a text reaches beyond its box or the window."""


@asynccontextmanager
async def in_scripts(running: RunningServer) -> AsyncIterator[None]:
    """Translators who answer in Arabic and Chinese letters."""
    echo = EchoEnd(DIRECTIONS, scripts=True)
    translators = running.translation.translators
    serving = [asyncio.ensure_future(each) for each in (translators.serve(echo.server), echo.run())]
    try:
        yield
    finally:
        echo.cut()
        await asyncio.gather(*serving)


async def keep(page: Page, language: str, what: str) -> None:
    """Keep a picture where somebody wants to look at it."""
    if KEEP_IN:
        await page.screenshot(path=Path(KEEP_IN) / f"{language}-{what}.png", animations="disabled")


async def stand(page: Page, selector: str, language: str) -> None:
    """The lines are there in their letters, and each runs and is marked as its language has it."""
    runs = "rtl" if language == "ar" else "ltr"
    lines = page.locator(selector)
    await expect(lines).to_have_text([in_script(said, language) for said in SAID])
    for line in await lines.all():
        await expect(line).to_have_css("direction", runs)
        assert await line.evaluate("(node) => node.closest('[lang]').lang") == language
        assert not await line.evaluate(CUT)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_lines_in_another_script_stand_whole_wherever_they_are_shown(
    page: Page, tmp_path: Path, language: str
) -> None:
    settings = Translation(languages=LANGUAGES, translators=())
    async with translated(tmp_path / "data", settings) as on, in_scripts(on.running):
        meeting, query = f"{on.running.address}/s/{S}", f"channel=mt-{language}&ui={language}"
        await on.comes(lambda: on.running.translation.translators.connected)
        await on.says("a", SAID[0])
        await page.set_viewport_size({"width": 390, "height": 844})
        await page.goto(f"{meeting}?{query}")
        await expect(page.locator("#Lines .text")).to_have_text([in_script(SAID[0], language)])
        for name, text in zip("bc", SAID[1:], strict=True):
            await on.says(name, text)
        await stand(page, "#Lines .text", language)
        await keep(page, language, "lines")
        await page.set_viewport_size({"width": 1280, "height": 720})
        for path in ("screen", "overlay", "embed"):
            await page.goto(f"{meeting}/{path}?{query}")
            shown = page.locator(".said, .text").filter(has_text=in_script(SAID[2], language))
            await expect(shown.last).to_be_visible()
            assert not await shown.last.evaluate(CUT), path
            between = "" if language == "zh" else " "
            told = between.join(in_script(said, language) for said in SAID)
            assert told in " ".join((await page.locator("#Newest").inner_text()).split()), path
            await expect(shown.last).to_have_css("direction", "rtl" if language == "ar" else "ltr")
            await keep(page, language, path)
        for form in (*FORMS, *(("pdf",) if KEEP_IN else ())):
            answer = await page.context.request.get(f"{meeting}/record.{form}?{query}")
            assert answer.ok, form
            file = (Path(KEEP_IN) if KEEP_IN else tmp_path) / f"{language}-record.{form}"
            file.write_bytes(body := await answer.body())
            if form != "pdf":
                wrapped = "".join(in_script(SAID[2], language).split())
                assert wrapped in "".join(unpacked(body).decode().replace("<br/>", "").split()), form
        await page.goto(file.with_suffix(".html").as_uri())
        await stand(page, ".line > p[lang]", language)
        await keep(page, language, "record")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_hub_shows_them_as_the_centre_does(page: Page, tmp_path: Path, language: str) -> None:
    settings = Translation(languages=LANGUAGES, translators=())
    async with (
        centre(tmp_path / "centre", translation=settings) as running,
        in_scripts(running),
        running_hub(tmp_path / "hub") as hub,
    ):
        meeting = Meeting(running)
        await meeting.begin()
        await paired(running, hub)
        await hub.parts.offers.set(SessionChoice(languages=LANGUAGES))
        for text in SAID:
            await meeting.say(text)
        async with ClientSession() as client:
            read = f"{hub.own}/s/{SESSION}?channel=mt-{language}"
            await until(shows(client, read, in_script(SAID[2], language)))
        await page.set_viewport_size({"width": 390, "height": 844})
        await page.goto(f"{hub.own}/s/{SESSION}?channel=mt-{language}&ui={language}")
        await stand(page, "#Lines .text", language)
        await keep(page, language, "hub")
        await page.set_viewport_size({"width": 1280, "height": 720})
        await page.goto(f"{hub.own}/s/{SESSION}/screen?channel=mt-{language}&ui={language}")
        shown = page.locator(".said").last
        await expect(shown).to_contain_text(in_script(SAID[2], language))
        await expect(shown).to_have_css("direction", "rtl" if language == "ar" else "ltr")
        assert not await shown.evaluate(CUT)
        await keep(page, language, "hub-wall")
