"""Chromium for the tests of pages: one a worker, and a fresh context for each test."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from http import HTTPStatus
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Response, async_playwright, expect

expect.set_options(timeout=60_000)  # Playwright's own 5 s is too short for a machine that does much else
CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first that is installed, where the environment's CHROMIUM names none. The shell is the same engine without the
browser's own windows: what they cost was a third of the processors' time of these tests."""
NOT_OURS = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "TcpPortRandomizationWin",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    "SpareRendererForSitePerProcess",
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "CrossOriginOpenerPolicy",
)
"""What Chromium is to leave out. It heeds the last such list alone, so those that Playwright 1.65 names come first.

The last four are ours: the browser's own windows, where it has any, and a process ready for the next page, three
processes a tab that no test looks at; and a process of its own for each page of ours, which says so
(`adapters/http/security_headers.py`, whose tests see that it does): the empty tab that each test begins with had begun
another for nothing, a seventh of the CPU time of a visit. None of our pages opens a window.
"""
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(NOT_OURS)}",
)

LOST = (
    "Failed to load resource",
    "net::ERR_",
    "Failed to fetch dynamically imported module",
    "An unknown error occurred when fetching the script",
    "WebSocket is closed before the connection is established",
)
"""What Chromium says in the console of a line that was cut, or of a page that was left while its line was opened."""


def chromium() -> str | None:
    """Where the browser is, None when there is none."""
    asked = os.environ.get("CHROMIUM", "").split()
    return next((path for name in asked or CHROMIUM if (path := shutil.which(name))), None)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def started() -> AsyncIterator[Browser]:
    """Chromium, one a worker; its sandbox is not for root. What lasts longer than a test takes it from here."""
    path = chromium()
    if path is None:
        pytest.skip("Chromium is not installed: these tests need the package 'chromium-headless-shell'.")
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=path, args=[*QUIET, *sandbox])
        yield made
        await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(started: Browser) -> AsyncIterator[Browser]:
    """Chromium, for one test: whatever it has opened there is closed at its end."""
    before = set(started.contexts)
    yield started
    for left in set(started.contexts) - before:
        await left.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser as somebody has it who has never been here."""
    made = await browser.new_context(viewport={"width": 1000, "height": 700}, locale="en-GB")
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """A tab. What goes wrong in its scripts or against its policy fails the test at its end; so does a file that lacks.

    A line that is cut is no fault, nor a script that was on its way over it: a test's server stops before its tab.
    """
    made = await context.new_page()
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def look(answer: Response) -> None:
        if answer.status == HTTPStatus.NOT_FOUND and urlsplit(answer.url).path.startswith("/static/"):
            complaints.append(f"The server has no {answer.url}.")

    made.on("console", listen)
    made.on("response", look)
    made.on("pageerror", lambda error: complaints.append(str(error)))
    yield made
    assert [each for each in complaints if not any(part in each for part in LOST)] == []
