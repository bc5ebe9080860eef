"""What a visitor types is words, whatever it is; what was sought is marked; long lines are cut."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.adapters.search.stemming import stem
from moothall.core.search.folding import Folding
from moothall.core.search.query import (
    MOST_CHARACTERS,
    MOST_FORMS,
    MOST_TERMS,
    MarkedPiece,
    Query,
    SoughtTerms,
    has_all,
    marks,
    parse,
    pieces,
    sought,
)

FOLDING = Folding(stem)


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("digital divide", ("digital", "divide")),
        ('"digital  divide" wide', ("digital divide", "wide")),
        ("«fossé numérique»", ("fossé numérique",)),
        ("„digitale Kluft“", ("digitale Kluft",)),
        ('"not closed', ("not closed",)),
        ("multi-stakeholder", ("multi-stakeholder",)),
        ("a a", ("a",)),
        ('"" * - "…"', ()),
        ("x" * (MOST_CHARACTERS + 5), ("x" * MOST_CHARACTERS,)),
        (" ".join("abcdefghijkl"), tuple("abcdefghijkl"[:MOST_TERMS])),
    ],
)
def test_what_is_typed_is_words_and_phrases(typed: str, terms: tuple[str, ...]) -> None:
    assert parse(typed) == Query(terms)


def test_a_term_is_sought_in_its_forms_in_every_language() -> None:
    wanted = sought(parse("informations"), FOLDING)
    assert wanted.terms == ((("informations",), ("inform",), ("information",)),) or ("inform",) in wanted.terms[0]
    assert sought(parse("informations"), FOLDING, ["en"]).expression == '("inform" OR "informations")'
    assert sought(parse("multi-stakeholder 治理"), FOLDING, ["zh"]).expression == '("multi stakeholder") AND ("治 理")'
    assert sought(parse("…"), FOLDING) == SoughtTerms()
    assert sought(Query(("—",)), FOLDING) == SoughtTerms()
    assert SoughtTerms().expression == ""


def test_a_long_phrase_has_a_bounded_number_of_forms() -> None:
    [runs] = sought(parse('"' + "securite informacion " * 6 + '"'), FOLDING).terms
    assert len(runs) <= MOST_FORMS


def an_index() -> sqlite3.Connection:
    index = sqlite3.connect(":memory:")
    index.execute("CREATE VIRTUAL TABLE line USING fts5 (words, content = '', tokenize = 'ascii')")
    return index


@given(st.text(max_size=60))
def test_nothing_that_is_typed_is_syntax(typed: str) -> None:
    expression = sought(parse(typed), FOLDING).expression
    with closing(an_index()) as index:
        if expression:
            assert index.execute("SELECT count(*) FROM line WHERE line MATCH ?", (expression,)).fetchone() == (0,)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_a_line_is_found_by_each_of_its_words(text: str) -> None:
    with closing(an_index()) as index:
        index.execute("INSERT INTO line (rowid, words) VALUES (1, ?)", (FOLDING.words(text, "en"),))
        for token in FOLDING.tokens(text, "en"):
            wanted = sought(Query((text[token.start : token.end],)), FOLDING, ["en"])
            assert index.execute("SELECT rowid FROM line WHERE line MATCH ?", (wanted.expression,)).fetchall() == [(1,)]
            assert marks(tuple(FOLDING.tokens(text, "en")), wanted)


def test_what_was_sought_is_marked_whole() -> None:
    text = "The digital divide divides the divide."
    tokens = tuple(FOLDING.tokens(text, "en"))

    def marked(typed: str) -> list[str]:
        return [text[start:end] for start, end in marks(tokens, sought(parse(typed), FOLDING, ["en"]))]

    assert marked("divide") == ["divide", "divides", "divide"]
    assert marked('"digital divide" "divide the"') == ["digital divide", "divides the"]
    assert marked('"digital divide" "divide divide"') == ["digital divide divides"]
    assert marked("nothing") == []


@pytest.mark.parametrize("text", ["网络治理论坛", "網絡治理論壇"])
@pytest.mark.parametrize("typed", ["治理论坛", "治理論壇"])
def test_chinese_is_marked_in_either_script(text: str, typed: str) -> None:
    found = marks(tuple(FOLDING.tokens(text, "zh")), sought(parse(typed), FOLDING, ["zh"]))
    assert [text[start:end] for start, end in found] == [text[2:]]


def test_a_line_that_has_all_terms_is_told_from_one_that_has_some() -> None:
    tokens = tuple(FOLDING.tokens("The digital divide divides the divide.", "en"))
    for typed, has in (
        ("divide", True),
        ("divide digital", True),
        ("divide forum", False),
        ('"divide digital"', False),
    ):
        assert has_all(tokens, sought(parse(typed), FOLDING, ["en"])) == has
    assert has_all(tokens, sought(parse(""), FOLDING, ["en"]))


def test_a_line_is_cut_into_pieces() -> None:
    assert pieces("one two", [(4, 7)]) == (MarkedPiece("one ", False), MarkedPiece("two", True))
    assert pieces("one", ()) == (MarkedPiece("one", False),)
    long = "word " * 100
    shown = pieces(long, [(250, 254)], 100)
    assert [piece.text for piece in shown if piece.marked] == ["word"]
    assert (shown[0].text, shown[-1].text) == ("…", "…")
    assert len("".join(piece.text for piece in shown)) <= 102
    without = pieces("x" * 500, [(450, 460), (480, 499)], 100)
    assert without[0].text == "…"
    assert "".join(piece.text for piece in without if piece.marked) == "x" * 29
    assert pieces(long, (), 100)[-1].text == "…"
    assert pieces(long, [(0, 4), (400, 404)], 100)[0] == MarkedPiece("word", True)
