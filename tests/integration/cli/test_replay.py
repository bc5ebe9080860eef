"""`moothall replay` through server, engine, link and door, with a script whose words are known."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

import pytest

from moothall.cli.main import main
from moothall.testing.scripted import Script, render
from support.sound.scripted_talk import committed, rows, scripted_talk


def moothall(*arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "MOOTHALL_SERVER__PORT": "0"}
    return subprocess.run(
        [sys.executable, "-m", "moothall", *arguments],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        check=False,
        timeout=280,
        env=environment,
    )


@pytest.fixture
def script(tmp_path: Path) -> Script:
    return scripted_talk(tmp_path)


def test_raw_samples_are_played_from_standard_input(tmp_path: Path, script: Script) -> None:
    out = tmp_path / "out.jsonl"
    done = moothall(
        "replay", "-", "--model", f"scripted:{tmp_path / 'script.json'}", "--jsonl", str(out),
        stdin=render(script),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert committed(rows(out)) == [word.text.strip() for word in script.words]


# adapters/sound/test_audio_file.py plays a truncated file, and the test above the whole command.
@pytest.mark.slow
def test_a_truncated_recording_gives_what_it_has_and_says_so(tmp_path: Path, script: Script) -> None:
    whole = (tmp_path / "talk.wav").read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[: len(whole) // 2])
    out = tmp_path / "out.jsonl"
    done = moothall(
        "replay", str(tmp_path / "cut.wav"), "--model", f"scripted:{tmp_path / 'script.json'}", "--jsonl", str(out)
    )
    assert done.returncode == 0, done.stderr.decode()
    assert b"cut off" in done.stderr
    heard, known = committed(rows(out)), [word.text.strip() for word in script.words]
    assert 5 < len(heard) < len(known)
    assert heard == known[: len(heard)]


WRONG = [
    (("replay", "empty.wav", "--model", "scripted:x", "--jsonl", "out.jsonl"), "is empty"),
    (("replay", "none.wav", "--model", "scripted:x", "--jsonl", "out.jsonl"), "There is no file"),
    (("replay", ".", "--model", "scripted:x", "--jsonl", "out.jsonl"), "is a folder"),
    (("replay", "x.wav", "--model", "no-such-model", "--jsonl", "out.jsonl"), "There is no model 'no-such-model'"),
    (("replay", "x.wav", "--model", "scripted:x", "--language", "!!"), "names no languages"),
    (("serve", "--play", "x.wav", "--model", "scripted:x", "--session", "No Name"), "can't name a session"),
    (("read", "http://127.0.0.1:9/s/none"), "can't be reached"),
    (("read", "http://127.0.0.1:9/s/none", "--jsonl", "no/out"), "can't be written"),
    (("serve", "--config", "none.toml"), "none.toml"),
]


@pytest.mark.parametrize(("arguments", "sentence"), WRONG)
def test_bad_input_is_one_sentence_and_status_1(
    tmp_path: Path,
    arguments: Sequence[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "empty.wav").touch()
    with chdir(tmp_path):
        assert main(arguments) == 1
    said = capsys.readouterr().err
    assert sentence in said
    assert said.strip().count("\n") == 0
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_no_sound_is_one_sentence_of_the_program_and_status_1(tmp_path: Path) -> None:
    (tmp_path / "notes.mp3").write_text("This is no sound.")
    out = str(tmp_path / "out.jsonl")
    done = moothall("replay", str(tmp_path / "notes.mp3"), "--model", "scripted:x", "--jsonl", out)
    assert done.returncode == 1
    text = done.stderr.decode()
    assert "no audio was found" in text
    assert text.strip().count("\n") == 0, text


def test_a_port_that_is_taken_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(("serve", "--port", port, "--data", str(tmp_path), "--model", "scripted:x")) == 1
    said = capsys.readouterr().err
    assert f"can't listen on 127.0.0.1:{port}" in said
    assert "Traceback" not in said
