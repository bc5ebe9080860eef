"""Chromium for the tests of pages: one a worker, and a fresh context for each test."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

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
)
"""What Chromium is to leave out. It heeds the last such list alone, so those that Playwright 1.65 names come first.

The last three are the browser's own windows, where it has any, and a process ready for the next page: three processes a
tab that no test looks at.
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
    made.set_default_timeout(10_000)
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """A tab. What goes wrong in its scripts or against its policy fails the test at its end.

    In a test that is marked `cuts_line` a script may not come: whichever was on its way when the line was cut.
    """
    made = await context.new_page()
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    made.on("console", listen)
    made.on("pageerror", lambda error: complaints.append(str(error)))
    yield made
    lost = ["Failed to load resource", "net::ERR_"]
    if request.node.get_closest_marker("cuts_line") is not None:
        lost += ["Failed to fetch dynamically imported module", "An unknown error occurred when fetching the script"]
    assert [each for each in complaints if not any(part in each for part in lost)] == []
