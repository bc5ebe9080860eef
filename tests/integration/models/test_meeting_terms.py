"""A glossary's terms, in spoken sentences of the six languages of the United Nations, over any engine.

`config/united-nations/glossary.toml` and `tests/formulas/terms.toml` have the terms. What an engine makes of the other
words is another matter.
"""

# ruff: noqa: RUF001  # letters and marks of other scripts are meant as such

from __future__ import annotations

from functools import cache
from itertools import permutations
from pathlib import Path

import pytest

from moothall.core.glossary.files import read_glossary
from moothall.core.glossary.translating import translation_forms, translation_terms
from moothall.core.translation.inflection import Inflection
from moothall.core.translation.phrases import read_phrases
from moothall.core.translation.wording import WordingRules, finished, prepared, wording
from support.sessions.deciding import opened

TESTS = Path(__file__).parents[2]
TABLE = TESTS.parent / "config" / "phrases.toml"
PHRASES = read_phrases(TABLE.read_text(encoding="utf-8"), TABLE.name)
FILES = (TESTS.parent / "config/united-nations/glossary.toml", TESTS / "formulas/terms.toml")
PARTS = tuple(part for file in FILES for part in read_glossary(file.read_text(encoding="utf-8"), file.name))
LANGUAGES = ("ar", "en", "es", "fr", "ru", "zh")
TERMS = [
    {tag: (term.term if tag == "en" else term.written_in(tag)) or term.term for tag in LANGUAGES}
    for part in PARTS
    for term in part.in_translation
]
SENTENCES = {
    "ar": ("نناقش {} اليوم.", "قال و{}، إن ذلك صحيح."),
    "en": ("We discuss {} today.", "If {}, then {}?"),
    "es": ("Hoy hablamos de {}.", "¿Y {}?"),
    "fr": ("Nous parlons de {} aujourd'hui.", "Et « {} » ?"),
    "ru": ("Тема сегодня — {}.", "А {}, что дальше?"),
    "zh": ("我们今天讨论{}的问题。", "主席，{}，好吗？"),
}
PAIRS = tuple(permutations(LANGUAGES, 2))


@cache
def rules(source: str, target: str) -> WordingRules:
    state = opened()
    terms = translation_terms(state, PARTS, None, source, target)
    return wording(PHRASES, terms, source, target, forms=translation_forms(state, PARTS, None, target))


FORMS = {tag: translation_forms(opened(), PARTS, None, tag) for tag in LANGUAGES}


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_forty_terms_of_forty_come_out_as_the_glossary_has_them(source: str, target: str) -> None:
    assert len(TERMS) == 40
    by = rules(source, target)
    wrong: list[str] = []
    for term in TERMS:
        for sentence in SENTENCES[source]:
            given = prepared(sentence.format(term[source], term[source]), source, by)
            done = finished(given.texts, given, target) or ""
            if term[target] not in done or (term[source] not in term[target] and term[source] in done):
                wrong.append(f"{term[source]} -> {done}, not {term[target]}")
    assert wrong == []


RUSSIAN = (
    ("{} здесь.", "nom"),
    ("Доклад {} здесь.", "gen"),
    ("Мы работаем для {}.", "gen"),
    ("Обратимся к {}!", "dat"),
    ("Благодарю {}.", "acc"),
    ("Они согласны с {}, и это важно.", "ins"),
    ("Мы говорим о {}.", "prep"),
)
"""Sentences around a term, and the case that they ask for."""


@pytest.mark.parametrize(("sentence", "case"), RUSSIAN)
def test_forty_of_forty_are_written_in_the_russian_case_that_is_asked_for(sentence: str, case: str) -> None:
    wrong: list[str] = []
    for term in TERMS:
        form = getattr(FORMS["ru"].get(term["ru"]), case, term["ru"])
        given = prepared(f"We think of {term['en']}.", "en", rules("en", "ru"))
        done = finished([sentence.format("XQ1X")], given, "ru")
        about = {"о": "об" if form[0] in "АИОУЭ" else "о", "с": "со" if form.startswith("Вс") else "с"}
        about["к"] = "ко" if form.startswith("Вс") else "к"
        want = " ".join(about.get(word, word) for word in sentence.split(" ")).format(form)
        wrong += [] if done == want else [f"{done}, not {want}"]
    assert wrong == []


AGREE = {"": ("решил", "нашего"), "f": ("решила", "нашей"), "n": ("решило", "нашего"), "pl": ("решили", "наших")}
"""What an engine's решил and нашего become beside terms of each gender."""


def test_russian_words_agree_with_forty_of_forty() -> None:
    wrong: list[str] = []
    for term in TERMS:
        forms = FORMS["ru"].get(term["ru"], Inflection())
        decided, our = AGREE[forms.gender.replace("m", "")]
        given = prepared(f"We think of {term['en']}.", "en", rules("en", "ru"))
        for sentence, want in (
            ("Вчера XQ1X решил это.", f"Вчера {term['ru']} {decided} это."),
            ("Вот роль нашего XQ1X сегодня.", f"Вот роль {our} {forms.gen or term['ru']} сегодня."),
        ):
            done = finished([sentence], given, "ru")
            wrong += [] if done == want else [f"{done}, not {want}"]
    assert wrong == []


def test_terms_in_a_list_have_one_russian_case() -> None:
    given = prepared("The roles of Kenya, Norway and the General Assembly.", "en", rules("en", "ru"))
    done = finished(["Роли XQ1X, XQ2X и XQ3X."], given, "ru")
    assert done == "Роли Кении, Норвегии и Генеральной Ассамблеи."


@pytest.mark.parametrize("case", ["gen", "dat", "acc", "ins", "prep"])
@pytest.mark.parametrize("target", ["ar", "en", "es", "fr", "zh"])
def test_forty_of_forty_are_found_in_each_russian_case(case: str, target: str) -> None:
    for term in TERMS:
        form = getattr(FORMS["ru"].get(term["ru"]), case, term["ru"])
        given = prepared(f"Речь о том, что {form}, и так далее.", "ru", rules("ru", target))
        assert given.texts == ("Речь о том, что XQ1X, и так далее.",), form
        assert term[target] in (finished(given.texts, given, target) or "")


ARTICLES = {
    "es": ("Es parte del {}.", "Se dirige al {}.", "Es la {}.", "Es parte de la {}."),
    "fr": ("Il fait partie du {}.", "Il parle au {}.", "Voici la {}.", "Il fait partie de l'{}."),
}
"""Sentences of an engine that takes each term for masculine or feminine."""
WITH = {
    ("es", "el"): ("Es parte del {}.", "Se dirige al {}.", "Es el {}.", "Es parte del {}."),
    ("es", "la"): ("Es parte de la {}.", "Se dirige a la {}.", "Es la {}.", "Es parte de la {}."),
    ("es", "los"): ("Es parte de los {}.", "Se dirige a los {}.", "Es los {}.", "Es parte de los {}."),
    ("es", "las"): ("Es parte de las {}.", "Se dirige a las {}.", "Es las {}.", "Es parte de las {}."),
    ("fr", "le"): ("Il fait partie du {}.", "Il parle au {}.", "Voici le {}.", "Il fait partie du {}."),
    ("fr", "la"): ("Il fait partie de la {}.", "Il parle à la {}.", "Voici la {}.", "Il fait partie de la {}."),
    ("fr", "l'"): ("Il fait partie de l'{}.", "Il parle à l'{}.", "Voici l'{}.", "Il fait partie de l'{}."),
    ("fr", "les"): ("Il fait partie des {}.", "Il parle aux {}.", "Voici les {}.", "Il fait partie des {}."),
}
"""What has to come of them, by the term's own article."""


@pytest.mark.parametrize("target", ["es", "fr"])
def test_all_terms_with_an_article_are_written_with_it(target: str) -> None:
    wrong: list[str] = []
    counted = 0
    for term in TERMS:
        forms = FORMS[target].get(term[target], Inflection())
        given = prepared(f"We think of the {term['en']}.", "en", rules("en", target))
        for sentence, want in zip(ARTICLES[target], WITH.get((target, forms.article), ()), strict=False):
            done = finished([sentence.format("XQ1X")], given, target) or ""
            wrong += [] if done == want.format(term[target]) else [f"{done}, not {want.format(term[target])}"]
            counted += 1
    assert wrong == []
    assert counted >= 4 * 28  # The others are names of places and persons.


def test_forty_of_forty_are_joined_to_arabic_particles_and_have_what_agrees() -> None:
    wrong: list[str] = []
    for term in TERMS:
        name, forms = term["ar"], FORMS["ar"].get(term["ar"], Inflection())
        arabic = "\u0620" <= name[0] <= "\u064a"
        bare = name.removeprefix("ال")
        to = f"لل{bare}".replace("للل", "لل") if name.startswith("ال") else f"ل{name}" if arabic else f"لل {name}"
        by = f"ب{name}" if arabic else f"ب {name}"
        this, which, decides = ("هذه", "التي", "قررت") if forms.gender == "f" else ("هذا", "الذي", "قرر")
        given = prepared(f"We think of {term['en']}.", "en", rules("en", "ar"))
        for sentence, want in (
            ("نشكر لل XQ1X جهده.", f"نشكر {to} جهده."),
            ("نعمل ب XQ1X اليوم.", f"نعمل {by} اليوم."),
            ("هذا XQ1X الذي نعرفه.", f"{this} {name} {which} نعرفه."),
            ("قرر XQ1X ذلك.", f"{decides} {name} ذلك."),
        ):
            done = finished([sentence], given, "ar")
            wrong += [] if done == want else [f"{done}, not {want}"]
    assert wrong == []


def test_nothing_stands_between_chinese_and_a_term() -> None:
    by = wording((), {"AfriNIC": "AfriNIC", "Kenya": "肯尼亚"}, "en", "zh")
    given = prepared("We thank AfriNIC and Kenya for it.", "en", by)
    assert finished(["我们感谢 XQ1X 和 XQ2X 的支持."], given, "zh") == "我们感谢AfriNIC和肯尼亚的支持。"


def test_an_arabic_particle_is_joined_to_a_term() -> None:
    by = wording((), {"Security Council": "مجلس الأمن", "Fifth Committee": "اللجنة الخامسة"}, "en", "ar")
    given = prepared("From the Security Council to the Fifth Committee.", "en", by)
    assert finished(["من ال XQ1X ل XQ2X."], given, "ar") == "من مجلس الأمن للجنة الخامسة."
