"""“They speak …” at the desk: the technician sets the language, and the last minute is recognised again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import jiwer
import msgspec
import pytest
from playwright.async_api import Page, expect
from whisper_normalizer.basic import BasicTextNormalizer

from moothall.adapters.sound.audio_file import AudioFile
from moothall.app.hall import hall
from moothall.core.commands import AddChannel, CreateSession, OpenSession
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.ids import SourceId
from moothall.core.sessions.parts import Segment
from moothall.services.capture.ingest import Input
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from moothall.testing.scripted import Script, make_script, render, write_script
from support.desks.meeting import FLOOR, Meeting, S

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

MULTI = Path(__file__).resolve().parents[4] / "shared" / "speech" / "dev_multi.flac"
"""Real speech in two languages, where a developer has it beside the checkout."""
RATE = 16_000
SLACK_MS = 1_500
"""How long before the end of the sound its last word may end."""
MOST_ERRORS = 0.35
"""Of whisper-base in German, live."""


class Held:
    """Sound that comes at once, and a source that stays open behind it until `over` is set."""

    def __init__(self, pcm: bytes) -> None:
        self._pcm = pcm + bytes(4 * RATE)  # two seconds of silence
        self.over = asyncio.Event()

    async def read(self, samples: int) -> bytes:
        """As `AudioSource.read`."""
        piece, self._pcm = self._pcm[: 2 * samples], self._pcm[2 * samples :]
        if not piece:
            await self.over.wait()
        return piece


@asynccontextmanager
async def spoken(tmp_path: Path, model: str, pcm: bytes) -> AsyncIterator[Meeting]:
    """A meeting of which everybody thought that they would speak English, and the sound that it has."""
    settings = Settings(
        server=Server(port=0, data=str(tmp_path / "data")),
        engine=EngineSection(model=model),
        translation=Translation(translators=()),
    )
    held = Held(pcm)

    @asynccontextmanager
    async def sound(_: int) -> AsyncIterator[Held]:
        yield held

    async with hall(settings) as running:
        on = Meeting(running, await running.backend.sessions.open(S))
        await on.do(
            CreateSession(title="Open hall", languages=("en",)),
            AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),
            OpenSession(),
        )
        played = [Input(SourceId("sound"), FLOOR, sound)]
        async with asyncio.TaskGroup() as group:
            group.create_task(running.ingest.play_together(on.live.writer, played, as_live=False))
            try:
                yield on
            finally:
                held.over.set()


async def press(page: Page, on: Meeting, language: str) -> None:
    """Sit down and say at the desk which language they speak."""
    await on.sit_down(page)
    await page.locator("#Force select").select_option(label=language)
    await page.locator("#Force").get_by_role("button", name="Write the last minute again").press("Enter")
    await expect(page.locator("#Lines .text").first).to_have_attribute("lang", "de")


async def heard(on: Meeting, through_ms: int) -> None:
    """Wait until the words of the sound are in the log up to a moment, and their lines have ended."""
    while on.live.state.channels[FLOOR].committed_through < through_ms or on.live.state.channels[FLOOR].open_segment:
        await on.running.backend.clock.sleep(100)


def lines(on: Meeting) -> Sequence[Segment]:
    """The lines that stand and have text, in the order of their times."""
    stand = [line for _, line in on.live.state.segments.items() if not line.gone and line.whole.strip()]
    return sorted(stand, key=lambda line: line.t0)


def words(on: Meeting) -> list[str]:
    return [word.text.strip() for line in lines(on) for word in line.words]


async def test_saying_at_the_desk_that_they_speak_german_writes_the_last_minute_again(
    page: Page, tmp_path: Path
) -> None:
    made = make_script(3, 40, pause_ms=400)
    script = Script(words=tuple(msgspec.structs.replace(word, language="de") for word in made.words))
    file = tmp_path / "script.json"
    file.write_bytes(write_script(script))
    async with spoken(tmp_path, f"scripted:{file}", render(script)) as on:
        await heard(on, script.words[-1].t1 - SLACK_MS)
        before = lines(on)
        assert {line.language for line in before} == {"en"}
        await press(page, on, "German")
        said = [word.text.strip() for word in script.words]
        while len(words(on)) < len(said) or {line.language for line in lines(on)} != {"de"}:  # line by line
            await on.running.backend.clock.sleep(100)
        await heard(on, script.words[-1].t1 - SLACK_MS)
        after = lines(on)
        assert {line.language for line in after} == {"de"}
        assert not {line.id for line in before} & {line.id for line in after}
        assert words(on) == said
        await expect(page.locator("#Lines .text[lang=en]")).to_have_count(0)


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.skipif(not MULTI.exists(), reason="No recording in two languages stands beside the checkout.")
async def test_a_real_model_writes_the_last_minute_again_in_german(page: Page, tmp_path: Path) -> None:
    rows = [json.loads(row) for row in MULTI.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()]
    (row,) = [row for row in rows if row["lang"] == "de"]
    pcm = bytearray()
    async with AudioFile(MULTI, first_sample=int(row["start"] * RATE)) as sound:
        left = int((row["end"] - row["start"]) * RATE)
        while left > 0 and (piece := await sound.read(min(left, RATE))):
            pcm += piece
            left -= len(piece) // 2
    through = len(pcm) // 32 - SLACK_MS
    async with spoken(tmp_path, "whisper-base", bytes(pcm)) as on:
        await heard(on, through)
        assert {line.language for line in lines(on)} == {"en"}
        wrong = errors(row["text"], on)
        await press(page, on, "German")
        await heard(on, through)
        assert {line.language for line in lines(on)} == {"de"}
        right = errors(row["text"], on)
        assert right <= MOST_ERRORS < wrong, (right, wrong)
        await expect(page.locator("#Lines .text[lang=en]")).to_have_count(0)
        shown = await page.locator("#Lines .text").all_inner_texts()
        assert [text.strip() for text in shown] == [line.whole.strip() for line in lines(on)]


def errors(said: str, on: Meeting) -> float:
    """Share of words that are wrong in the lines that stand."""
    normal = BasicTextNormalizer()
    return float(jiwer.wer(normal(said), normal(" ".join(line.whole for line in lines(on)))))
