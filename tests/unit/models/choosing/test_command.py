from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall.testing.scripted import make_script, render
from moothall_models.choosing.command import MeasuredMachine, main, parser, suggest
from moothall_models.choosing.measuring import Judge, MeasuringClocks
from moothall_models.choosing.own_folders import describe, read_entry
from moothall_models.ports import Recognizer, Samples
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity
from moothall_models.store import ModelStore
from moothall_models.store.progress import Silent
from support.models.tone_models import streaming_model

SCRIPT = make_script(7, 24)


class Clock:
    def __init__(self, times: float = 1.0) -> None:
        self.now = 0.0
        self.times = times

    def seconds(self) -> float:
        self.now += 0.005
        return self.now

    def computing(self) -> float:
        return self.now * self.times


def load(name: str, workers: int) -> tuple[Recognizer, Callable[[], Judge]]:
    if name == "damaged":
        raise ConfigurationError("The weights are damaged.")
    if name == "strange":
        raise RuntimeError("no such layer")
    return ScriptedRecognizer(SCRIPT), lambda: ScriptedVoiceActivity().probabilities


def sound(file: Path | None) -> Samples:
    assert file is None
    return (np.frombuffer(render(SCRIPT), dtype="<i2") / 32_768).astype(np.float32)


class Shelf:
    """A store with the models of some names; `away` are not fetched."""

    def __init__(self, tmp_path: Path, *names: str, away: tuple[str, ...] = ()) -> None:
        folder = streaming_model(tmp_path / "model")
        entries = "".join(describe(folder, name, ("en", "ar"), "MIT") for name in (*names, *away))
        self.store = ModelStore(tmp_path / "shelf", read_entry(entries))
        for name in names:
            self.store.fetch(name, Silent())

    def suggest(self, *argv: str, clock: Clock | None = None) -> tuple[int, str]:
        clock = Clock() if clock is None else clock
        machine = MeasuredMachine(self.store, MeasuringClocks(clock.seconds, clock.computing), load, sound, 1)
        out = io.StringIO()
        return suggest(machine, parser().parse_args(["suggest", *argv]), out, io.StringIO()), out.getvalue()


def test_each_model_that_is_here_is_measured_and_languages_get_advice(tmp_path: Path) -> None:
    status, said = Shelf(tmp_path, "ours", away=("larger",)).suggest("--language", "en", "--language", "sw")
    assert status == 0
    lines = said.splitlines()
    assert lines[0].startswith("ours: ")
    assert "rooms at a time on 1 cores" in lines[0]
    assert lines[1].startswith("Not here, so not measured: larger.")
    assert lines[2].startswith("en: take ours, which this machine carries for")
    assert lines[3].startswith("sw: no model of the list knows it")
    assert len(lines) == 4


def test_one_model_alone_may_be_measured(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, "ours", "other")
    _, said = shelf.suggest("other")
    assert "ours:" not in said
    with pytest.raises(ConfigurationError, match="There is no model 'nothing'"):
        shelf.suggest("nothing")


def test_what_cant_be_measured_says_why_and_the_others_are(tmp_path: Path) -> None:
    _, said = Shelf(tmp_path, "damaged", "strange", "ours").suggest()
    lines = said.splitlines()
    assert lines[:2] == ["damaged: The weights are damaged.", "strange: RuntimeError: no such layer"]
    assert lines[2].startswith("ours: ")


def test_a_busy_machine_is_told(tmp_path: Path) -> None:
    _, said = Shelf(tmp_path, "ours").suggest(clock=Clock(0.3))
    assert "Something else used this machine meanwhile." in said
    _, said = Shelf(tmp_path / "again", "ours").suggest()
    assert "Something else" not in said


def test_without_any_model_it_says_how_to_get_one(tmp_path: Path) -> None:
    status, said = Shelf(tmp_path, away=("ours",)).suggest()
    assert (status, said) == (
        1,
        "No model that could be measured is here. `moothall models fetch` gets the default.\n",
    )


def test_describe_writes_an_entry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = streaming_model(tmp_path / "zipformer-en")
    assert main(["describe", str(folder), "--language", "en", "--licence", "MIT", "--first"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("format = 1\n\n[[model]]\n")
    assert read_entry(said.removeprefix("format = 1\n")).model("zipformer-en").languages == ("en",)


def test_what_is_wrong_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", str(tmp_path / "none"), "--language", "en", "--licence", "MIT"]) == 1
    assert "There is no folder" in capsys.readouterr().err
    assert main(["describe", str(tmp_path), "--name", "Ours!", "--language", "en", "--licence", "MIT"]) == 2
    assert "can't be a model's name" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["suggest", "--language", "no tag"])
    assert "is no language tag" in capsys.readouterr().err


def test_the_command_is_a_program_of_its_own(tmp_path: Path) -> None:
    folder = streaming_model(tmp_path / "ours")
    asked = ["models", "describe", str(folder), "--language", "en", "--licence", "MIT"]
    done = subprocess.run([sys.executable, "-m", "moothall", *asked], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert read_entry(done.stdout).model("ours").licence == "MIT"
