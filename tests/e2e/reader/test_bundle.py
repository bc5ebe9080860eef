# ruff: noqa: RUF001 (texts as they are written)
"""A bundle that was taken home, opened from the disk in a browser that has no server."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.record.bundle_child import write_bundle
from moothall.adapters.record.bundle_messages import (
    BundleMessage,
    BundleOrder,
    SessionBegins,
    SessionEnds,
    SessionEvents,
)
from support.browser.axe import findings
from support.record.golden import CHANNELS, GONE, golden_session

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The golden session's bundle, unpacked."""
    folder = tmp_path_factory.mktemp("taken")
    told = golden_session()
    records = tuple(told.records)
    session, epoch = records[0].header.session, records[0].header.epoch
    messages: list[BundleMessage] = [
        SessionBegins(session=session, epoch=epoch, channels=CHANNELS, sound=()),
        SessionEvents(records),
        SessionEnds(),
    ]
    order = BundleOrder(
        web=str(find_web_folder()),
        language="en",
        zone="UTC",
        folder="taken",
        title="Rights <& duties>",
        public="https://hall.example",
        withdrawals="https://hall.example/withdrawals.json",
        most_bytes=1 << 30,
    )
    with (folder / "taken.zip").open("w+b") as file:
        write_bundle(os.dup(file.fileno()), order, iter(messages))
    with zipfile.ZipFile(folder / "taken.zip") as archive:
        archive.extractall(folder)
    return folder / "taken"


@pytest.mark.parametrize(
    ("words", "language", "line"),
    [
        ("DERECHO agua", "Spanish", "El agua es un derecho humano."),
        ("acces", "French", "L’accès à l’eau"),
        ("الرئيسه", "Arabic", "شكرا سيدتي الرئيسة"),
        ("开放的互联网", "Chinese", "数字治理需要各国合作"),
        ("數字 網", "Chinese", "数字治理需要各国合作"),
        ("madame presidente", "French", "Merci, Madame la Présidente."),
    ],
)
async def test_the_search_runs_from_the_disk(opened: Path, page: Page, words: str, language: str, line: str) -> None:
    await page.goto((opened / "index.html").as_uri())
    await expect(page.locator("h1")).to_have_text("Rights <& duties>")
    await page.get_by_label("Words to look for").fill(words)
    await page.get_by_label("In the texts in").select_option(label=language)
    await page.get_by_role("button", name="Find").click()
    found = page.locator("#Lines li", has_text=line)
    await expect(found.first).to_be_visible()
    await expect(page.locator("#Found")).to_contain_text("Lines found")
    await found.first.get_by_role("link").click()
    await expect(page.locator(":target")).to_contain_text(line)


def having_words(folder: Path, words: tuple[str, ...]) -> list[Path]:
    """The files that have one of the words."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if any(word.encode() in path.read_bytes() for word in words)]


async def test_what_was_removed_is_in_no_file(opened: Path, page: Page) -> None:
    assert having_words(opened, GONE) == []
    await page.goto((opened / "index.html").as_uri())
    await page.get_by_label("Words to look for").fill(GONE[0])
    await page.keyboard.press("Enter")
    await expect(page.locator("#Found")).to_have_text(re.compile("Lines found: .0"))


async def test_names_that_try_to_break_out_stay_text(opened: Path, page: Page) -> None:
    await page.goto((opened / "index.html").as_uri())
    await expect(page.locator("h3")).to_contain_text("<duties>")
    await expect(page.get_by_role("link", name="vtt")).to_have_count(len(CHANNELS))


async def test_the_page_has_no_faults_that_axe_finds(opened: Path, browser: Browser) -> None:
    page = await browser.new_page(bypass_csp=True)  # axe loads style sheets by itself
    await page.goto((opened / "index.html").as_uri())
    await expect(page.locator("#Search")).to_be_visible()
    assert await findings(page) == []
