from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from moothall.core.translation.routes import Direction
from moothall_models.translators.port import UnusableTranslation
from moothall_models.translators.students import LoadedModel, Student, StudentTranslator


class PanicException(BaseException):
    """As native code raises it."""

    __module__ = "pyo3_runtime"


class Loaded:
    """A model that may be used by the thread alone that made it, and repeats a text in capitals, or fails."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf, self._thread = shelf, threading.get_ident()

    def translate(self, text: str) -> str:
        if threading.get_ident() != self._thread:
            raise PanicException("unsendable")
        self._shelf.asked.append(text)
        if self._shelf.failing:
            raise self._shelf.failing.pop()
        return self._shelf.answer.format(text.upper())


class Shelf:
    def __init__(self, *pairs: str) -> None:
        self.loads: list[str] = []
        self.asked: list[str] = []
        self.failing: list[BaseException] = []
        self.answer = " {} "
        students: Mapping[Direction, Student] = {
            Direction(engine="test", version="1", source=pair[:2], target=pair[3:], cost=1): Student(
                model=Path(pair),
                source_vocabulary=Path("vocabulary"),
                target_vocabulary=Path("vocabulary"),
                shortlist=None,
                reads=lambda piece: piece != "12:30.",
                most=(2, 60),
            )
            for pair in pairs
        }
        self.translator = StudentTranslator(students, missing=None, broken="Fetch it again.", load=self.load)

    def load(self, student: Student) -> LoadedModel:
        self.loads.append(student.model.name)
        return Loaded(self)

    def translate(self, text: str, number: int = 0) -> str:
        return self.translator.translate([text], self.translator.directions[number])[0]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf("en_fr", "en_zh", "zh_en")


def test_a_model_is_loaded_once_and_used_by_one_thread_whoever_asks(shelf: Shelf) -> None:
    assert shelf.loads == []
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(shelf.translate, ["hello"] * 8)) == ["HELLO"] * 8
    assert shelf.loads == ["en_fr"]


def test_it_is_asked_a_sentence_at_a_time_and_nothing_too_long(shelf: Shelf) -> None:
    long = "and so on " * 50 + "the end."
    assert shelf.translate(f"It is open.  We begin: {long}") == f"IT IS OPEN. WE BEGIN: {long.upper()}"
    assert shelf.asked[0] == "It is open."
    assert max(map(len, shelf.asked)) <= 320
    shelf.asked.clear()
    shelf.translate("会议开始了" * 50, 2)
    assert max(map(len, shelf.asked)) <= 120


def test_sentences_of_chinese_are_joined_without_spaces(shelf: Shelf) -> None:
    assert shelf.translate("It is open. We begin.", 1) == "IT IS OPEN.WE BEGIN."


def test_what_a_model_makes_nothing_of_stays_as_it_is(shelf: Shelf) -> None:
    assert shelf.translate("12:30. Yes.") == "12:30. YES."
    assert shelf.asked == ["Yes."]


@pytest.mark.parametrize("answer", ["", "{0}" * 8])
def test_nothing_and_far_too_much_are_no_translation(answer: str, shelf: Shelf) -> None:
    shelf.answer = answer
    assert shelf.translate("hello there") == "hello there"


@pytest.mark.parametrize("error", [PanicException("secret"), RuntimeError("secret"), UnicodeError("secret")])
def test_a_failure_of_native_code_costs_one_text(shelf: Shelf, error: BaseException) -> None:
    shelf.failing.append(error)
    with pytest.raises(UnusableTranslation, match="The model from en to fr failed") as caught:
        shelf.translate("hello")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert shelf.translate("hello") == "HELLO"
    assert shelf.loads == ["en_fr", "en_fr"]


def test_an_interrupt_is_no_failure(shelf: Shelf) -> None:
    shelf.failing.append(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        shelf.translate("hello")


def test_a_model_that_has_rested_is_loaded_again(shelf: Shelf) -> None:
    assert shelf.translate("hello") == "HELLO"
    shelf.translator.rest(shelf.translator.directions[0])
    assert shelf.translate("hello") == "HELLO"
    assert shelf.loads == ["en_fr", "en_fr"]
    shelf.translator.close()
    shelf.translator.rest(shelf.translator.directions[0])


def test_once_closed_it_translates_nothing(shelf: Shelf) -> None:
    assert shelf.translate("hello") == "HELLO"
    for _ in range(2):
        shelf.translator.close()
    with pytest.raises(UnusableTranslation, match="were closed"):
        shelf.translate("hello")


def test_a_direction_of_another_translator_is_a_mistake(shelf: Shelf) -> None:
    with pytest.raises(ValueError, match="There is no model from en to fr"):
        Shelf().translator.translate(["hello"], shelf.translator.directions[0])


def test_its_self_test_says_which_model_is_not_sane(shelf: Shelf) -> None:
    with pytest.raises(
        UnusableTranslation, match=r"test 1 doesn't translate .* from en to fr sanely\. Fetch it again\."
    ):
        shelf.translator.check()
