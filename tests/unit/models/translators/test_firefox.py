from __future__ import annotations

from pathlib import Path

import pytest

from moothall_models.manifest import ModelFile
from moothall_models.translators.firefox import FirefoxTranslator
from moothall_models.translators.firefox_model import (
    MODEL,
    SHORTLIST,
    SOURCE_VOCABULARY,
    TARGET_VOCABULARY,
    VOCABULARY,
    FirefoxModel,
)
from moothall_models.translators.students import LoadedModel, Student


class Same:
    """A model that says what it was given."""

    def translate(self, text: str) -> str:
        return text.upper()


class Shelf:
    """Two models: one with a vocabulary and a shortlist, one with two vocabularies and none."""

    def __init__(self, folder: Path) -> None:
        self.loads: list[Student] = []
        files = (ModelFile(name=MODEL, size=1, sha256="0123456789abcdef" * 4),)
        there = {"fr": (VOCABULARY, SHORTLIST), "zh": (SOURCE_VOCABULARY, TARGET_VOCABULARY)}
        self.models = []
        for target, names in there.items():
            model = FirefoxModel(folder=folder / target, source="en", target=target, architecture="tiny", files=files)
            model.folder.mkdir()
            for name in names:
                (model.folder / name).touch()
            self.models.append(model)
        self.translator = FirefoxTranslator(self.models, load=self.load)

    def load(self, student: Student) -> LoadedModel:
        self.loads.append(student)
        return Same()

    def translate(self, text: str) -> list[str]:
        return [self.translator.translate([text], each)[0] for each in self.translator.directions]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def test_each_model_is_a_direction_with_its_version(shelf: Shelf) -> None:
    assert [(each.engine, each.version, each.source, each.target) for each in shelf.translator.directions] == [
        ("firefox", "tiny-01234567", "en", "fr"),
        ("firefox", "tiny-01234567", "en", "zh"),
    ]
    assert shelf.translator.missing is None


def test_without_the_package_it_says_what_to_install(shelf: Shelf) -> None:
    nothing = FirefoxTranslator(shelf.models, package="no_such_package")
    assert nothing.directions == ()
    assert str(nothing.missing).startswith("Fetched models aren't used (en to fr, en to zh): no_such_package isn't")
    assert FirefoxTranslator([], package="no_such_package").missing is None


def test_a_model_has_one_vocabulary_or_two_and_perhaps_a_shortlist(shelf: Shelf) -> None:
    assert shelf.translate("hello") == ["HELLO", "HELLO"]
    one, two = shelf.loads
    assert one.source_vocabulary == one.target_vocabulary
    assert [path.name for path in (one.model, one.source_vocabulary, one.shortlist) if path is not None] == [
        MODEL,
        VOCABULARY,
        SHORTLIST,
    ]
    assert (two.source_vocabulary.name, two.target_vocabulary.name) == (SOURCE_VOCABULARY, TARGET_VOCABULARY)
    assert two.shortlist is None


def test_what_has_no_letter_stays_as_it_is(shelf: Shelf) -> None:
    assert shelf.translate("12:30. 😀") == ["12:30. 😀", "12:30.😀"]
    assert shelf.loads == []
