"""The places of voters on a plane: the first two principal components of their votes, by power iteration.

As in Polis, a vote is +1, 0 or -1, a missing one counts as the mean of the votes on that comment, and a voter who voted
on few comments is moved outwards by the root of (comments / own votes), since missing votes pull towards the middle.

Source: C. Small, M. Bjorkegren, T. Erkkilä, L. Shaw, C. Megill, "Polis: Scaling Deliberation by Mapping High
Dimensional Opinion Spaces", RECERCA 26 (2021), and the code of Polis (math/src/polismath/math/pca.clj).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import hypot, sqrt
from operator import mul

VoterRow = Mapping[int, float]
"""The votes of one voter, by the number of the comment."""
Point = tuple[float, float]

MOST_STEPS = 2_000
"""Steps of one power iteration. Overflow: the direction that was reached is taken."""
_STILL = 1e-10
"""A step that moves the direction less than this was the last."""
_NOTHING = 1e-9
"""A spread below this is none: all voters are in one place along this direction."""
_GOLDEN = 0.6180339887498949


def points_of(rows: Sequence[VoterRow], columns: int, *, steps: int = MOST_STEPS) -> list[Point]:
    """The places of voters, one for each row. No row is empty; `columns`: the number of comments; `steps`: the most of
    one power iteration.
    """
    centred = _centred(rows, columns)
    spread = _covariance(centred, columns)
    first = _direction(spread, steps)
    second = _direction(_without(spread, first), steps)
    return [
        (scale * _along(row, first), scale * _along(row, second))
        for row in centred
        for scale in [sqrt(columns / len(row))]
    ]


def _centred(rows: Sequence[VoterRow], columns: int) -> list[dict[int, float]]:
    """The rows less the means of their columns: a missing vote, which counts as the mean, is 0 here, and left out."""
    sums, counts = [0.0] * columns, [0] * columns
    for row in rows:
        for column, value in row.items():
            sums[column] += value
            counts[column] += 1
    means = [each / count if count else 0.0 for each, count in zip(sums, counts, strict=True)]
    return [{column: value - means[column] for column, value in row.items()} for row in rows]


def _covariance(rows: Sequence[VoterRow], columns: int) -> list[list[float]]:
    found = [[0.0] * columns for _ in range(columns)]
    for row in rows:
        for column, value in row.items():
            line = found[column]
            for other, another in row.items():
                line[other] += value * another
    return found


def _direction(spread: Sequence[Sequence[float]], steps: int) -> list[float]:
    """The direction of the greatest spread, of length 1, its greatest part positive; zero where nothing is spread."""
    # A start that is at right angles to no direction which votes can have.
    at = [0.5 + (n * _GOLDEN) % 1 for n in range(len(spread))]
    for _ in range(steps):
        turned = [sum(map(mul, line, at)) for line in spread]
        length = hypot(*turned)
        if length < _NOTHING:
            return [0.0] * len(at)
        before, at = at, [each / length for each in turned]
        if max(abs(one - other) for one, other in zip(before, at, strict=True)) < _STILL:
            break
    sign = 1.0 if max(at, key=abs) > 0 else -1.0
    return [sign * each for each in at]


def _without(spread: Sequence[Sequence[float]], direction: Sequence[float]) -> list[list[float]]:
    """What is spread at right angles to a direction."""
    turned = [sum(map(mul, line, direction)) for line in spread]
    size = sum(map(mul, turned, direction))
    return [
        [each - size * one * other for each, other in zip(line, direction, strict=True)]
        for line, one in zip(spread, direction, strict=True)
    ]


def _along(row: VoterRow, direction: Sequence[float]) -> float:
    return sum(value * direction[column] for column, value in row.items())
