"""What became of a proposal of a second pass, and in which words it differs from the line that it is about."""

from __future__ import annotations

from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby

from moothall.core.events.types import Origin
from moothall.core.proposals.refining import MOSTLY, Proposal, pieces_of, plainly
from moothall.core.session.parts import Segment


class Fate(StrEnum):
    """Where a proposal stands. A letter each: a page is told all of them at once."""

    WAITS = "w"
    """No person has touched the line, and most of its words would stay."""
    LISTEN = "m"
    """No person has touched the line, but most of its words would go: somebody has to listen first."""
    TOUCHED = "t"
    """It waits, but a person has touched the line, and knew what they did."""
    ACCEPTED = "a"
    """The line reads as was proposed."""
    LEFT = "l"
    """Somebody decided to leave the line as it is."""
    CHANGED = "c"
    """The line has changed since: the proposal can't be carried out any more."""
    GONE = "g"
    """There is no such line any more."""


APPLICABLE = frozenset({Fate.WAITS, Fate.LISTEN, Fate.TOUCHED, Fate.LEFT})
"""Where the line still reads as it did when it was looked at."""
WAITING = APPLICABLE - {Fate.LEFT}
"""What somebody has to decide on."""


def fate(proposal: Proposal, line: Segment | None, *, left: bool) -> Fate:
    """Where a proposal stands; `line` is its line as it is now, `left` whether somebody left it as it is."""
    if line is None or line.gone:
        return Fate.GONE
    stands = line.whole.strip()
    if stands == proposal.new.strip():
        return Fate.ACCEPTED
    if not line.ended or stands != proposal.old.strip():
        return Fate.CHANGED
    if left:
        return Fate.LEFT
    if line.origin is not Origin.MACHINE or line.mended or line.respoken:
        return Fate.TOUCHED
    return Fate.WAITS if proposal.stays >= MOSTLY else Fate.LISTEN


Marked = tuple[tuple[str, bool], ...]
"""A text in pieces, each with whether the other text has something else in its place."""


def differing(old: str, new: str) -> tuple[Marked, Marked]:
    """Two texts with the words marked in which they differ; case and punctuation count, since they are seen.

    Words are aligned by what they say (Ratcliff and Obershelp, as in `difflib`), then compared as they are written.
    """
    before, after = pieces_of(old.strip()), pieces_of(new.strip())
    matcher = SequenceMatcher(None, list(map(plainly, before)), list(map(plainly, after)), autojunk=False)
    stays_old, stays_new = set(), set()
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            one, other = block.a + step, block.b + step
            if before[one].strip() == after[other].strip():
                stays_old.add(one)
                stays_new.add(other)
    return _marked(before, stays_old), _marked(after, stays_new)


def _marked(pieces: list[str], stay: set[int]) -> Marked:
    """The pieces, those that are alike joined; a space stands with the word behind it."""
    runs = groupby(range(len(pieces)), lambda number: number not in stay)
    return tuple(("".join(pieces[number] for number in numbers), changed) for changed, numbers in runs)
