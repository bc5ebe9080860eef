from __future__ import annotations

from moothall.core.events.question_parts import Opinion, OpinionSums
from moothall.core.kernel.ids import InterventionId
from moothall.core.opinions.rooms import NO_VOTES, RoomVotes
from moothall.services.questions.ballot_box import NOBODY, BallotState, Box
from moothall.services.questions.comment_votes import counts_of, is_vote, rooms_in, votes_in

FIRST, SECOND = InterventionId("a"), InterventionId("b")


def box_with(*ballots: tuple[str, str, int]) -> Box:
    box = Box(BallotState(key=b"key"))
    for what, voter, choice in ballots:
        box.put(what, voter, choice)
    return box


def test_votes_are_read_without_other_ballots_those_set_aside_and_those_of_nobody() -> None:
    box = box_with((":vote:a", "x", 0), (":vote:b", "x", 1), (":poll:a", "x", 1), ("a", "x", 1), (":vote:a", "y", 2))
    box.put(":vote:a", NOBODY, 0)
    box.put(":vote:a", "flood", 0)
    box.aside.add("flood")
    assert votes_in(box) == {"x": {FIRST: Opinion.AGREE, SECOND: Opinion.DISAGREE}, "y": {FIRST: Opinion.PASS}}
    assert [what for what in box.given if is_vote(what)] == [":vote:a", ":vote:b"]


def test_what_a_room_has_voted_comes_back_as_it_was_stored() -> None:
    box, sums = box_with(), OpinionSums(agree=2, disagree=1, passed=0)
    room = RoomVotes(people=3, sums={FIRST: sums, InterventionId("not-asked"): sums})
    for what, counts in counts_of(room, (FIRST, SECOND)).items():
        box.of_hubs.put(what, "kisumu", "node", counts)
    assert rooms_in(box) == {"kisumu": RoomVotes(people=3, sums={FIRST: sums, SECOND: NO_VOTES})}
    assert rooms_in(box)["kisumu"].on([SECOND]) == RoomVotes(), "nobody has voted on it"
