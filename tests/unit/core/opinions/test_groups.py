from __future__ import annotations

import json
from collections import Counter
from math import prod
from pathlib import Path
from typing import Any

import pytest

from moothall.core.events.question_parts import Opinion
from moothall.core.opinions.clusters import silhouette
from moothall.core.opinions.components import points_of
from moothall.core.opinions.groups import ENOUGH, MORE_THAN, VALUES, groups_of
from moothall.core.opinions.shared import estimate
from moothall.core.questions.disclosure import FEWEST
from support.opinions import REFERENCES, camps, comment

FOUND = json.loads((Path(__file__).parents[3] / "golden/opinions.json").read_text(encoding="utf-8"))


def test_camps_are_found_the_largest_first() -> None:
    for sizes in ((12, 15), (11, 9, 14)):
        found = groups_of(camps(*sizes))
        assert sorted(map(len, found), reverse=True) == sorted(sizes, reverse=True)
        assert [len({voter[0] for voter in group}) for group in found] == [1] * len(sizes)


def test_groups_are_told_apart_only_among_more_than_twenty() -> None:
    assert groups_of(camps(MORE_THAN // 2, MORE_THAN // 2)) == []
    assert len(groups_of(camps(MORE_THAN // 2, MORE_THAN // 2 + 1))) == 2
    assert groups_of({}) == []


def test_no_group_has_fewer_than_five() -> None:
    assert all(len(group) >= 5 for group in groups_of(camps(4, 18)))


def test_whoever_voted_on_few_comments_is_in_no_group() -> None:
    votes = camps(12, 12, answered=1.0)
    votes["late"] = {comment(n): Opinion.AGREE for n in range(ENOUGH - 1)}
    votes["none"] = {}
    assert {voter for group in groups_of(votes) for voter in group} == votes.keys() - {"late", "none"}
    # Where there are fewer comments than seven, all of them are enough.
    few = {f"v{n}": {comment(0): Opinion.AGREE if n % 2 else Opinion.DISAGREE} for n in range(24)}
    assert [len(group) for group in groups_of(few)] == [12, 12]


def test_of_very_many_some_are_placed() -> None:
    assert sum(map(len, groups_of(camps(20, 20), most=30))) == 30


@pytest.mark.parametrize("found", FOUND, ids=lambda found: str(found["sizes"]))
def test_red_dwarf_finds_the_same(found: dict[str, Any]) -> None:
    """What Polis computes, as red-dwarf does it (`tools/opinion_reference.py`)."""
    sizes, answered, true = tuple(found["sizes"]), found["answered"], found["true"]
    assert (sizes, answered, true) in REFERENCES
    votes = camps(*sizes, answered=answered, true=true)
    comments, voters = sorted({name for given in votes.values() for name in given}), sorted(votes)
    rows = [{comments.index(name): VALUES[vote] for name, vote in votes[voter].items()} for voter in voters]
    points = points_of(rows, len(comments))
    for axis in (0, 1):  # A direction has no sign.
        own, theirs = ([point[axis] for point in each] for each in (points, found["points"]))
        sign = 1 if sum(a * b for a, b in zip(own, theirs, strict=True)) > 0 else -1
        assert [sign * each for each in own] == pytest.approx(theirs, abs=1e-4)
    labels = tuple(found["labels"])
    assert silhouette(points, labels) == pytest.approx(found["silhouette"], abs=1e-4)
    parting = [
        {voter for voter, label in zip(voters, labels, strict=True) if label == each} for each in sorted(set(labels))
    ]
    for name in comments:
        parts = [Counter(votes[voter][name] for voter in group if name in votes[voter]) for group in parting]
        for value, consensus in ((Opinion.AGREE, found["agree"]), (Opinion.DISAGREE, found["disagree"])):
            assert prod(estimate(part[value], part.total()) for part in parts) == pytest.approx(
                consensus[name], abs=1e-8
            )
    if min(map(len, parting)) >= FEWEST:  # Else they have a group that is too small to be told of here.
        assert sorted(map(sorted, groups_of(votes))) == sorted(map(sorted, parting))
