"""The pipe with other programs in it: `cat` repeats its input, as Apertium does with unknown words."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from moothall_models.translators.apertium_pipe import MOST_MORE, ApertiumPipe, Later
from moothall_models.translators.port import UnusableTranslation

Made = Callable[..., ApertiumPipe]


@pytest.fixture
def made() -> Iterator[Made]:
    pipes: list[ApertiumPipe] = []

    def make(*commands: Sequence[str], later: Later = threading.Timer) -> ApertiumPipe:
        pipes.append(ApertiumPipe(commands, "test", later=later))
        return pipes[-1]

    yield make
    for pipe in pipes:
        pipe.close()


@pytest.mark.parametrize("text", ["", "the meeting", "[[a]] ^b$ {c} <d> @e/f\\g\\\\", "~x~", ".[][ ]", "é 你 😀"])
def test_what_stands_for_itself_comes_back_as_it_was(made: Made, text: str) -> None:
    pipe = made(["cat"], ["cat"])
    assert pipe.translate(text) == text
    assert pipe.translate("and the next") == "and the next"


def test_reserved_signs_go_in_behind_a_backslash(made: Made) -> None:
    doubled = made(["sed", "-zu", r"s/\\/|/g"])
    assert doubled.translate("[a] \\ $5") == "|[a|] || |$5"


def test_programs_start_when_they_are_needed_and_stay(made: Made) -> None:
    pipe = made(["cat"])
    assert pipe.group is None
    pipe.translate("one")
    group = pipe.group
    pipe.translate("two")
    assert pipe.group == group is not None


def test_programs_that_end_are_started_again_once(made: Made) -> None:
    with pytest.raises(UnusableTranslation, match="for test end, or give no whole answer"):
        made(["cat"], ["true"]).translate("one")
    one_answer_each = made(["head", "-zn1"])
    assert [one_answer_each.translate(text) for text in ("one", "two")] == ["one", "two"]


@pytest.mark.parametrize("commands", [[["no-such-program"]], [["cat"], ["no-such-program"]]])
def test_programs_that_are_not_there(made: Made, commands: list[list[str]]) -> None:
    pipe = made(*commands)
    with pytest.raises(UnusableTranslation, match="can't be started: No such file"):
        pipe.translate("one")
    assert pipe.group is None


def test_programs_that_do_not_answer_are_put_down(made: Made) -> None:
    pipe = made(["sleep", "1000"], later=lambda seconds, then: threading.Timer(0.0, then))
    with pytest.raises(UnusableTranslation, match="no answer for test in 10 s"):
        pipe.translate("one")
    assert pipe.group is None


def test_an_answer_without_end_is_cut_off(made: Made) -> None:
    pipe = made(["yes"])
    with pytest.raises(UnusableTranslation, match="no whole answer"):
        pipe.translate("one")
    assert pipe.group is None
    assert MOST_MORE < 65_536


def test_an_answer_in_two_is_none(made: Made) -> None:
    pipe = made(["sed", "-zu", r"s/ /\x00/"])
    with pytest.raises(UnusableTranslation, match="no whole answer"):
        pipe.translate("one two")
    assert pipe.group is None
    assert pipe.translate("three") == "three"


def test_one_that_is_closed_in_the_midst_of_a_text_fails(made: Made) -> None:
    begun: list[ApertiumPipe] = []

    begun.append(made(["sleep", "1000"], later=lambda seconds, then: _Closing(begun[0])))
    with pytest.raises(UnusableTranslation, match="was closed"):
        begun[0].translate("one")


class _Closing(threading.Timer):
    """Closes the pipe from another thread, as a shutdown does, and is not waited for."""

    def __init__(self, pipe: ApertiumPipe) -> None:
        super().__init__(0.0, pipe.close)

    def join(self, timeout: float | None = None) -> None:
        """Not now: it waits for the text that waits for it."""
