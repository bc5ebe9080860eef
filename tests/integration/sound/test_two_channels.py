"""One recording of two channels feeds the floor and an interpretation, on one engine or on two."""

from __future__ import annotations

import asyncio
import wave
from array import array
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from moothall.adapters.reading.reader_client import follow
from moothall.adapters.store.sqlite_file import FILE_NAME, LogReader, open_for_reading
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.ids import ChannelId
from moothall.core.kernel.lanes import Feed
from moothall.core.signals import ChannelState, Sound
from moothall.testing.scripted import Script, make_script, render, write_script
from support.halls.process import CLOCK, SESSION, HallProcess, free_port, watched

FLOOR, FRENCH = ChannelId("floor"), ChannelId("fr")
LATER_MS = 700


def write_stereo(path: Path, left: bytes, right: bytes) -> None:
    """Two channels of PCM16 at 16 kHz as one WAV file; the shorter one is filled with silence."""
    channels = [array("h", left), array("h", right)]
    longest = max(map(len, channels))
    both = array("h", bytes(4 * longest))
    for number, samples in enumerate(channels):
        samples.extend(array("h", bytes(2 * (longest - len(samples)))))
        both[number::2] = samples
    with wave.open(str(path), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(both.tobytes())


def events(data: Path) -> list[object]:
    """What the log holds."""
    reader = LogReader(open_for_reading(data / FILE_NAME))
    try:
        records = reader.read(SESSION, 0, 1_000_000)
    finally:
        reader.close()
    return [decode_event(record.body) for record in records if record.body is not None]


def committed(data: Path) -> dict[ChannelId, list[le.Word]]:
    """The words of each channel as the log has them."""
    found: dict[ChannelId, list[le.Word]] = {FLOOR: [], FRENCH: []}
    for event in events(data):
        if isinstance(event, le.WordsCommitted):
            found[event.channel] += event.words
    return found


def attachments(data: Path) -> list[int]:
    """How often each channel was given to an engine, the fewest first."""
    given = [event.channel for event in events(data) if isinstance(event, ev.EngineAttached)]
    return sorted(map(given.count, (FLOOR, FRENCH)))


def plain(words: Sequence[le.Word]) -> list[str]:
    return [word.text.strip() for word in words]


async def test_both_texts_are_whole_and_a_silent_interpreter_is_told(tmp_path: Path) -> None:
    made = make_script(11, 60).words
    cut = made[45].t0 - 100  # what follows is what the interpreter says
    script = Script(words=(*made[:45], *(msgspec.structs.replace(word, language="fr") for word in made[45:])))
    (tmp_path / "script.json").write_bytes(write_script(script))
    sound = render(script)
    write_stereo(tmp_path / "sound.wav", sound[: cut * 32], bytes(LATER_MS * 32) + sound[cut * 32 :])
    hall = HallProcess(
        tmp_path / "data",
        tmp_path / "sound.wav",
        f"scripted:{tmp_path / 'script.json'}",
        free_port(9),
        *("--map", "1=floor,2=fr", "--fast"),
    )
    states: list[ChannelState] = []

    async def read_french() -> None:
        async for frame, _ in follow(f"{hall.address}/s/{SESSION}", Feed(FRENCH), CLOCK, tries=50):
            states.extend(signal for signal in frame.signals if isinstance(signal, ChannelState))
            if any(b"session.closed" in (event.original or b"") for event in frame.events):
                return

    await hall.start()
    try:
        async with asyncio.timeout(100):
            await read_french()
    finally:
        await hall.stop()
    words = committed(hall.data)
    assert plain(words[FLOOR]) == [word.text.strip() for word in made[:45]]
    assert plain(words[FRENCH]) == [word.text.strip() for word in made[45:]]
    assert [word.t0 for word in words[FRENCH]] == [word.t0 - cut + LATER_MS for word in made[45:]]
    silent = [state.t for state in states if state.sound is Sound.SILENCE]
    assert max(silent) - words[FRENCH][-1].t1 > 10_000


@pytest.mark.slow
async def test_on_two_engines_of_which_one_is_killed_both_texts_are_whole(tmp_path: Path) -> None:
    (tmp_path / "two.toml").write_text("[engine]\ncount = 2\n")
    script = make_script(12, 60)
    (tmp_path / "script.json").write_bytes(write_script(script))
    sound = render(script)
    write_stereo(tmp_path / "sound.wav", sound, bytes(LATER_MS * 32) + sound)
    hall = HallProcess(
        tmp_path / "data",
        tmp_path / "sound.wav",
        f"scripted:{tmp_path / 'script.json'}",
        free_port(10),
        *("--map", "1=floor,2=fr", "--config", str(tmp_path / "two.toml")),
    )
    async with watched(hall) as witness:
        await witness.more_words(10)
        assert hall.kill_engine()
        await witness.until(lambda: witness.closed)
    words = committed(hall.data)
    said = [word.text.strip() for word in script.words]
    assert plain(words[FLOOR]) == said
    assert plain(words[FRENCH]) == said
    assert attachments(hall.data) == [1, 2], "only what the dead one had was attached anew"
