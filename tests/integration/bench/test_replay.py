"""`bench/replay.py` through server, engine, link and door, with a script whose words are known."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

import pytest

import replay
from moothall.testing.scripted import Script
from support.sound.scripted_talk import committed, rows, scripted_talk


def replayed(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(replay.BENCH / "replay.py"), *arguments]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=280)


@pytest.fixture
def script(tmp_path: Path) -> Script:
    return scripted_talk(tmp_path)


def test_on_the_cpu_clock_every_word_comes_and_its_cost_is_told(tmp_path: Path, script: Script) -> None:
    out = tmp_path / "out.jsonl"
    done = replayed(str(tmp_path / "talk.wav"), "--model", f"scripted:{tmp_path / 'script.json'}", "--jsonl", str(out))
    assert done.returncode == 0, done.stderr
    found = rows(out)
    assert committed(found) == [word.text.strip() for word in script.words]
    usage = found[-1]
    assert usage["kind"] == "usage"
    parts = (usage["server_cpu_seconds"], usage["decoder_cpu_seconds"], usage["engine_cpu_seconds"])
    assert usage["cpu_seconds"] == pytest.approx(sum(parts), abs=0.01)
    assert usage["audio_seconds"] == pytest.approx(script.end / 1000 + 1, abs=0.2)
    # No word is seen before it was said, and what is emitted is in order.
    times = [row["at"] for row in found[:-1]]
    assert times == sorted(times)
    ends = [word.t1 / 1000 for word in script.words]
    seen = [row["at"] for row in found if row["kind"] == "commit" for _ in row["text"].split()]
    assert all(at > end for at, end in zip(seen, ends, strict=True))


@pytest.mark.slow  # Each is a process.
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("talk.wav", "--model", "scripted:none.json"), "The engine does not start"),
        (("none.wav", "--model", "scripted:x"), "There is no file"),
        (("talk.wav", "--model", "scripted:x", "--language", "!!"), "names no languages"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path: Path, script: Script, arguments: Sequence[str], sentence: str) -> None:
    """Each is a process; `moothall replay` says the same (`integration/cli/test_replay.py`)."""
    with chdir(tmp_path):
        done = replayed(*arguments, "--jsonl", "out.jsonl")
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
