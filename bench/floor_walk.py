#!/usr/bin/env python3
"""300 questions sorted by one person at /moderate, by keys alone, in a real Chromium.

    python bench/floor_walk.py [--questions 300] [--seconds 1.35]

All questions are there at the start, being checked: every tenth is rude and not taken, every fifth repeats another in
other words and is joined with it, every fifteenth is for later, the others are approved. The script presses what a
person would press, each time that the page shows the result of the last decision. To the page's time, `--seconds` are
added for each decision (1.35 s, the mental act of the keystroke-level model: Card, Moran, Newell, "The keystroke-level
model for user performance time with interactive systems", CACM 23, 1980) and 0.28 s for each key (its average typist).
Ends with 1 when the sum is more than ten minutes, or when a question's status isn't the chosen one. Needs Chromium.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from playwright.async_api import Page, async_playwright

from floor import TALK, percentile
from floor_hall import SESSION, made
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import CommandId, InterventionId
from moothall.services.sessions.live_session import LiveSession
from moothall.settings.sections import EngineSection, Server, Settings, Translation

KEY_S = 0.28
RUDE, LATER = "idiots", "procedural"
MOST_S = 600
GONE = "before => document.querySelectorAll('#Checked .question').length < before"


def questions(many: int) -> list[str]:
    """Return `many` texts, in the order in which they are asked."""
    rng, texts = random.Random(6), list[str]()  # noqa: S311  # the same at each run
    for n in range(many):
        words = " ".join(rng.sample(TALK, 8))
        if n % 10 == 9:
            texts.append(f"Why do you {RUDE} not see the {words}?")
        elif n % 5 == 3:
            texts.append(texts[n - 3].replace("What is done about", "what is being done about").rstrip("?"))
        elif n % 15 == 1:
            texts.append(f"A {LATER} question, when will the {words} be decided?")
        else:
            texts.append(f"What is done about the {words}?")
    return texts


async def come(live: LiveSession, texts: list[str]) -> None:
    """Ask the questions."""
    for n, text in enumerate(texts):
        name = InterventionId(f"q{n}")
        asked = do.Ask(intervention=name, kind=InterventionKind.QUESTION, text=text, language="en", asker=f"a{n}")
        await live.writer.send(Actor(Role.PARTICIPANT, name), CommandId(f"ask:{n}"), asked)


class Walk:
    """One person at the page, who works by keys."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.keys = 0
        self.took: list[float] = []
        """The page's time for each decision, in ms."""
        self.done: Counter[str] = Counter()

    async def press(self, *keys: str) -> None:
        for key in keys:
            self.keys += 1
            await self._page.keyboard.press(key)

    async def sort(self) -> None:
        """Decide on one question after the other, until none is being checked."""
        await self.press("n")
        while (name := await self._focused()) is not None:
            row = self._page.locator(f"#Checked #q-{name}")
            text = await row.inner_text()
            began = time.perf_counter()
            if RUDE in text:
                await self.press("x", "Enter")
                self.done["declined"] += 1
            elif LATER in text:
                await self.press("l")
                self.done["later"] += 1
            elif "Likely the same" in text and "what is being" in text:
                # Either this question or, if it came first, its repetitions are joined.
                before = await self._page.locator("#Checked .question").count()
                await self.press("m")
                await self._page.wait_for_function(GONE, arg=before)
                gone = before - await self._page.locator("#Checked .question").count()
                self.done["joined"] += gone
                if await row.count():
                    self.took.append(1_000 * (time.perf_counter() - began))
                    continue
            else:
                await self.press("a")
                self.done["queued"] += 1
            await row.wait_for(state="detached")
            self.took.append(1_000 * (time.perf_counter() - began))

    async def _focused(self) -> str | None:
        found = await self._page.evaluate("document.activeElement.closest('#Checked .question')?.dataset.id ?? ''")
        return str(found) or None


async def walk(running: RunningServer, live: LiveSession, options: argparse.Namespace) -> bool:
    """Sort all questions, and print the figures; returns whether time and statuses were right."""
    _, token = await running.backend.links.create(Role.MODERATOR, "hall", "Walker")
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        page = await browser.new_page(locale="en-GB")
        await page.goto(f"{running.address}/enter/{token}")
        await page.goto(f"{running.address}/moderate/{SESSION}")
        await page.locator("#Checked .question").nth(options.questions - 1).wait_for()
        one = Walk(page)
        await one.sort()
        await browser.close()
    page_s = sum(one.took) / 1_000
    whole = page_s + len(one.took) * options.seconds + one.keys * KEY_S
    stood = Counter(each.status.value for each in live.state.questions.with_status(*InterventionStatus))
    print(f"{len(one.took)} decisions, {one.keys} keys: {dict(one.done)}")
    p50, p99 = percentile(one.took, 0.5), percentile(one.took, 0.99)
    print(f"the page took {page_s:.1f} s: p50 {p50:.0f} ms, p99 {p99:.0f} ms, max {max(one.took):.0f} ms")
    print(f"with {options.seconds} s a decision and {KEY_S} s a key: {whole / 60:.1f} min")
    return whole <= MOST_S and stood == one.done and sum(stood.values()) == options.questions


async def run(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as data:
        settings = Settings(
            server=Server(port=0, data=str(Path(data) / "data")),
            engine=EngineSection(count=0),
            translation=Translation(translators=()),
        )
        async with hall(settings) as running:
            live = await made(running)
            await come(live, questions(options.questions))
            return 0 if await walk(running, live, options) else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=1.35)
    return asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
