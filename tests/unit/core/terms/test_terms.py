from __future__ import annotations

import pytest

from moothall.core.events import types as ev
from moothall.core.terms.terms import LONGEST, ChosenTerm, Term, cleaned, key_of, with_term


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" Adaobi \t Nwankwo\n", "Adaobi Nwankwo"),
        ("Kerte\u0301sz", "Kertész"),
        ("N'Djamena", "N'Djamena"),
        ("5G", "5G"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # noqa: RUF001
        ("人权", "人权"),
        ("A", None),
        ("", None),
        ("…!", None),
        ("Smith, John", None),
        ("<|endoftext|>", None),
        ("one two three four five six", "one two three four five six"),
        ("one two three four five six seven", None),
        ("x" * LONGEST, "x" * LONGEST),
        ("x" * (LONGEST + 1), None),
        ("bell\u0007ringer", None),
        ("left\u202eright", None),
    ],
)
def test_a_term_is_short_and_stands_alone(given: str, kept: str | None) -> None:
    assert cleaned(given) == kept


def test_spellings_that_differ_in_case_are_one_term() -> None:
    assert key_of("AfriNIC") == key_of("afrinic")
    assert key_of("की") != key_of("का")


def test_a_term_may_belong_to_a_language() -> None:
    assert Term(text="Etikette").said_in(("en",))
    assert Term(text="Etikette", language="de").said_in(("en", "de-CH"))
    assert not Term(text="Etikette", language="de").said_in(("en",))


def test_the_last_word_on_a_term_counts_and_null_takes_it_back() -> None:
    terms = with_term({}, ev.TermChosen(term="AfriNIC", wanted=True, language="en"))
    terms = with_term(terms, ev.TermChosen(term="Kisumu", wanted=True))
    terms = with_term(terms, ev.TermChosen(term="AFRINIC", wanted=False))
    assert list(terms.items()) == [
        ("kisumu", ChosenTerm(term="Kisumu", wanted=True)),
        ("afrinic", ChosenTerm(term="AFRINIC", wanted=False)),
    ]
    assert list(with_term(terms, ev.TermChosen(term="kisumu", wanted=None))) == ["afrinic"]
    told = ev.TermChosen(term="Kisumu", wanted=True, keep=True, written={"ar": "كيسومو"})
    assert with_term({}, told)["kisumu"] == ChosenTerm(term="Kisumu", wanted=True, keep=True, written={"ar": "كيسومو"})
    assert with_term(terms, ev.TermChosen(term="unheard of", wanted=None)) == terms
