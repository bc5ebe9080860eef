from __future__ import annotations

from moothall.core.events import questions as qe
from moothall.core.events.question_parts import OpinionGroup, OpinionSums
from moothall.core.questions.interventions import Questions, evolve_questions
from moothall.core.questions.voting import CountedOpinions, Voting
from support.sessions.questions import name

A, B = name("a"), name("b")
SUMS = {A: OpinionSums(agree=4, disagree=3, passed=2)}


def test_each_event_says_what_holds_from_here_on() -> None:
    questions = Questions()
    for on, comments in ((True, (A,)), (False, (B, A))):
        questions = evolve_questions(questions, qe.VotingSwitched(on=on))
        questions = evolve_questions(questions, qe.CommentsPutToVote(comments=comments))
        assert questions.voting == Voting(on=on, comments=comments)
    groups = (OpinionGroup(people=9, sums=SUMS),)
    questions = evolve_questions(questions, qe.OpinionsCounted(voters=9, sums=SUMS, groups=groups))
    assert questions.voting.counted == CountedOpinions(voters=9, sums=SUMS, groups=groups)
    assert SUMS[A].people == 9


def test_pages_lead_to_the_votes_while_people_vote_and_later_where_enough_have() -> None:
    on, counted = Voting(on=True), Voting(counted=CountedOpinions(voters=5))
    assert [each.shown(over=False) for each in (Voting(), on, counted)] == [False, True, True]
    assert [each.shown(over=True) for each in (Voting(), on, counted)] == [False, False, True]
