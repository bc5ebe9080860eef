"""The downloaded record in a browser: captions as `<track>` shows them, and the HTML file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from moothall.adapters.pages.catalogues import Catalogues
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.record.forms import STYLES
from moothall.adapters.record.texts import wording
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId
from moothall.record.epub import write_epub
from moothall.record.html import write_html
from moothall.record.model import Record
from moothall.record.parallel import OtherText
from moothall.record.subtitles import write_vtt
from moothall.record.wording import Options
from support.browser.node import module
from support.links.site import Site
from support.record.golden import ARABIC, CHINESE, ENGLISH, golden_records, golden_session
from support.sessions.caption_readers import read_vtt
from support.sessions.record_maker import FLOOR, WORDING, Telling, meeting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WEB = find_web_folder()
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
STYLE = "\n".join((WEB / name).read_text(encoding="utf-8") for name in STYLES)
CATALOGUES = Catalogues(WEB / "locales")
PLAYER = '<!doctype html><meta charset="utf-8"><title>Player</title><video><track default src="a.vtt"></video>'
READ_TRACK = """
async () => {
  const track = document.querySelector('track');
  if (track.readyState < 2) {
    await new Promise((done, failed) => { track.onload = done; track.onerror = () => failed('no captions'); });
  }
  return [...track.track.cues].map((cue) => {
    const html = cue.getCueAsHTML();
    return {
      id: cue.id,
      times: [Math.round(cue.startTime * 1000), Math.round(cue.endTime * 1000)],
      text: html.textContent,
      voice: html.querySelector('span[title]')?.title ?? '',
      lang: html.querySelector('span[lang]')?.lang ?? '',
      elements: [...html.querySelectorAll('*')].map((element) => element.localName).join(' '),
    };
  });
}
"""


@asynccontextmanager
async def serving(**files: tuple[str, str]) -> AsyncIterator[str]:
    """A server of files: name → (media type, text); dots of the names are written as underscores."""

    async def answer(request: web.Request) -> web.Response:
        kind, text = files[request.match_info["name"].replace(".", "_")]
        return web.Response(text=text, content_type=kind, charset="utf-8")

    app = web.Application()
    app.router.add_get("/{name}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await Site(runner).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("options", [Options(), Options(speakers=False, marks=True)], ids=["plain", "marked"])
@pytest.mark.parametrize(("told", "more_than"), [(meeting, 100), (golden_session, 70)], ids=["short", "golden"])
async def test_the_browser_reads_every_cue_as_it_was_meant(
    page: Page, told: Callable[[], Telling], more_than: int, options: Options
) -> None:
    text = write_vtt(told().record(), WORDING, options)
    async with serving(player=("text/html", PLAYER), a_vtt=("text/vtt", text)) as address:
        await page.goto(f"{address}/player")
        found: list[dict[str, Any]] = await page.evaluate(READ_TRACK)
    mine = [
        {
            "id": cue.id,
            "times": [cue.t0, cue.t1],
            "text": "\n".join(cue.lines),
            "voice": cue.voice,
            "lang": cue.language,
            "elements": " ".join(["span"] * (bool(cue.voice) + bool(cue.language))),
        }
        for cue in read_vtt(text)
    ]
    assert found == mine
    assert len(found) > more_than


async def opened(page: Page, tmp_path: Path, record: Record, ui: str = "en", **options: bool) -> None:
    """Open the HTML file from the disk, as whoever saved it does."""
    path = tmp_path / "record.html"
    path.write_text(write_html(record, wording(record, CATALOGUES[ui]), Options(**options), STYLE), encoding="utf-8")
    await page.goto(path.as_uri())


def long_meeting() -> Telling:
    told = meeting()
    told.line("Five minutes later.", 305_000, 306_000, name="Ann")
    told.tell(ev.GapNoted(channel=FLOOR, t0=310_000, t1=320_000, reason=ev.GapReason.OVERLOAD))
    return told


async def test_the_file_is_styled_and_shows_sources_on_demand(page: Page, tmp_path: Path) -> None:
    await opened(page, tmp_path, long_meeting().record())
    await expect(page.locator("h1")).to_have_text("Water & <land> --> 2026")
    await expect(page.locator("body")).to_have_css("overflow-wrap", "anywhere")
    source = page.locator(".source").first
    await expect(source).to_be_hidden()
    await page.get_by_label("Show the source of each line").check()
    await expect(source).to_have_text("Written by a machine")
    await expect(source).to_be_visible()
    await page.get_by_role("link", name="5:00", exact=True).click()
    await expect(page.locator("#at-300")).to_be_in_viewport()
    await expect(page.get_by_role("heading", name="Ann")).to_be_in_viewport()


async def test_the_file_fits_a_small_screen_and_keeps_directions(page: Page, tmp_path: Path) -> None:
    await page.set_viewport_size({"width": 320, "height": 600})
    await opened(page, tmp_path, long_meeting().record(), "ar", sources=True)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    await expect(page.locator("html")).to_have_attribute("dir", "rtl")
    english = page.locator(".line p", has_text="Good afternoon")
    await expect(english).to_have_css("direction", "ltr")
    await expect(english).to_have_attribute("lang", "en")
    await expect(page.locator(".line p", has_text="شكرا")).to_have_css("direction", "rtl")


async def test_on_paper_it_is_black_on_white_without_what_is_for_screens(page: Page, tmp_path: Path) -> None:
    await opened(page, tmp_path, long_meeting().record())
    await page.emulate_media(media="print", color_scheme="dark")
    await expect(page.locator("html")).to_have_css("background-color", "rgb(255, 255, 255)")
    await expect(page.locator(".line p").first).to_have_css("color", "rgb(0, 0, 0)")
    await expect(page.locator(".choice")).to_be_hidden()
    await page.emulate_media(media="screen", color_scheme="dark")
    await expect(page.locator("html")).to_have_css("background-color", "rgb(21, 23, 26)")


@pytest.mark.parametrize("ui", ["ar", pytest.param("en", marks=pytest.mark.slow)])
async def test_two_texts_stand_side_by_side_where_there_is_room(browser: Browser, tmp_path: Path, ui: str) -> None:
    records = golden_records()
    words = {channel: wording(records[channel], CATALOGUES[ui]) for channel in (ENGLISH, ARABIC)}
    beside = OtherText(record=records[ARABIC], wording=words[ARABIC])
    path = tmp_path / "record.html"
    path.write_text(write_html(records[ENGLISH], words[ENGLISH], Options(), STYLE, beside), encoding="utf-8")
    context = await browser.new_context(bypass_csp=True, viewport={"width": 1200, "height": 800})
    page = await context.new_page()
    await page.goto(path.as_uri())
    pair = page.locator(".pair[id]").first

    async def places() -> list[dict[str, float]]:
        boxes = [await pair.locator(":scope > div").nth(n).bounding_box() for n in range(2)]
        return [{"x": box["x"], "y": box["y"], "width": box["width"]} for box in boxes if box is not None]

    english, arabic = await places()
    assert english["y"] == arabic["y"]
    assert english["width"] == arabic["width"]
    assert (english["x"] < arabic["x"]) == (ui == "en")
    time = await pair.locator(".time").bounding_box()
    assert time is not None
    assert time["x"] + time["width"] <= english["x"] or time["x"] >= english["x"] + english["width"]
    await page.evaluate(module("axe-core/axe.min.js").read_text(encoding="utf-8"))
    found = await page.evaluate("axe.run(document)")
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]] == []
    await page.set_viewport_size({"width": 320, "height": 600})
    english, arabic = await places()
    assert english["y"] < arabic["y"]
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    await page.emulate_media(media="print")
    english, arabic = await places()
    assert english["y"] == arabic["y"]
    await context.close()


@pytest.mark.parametrize("ui", ["en", pytest.param("ar", marks=pytest.mark.slow)])
async def test_axe_finds_nothing(browser: Browser, tmp_path: Path, ui: str) -> None:
    axe = module("axe-core/axe.min.js").read_text(encoding="utf-8")
    context = await browser.new_context(bypass_csp=True)
    page = await context.new_page()
    record = long_meeting().record()
    await opened(page, tmp_path, record, ui, sources=True)
    await page.evaluate(axe)
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        found = await page.evaluate("axe.run(document)")
        assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]] == [], scheme
        assert len(found["passes"]) > 20
    await context.close()


@pytest.mark.parametrize("channel", [ARABIC, pytest.param(CHINESE, marks=pytest.mark.slow)])
async def test_the_pages_of_a_book_are_accessible_and_keep_directions(
    browser: Browser, tmp_path: Path, channel: ChannelId
) -> None:
    axe = module("axe-core/axe.min.js").read_text(encoding="utf-8")
    record = golden_records()[channel]
    ui = CATALOGUES[channel.removeprefix("mt-")]
    files = write_epub(record, wording(record, ui), Options(sources=True))
    (tmp_path / "EPUB").mkdir()
    pages = [name for name in files if name.endswith(".xhtml")]
    for name in (*pages, "EPUB/style.css"):
        (tmp_path / name).write_text(files[name], encoding="utf-8")
    page = await browser.new_page(viewport={"width": 320, "height": 600})
    for name in pages:
        await page.goto((tmp_path / name).as_uri())
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320, name
        await expect(page.locator("html")).to_have_css("direction", ui.direction)
        await page.evaluate(axe)
        # What axe advises beyond WCAG is for sites: a page of a book is a part of one.
        found = await page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})")
        assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]] == [], name
    await page.goto((tmp_path / "EPUB/text-1.xhtml").as_uri())
    for line in await page.locator(".line p[lang]").all():
        await expect(line).to_have_css("direction", "rtl" if await line.get_attribute("lang") == "ar" else "ltr")
    await page.close()
