from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall.wire.trial import TranslatorTrial, TrialOrder, TrialResult
from moothall_models.cli import Computing
from moothall_models.ports import Hypothesis, Recognizer, Window
from moothall_models.translators.echo import EchoTranslator
from moothall_models.translators.port import Translator, UnusableTranslation
from moothall_models.trial import main, try_model, try_translators


def seconds() -> float:
    return 1.0


def test_a_model_that_is_not_there_is_a_sentence() -> None:
    tried = try_model(TrialOrder(model="no-such-model"), seconds)
    assert "no-such-model" in tried.trouble
    assert tried.pass_ms == 0


class Hears(Recognizer):
    """Hears nothing, and how much it was given."""

    model = "hears"
    languages = ("es", "en")

    def __init__(self) -> None:
        self.windows: list[Window] = []

    def warm_up(self) -> None:
        pass

    def recognise(self, window: Window) -> Hypothesis:
        self.windows.append(window)
        return Hypothesis(language=window.languages[0], words=())


def test_a_model_that_is_there_hears_ten_seconds(tmp_path: Path) -> None:
    hears, key = Hears(), tmp_path / "key"
    key.write_text("secret\n")
    given: list[str] = []

    def load(name: str, folder: Path | None, computing: Computing, key: Callable[[], str]) -> tuple[Hears, object]:
        given.append(f"{name} {key()}")
        assert (folder, computing.threads) == (None, 2)
        return hears, None

    tried = try_model(TrialOrder(model="hears", threads=2, key_file=str(key)), seconds, load)
    assert (tried.trouble, tried.sound_ms, tried.model) == ("", 10_000, "hears")
    assert given == ["hears secret"]
    assert [(len(each.audio), each.languages) for each in hears.windows] == [(160_000, ("es",))]


class Insane(EchoTranslator):
    """Doesn't stand the test."""

    def check(self) -> None:
        raise UnusableTranslation("It isn't sane.")


def test_translators_are_loaded_and_asked() -> None:
    def find(names: Sequence[str]) -> Sequence[Translator]:
        if names == ("gone",):
            raise ConfigurationError("There is no translator 'gone'.")
        return (Insane() if names == ("broken",) else EchoTranslator(),)

    good, gone, broken = try_translators(("good", "gone", "broken"), find)
    assert good == TranslatorTrial(name="good", directions=("en>pt", "pt>en", "pt>es", "es>pt"))
    assert gone.trouble == "There is no translator 'gone'."
    assert broken.directions
    assert broken.trouble == "It isn't sane."


def test_an_order_comes_in_and_one_answer_goes_out() -> None:
    out = io.BytesIO()
    assert main(io.BytesIO(b'{"translators":["none"]}'), out) == 0
    answer = msgspec.json.decode(out.getvalue(), type=TrialResult)
    assert answer.model is None
    assert [each.name for each in answer.translators] == ["none"]
    assert json.loads(out.getvalue())


@pytest.mark.parametrize("name", ["argos", "apertium"])
def test_what_is_not_installed_is_no_breakdown(name: str) -> None:
    (tried,) = try_translators((name,))
    assert tried.name == name
