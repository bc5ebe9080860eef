"""The whole path: a recording, a real model, a server in its own process, and Chromium behind a bad connection."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import jiwer
import pytest
from playwright.async_api import Page
from whisper_normalizer.english import EnglishTextNormalizer

from support.halls.process import SESSION, HallProcess, free_port, logged, write_wave
from support.links.breakable_link import breakable_link_to
from support.sound.hearing import reference, sample_sound

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.asyncio(loop_scope="session")]

MODEL = "whisper-tiny.en"
MOST_ERRORS = 0.08
LINES = "#Lines > li.line > .text"
"""ms: this plays as fast as the machine goes."""
REAL = Path(__file__).resolve().parents[4] / "shared" / "speech" / "dev_meeting_en.flac"
"""Real speech, where a developer has it beside the checkout."""


def errors(said: str, shown: Sequence[str]) -> float:
    normal = EnglishTextNormalizer()
    return float(jiwer.wer(normal(said), normal(" ".join(shown))))


async def sample(first_ms: int, last_ms: int, folder: Path) -> tuple[Path, str]:
    """A piece of the sample session: a file of its sound, and its words."""
    write_wave(folder / "sound.wav", await sample_sound(first_ms, last_ms))
    return folder / "sound.wav", " ".join(word.text for word in reference(first_ms, last_ms))


async def real(_: Path) -> tuple[Path, str]:
    """Recorded speech of people, where it lies beside the checkout."""
    rows = [json.loads(link) for link in REAL.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()]
    return REAL, " ".join(row["text"] for row in sorted(rows, key=lambda row: row["start"]))


there = pytest.mark.skipif(not REAL.exists(), reason="no recorded speech lies beside the checkout")


@pytest.mark.slow  # 12 s of CPU; e2e/microphone/test_microphone.py has it with a microphone.
@pytest.mark.parametrize(
    "played",
    [
        pytest.param(partial(sample, 16_600, 44_600), id="a piece"),
        pytest.param(partial(sample, 0, 3_600_000), id="session"),
        pytest.param(real, id="recorded speech", marks=there),
    ],
)
async def test_its_words_reach_a_reader_over_a_cut_link_and_a_killed_server(
    page: Page, tmp_path: Path, played: Callable[[Path], Awaitable[tuple[Path, str]]]
) -> None:
    audio, said = await played(tmp_path)
    port = free_port(1)
    hall = HallProcess(tmp_path / "data", audio, MODEL, port, "--fast")
    await hall.start()
    try:
        async with breakable_link_to(port) as link:
            await page.goto(f"{link.address}/s/{SESSION}")
            await page.locator(LINES).nth(1).wait_for()

            await hall.kill()
            await hall.start()
            await page.locator(LINES).nth(3).wait_for()

            link.cut()
            await page.locator("#State[data-kind=lost]").wait_for()
            link.mend()
            await page.locator("#State[data-kind=closed]").wait_for()
            shown = await page.locator(LINES).all_inner_texts()
            ids = await page.locator("#Lines > li.line").evaluate_all("lines => lines.map(line => line.id)")
    finally:
        await hall.stop()
    texts = logged(tmp_path / "data").texts
    assert [each.strip() for each in shown] == [each.strip() for each in texts]
    assert len(ids) == len(set(ids))
    assert errors(said, shown) <= MOST_ERRORS
