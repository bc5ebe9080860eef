"""The status of a second pass's proposal, and the words in which it differs from its line."""

from __future__ import annotations

from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby

from moothall.core.events.lines import Origin
from moothall.core.kernel.letters import letters
from moothall.core.proposals.refining import MOSTLY, Proposal, pieces_of
from moothall.core.sessions.parts import Segment


class Fate(StrEnum):
    """The status of a proposal. Each value is one letter, since a page gets the values of all proposals together."""

    WAITS = "w"
    """Undecided; no person has changed the line, and most of its words would stay."""
    LISTEN = "m"
    """Undecided; no person has changed the line, but most of its words would be replaced: somebody has to
    listen first.
    """
    TOUCHED = "t"
    """Undecided, but a person has changed the line, who had a reason for the present words."""
    ACCEPTED = "a"
    """The line has the proposed text."""
    LEFT = "l"
    """Somebody decided to leave the line unchanged."""
    CHANGED = "c"
    """The text of the line has changed since: the proposal can't be applied any more."""
    GONE = "g"
    """The line no longer exists."""


APPLICABLE = frozenset({Fate.WAITS, Fate.LISTEN, Fate.TOUCHED, Fate.LEFT})
"""Statuses in which the line still has the text that the proposal was made for."""
WAITING = APPLICABLE - {Fate.LEFT}
"""Statuses in which somebody has to decide."""


def fate(proposal: Proposal, line: Segment | None, *, left: bool) -> Fate:
    """The status of a proposal; `line` is its line as it is now, or None; `left`: somebody decided to leave the line
    unchanged.
    """
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
"""A text in pieces, each with whether the other text differs there."""


def differing(old: str, new: str) -> tuple[Marked, Marked]:
    """Both texts, with the words marked in which they differ. Differences of case and punctuation count, since readers
    see them.

    Words are aligned without case and punctuation (Ratcliff and Obershelp, as in `difflib`), and then compared as
    written.
    """
    before, after = pieces_of(old.strip()), pieces_of(new.strip())
    matcher = SequenceMatcher(None, list(map(letters, before)), list(map(letters, after)), autojunk=False)
    stays_old, stays_new = set(), set()
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            one, other = block.a + step, block.b + step
            if before[one].strip() == after[other].strip():
                stays_old.add(one)
                stays_new.add(other)
    return _marked(before, stays_old), _marked(after, stays_new)


def _marked(pieces: list[str], stay: set[int]) -> Marked:
    """The pieces with adjacent ones of the same kind joined. A space belongs to the word after it."""
    runs = groupby(range(len(pieces)), lambda number: number not in stay)
    return tuple(("".join(pieces[number] for number in numbers), changed) for changed, numbers in runs)
