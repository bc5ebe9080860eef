from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from moothall.core.translation.routes import best_route
from moothall_models.translators.argos import MOST_TOKENS, PIECE, ArgosModel, ArgosTranslator
from moothall_models.translators.argos_package import MODEL, ArgosPackage, installed_packages
from moothall_models.translators.bergamot import BergamotTranslator
from moothall_models.translators.port import UnusableTranslation
from support.models.argos_packages import put_package, written


class Loaded:
    """A package with a token a letter that says its text in capitals, or what it is told."""

    def __init__(self, asked: list[str], says: list[str | Exception]) -> None:
        self._asked = asked
        self._says = says

    def tokens(self, text: str) -> list[str]:
        return list(text)

    def translate(self, tokens: Sequence[str], most: int) -> str:
        self._asked.append("".join(tokens))
        assert len(tokens) < most <= 3 * len(tokens) + 20
        said = self._says.pop(0) if self._says else "".join(tokens).upper()
        if isinstance(said, Exception):
            raise said
        return said


class Shelf:
    def __init__(self, folder: Path) -> None:
        put_package(folder, "en", "ru")
        put_package(folder, "en", "zh")
        self.loads: list[str] = []
        self.asked: list[str] = []
        self.says: list[str | Exception] = []
        self.unloadable = False
        self.translator = ArgosTranslator(installed_packages(folder), load=self.load)

    def load(self, package: ArgosPackage) -> ArgosModel:
        self.loads.append(package.target)
        if self.unloadable:
            raise RuntimeError("secret")
        return Loaded(self.asked, self.says)

    def translate(self, text: str, direction: int = 0) -> str:
        return self.translator.translate([text], self.translator.directions[direction])[0]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def test_a_package_gets_a_sentence_at_a_time_and_is_loaded_once(shelf: Shelf) -> None:
    assert shelf.loads == []
    assert shelf.translate("One is here. Two are.") == "ONE IS HERE. TWO ARE."
    assert shelf.asked == ["One is here.", "Two are."]
    assert shelf.translate("Three.") == "THREE."
    assert shelf.loads == ["ru"]


def test_chinese_sentences_have_no_space_between(shelf: Shelf) -> None:
    shelf.says += ["一。", "二。"]
    assert shelf.translate("One is here. Two are.", 1) == "一。二。"


def test_no_part_has_more_characters_or_tokens_than_a_model_takes(shelf: Shelf) -> None:
    text = " ".join(["word"] * 500)
    assert shelf.translate(text) == text.upper()
    assert max(map(len, shelf.asked)) <= MOST_TOKENS < PIECE
    assert shelf.translate("一" * 500, 1) == "一" * 500


def test_what_has_no_letter_stays_as_it_is(shelf: Shelf) -> None:
    assert shelf.translate("12 % … 😀") == "12 % … 😀"
    assert shelf.asked == []


def test_letters_for_which_a_model_gives_nothing_stay(shelf: Shelf) -> None:
    shelf.says += ["  "]
    assert shelf.translate("Ωμέγα.") == "Ωμέγα."


def test_control_characters_of_a_model_become_spaces(shelf: Shelf) -> None:
    shelf.says += ["a\0b\n c"]
    assert shelf.translate("Yes.") == "a b c"


def test_a_model_that_says_too_much_fails_that_text(shelf: Shelf) -> None:
    shelf.says += ["word " * 100]
    with pytest.raises(UnusableTranslation, match="gave 500 characters for 4"):
        shelf.translate("Yes.")
    assert shelf.translate("Yes.") == "YES."


def test_a_failure_holds_no_text_and_the_package_is_loaded_again(shelf: Shelf) -> None:
    shelf.says += [RuntimeError("secret")]
    with pytest.raises(UnusableTranslation, match=r"from en to ru failed; it is loaded again") as caught:
        shelf.translate("A secret.")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert shelf.translate("Yes.") == "YES."
    assert shelf.loads == ["ru", "ru"]


def test_a_package_that_can_not_be_loaded_is_named_with_what_to_do(shelf: Shelf) -> None:
    shelf.unloadable = True
    for act in (lambda: shelf.translate("Yes."), shelf.translator.check):
        with pytest.raises(UnusableTranslation, match=r"translate-en_ru-1_9 can't be loaded .* Install it again"):
            act()


def test_the_check_wants_an_answer(shelf: Shelf) -> None:
    shelf.says += ["Да.", " "]
    with pytest.raises(UnusableTranslation, match="translate-en_zh-1_9 gives nothing"):
        shelf.translator.check()


def test_a_package_that_can_not_be_read_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = put_package(tmp_path, "en", "ru")
    packages = installed_packages(tmp_path)
    (folder / MODEL).unlink()
    assert ArgosTranslator(packages).directions == ()
    assert "can't be read and is not used (No such file or directory)" in caplog.text


def test_without_the_libraries_no_package_is_used_and_they_are_named(tmp_path: Path) -> None:
    put_package(tmp_path, "en", "ru")
    put_package(tmp_path, "ar", "en")
    translator = ArgosTranslator(installed_packages(tmp_path), libraries=("ctranslate2", "no_such_module"))
    assert translator.directions == ()
    assert translator.missing == (
        "Installed packages aren't used (ar to en, en to ru): no_such_module isn't installed. "
        "pip install 'moothall[translate]'"
    )
    assert ArgosTranslator((), libraries=("no_such_module",)).missing is None


def test_an_installed_package_comes_before_the_ways_that_come_with_moothall(tmp_path: Path) -> None:
    for target in ("pt", "es", "fr"):
        put_package(tmp_path, "en", "ru", to_code=target).rename(tmp_path / target)
    installed = ArgosTranslator(installed_packages(tmp_path)).directions
    bundled = BergamotTranslator().directions
    chained = [each for each in bundled if each.source == "en"]
    for target in ("pt", "es", "fr"):
        route = best_route([*installed, *chained], "en", target)
        assert route is not None
        assert [hop.engine for hop in route.hops] == ["argos"]
        assert not route.rough


def test_a_prefix_is_given_and_taken_away_again(tmp_path: Path) -> None:
    # The model writes letters by their place, so the prefix stands where its first one would: that of the space.
    put_package(tmp_path, "en", "ru", target_prefix="__to__")
    translator = ArgosTranslator(installed_packages(tmp_path))
    assert translator.translate(["Hello there"], translator.directions[0]) == [written("hello there", "en", "ru")]


def test_a_real_package_that_is_damaged_says_so(tmp_path: Path) -> None:
    (put_package(tmp_path, "en", "ru") / MODEL).write_bytes(b"no model")
    translator = ArgosTranslator(installed_packages(tmp_path))
    with pytest.raises(UnusableTranslation, match="can't be loaded"):
        translator.check()
