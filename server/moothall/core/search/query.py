"""What a visitor's words ask for: words and phrases that a line has to have, all of them.

Whatever is typed is words: no sign has a meaning but the quotation marks around a phrase. The expression for the index
(SQLite FTS5) is made of tokens in quotation marks, which hold letters and figures only, so that nobody can write one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice, product
from typing import NamedTuple

import msgspec

from moothall.core.kernel.languages import primary
from moothall.core.search.folding import STEMMED, Folding, Token

MOST_CHARACTERS = 200
"""Characters of a query. Overflow: the rest is left out."""
MOST_TERMS = 8
"""Terms of a query. Overflow: the rest is left out."""
MOST_WORDS = 24
"""Words of a term, or characters of a language that has no spaces. Overflow: the rest is left out."""
MOST_FORMS = 16
"""Runs of tokens that are sought for one term. Overflow: accents are put back in fewer ways."""
MOST_SHOWN = 400
"""Characters of a line that are shown; lines that machines hear are shorter."""
_QUOTES = '"\u201c\u201d\u201e\u201f\u00ab\u00bb\u300c\u300d\u300e\u300f'
_TERM = re.compile(f"[{_QUOTES}]([^{_QUOTES}]*)(?:[{_QUOTES}]|$)|([^\\s{_QUOTES}]+)")
_NO_LANGUAGE = ""


class Query(msgspec.Struct, frozen=True):
    """The terms of a query, each a word or a phrase as it was typed. A line that is found has all of them."""

    terms: tuple[str, ...] = ()


class SoughtTerms(msgspec.Struct, frozen=True):
    """A query folded for the languages of the lines: for each term the runs of tokens of which one has to be there."""

    terms: tuple[tuple[tuple[str, ...], ...], ...] = ()

    @property
    def expression(self) -> str:
        """The expression of FTS5; empty when nothing is sought."""
        return " AND ".join(f"({' OR '.join(map(_quoted, runs))})" for runs in self.terms)


def parse(text: str) -> Query:
    """Read what a visitor typed. What stands between quotation marks, or has no space in it, is one term."""
    terms = []
    for found in _TERM.finditer(text[:MOST_CHARACTERS]):
        term = " ".join((found[1] if found[1] is not None else found[2]).split())
        if any(each.isalnum() for each in term) and term not in terms:
            terms.append(term)
    return Query(tuple(terms[:MOST_TERMS]))


def sought(query: Query, folding: Folding, languages: Iterable[str] = STEMMED) -> SoughtTerms:
    """Fold a query for lines in these languages (BCP-47); words of any other language are not stemmed."""
    spoken = tuple(dict.fromkeys([*map(primary, languages), _NO_LANGUAGE]))
    runs = (_runs(term, folding, spoken) for term in query.terms)
    return SoughtTerms(tuple(each for each in runs if each))


def _runs(term: str, folding: Folding, languages: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The runs of tokens that a term may be in a text of one of the languages."""
    written = [term[token.start : token.end] for token in folding.tokens(term, _NO_LANGUAGE)][:MOST_WORDS]
    if not written:
        return ()
    ways = [product(*(folding.forms(word, language) for word in written)) for language in languages]
    found = dict.fromkeys(next(each) for each in ways)  # as it was typed, in every language
    for each in ways:
        found.update(dict.fromkeys(islice(each, MOST_FORMS)))
    return tuple(islice(found, MOST_FORMS))


def marks(tokens: Sequence[Token], wanted: SoughtTerms) -> tuple[tuple[int, int], ...]:
    """Where the terms stand in a text with these tokens: spans of characters, in order, none touching another."""
    words = tuple(token.word for token in tokens)
    spans = [
        (tokens[at].start, tokens[at + len(run) - 1].end)
        for runs in wanted.terms
        for run in runs
        for at in range(len(words) - len(run) + 1)
        if words[at : at + len(run)] == run
    ]
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def has_all(tokens: Sequence[Token], wanted: SoughtTerms) -> bool:
    """Whether a text with these tokens has all terms, and so is found by its words."""
    words = tuple(token.word for token in tokens)
    return all(
        any(words[at : at + len(run)] == run for run in runs for at in range(len(words) - len(run) + 1))
        for runs in wanted.terms
    )


class MarkedPiece(NamedTuple):
    """A piece of a text."""

    text: str
    marked: bool
    """Whether it is what was sought."""


def pieces(text: str, spans: Sequence[tuple[int, int]], most: int = MOST_SHOWN) -> tuple[MarkedPiece, ...]:
    """Cut a text at its marked spans. Of a text longer than `most` characters only the part around the first span is
    given, cut between words where there are some, and marked with an ellipsis where something is left out.
    """
    start, end = 0, len(text)
    if end > most:
        start = max(0, min((spans[0][0] if spans else 0) - most // 3, end - most))
        end = start + most
        if start and (space := text.find(" ", start, start + most // 3)) >= 0:
            start = space + 1
        if end < len(text) and (space := text.rfind(" ", end - most // 3, end)) >= 0:
            end = space + 1
    found = [MarkedPiece("…", False)] if start else []
    at = start
    for first, last in spans:
        if first >= end or last <= at:
            continue
        found.append(MarkedPiece(text[at : max(at, first)], False))
        found.append(MarkedPiece(text[max(at, first) : min(last, end)], True))
        at = min(last, end)
    found.append(MarkedPiece(text[at:end], False))
    if end < len(text):
        found.append(MarkedPiece("…", False))
    return tuple(each for each in found if each.text)


def _quoted(run: Sequence[str]) -> str:
    """A phrase of FTS5. Tokens have no quotation marks in them; they are doubled all the same, as FTS5 asks."""
    words = " ".join(run).replace('"', '""')
    return f'"{words}"'
