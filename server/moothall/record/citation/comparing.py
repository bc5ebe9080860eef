"""Compares two versions of a text word by word, and of a record line by line.

The parts of a comparison give both texts exactly: those that aren't added make up the first, those that aren't removed
the second.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from enum import StrEnum

import msgspec

from moothall.core.kernel.ids import SegmentId

MAX_TOKENS = 4_000
"""The most words, spaces and signs of one text that are compared; a line has some fifty. A longer text counts as
replaced as a whole, since the comparison's cost grows with the square.
"""
_WRITTEN_WITHOUT_SPACES = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
"""How the Unicode names of characters begin that are compared one by one, since no space stands between words."""

_WITHIN = "'\u2019\u200c\u200d"
"""What stands within words though it is no letter: apostrophes, and what joins or parts letters unseen."""


class WordChange(StrEnum):
    """What became of a part of a text."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


class ComparedPart(msgspec.Struct, frozen=True):
    """A part of a comparison; the parts of a kind that stand beside each other are one."""

    change: WordChange
    text: str


class ComparedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that two versions have differently."""

    segment: SegmentId
    parts: tuple[ComparedPart, ...]
    """The line's words; all removed or all added where only one version has the line."""
    named: tuple[str, str] | None = None
    """The speaker's name in both versions, where it differs; empty where nobody is named."""


class VersionLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a version, as it is compared."""

    segment: SegmentId
    text: str
    name: str = ""


def compare(before: str, after: str) -> tuple[ComparedPart, ...]:
    """Return the parts of two texts in their order: what was removed stands before what was added in its place."""
    if before == after:
        return (ComparedPart(WordChange.SAME, before),) if before else ()
    old, new = list(_tokens(before)), list(_tokens(after))
    if max(len(old), len(new)) > MAX_TOKENS:
        old, new = [before], [after]
    return tuple(_parts(old, new))


def compare_lines(before: Sequence[VersionLine], after: Sequence[VersionLine]) -> tuple[ComparedLine, ...]:
    """Return the lines that differ, in the order of the second version; lines that only the first has stand where they
    stood.
    """
    return tuple(line for line in _compared(before, after) if line is not None)


def _compared(before: Sequence[VersionLine], after: Sequence[VersionLine]) -> Iterator[ComparedLine | None]:
    old = {line.segment: line for line in before}
    there = {line.segment for line in after}
    gone = _gone_before(before, there)
    for line in after:
        known = old.get(line.segment)
        yield from gone.get(line.segment, ())
        if known is None:
            yield ComparedLine(segment=line.segment, parts=compare("", line.text))
        elif (known.text, known.name) != (line.text, line.name):
            named = None if known.name == line.name else (known.name, line.name)
            yield ComparedLine(segment=line.segment, parts=compare(known.text, line.text), named=named)
    yield from gone.get(None, ())


def _gone_before(
    before: Sequence[VersionLine], there: set[SegmentId]
) -> Mapping[SegmentId | None, Sequence[ComparedLine]]:
    """The lines that the second version lacks, by the next line that it has; None for those at the end."""
    gone: dict[SegmentId | None, list[ComparedLine]] = {}
    waiting: list[ComparedLine] = []
    for line in before:
        if line.segment not in there:
            waiting.append(ComparedLine(segment=line.segment, parts=compare(line.text, "")))
        elif waiting:
            gone[line.segment], waiting = waiting, []
    gone[None] = waiting
    return gone


def _tokens(text: str) -> Iterator[str]:
    """Words, and each space and sign by itself; single characters where words have no spaces between them."""
    word = ""
    for character in text:
        if _in_word(character) and not _stands_alone(character):
            word += character
            continue
        if word:
            yield word
            word = ""
        yield character
    if word:
        yield word


def _in_word(character: str) -> bool:
    return character in _WITHIN or unicodedata.category(character)[0] in "LMN"


def _stands_alone(character: str) -> bool:
    return not character.isascii() and unicodedata.name(character, "").startswith(_WRITTEN_WITHOUT_SPACES)


def _parts(old: Sequence[str], new: Sequence[str]) -> Iterator[ComparedPart]:
    """The parts, with changes joined between which only spaces stayed the same: replaced words are shown as one."""
    removed = added = spaces = ""
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        was, now = "".join(old[i1:i2]), "".join(new[j1:j2])
        if tag != "equal":
            removed, added, spaces = removed + spaces + was, added + spaces + now, ""
        elif (removed or added) and now.isspace():
            spaces = now
        else:
            yield from _change(removed, added)
            removed = added = ""
            yield ComparedPart(WordChange.SAME, now)
    yield from _change(removed, added)
    if spaces:
        yield ComparedPart(WordChange.SAME, spaces)


def _change(removed: str, added: str) -> Iterator[ComparedPart]:
    if removed:
        yield ComparedPart(WordChange.REMOVED, removed)
    if added:
        yield ComparedPart(WordChange.ADDED, added)
