"""Spelling: what counts as the same word, and where sentences and clauses end.

For six modules that compare words or look for an end, none of them above the others.
"""

from __future__ import annotations

SENTENCE_MARKS = ".?!…。？！｡؟।"  # noqa: RUF001 (the marks themselves)
CLAUSE_MARKS = SENTENCE_MARKS + ",;:、，；：،"  # noqa: RUF001
_CLOSERS = "\"'”’»)]}」』》）"  # noqa: RUF001
_ABBREVIATIONS = frozenset(
    ("mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "vs", "etc", "nr", "vol", "fig", "approx", "dept", "gen", "rep")
    # "no." is left out: it ends more sentences than it numbers things.
)
"""Without their point; a text that ends with one goes on."""


def plain(text: str) -> str:
    """A word without case and punctuation, for comparison. `" Real-time,"` → `"realtime"`."""
    return "".join(filter(str.isalnum, text.casefold()))


def ends_sentence(text: str) -> bool:
    """Whether a sentence may be over after this word. `" 3."`, `" Mr."`, `" J."` and `" e.g."` don't end one."""
    word = text.strip().rstrip(_CLOSERS)
    if not word or word[-1] not in SENTENCE_MARKS:
        return False
    if word[-1] != ".":
        return True
    stem = word.rstrip(".")
    initial = len(stem) == 1 and stem.isalpha() and stem.isupper()
    return not (initial or "." in stem or stem.isdecimal() or stem.casefold() in _ABBREVIATIONS)


def ends_clause(text: str) -> bool:
    """Whether a clause is over after this word."""
    word = text.strip().rstrip(_CLOSERS)
    return bool(word) and word[-1] in CLAUSE_MARKS
