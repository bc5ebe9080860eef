from __future__ import annotations

from moothall.core.events import types as ev
from moothall.core.terms.chosen import ChosenTerm, with_term


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
