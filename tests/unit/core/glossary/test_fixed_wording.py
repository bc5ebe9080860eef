from __future__ import annotations

import pytest

from moothall.core.glossary.fixed_wording import LONGEST, MOST_LANGUAGES, InTranslation, cleaned_written, forms_of
from moothall.core.translation.inflection import Inflection

COMPACT = InTranslation(
    term="Global Digital Compact", language="en", written={"es": "Pacto Digital Mundial", "pt-BR": "Pacto Digital"}
)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("en-GB", ("Global Digital Compact",)),
        ("es-MX", ("Pacto Digital Mundial",)),
        ("pt", ("Pacto Digital",)),
        ("fr", ()),
    ],
)
def test_it_is_said_in_its_language_and_as_it_is_written_in_others(source: str, said: tuple[str, ...]) -> None:
    assert COMPACT.said_in(source) == said


@pytest.mark.parametrize(
    ("target", "written"),
    [("en", "Global Digital Compact"), ("es", "Pacto Digital Mundial"), ("pt", "Pacto Digital"), ("fr", None)],
)
def test_where_nothing_is_written_an_engine_translates_it(target: str, written: str | None) -> None:
    assert COMPACT.written_in(target) == written


def test_the_exact_tag_goes_before_one_of_the_same_language() -> None:
    both = InTranslation(term="x1", written={"pt": "aqui", "pt-BR": "ali"})
    assert both.written_in("pt-br") == "ali"
    assert both.written_in("pt-AO") == "aqui"


def test_what_is_kept_stays_as_it_is_but_where_something_else_is_written() -> None:
    kept = InTranslation(term="Moothall", keep=True, written={"ar": "موتهول"})
    assert kept.said_in("en") == ("Moothall",)
    assert kept.said_in("ar") == ("Moothall", "موتهول")
    assert kept.written_in("fr") == "Moothall"
    assert kept.written_in("ar") == "موتهول"
    assert kept.says_something
    assert InTranslation(term="x1", keep=False).says_something
    assert not InTranslation(term="x1").says_something
    assert InTranslation(term="x1").written_in("fr") is None


def test_what_is_written_is_cleaned() -> None:
    assert cleaned_written({"es": " Pacto  Digital ", "fa": "می\u200cشود", "fr": " "}) == {
        "es": "Pacto Digital",
        "fa": "می\u200cشود",
    }
    assert cleaned_written({}) == {}


@pytest.mark.parametrize(
    "written",
    [
        {"es": "x" * (LONGEST + 1)},
        {"es": "a\u202eb"},
        {"Spanish": "x"},
        {"": "x"},
        {f"a{chr(97 + n)}": "x" for n in range(MOST_LANGUAGES + 1)},
    ],
)
def test_what_cannot_be_written_is_told(written: dict[str, str]) -> None:
    assert cleaned_written(written) is None


def test_forms_of_a_wording_are_cleaned_and_have_its_text_as_their_nominative() -> None:
    assert forms_of({"ru": "Женева", "es": "Ginebra"}, {"ru": {"gen": " Женевы ", "gender": "f"}}) == {
        "ru": Inflection(nom="Женева", gen="Женевы", gender="f")
    }
    assert forms_of({"ru": "Женева"}, {}) == {}


@pytest.mark.parametrize(
    "forms",
    [
        {"ru": {"genitive": "Женевы"}},
        {"ru": {"gender": "feminine"}},
        {"ru": {"nom": "Женева"}},
        {"ru": {"gen": "x" * (LONGEST + 1)}},
        {"uk": {"gen": "Женеви"}},
    ],
)
def test_what_is_no_form_or_has_no_wording_is_refused(forms: dict[str, dict[str, str]]) -> None:
    assert forms_of({"ru": "Женева"}, forms) is None
