from __future__ import annotations

from moothall.core.events.question_parts import Opinion, OpinionSums
from moothall.core.opinions.counting import changed, counted, summed
from moothall.core.opinions.rooms import RoomVotes
from moothall.core.questions.voting import CountedOpinions
from support.opinions import SHARED, camps, comment

AGREE, DISAGREE, PASS = Opinion


def test_nothing_is_told_of_fewer_than_five() -> None:
    votes = {f"v{n}": {comment(0): AGREE} for n in range(5)}
    assert counted(dict(list(votes.items())[:4]), [comment(0)]) == CountedOpinions()
    assert counted(votes, []) == CountedOpinions()
    assert counted(votes, [comment(0)]) == CountedOpinions(
        voters=5, sums={comment(0): OpinionSums(agree=5, disagree=0, passed=0)}
    )


def test_a_comment_on_which_few_voted_is_left_out() -> None:
    votes = {f"v{n}": {comment(0): PASS} | ({comment(1): DISAGREE} if n < 4 else {}) for n in range(6)}
    assert counted(votes, [comment(0), comment(1)]).sums == {comment(0): OpinionSums(agree=0, disagree=0, passed=6)}


def test_groups_have_their_sums() -> None:
    votes = camps(12, 15, answered=1.0, true=1.0)
    found = counted(votes, {name for of_voter in votes.values() for name in of_voter})
    assert [group.people for group in found.groups] == [15, 12]
    assert [group.sums[SHARED[0]] for group in found.groups] == [
        OpinionSums(agree=15, disagree=0, passed=0),
        OpinionSums(agree=12, disagree=0, passed=0),
    ]


def test_what_is_left_concerns_nobody_or_five() -> None:
    votes = camps(12, 15, answered=1.0, true=1.0)
    for voter in [f"0-{n:03}" for n in range(9)]:  # Three of the smaller group are left on this comment.
        del votes[voter][comment(3)]
    found = counted(votes, {name for of_voter in votes.values() for name in of_voter})
    assert [comment(3) in group.sums for group in found.groups] == [True, False]
    assert found.sums[comment(3)] == found.groups[0].sums[comment(3)]  # The three are not in the whole either.
    assert found.sums[comment(4)].people == 27
    assert all(comment(4) in group.sums for group in found.groups)


def test_a_room_adds_to_the_sums_of_all_and_few_stay_untold() -> None:
    votes = {f"v{n}": {comment(0): AGREE} for n in range(3)}
    room = summed({f"r{n}": {comment(0): PASS, comment(1): PASS} for n in range(3)}, [comment(0), comment(1)])
    assert room.people == 3
    comments = [comment(0), comment(1)]
    assert counted(votes, comments, [room]) == CountedOpinions(
        voters=6, sums={comment(0): OpinionSums(agree=3, disagree=0, passed=3)}
    )
    assert counted(votes, [comment(1)], [room]) == CountedOpinions()
    assert counted({}, comments, [room, room]).sums[comment(1)] == OpinionSums(agree=0, disagree=0, passed=6)


def test_a_room_of_few_is_not_what_is_left_beside_the_groups() -> None:
    votes = camps(12, 15, answered=1.0, true=1.0)
    comments = {name for of_voter in votes.values() for name in of_voter}
    one = RoomVotes(people=1, sums={comment(3): OpinionSums(agree=1, disagree=0, passed=0)})
    found = counted(votes, comments, [one])
    assert found.voters == 28
    assert found.sums[comment(3)].people == 27
    assert counted(votes, comments, [one] * 5).sums[comment(3)].people == 32


def test_how_many_have_changed() -> None:
    before = {"a": {comment(0): AGREE}, "b": {comment(0): AGREE}, "c": {comment(0): PASS}}
    now = {"a": {comment(0): AGREE}, "b": {comment(0): PASS}, "d": {comment(0): PASS}}
    assert changed(before, now) == 3
    assert changed(now, now) == 0
