"""Laws of the sums of votes: nobody is in two groups, no group and no remainder is small, and agreeing and disagreeing
are treated alike.
"""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from moothall.core.events.question_parts import Opinion
from moothall.core.kernel.ids import InterventionId
from moothall.core.opinions.clusters import best_clusters, silhouette
from moothall.core.opinions.components import points_of
from moothall.core.opinions.counting import counted, summed
from moothall.core.opinions.groups import OpinionVotes, groups_of
from moothall.core.questions.disclosure import FEWEST
from support.opinions import camps, comment

TURNED = {Opinion.AGREE: Opinion.DISAGREE, Opinion.DISAGREE: Opinion.AGREE, Opinion.PASS: Opinion.PASS}
SOME = st.dictionaries(
    st.integers(0, 59).map("v{}".format),
    st.dictionaries(st.integers(0, 7).map(comment), st.sampled_from(Opinion), max_size=8),
    max_size=60,
)
SIZES = st.lists(st.integers(3, 14), min_size=1, max_size=4)
CAMPS = st.builds(
    lambda sizes, seed, answered: camps(*sizes, comments=9, seed=seed, answered=answered),
    SIZES,
    st.integers(0, 999),
    st.floats(0.3, 1.0),
)


def all_comments(votes: OpinionVotes) -> set[InterventionId]:
    return {name for of_voter in votes.values() for name in of_voter}


@given(SOME | CAMPS, st.integers(0, 7))
def test_what_is_told_concerns_five_people_or_nobody(votes: OpinionVotes, in_room: int) -> None:
    comments, there = all_comments(votes), sorted(votes)[:in_room]
    room = summed({voter: votes[voter] for voter in there}, comments)
    found = counted({voter: votes[voter] for voter in votes if voter not in there}, comments, [room])
    assert found.voters in (0, sum(map(bool, votes.values())))
    for name, whole in found.sums.items():
        in_groups = [group.sums[name] for group in found.groups if name in group.sums]
        left = whole.people - sum(each.people for each in in_groups)
        assert all(each.people >= FEWEST for each in (whole, *in_groups))
        assert left == 0 or left >= FEWEST
        for part in ("agree", "disagree", "passed"):
            assert sum(getattr(each, part) for each in in_groups) <= getattr(whole, part)
    assert sum(group.people for group in found.groups) <= found.voters


@given(SOME | CAMPS)
def test_everybody_is_in_one_group_at_most(votes: OpinionVotes) -> None:
    found = groups_of(votes)
    everybody = [voter for group in found for voter in group]
    assert len(set(everybody)) == len(everybody)
    assert set(everybody) <= votes.keys()
    assert all(len(group) >= FEWEST for group in found)
    assert 2 <= len(found) <= 5 or not found


@given(CAMPS)
@example(camps(4, 4, 7, 13, comments=9, seed=79, answered=0.71875))
def test_agreeing_and_disagreeing_are_alike(votes: OpinionVotes) -> None:
    turned = {voter: {name: TURNED[each] for name, each in given_.items()} for voter, given_ in votes.items()}
    one, other = counted(votes, all_comments(votes)), counted(turned, all_comments(votes))
    assert one.sums.keys() == other.sums.keys()
    assert all(each.agree == other.sums[name].disagree for name, each in one.sums.items())


@given(
    st.lists(st.dictionaries(st.integers(0, 5), st.sampled_from((-1.0, 0.0, 1.0)), min_size=1), min_size=2, max_size=30)
)
def test_places_and_partings_are_of_every_row(rows: list[dict[int, float]]) -> None:
    points = points_of(rows, 6)
    assert len(points) == len(rows)
    labels = best_clusters(points, 2)
    assert not labels or (len(labels) == len(rows) and 0.0 < silhouette(points, labels) <= 1.0)
