"""Numbers the paragraphs of a document's new version, so that each keeps the number that it had in earlier versions.

A message is known by its reference, any other paragraph by its key and its place among those with the same key. What is
new gets a number that no version had.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

import msgspec

from moothall.core.events.outcome_parts import NumberedParagraph

_Group = tuple[str, str]


def numbered(
    paragraphs: Sequence[NumberedParagraph], before: Sequence[Sequence[NumberedParagraph]]
) -> tuple[NumberedParagraph, ...]:
    """The paragraphs with their numbers; `before`: those of the earlier versions, oldest first."""
    known: dict[_Group, list[NumberedParagraph]] = {}
    for version in before:
        known |= _groups(version)
    following = max((each.n for version in before for each in version), default=0) + 1
    kept = {
        id(paragraph): n
        for group, found in _groups(paragraphs).items()
        for paragraph, n in _kept(found, known.get(group, ()))
    }
    numbers = []
    for paragraph in paragraphs:
        n = kept.get(id(paragraph))
        if n is None:
            n, following = following, following + 1
        numbers.append(msgspec.structs.replace(paragraph, n=n))
    return tuple(numbers)


def _groups(paragraphs: Iterable[NumberedParagraph]) -> dict[_Group, list[NumberedParagraph]]:
    """The paragraphs by what they are known by, in order."""
    groups: dict[_Group, list[NumberedParagraph]] = {}
    for each in paragraphs:
        name = ("", each.key) if each.message is None else (each.message.report, each.message.message)
        groups.setdefault(name, []).append(each)
    return groups


def _kept(
    now: Sequence[NumberedParagraph], was: Sequence[NumberedParagraph]
) -> Iterable[tuple[NumberedParagraph, int]]:
    """Pairs of a paragraph and the number that it had: equal texts, and changed ones in the same place."""
    matched = SequenceMatcher(None, [each.text for each in was], [each.text for each in now], autojunk=False)
    for what, first, last, start, end in matched.get_opcodes():
        if what in ("equal", "replace"):
            yield from zip(now[start:end], (each.n for each in was[first:last]), strict=False)
