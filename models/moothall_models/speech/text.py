"""Spelling: which words count as the same (`plain`), and where sentences and clauses end.

A module by itself, below 40 lines, since several modules use it that don't import each other.
"""

from __future__ import annotations

from moothall.core.kernel.letters import letters

plain = letters
"""What of a word is compared."""
SENTENCE_MARKS = ".?!…。？！｡؟।"  # noqa: RUF001 (the marks themselves)
CLAUSE_MARKS = SENTENCE_MARKS + ",;:、，；：،"  # noqa: RUF001
CLOSERS = "\"'”’»)]}」』》）"  # noqa: RUF001
_ABBREVIATIONS = frozenset(
    ("mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "vs", "etc", "nr", "vol", "fig", "approx", "dept", "gen", "rep")
    # "no." is left out: it ends more sentences than it numbers things.
)
"""Abbreviations without their final point; after one of them the sentence isn't over."""


def ends_sentence(text: str) -> bool:
    """Whether a sentence may be over after this word. `" 3."`, `" Mr."`, `" J."` and `" e.g."` don't end one."""
    word = text.strip().rstrip(CLOSERS)
    if not word or word[-1] not in SENTENCE_MARKS:
        return False
    if word[-1] != ".":
        return True
    stem = word.rstrip(".")
    initial = len(stem) == 1 and stem.isalpha() and stem.isupper()
    return not (initial or "." in stem or stem.isdecimal() or stem.casefold() in _ABBREVIATIONS)


def ends_clause(text: str) -> bool:
    """Whether a clause is over after this word."""
    word = text.strip().rstrip(CLOSERS)
    return bool(word) and word[-1] in CLAUSE_MARKS
