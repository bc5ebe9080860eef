"""Votes on comments for tests: camps that differ on some comments and share others."""

from __future__ import annotations

from random import Random

from moothall.core.events.question_parts import Opinion
from moothall.core.kernel.ids import InterventionId

SHARED = (InterventionId("shared-0"), InterventionId("shared-1"))
"""Comments with which everybody agrees, and disagrees."""


def comment(n: int) -> InterventionId:
    return InterventionId(f"c{n:02}")


def camps(
    *sizes: int, comments: int = 12, answered: float = 0.9, true: float = 0.95, seed: int = 1
) -> dict[str, dict[InterventionId, Opinion]]:
    """The votes of camps of these sizes; the voters of camp 1 are `1-00` and so on.

    `answered`: how likely somebody votes on a comment; `true`: how likely as their camp does.
    """
    chance = Random(seed)  # noqa: S311  # repeatable, and no secret
    lines = [[chance.choice((Opinion.AGREE, Opinion.DISAGREE)) for _ in range(comments)] for _ in sizes]
    for n in range(comments):  # Each comment parts the camps.
        lines[n % len(sizes)][n] = Opinion.AGREE
        for other in range(1, len(sizes)):
            lines[(n + other) % len(sizes)][n] = Opinion.DISAGREE
    found: dict[str, dict[InterventionId, Opinion]] = {}
    for camp, size in enumerate(sizes):
        for voter in range(size):
            own = found[f"{camp}-{voter:03}"] = {SHARED[0]: Opinion.AGREE, SHARED[1]: Opinion.DISAGREE}
            for n in range(comments):
                if chance.random() < answered:
                    own[comment(n)] = lines[camp][n] if chance.random() < true else Opinion.PASS
    return found


REFERENCES = (((14, 12), 1.0, 0.95), ((13, 12, 11), 0.9, 0.95), ((16, 9), 0.7, 0.8))
"""Sizes of camps, `answered` and `true`, for which red-dwarf was asked (`tools/opinion_reference.py`)."""
