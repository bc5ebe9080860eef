"""The formulas of meetings, in spoken sentences, over the installed engines, and over any engine.

`tests/formulas/*.toml` are the tables, one for each language.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from pathlib import Path

import pytest

from moothall.core.translation.phrases import read_phrases
from moothall.core.translation.routes import Route, best_route
from moothall.core.translation.wording import finished, prepared, wording
from moothall_models.translators.apertium import ApertiumTranslator
from moothall_models.translators.bergamot import BergamotTranslator
from moothall_models.translators.port import Translator

TESTS = Path(__file__).parents[2]
TABLE = TESTS.parent / "config" / "phrases.toml"
PHRASES = read_phrases(TABLE.read_text(encoding="utf-8"), TABLE.name)
LANGUAGES = ("ar", "en", "es", "fr", "pt", "ru", "zh")
PAIRS = tuple(permutations(LANGUAGES, 2))

Engine = Callable[[Sequence[str]], Sequence[str]]


def sentences(source: str) -> list[dict[str, str]]:
    read = tomllib.loads((TESTS / "formulas" / f"{source}.toml").read_text(encoding="utf-8"))
    return [{name: str(value) for name, value in each.items()} for each in read["sentence"]]


@pytest.fixture(scope="module")
def translators() -> Iterator[tuple[Translator, ...]]:
    made: tuple[Translator, ...] = (BergamotTranslator(), ApertiumTranslator())
    yield made
    for each in made:
        each.close()


def over(route: Route, translators: Sequence[Translator]) -> Engine:
    def translate(texts: Sequence[str]) -> Sequence[str]:
        for hop in route.hops:
            engine = next(each for each in translators if hop in each.directions)
            texts = engine.translate(texts, hop)
        return texts

    return translate


def wrong(source: str, target: str, engine: Engine, *, joined: bool) -> list[str]:
    """Sentences that don't come out as the table has them; those with `joined` only where it is asked for."""
    by = wording(PHRASES, {}, source, target)
    found: list[str] = []
    for sentence in sentences(source):
        if target not in sentence or ("joined" in sentence and not joined):
            continue
        given = prepared(sentence["said"], source, by)
        translated = finished(engine(given.texts), given, target)
        expected = ".+".join(re.escape(part) for part in sentence[target].split("…"))
        if translated is None or re.fullmatch(expected, translated) is None:
            found.append(f"{sentence['said']} -> {translated}, not {sentence[target]}")
    return found


@pytest.mark.parametrize("source", LANGUAGES)
def test_a_table_has_forty_sentences_for_each_other_language(source: str) -> None:
    for target in set(LANGUAGES) - {source}:
        assert sum(target in sentence for sentence in sentences(source)) >= 40


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_each_formula_is_right_in_what_the_engines_make_of_its_sentence(
    source: str, target: str, translators: tuple[Translator, ...]
) -> None:
    route = best_route([each for one in translators for each in one.directions], source, target)
    if route is None:
        pytest.skip(f"Nothing is installed from {source} to {target}.")
    assert wrong(source, target, over(route, translators), joined=True) == []


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_each_formula_is_right_whatever_an_engine_makes_of_the_rest(source: str, target: str) -> None:
    assert wrong(source, target, lambda texts: texts, joined=False) == []
