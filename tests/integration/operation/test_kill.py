"""Server and engine are killed (SIGKILL) at random: nothing acknowledged is lost, doubled or changed.

Quick tests kill three times: a server, an engine, and a server that is just starting. `make test-all` kills ten times,
and a real model's engine too: `property/models/speech/test_resume_point_laws.py` and
`unit/models/engine/test_session.py` test where its words continue. `tests/chaos` kills 50 times.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from moothall.testing.scripted import make_script, render, write_script
from support.halls.killing import Kill, kill_at_random
from support.halls.process import (
    HallProcess,
    free_port,
    logged,
    plain,
    require_intact,
    require_nothing_lost,
    watched,
    write_wave,
)
from support.sound.hearing import heard, reference, require_as_good, require_whole_seams, sample_sound

FIRST_MS, LAST_MS = 16_600, 54_400
"""Of the sample session: seven utterances of two voices, hardly a pause between them."""
MODEL = "whisper-tiny.en"


@pytest.mark.parametrize(
    ("rounds", "words", "kinds"),
    [
        pytest.param(3, 16, ("engine", "server", "start"), id="one of each"),
        pytest.param(10, 44, (), id="ten times", marks=pytest.mark.slow),
    ],
)
async def test_killed_at_random_every_word_stands_once(
    tmp_path: Path, rounds: int, words: int, kinds: Sequence[str]
) -> None:
    script = make_script(3, words)
    (tmp_path / "script.json").write_bytes(write_script(script))
    write_wave(tmp_path / "sound.wav", render(script))
    hall = HallProcess(tmp_path / "data", tmp_path / "sound.wav", f"scripted:{tmp_path / 'script.json'}", free_port(1))
    async with watched(hall) as witness:
        kills = await kill_at_random(hall, witness, rounds, seed=3, longest_ms=1_500, kinds=kinds)
        await witness.until(lambda: witness.closed)
    log = logged(hall.data)
    assert len(kills) == rounds
    assert {kill.what for kill in kills} == {"server", "engine", "start"}
    require_nothing_lost(witness, log)
    assert plain(log.words) == [word.text.strip() for word in script.words]
    assert " ".join(log.texts) == script.text.strip()
    assert log.gaps == 0
    require_intact(hall.data)


@pytest.mark.model
@pytest.mark.slow
async def test_a_real_model_takes_up_its_words_where_it_was_killed(tmp_path: Path) -> None:
    write_wave(tmp_path / "sound.wav", await sample_sound(FIRST_MS, LAST_MS))
    hall, other = (
        HallProcess(tmp_path / name, tmp_path / "sound.wav", MODEL, free_port(number))
        for number, name in enumerate(("killed", "undisturbed"), 2)
    )
    kills: list[Kill] = []
    async with watched(hall) as witness, watched(other) as calm:
        for seed, words in ((2, 15), (3, 45)):
            await witness.more_words(words)
            kills += await kill_at_random(hall, witness, 1, seed=seed, longest_ms=1_500)
        await witness.until(lambda: witness.closed)
        await calm.until(lambda: calm.closed)
    log, undisturbed = logged(hall.data), logged(other.data)
    assert [kill.what for kill in kills] == ["server", "engine"]
    require_nothing_lost(witness, log)
    require_nothing_lost(calm, undisturbed)
    said, got, expected = reference(FIRST_MS, LAST_MS), heard(log.words), heard(undisturbed.words)
    require_as_good(said, expected, got)
    require_whole_seams(said, expected, got, log.seams)
    require_intact(hall.data)
