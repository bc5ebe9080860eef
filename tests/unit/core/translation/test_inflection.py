# ruff: noqa: RUF001  # letters of other scripts are meant as such

from __future__ import annotations

from moothall.core.translation.inflection import Inflection, inflected

ASSEMBLY = Inflection(
    nom="Ассамблея",
    gen="Ассамблеи",
    dat="Ассамблее",
    acc="Ассамблею",
    ins="Ассамблеей",
    prep="Ассамблее",
    gender="f",
)
COUNCIL = Inflection(nom="Совет", gen="Совета")
KNOWN = {"Ассамблея": ASSEMBLY, "Совет": COUNCIL}


def test_a_term_is_written_in_the_case_that_is_asked_for() -> None:
    assert inflected("Доклад XQ1X здесь.", ("Ассамблея",), KNOWN, "ru") == ("Доклад XQ1X здесь.", ("Ассамблеи",))
    assert inflected("с XQ1X", ("Ассамблея",), KNOWN, "ru")[1] == ("Ассамблеей",)


def test_a_case_that_is_not_given_is_the_nominative() -> None:
    assert inflected("к XQ1X", ("Совет",), KNOWN, "ru")[1] == ("Совет",)
    assert inflected("для XQ1X", ("Пакт",), KNOWN, "ru")[1] == ("Пакт",)


def test_a_list_has_one_case_and_terms_without_forms_stand_in_it() -> None:
    put_in = ("AfriNIC", "Совет", "Ассамблея")
    assert inflected("роль XQ1X, XQ2X и XQ3X", put_in, KNOWN, "ru")[1] == ("AfriNIC", "Совета", "Ассамблеи")
    assert inflected("XQ3X и XQ2X для XQ1X", put_in, KNOWN, "ru")[1] == ("AfriNIC", "Совет", "Ассамблея")


def test_other_words_agree_with_it() -> None:
    made = inflected("Этот XQ1X решил.", ("Ассамблея",), KNOWN, "ru")
    assert made == ("Эта XQ1X решила.", ("Ассамблея",))


def test_its_article_stands_where_an_engine_wrote_one() -> None:
    known = {"Asamblea": Inflection(nom="Asamblea", article="la"), "Assemblée": Inflection(article="l'")}
    assert inflected("del XQ1X", ("Asamblea",), known, "es")[1] == ("la Asamblea",)
    assert inflected("de XQ1X", ("Asamblea",), known, "es")[1] == ("Asamblea",)
    assert inflected("un XQ1X", ("Asamblea",), known, "es")[1] == ("Asamblea",)
    assert inflected("l'XQ1X", ("Assemblée",), known, "fr")[1] == ("l'Assemblée",)


def test_a_placeholder_of_no_term_changes_nothing() -> None:
    assert inflected("для XQ1X и XQ7X", ("Ассамблея",), KNOWN, "ru") == ("для XQ1X и XQ7X", ("Ассамблея",))


def test_its_texts_are_all_forms_once() -> None:
    assert ASSEMBLY.texts == ("Ассамблея", "Ассамблеи", "Ассамблее", "Ассамблею", "Ассамблеей")
