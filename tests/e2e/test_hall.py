"""The whole of it: a recording, a real model, a server in its own process, and Chromium at the end of a bad line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import jiwer
import pytest
from playwright.async_api import Page
from whisper_normalizer.english import EnglishTextNormalizer

from moothall.cli.play import find_sample
from support.halls.process import SESSION, HallProcess, free_port, logged
from support.links.line import line_to

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.asyncio(loop_scope="session")]

MODEL = "whisper-tiny.en"
MOST_ERRORS = 0.08
LINES = "#Lines > li.line > .text"
PATIENCE = 120_000
"""ms: this plays as fast as the machine goes."""
REAL = Path(__file__).resolve().parents[3] / "shared" / "speech" / "dev_meeting_en.flac"
"""Real speech, where a developer has it beside the checkout."""


def reference(path: Path) -> str:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return " ".join(row["text"] for row in sorted(rows, key=lambda row: row["start"]))


def errors(said: str, shown: Sequence[str]) -> float:
    normal = EnglishTextNormalizer()
    return float(jiwer.wer(normal(said), normal(" ".join(shown))))


def recordings() -> list[tuple[Path, Path]]:
    sample = find_sample()
    found = [(sample.audio, sample.reference)]
    if REAL.exists():
        found.append((REAL, REAL.with_suffix(".jsonl")))
    return found


@pytest.mark.timeout(240)
@pytest.mark.parametrize("recording", recordings(), ids=lambda recording: recording[0].stem)
async def test_its_words_reach_a_reader_over_a_cut_line_and_a_killed_server(
    page: Page, tmp_path: Path, recording: tuple[Path, Path]
) -> None:
    audio, text = recording
    port = free_port(1)
    hall = HallProcess(tmp_path / "data", audio, MODEL, port, "--fast")
    await hall.start()
    try:
        async with line_to(port) as line:
            await page.goto(f"{line.address}/s/{SESSION}")
            await page.locator(LINES).nth(2).wait_for(timeout=PATIENCE)

            await hall.kill()
            await hall.start()
            await page.locator(LINES).nth(6).wait_for(timeout=PATIENCE)

            line.cut()
            await page.locator("#State[data-kind=lost]").wait_for()
            line.mend()
            await page.locator("#State[data-kind=closed]").wait_for(timeout=PATIENCE)
            shown = await page.locator(LINES).all_inner_texts()
            ids = await page.locator("#Lines > li.line").evaluate_all("lines => lines.map(line => line.id)")
    finally:
        await hall.stop()
    texts = logged(tmp_path / "data").texts
    assert [each.strip() for each in shown] == [each.strip() for each in texts]
    assert len(ids) == len(set(ids))
    assert errors(reference(text), shown) <= MOST_ERRORS
