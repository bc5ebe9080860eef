"""Speech during "not recorded" is in no file, whatever happens.

One word is spoken in the span. In another hall, where all is recorded, the same search finds it: in the log, and in the
stored sound. In quick tests a script says it, whose samples encode its words; in `make test-all` a voice says it, and a
real model hears all stored sound.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from moothall.adapters.reading.reader_client import follow
from moothall.adapters.store.sqlite_file import FILE_NAME
from moothall.core.commands import BeginNotRecorded, EndNotRecorded
from moothall.core.kernel.ids import ChannelId
from moothall.core.kernel.lanes import Feed
from moothall.core.signals import Unrecorded
from moothall.testing.scripted import Script, ScriptWord, render, write_script
from support.files.traces import BEGIN_MS, END_MS, MODEL, WORD, found_in, heard_in_sounds, make_sound, open_for_writing
from support.halls.process import CLOCK, SESSION, HallProcess, free_port, logged, plain, watched, write_wave
from support.halls.process_with_desk import HallWithDesk

BYTES_A_MS = 32
SCRIPT = Script(
    words=(
        *(ScriptWord(" Welcome", 400, 800), ScriptWord(" everybody.", 850, 1_300)),
        *(ScriptWord(" In", 6_000, 6_300), ScriptWord(" Lisbon", 6_350, 6_900), ScriptWord(" today.", 6_950, 7_400)),
        *(ScriptWord(" Thank", 12_000, 12_300), ScriptWord(" you.", 12_350, 12_800)),
    )
)


async def words_reach_readers_alone(
    *,
    hall: HallWithDesk,
    other: HallProcess,
    span: tuple[int, int],
    secret: bytes,
    after: bytes | None = None,
) -> None:
    """Nothing is recorded in the span, ms, in the first hall; neither the word nor its samples are in a file of it.

    `after`: samples that come when all is recorded again.
    """
    data, control = hall.data, other.data
    # Translators that say everything again: what they are given must stand nowhere either.
    hall.settings["MOOTHALL_TRANSLATION__TRANSLATORS"] = "echo"
    async with watched(other) as all_recorded, watched(hall) as witness, asyncio.TaskGroup() as group:
        # Samples stay as they are until their words stand; then they are kept encoded.
        group.create_task(all_recorded.until(lambda: "sound" in found_in(control, secret)))
        if after is not None:
            group.create_task(witness.until(lambda: "sound" in found_in(data, after)))
        await witness.until(lambda: witness.heard >= span[0])
        assert await hall.tell(BeginNotRecorded()) == "done"
        await witness.until(lambda: WORD in witness.unrecorded.casefold())
        assert not open_for_writing(hall.engine_pid) - {hall.log}
        assert found_in(data, secret) == set()
        async for frame, _ in follow(f"{hall.address}/s/{SESSION}", Feed(ChannelId("mt-pt")), CLOCK):
            said = [signal.text.casefold() for signal in frame.signals if isinstance(signal, Unrecorded)]
            if any(WORD in text for text in said):
                break  # It is translated for those who read, ...
        await witness.until(lambda: witness.heard >= span[1])
        assert await hall.tell(EndNotRecorded()) == "done"
        await witness.until(lambda: witness.unrecorded == "")
        await all_recorded.until(lambda: WORD in all_recorded.text.casefold())
        assert found_in(data, secret) == set()
        await witness.until(lambda: witness.closed)
        await all_recorded.until(lambda: all_recorded.closed)
    assert FILE_NAME in found_in(control, secret)
    assert found_in(data, secret) == set()
    assert found_in(hall.temporary, secret) == set()
    assert WORD.encode() not in hall.log.read_bytes().lower()


async def test_a_word_that_was_not_recorded_is_in_no_file(tmp_path: Path) -> None:
    sound, model = render(SCRIPT), f"scripted:{tmp_path / 'script.json'}"
    (tmp_path / "script.json").write_bytes(write_script(SCRIPT))
    write_wave(tmp_path / "sound.wav", sound)
    hall = HallWithDesk(tmp_path / "data", tmp_path / "sound.wav", model, free_port(5), tmp_path / "temporary")
    other = HallProcess(tmp_path / "control", tmp_path / "sound.wav", model, free_port(6))
    _, _, _, word, *_, last = SCRIPT.words
    secret, after = (sound[each.t0 * BYTES_A_MS : each.t1 * BYTES_A_MS] for each in (word, last))
    await words_reach_readers_alone(hall=hall, other=other, span=(2_000, 8_000), secret=secret, after=after)
    assert plain(logged(hall.data).words) == ["Welcome", "everybody.", "Thank", "you."]


@pytest.mark.model
@pytest.mark.slow
async def test_a_word_that_a_voice_said_is_in_no_file_and_in_no_sound(tmp_path: Path) -> None:
    secret = await make_sound(tmp_path / "sound.wav")
    hall = HallWithDesk(tmp_path / "data", tmp_path / "sound.wav", MODEL, free_port(5), tmp_path / "temporary")
    other = HallProcess(tmp_path / "control", tmp_path / "sound.wav", MODEL, free_port(6))
    await words_reach_readers_alone(hall=hall, other=other, span=(BEGIN_MS, END_MS), secret=secret)
    assert WORD in await heard_in_sounds(other.data)
    kept = await heard_in_sounds(hall.data)
    assert WORD not in kept
    for text in (" ".join(logged(hall.data).texts).casefold(), kept):
        assert "joined us online" in text
        assert "hears" in text
