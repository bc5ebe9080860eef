"""The microphone page in Chromium, with a server in a process of its own behind a connection that can be cut."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
import jiwer
import numpy as np
import pytest
from playwright.async_api import Dialog, Page, expect
from whisper_normalizer.english import EnglishTextNormalizer

from e2e.conftest import QUIET, chromium
from moothall.adapters.sound.audio_file import AudioFile
from moothall.app.backend import SPOOL_FOLDER
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.services.sound.live_take import take_of
from moothall.testing.scripted import Script, make_script, render, write_script
from moothall_models.ports import HeardWord, Window
from moothall_models.recognizers.scripted import ScriptedRecognizer
from support.halls.microphone_process import MicrophoneHall, chromium_with_microphone, write_capture
from support.halls.process import SESSION, Witness, free_port, logged, plain
from support.links.breakable_link import BreakableLink, breakable_link_to
from support.sound.hearing import heard, reference, sample_sound

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

REAL = Path(__file__).resolve().parents[4] / "shared" / "speech" / "dev_meeting_en.flac"
LEAD_MS = 1_500
"""Silence before the first word, in which the page gets ready."""
STEP = 256
LONGEST_MS = 3_600_000
KEEP_CAPTURED = """
window.captured = [];
window.AudioWorkletNode = class extends AudioWorkletNode {
  constructor(...given) {
    super(...given);
    this.port.addEventListener('message', ({ data }) => captured.push(...data.pcm));
  }
};
"""
"""Keeps what the audio thread gives a page, as samples of 16 bits."""
PLAYED = """(samples) => new Promise((played) => {
  const over = () => captured.length > samples && captured.slice(-16_000).every((sample) => sample === 0);
  const look = () => (over() ? played() : setTimeout(look, 500));
  look();
})"""
"""Waits until so many samples of sound that ends with silence are over. It tells by the page's own sound, since an
engine reports late, and by the silence too, since a browser that gets too little CPU time may add some in the middle.
"""


def a_script(seed: int, words: int, pause_ms: int = 400) -> Script:
    made = make_script(seed, words, step=STEP, pause_ms=pause_ms)
    later = [type(word)(word.text, word.t0 + LEAD_MS, word.t1 + LEAD_MS, word.language) for word in made.words]
    return Script(words=tuple(later), step=STEP)


@asynccontextmanager
async def microphone_page(hall: MicrophoneHall, link: BreakableLink, sound: Path) -> AsyncIterator[Page]:
    """The page, entered by the technician's link."""
    path = chromium()
    if path is None:
        pytest.skip("Chromium is not installed: these tests need the package 'chromium-headless-shell'.")
    async with chromium_with_microphone(sound, path, *QUIET) as browser:
        context = await browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
        page = await context.new_page()
        await page.add_init_script(KEEP_CAPTURED)
        await page.goto(f"{link.address}/enter/{hall.token}")
        await page.goto(f"{link.address}/s/{SESSION}/microphone")
        yield page


def scripted(folder: Path, script: Script) -> str:
    """The name of a model that says `script`, kept in `folder`."""
    (folder / "script.json").write_bytes(write_script(script))
    return f"scripted:{folder / 'script.json'}"


@asynccontextmanager
async def sending(
    folder: Path, model: str, pcm: bytes, port: int
) -> AsyncIterator[tuple[MicrophoneHall, BreakableLink, Witness, Page]]:
    """A server behind a line, a reader of it, and the page whose microphone hears `pcm`; nothing is pressed yet."""
    sound, witness = write_capture(folder / "sound.wav", pcm), Witness()
    async with breakable_link_to(port) as link:
        hall = MicrophoneHall(folder / "data", model, port, behind=link.address)
        await hall.prepare()
        await hall.start()
        try:
            async with microphone_page(hall, link, sound) as page, asyncio.TaskGroup() as group:
                watching = group.create_task(witness.watch(hall.address))
                yield hall, link, witness, page
                watching.cancel()
        finally:
            await hall.stop()


async def captured(page: Page, script: Script) -> tuple[HeardWord, ...]:
    """The words in what the page's audio thread has given it, with their times in it.

    The browser's fake microphone follows the clock: when the browser gets too little CPU time, it leaves sound out or
    adds silence, so that the words' times are not the script's.
    """
    sound = (np.array(await page.evaluate("captured")) / 32_768).astype(np.float32)
    return ScriptedRecognizer(script).recognise(Window(audio=sound, languages=("en",))).words


def sources(data: Path) -> list[ev.SourceAttached | ev.SourceEnded]:
    """What the log says of sources."""
    events = map(decode_event, logged(data).bodies.values())
    return [event for event in events if isinstance(event, ev.SourceAttached | ev.SourceEnded)]


async def record(address: str) -> str:
    """The session's text as WebVTT has it."""
    async with aiohttp.ClientSession() as http, http.get(f"{address}/s/{SESSION}/record.vtt") as response:
        blocks = (await response.text()).split("\n\n")
    cues = [block.split("-->", 1)[1].partition("\n")[2] for block in blocks if "-->" in block]
    said = [cue for cue in cues if not cue.startswith("[")]  # in brackets stands what nobody said
    return re.sub(r"<[^>]*>", "", " ".join(said))


async def test_words_reach_readers_over_a_cut_link_and_a_killed_server_and_somebody_takes_over(tmp_path: Path) -> None:
    script = a_script(5, 22)
    model = scripted(tmp_path, script)
    async with sending(tmp_path, model, render(script), free_port(7)) as (hall, link, witness, page):
        reader = await page.context.new_page()
        await reader.goto(f"{link.address}/s/{SESSION}")
        stands = page.locator("#Stands")
        await page.locator("#Start").click()
        await expect(stands).to_have_text("Sending")
        await expect(page.locator("#Text")).to_contain_text("w2")
        await expect(page.locator("#Text")).to_have_attribute("lang", "en")

        link.cut()
        await expect(stands).to_contain_text("2 s are kept here")
        link.mend()
        await expect(stands).to_have_text("Sending")

        await hall.kill()
        await expect(stands).to_contain_text("s are kept here")
        await hall.start()
        await expect(stands).to_have_text("Sending")

        await witness.until(lambda: len(witness.words) >= len(script.words))
        shown = reader.locator("#Lines > li.line > .text")
        await expect(shown.last).to_contain_text(script.words[-1].text.strip())
        assert " ".join(await shown.all_inner_texts()).split() == script.text.split()
        assert (await record(hall.address)).split() == script.text.split()

        given = await captured(page, script)
        second = await page.context.new_page()
        await second.goto(page.url)
        await second.locator("#Start").click()
        await expect(second.locator("#HeldBy")).to_contain_text("Main hall")
        await expect(second.locator("#Stop")).to_be_hidden()
        await expect(second.locator("#On")).to_have_text("Live")
        await second.locator("#TakeOver").click()
        await expect(second.locator("#Stands")).to_have_text("Sending")
        await expect(stands).to_contain_text("Somebody else has taken over")
        await expect(page.locator("#Start")).to_be_visible()

        warned = asyncio.get_running_loop().create_future()

        async def stay(dialog: Dialog) -> None:
            await dialog.dismiss()
            warned.set_result(dialog.type)

        second.on("dialog", stay)
        await second.close(run_before_unload=True)
        assert await warned == "beforeunload"
        await second.locator("#Stop").click()
        await expect(second.locator("#Stands")).to_have_text("Nothing is sent")
        await witness.until(lambda: sum(b"source.ended" in body for body in witness.seen.values()) == 2)
    log = logged(hall.data)
    assert plain(log.words) == script.text.split()
    assert (witness.repeats, witness.losses, log.gaps) == (0, 0, 0)
    attached, _, ended, last = sources(hall.data)
    assert isinstance(attached, ev.SourceAttached)
    assert isinstance(ended, ev.SourceEnded)
    assert isinstance(last, ev.SourceEnded)
    assert (attached.t, ended.source) == (0, attached.source)
    assert log.words[-1].t1 <= ended.t
    assert last.source != ended.source
    assert [word.text for word in given] == [word.text for word in script.words]
    assert [word.t0 - log.words[0].t0 for word in log.words] == pytest.approx(
        [word.t0 - given[0].t0 for word in given], abs=25
    )


# integration/sound/test_spool_lost.py loses the same without a browser, and tests/js/microphone has what is kept.
@pytest.mark.slow
async def test_the_page_has_what_a_server_had_on_a_disk_that_is_lost(tmp_path: Path) -> None:
    """It sends what isn't done once more: no word is missing, and none comes twice."""
    script = a_script(6, 24)
    async with sending(tmp_path, scripted(tmp_path, script), render(script), free_port(15)) as (hall, _, witness, page):
        stands = page.locator("#Stands")
        await page.locator("#Start").click()
        await witness.more_words(4)
        engine = hall.engine_pid
        assert engine is not None
        os.kill(engine, signal.SIGSTOP)  # So that there is sound on the disk of which there are no words.
        await witness.until(lambda: witness.state is not None and witness.state.lag > 2_500)
        await hall.kill()
        os.kill(engine, signal.SIGKILL)
        shutil.rmtree(hall.data / SPOOL_FOLDER)
        await expect(stands).to_contain_text("s are kept here")
        await hall.start()
        await expect(stands).to_have_text("Sending")
        await witness.until(lambda: len(witness.words) >= len(script.words))
        await page.locator("#Stop").click()
        await expect(stands).to_have_text("Nothing is sent")
        await expect(page.locator("#Dropped")).to_be_hidden()
        await witness.until(lambda: sum(b"source.ended" in body for body in witness.seen.values()) == 2)
    log = logged(hall.data)
    assert plain(log.words) == script.text.split()
    assert (witness.repeats, witness.losses, log.gaps) == (0, 0, 0)
    first, again = (event for event in sources(hall.data) if isinstance(event, ev.SourceAttached))
    _, base = take_of(again.source) or ("", 0)
    assert (first.t, again.t) == (0, base // 16)
    assert base // 16 < log.words[3].t1, "It has forgotten no word that came after these."


@pytest.mark.parametrize(
    ("away_s", "script", "cut"),
    [
        pytest.param(5, a_script(11, 40), True, marks=[pytest.mark.slow], id="5 s"),
        pytest.param(60, a_script(11, 105, pause_ms=3_000), False, marks=[pytest.mark.slow], id="a minute"),
        pytest.param(60, a_script(11, 105, pause_ms=3_000), True, marks=[pytest.mark.slow], id="a minute, cut"),
    ],
)
async def test_what_was_said_offline_arrives_afterwards_and_once(
    tmp_path: Path, away_s: int, script: Script, cut: bool
) -> None:
    """The browser itself is offline, for so many seconds of sound.

    Chromium then refuses new connections and lets nothing through an open WebSocket, but doesn't close it: by itself
    that is a line that went dead without a word, which the page finds out after 8 s. With `cut` the socket breaks too,
    as where a network card goes; the line is mended while the browser is offline, so that only coming online lets it
    back.
    """
    model = scripted(tmp_path, script)
    async with sending(tmp_path, model, render(script), free_port(10)) as (hall, link, witness, page):
        stands = page.locator("#Stands")
        await page.locator("#Start").click()
        await witness.more_words(2)
        await page.context.set_offline(True)
        if cut:
            link.cut()
        await expect(stands).to_contain_text("s are kept here")
        before = len(witness.words)
        link.mend()
        await expect(stands).to_contain_text(f"{away_s} s are kept here")
        known = len(witness.words)
        assert known - before <= 2, "it is offline: only the sound that had come by then is still recognised"
        await page.context.set_offline(False)
        await expect(stands).to_have_text("Sending")
        await witness.until(lambda: len(witness.words) >= len(script.words))
        assert (await record(hall.address)).split() == script.text.split()
    log = logged(hall.data)
    assert plain(log.words) == script.text.split()
    assert (witness.repeats, witness.losses, log.gaps) == (0, 0, 0)
    offline = [word for word in log.words[known:] if word.t0 < log.words[known].t0 + 1_000 * away_s]
    assert len(offline) >= away_s // 2, "somebody spoke all the while"


async def sample(first_ms: int, last_ms: int) -> tuple[bytes, str]:
    """A piece of the sample session: its sound, PCM16 at 16 kHz, and its words."""
    said = " ".join(heard.text for heard in reference(first_ms, last_ms))
    return await sample_sound(first_ms, last_ms), said


async def meeting() -> tuple[bytes, str]:
    """Recorded speech of people, where it lies beside the checkout."""
    pcm = bytearray()
    async with AudioFile(REAL) as recorded:
        while piece := await recorded.read(16_000):
            pcm += piece
    lines = REAL.with_suffix(".jsonl").read_text("utf-8").splitlines()
    said = " ".join(json.loads(line)["text"] for line in lines)
    return bytes(pcm), EnglishTextNormalizer()(said)


def recordings() -> list[object]:
    """(what is played, seconds for which the line is away, most errors)."""
    piece, whole = partial(sample, 16_600, 34_000), partial(sample, 0, LONGEST_MS)
    there = pytest.mark.skipif(not REAL.exists(), reason="no recorded speech lies beside the checkout")
    return [
        pytest.param(piece, 4, 0.12, id="a piece", marks=[pytest.mark.slow]),
        pytest.param(whole, 60, 0.1, id="all of it, offline for a minute", marks=[pytest.mark.slow]),
        pytest.param(meeting, 60, 0.1, id="recorded speech", marks=[pytest.mark.slow, there]),
    ]


@pytest.mark.model
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("played", "away_s", "most_errors"), recordings())
async def test_real_speech_reaches_a_reader_over_an_outage_and_a_killed_server(
    tmp_path: Path, played: Callable[[], Awaitable[tuple[bytes, str]]], away_s: int, most_errors: float
) -> None:
    """To the word it is in `test_words_reach_readers_…`, with a script in place of the model."""
    spoken, said = await played()
    pcm = bytes(LEAD_MS * 32) + spoken + bytes(LEAD_MS * 32)
    async with sending(tmp_path, "whisper-tiny.en", pcm, free_port(9)) as (hall, link, witness, page):
        stands = page.locator("#Stands")
        await page.locator("#Start").click()
        await witness.more_words(2)
        link.cut()
        await expect(stands).to_contain_text(f"{away_s} s are kept here")
        link.mend()
        await expect(stands).to_have_text("Sending")
        await hall.kill()
        await hall.start()
        await expect(stands).to_have_text("Sending")
        await page.evaluate(PLAYED, len(pcm) // 2)
        await page.locator("#Stop").click()
        await expect(stands).to_have_text("Nothing is sent")
        await witness.until(lambda: any(b"source.ended" in body for body in witness.seen.values()))
        shown = await record(hall.address)
    log = logged(hall.data)
    assert (witness.repeats, witness.losses, log.gaps, len(sources(hall.data))) == (0, 0, 0, 2)
    got = [each.text for each in heard(log.words)]
    assert jiwer.wer(said, " ".join(got)) <= most_errors
    assert jiwer.wer(said, EnglishTextNormalizer()(shown)) <= most_errors
