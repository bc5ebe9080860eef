"""A glossary's terms, in spoken sentences of the six languages of the United Nations, over any engine.

`tests/formulas/terms.toml` has the terms. What an engine makes of the other words is another matter.
"""

# ruff: noqa: RUF001  # letters and marks of other scripts are meant as such

from __future__ import annotations

import tomllib
from itertools import permutations
from pathlib import Path

import pytest

from moothall.core.translation.phrases import read_phrases
from moothall.core.translation.wording import finished, prepared, wording

TESTS = Path(__file__).parents[2]
TABLE = TESTS.parent / "config" / "phrases.toml"
PHRASES = read_phrases(TABLE.read_text(encoding="utf-8"), TABLE.name)
TERMS: list[dict[str, str]] = tomllib.loads((TESTS / "formulas" / "terms.toml").read_text(encoding="utf-8"))["term"]
SENTENCES = {
    "ar": ("نناقش {} اليوم.", "قال و{}، إن ذلك صحيح."),
    "en": ("We discuss {} today.", "If {}, then {}?"),
    "es": ("Hoy hablamos de {}.", "¿Y {}?"),
    "fr": ("Nous parlons de {} aujourd'hui.", "Et « {} » ?"),
    "ru": ("Тема сегодня — {}.", "А {}, что дальше?"),
    "zh": ("我们今天讨论{}的问题。", "主席，{}，好吗？"),
}
PAIRS = tuple(permutations(sorted(SENTENCES), 2))


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_forty_terms_of_forty_come_out_as_the_glossary_has_them(source: str, target: str) -> None:
    assert len(TERMS) == 40
    by = wording(PHRASES, {term[source]: term[target] for term in TERMS}, source, target)
    wrong: list[str] = []
    for term in TERMS:
        for sentence in SENTENCES[source]:
            given = prepared(sentence.format(term[source], term[source]), source, by)
            done = finished(given.texts, given, target) or ""
            if term[target] not in done or (term[source] not in term[target] and term[source] in done):
                wrong.append(f"{term[source]} -> {done}, not {term[target]}")
    assert wrong == []


def test_nothing_stands_between_chinese_and_a_term() -> None:
    by = wording((), {"AfriNIC": "AfriNIC", "Kenya": "肯尼亚"}, "en", "zh")
    given = prepared("We thank AfriNIC and Kenya for it.", "en", by)
    assert finished(["我们感谢 XQ1X 和 XQ2X 的支持."], given, "zh") == "我们感谢AfriNIC和肯尼亚的支持。"


def test_an_arabic_particle_is_joined_to_a_term() -> None:
    by = wording((), {"Security Council": "مجلس الأمن", "Fifth Committee": "اللجنة الخامسة"}, "en", "ar")
    given = prepared("From the Security Council to the Fifth Committee.", "en", by)
    assert finished(["من ال XQ1X ل XQ2X."], given, "ar") == "من مجلس الأمن للجنة الخامسة."
