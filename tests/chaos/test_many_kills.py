"""Fifty kills of server and engine in one session, many 1-3 s after a word's end: `make chaos`.

Each kill prints a line of figures, and each session its results. `CHAOS_SEEDS=5,6` draws other moments.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from moothall.testing.scripted import make_script, render, write_script
from support.halls.killing import Kill, kill_at_random
from support.halls.process import (
    HallProcess,
    Logged,
    free_port,
    logged,
    plain,
    require_intact,
    require_nothing_lost,
    watched,
    write_wave,
)
from support.sound.hearing import changes, heard, only_in, reference, require_as_good, require_whole_seams, sample_sound

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1_200)]

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "50"))
SEEDS = [int(seed) for seed in os.environ.get("CHAOS_SEEDS", "1,2").split(",")]
MOST_CHANGED = 0.01
"""Of the words, between a run with all these kills and one without any."""
LONGEST_MS = 4_500
"""Between two kills, so that a session of less than four minutes sees them all."""
MODEL = "whisper-tiny.en"
SAMPLE_MS = 223_500


class Board:
    """Shows the figures while the tests run, whatever pytest captures."""

    def __init__(self, capsys: pytest.CaptureFixture[str], seed: int) -> None:
        self._capsys = capsys
        self._seed = seed
        self._count = 0

    def line(self, text: str) -> None:
        with self._capsys.disabled():
            sys.stdout.write(f"seed {self._seed}: {text}\n")
            sys.stdout.flush()

    def kill(self, kill: Kill) -> None:
        self._count += 1
        self.line(
            f"kill {self._count:2} {kill.what:6} {kill.after_word:5} ms after a word; "
            f"{kill.words:4} words, {kill.events:4} events stored; there again in {kill.back:5} ms"
        )

    def sum(self, kills: Sequence[Kill], log: Logged) -> None:
        what = Counter(kill.what for kill in kills)
        late = sum(1_000 <= kill.after_word <= 3_000 for kill in kills)
        self.line(
            f"{len(kills)} kills ({', '.join(f'{n} {name}' for name, n in what.items())}), {late} of them 1-3 s after "
            f"a word; {len(log.seams)} engines took over; {len(log.words)} words, {log.gaps} gaps"
        )


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_script_comes_out_word_for_word(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    board = Board(capsys, seed)
    script = make_script(seed, 8 * ROUNDS)
    (tmp_path / "script.json").write_bytes(write_script(script))
    write_wave(tmp_path / "sound.wav", render(script))
    hall = HallProcess(
        tmp_path / "data", tmp_path / "sound.wav", f"scripted:{tmp_path / 'script.json'}", free_port(seed)
    )
    async with watched(hall) as witness:
        kills = await kill_at_random(hall, witness, ROUNDS, seed, tell=board.kill)
        await witness.until(lambda: witness.closed)
    log = logged(hall.data)
    board.sum(kills, log)
    assert len(kills) == ROUNDS
    require_nothing_lost(witness, log)
    assert plain(log.words) == [word.text.strip() for word in script.words]
    assert " ".join(log.texts) == script.text.strip()
    assert log.gaps == 0
    require_intact(hall.data)


@pytest.mark.model
@pytest.mark.parametrize("seed", SEEDS)
async def test_a_real_model_goes_on_where_it_was_killed(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed every few seconds, its words are the undisturbed run's but for 1 %. On a machine that keeps up, that is:
    passes that take long make the steps longer, and other windows are heard.
    """
    board = Board(capsys, seed)
    write_wave(tmp_path / "sound.wav", await sample_sound(0, SAMPLE_MS))
    hall, other = (
        HallProcess(tmp_path / name, tmp_path / "sound.wav", MODEL, free_port(100 * seed + number))
        for number, name in enumerate(("killed", "undisturbed"))
    )
    async with watched(hall) as witness, watched(other) as calm:
        kills = await kill_at_random(hall, witness, ROUNDS, seed, longest_ms=LONGEST_MS, tell=board.kill)
        await witness.until(lambda: witness.closed)
        await calm.until(lambda: calm.closed)
    log, undisturbed = logged(hall.data), logged(other.data)
    board.sum(kills, log)
    said, got, expected = reference(0, SAMPLE_MS), heard(log.words), heard(undisturbed.words)
    differ, worse, better = changes(expected, got), only_in(said, got, expected), only_in(said, expected, got)
    board.line(
        f"{len(said)} words said; wrong {len(changes(said, got))}, "
        f"in the undisturbed run {len(changes(said, expected))}; "
        f"the two differ in {len(differ)} ({100 * len(differ) / len(expected):.1f} %)"
    )
    for title, found in (("wrong here", worse), ("wrong undisturbed", better)):
        board.line(f"only {title}: " + ", ".join(f"{each.kind} '{each.text}' at {each.t} ms" for each in found))
    require_nothing_lost(witness, log)
    require_nothing_lost(calm, undisturbed)
    assert len(differ) <= MOST_CHANGED * len(expected)
    require_as_good(said, expected, got)
    require_whole_seams(said, expected, got, log.seams)
    require_intact(hall.data)
