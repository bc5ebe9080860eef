from __future__ import annotations

import pytest

from moothall.core import commands as do
from moothall.core.events import questions as qe
from moothall.core.events.notes_and_tags import PolicyQuestion
from moothall.core.events.question_parts import InterventionKind, InterventionStatus, QueueOrder
from moothall.core.kernel.ids import PolicyQuestionId
from moothall.core.questions.interventions import Questions
from moothall.core.questions.order import queue
from moothall.core.questions.undoing import (
    brought_by,
    moved_on,
    question_step,
    rearranged,
    still_stands,
    takes_turn_away,
)
from moothall.core.rules.undo import read_act, still_fits
from moothall.core.sessions.state import State
from support.sessions.deciding import WALL, carry_out, events
from support.sessions.questions import MODERATOR, SOMEBODY, ask, asked, name, stand

A, PAYS = name("a"), PolicyQuestionId("q1")


def where(state: State) -> dict[str, tuple[object, ...]]:
    """Where everything stands, without since when."""
    questions = state.questions
    found: dict[str, tuple[object, ...]] = {
        each.id: (each.status, each.reason, each.into, each.segment, each.text, each.name, each.flags, each.under)
        for each in questions.with_status(*InterventionStatus)
    }
    return found | {
        "queue": tuple(each.intervention for each in queue(questions)),
        "called": (questions.called, questions.order, questions.limit),
    }


def queued() -> State:
    listed = do.ListPolicyQuestions(questions=(PolicyQuestion(id=PAYS, text="Who pays?"),))
    state = carry_out(asked(), listed, actor=MODERATOR)
    return carry_out(state, stand(InterventionStatus.QUEUED, "a", "b"), actor=MODERATOR)


@pytest.mark.parametrize(
    "command",
    [
        stand(InterventionStatus.QUEUED, "c"),
        stand(InterventionStatus.CALLED, "a"),
        stand(InterventionStatus.LATER, "a", "b"),
        stand(InterventionStatus.DECLINED, "a", "c", reason="No time."),
        stand(InterventionStatus.JOINED, "c", into=name("a")),
        stand(InterventionStatus.ANSWERED, "b"),
        stand(InterventionStatus.TO_WRITE, "b"),
        stand(InterventionStatus.TO_REPORT, "b"),
        stand(InterventionStatus.CLOSED, "b"),
        do.Reword(intervention=A, text="Why now?"),
        do.Reword(intervention=A, text="Why?", name="Nobody"),
        do.Flag(intervention=A, flags=("abuse",)),
        do.TagIntervention(intervention=A, question=PAYS),
        do.ArrangeQueue(first=(name("b"),)),
        do.OrderQueue(order=QueueOrder.SUPPORT),
        do.LimitTurns(ms=300_000),
        do.WriteAnswer(intervention=A, text="Because.", language="en"),
    ],
)
def test_every_act_can_be_undone(command: do.AnyCommand) -> None:
    state = queued()
    undoing = read_act(state, events(state, command, actor=MODERATOR)).undoing
    assert undoing
    after = carry_out(state, command, actor=MODERATOR)
    assert where(after) != where(state) or isinstance(command, do.WriteAnswer)
    assert where(carry_out(after, *undoing, actor=MODERATOR, wall=WALL)) == where(state)


def test_a_question_and_the_one_joined_with_it_come_back_together() -> None:
    state = carry_out(queued(), stand(InterventionStatus.JOINED, "b", into=name("a")), actor=MODERATOR)
    both = stand(InterventionStatus.DECLINED, "a", "b", reason="No time.")
    undoing = read_act(state, events(state, both, actor=MODERATOR)).undoing
    assert undoing
    assert where(carry_out(carry_out(state, both, actor=MODERATOR), *undoing, actor=MODERATOR)) == where(state)


def test_an_answer_of_a_joined_question_given_once_more_is_undone() -> None:
    answer = do.WriteAnswer(intervention=A, text="Because.", language="en")
    state = carry_out(queued(), answer, stand(InterventionStatus.JOINED, "a", into=name("b")), actor=MODERATOR)
    undoing = read_act(state, events(state, answer, actor=MODERATOR)).undoing
    assert undoing
    assert where(carry_out(carry_out(state, answer, actor=MODERATOR), *undoing, actor=MODERATOR)) == where(state)


def test_a_call_that_put_another_one_back_is_undone_with_that() -> None:
    state = carry_out(queued(), stand(InterventionStatus.CALLED, "a"), actor=MODERATOR)
    call = stand(InterventionStatus.CALLED, "b")
    undoing = read_act(state, events(state, call, actor=MODERATOR)).undoing
    after = carry_out(state, call, *undoing, actor=MODERATOR)
    assert (after.questions.called, [turn.intervention for turn in after.questions.turns]) == ("a", ["a"])


@pytest.mark.parametrize(
    "ending",
    [
        stand(InterventionStatus.ANSWERED, "a"),
        stand(InterventionStatus.LATER, "a"),
        stand(InterventionStatus.DECLINED, "a", reason="No."),
    ],
)
def test_the_end_of_a_turn_is_undone_and_the_turn_goes_on(ending: do.AnyCommand) -> None:
    state = carry_out(queued(), stand(InterventionStatus.CALLED, "a"), actor=MODERATOR, wall=WALL + 1_000)
    undoing = read_act(state, events(state, ending, actor=MODERATOR)).undoing
    after = carry_out(state, ending, *undoing, actor=MODERATOR, wall=WALL + 9_000)
    assert where(after) == where(state)
    assert [(turn.intervention, turn.t) for turn in after.questions.turns] == [("a", 1_000)]


def test_what_is_held_in_its_turn_is_called_again() -> None:
    state = carry_out(queued(), stand(InterventionStatus.CALLED, "a"), actor=MODERATOR)
    after = undone(state, stand(InterventionStatus.CHECKED, "a"))
    assert where(after) == where(state)
    assert [turn.intervention for turn in after.questions.turns] == ["a"]


def test_a_wish_to_speak_that_was_given_words_has_none_again() -> None:
    state = carry_out(asked(), ask("d", "", kind=InterventionKind.REQUEST))
    assert where(undone(state, do.Reword(intervention=name("d"), text="On water."))) == where(state)


def test_what_was_answered_in_writing_and_restored_is_answered_again() -> None:
    answer = do.WriteAnswer(intervention=A, text="Because.", language="en")
    state = carry_out(queued(), answer, actor=MODERATOR)
    after = undone(state, stand(InterventionStatus.QUEUED, "a", "c"))
    assert where(after) == where(state)
    found = after.questions.get(A)
    assert found is not None
    assert (found.answer, found.answer_language) == ("Because.", "en")


def test_a_second_answer_is_undone_to_the_first() -> None:
    answer = do.WriteAnswer(intervention=A, text="Because.", language="en")
    state = carry_out(queued(), answer, actor=MODERATOR)
    again = do.WriteAnswer(intervention=A, text="Parce que.", language="fr")
    undoing = read_act(state, events(state, again, actor=MODERATOR)).undoing
    after = carry_out(state, again, *undoing, actor=MODERATOR)
    found = after.questions.get(A)
    assert found is not None
    assert (found.answer, found.answer_language) == ("Because.", "en")


def test_what_was_asked_is_not_unasked() -> None:
    state = asked()
    act = read_act(state, events(state, ask("d"), actor=MODERATOR))
    assert [type(command) for command in act.commands] == [do.Ask]
    assert act.undoing == ()


def test_what_is_not_there_any_more_has_no_undoing() -> None:
    nothing = Questions()
    for event in (
        qe.InterventionReworded(intervention=A, text="?"),
        qe.InterventionFlagged(intervention=A, flags=()),
        qe.InterventionTagged(intervention=A, question=None),
    ):
        step = question_step(nothing, event)
        assert step is not None
        assert step[1] is None
    written = question_step(nothing, qe.InterventionWritten(intervention=A, number=1, text="x", language="en"))
    assert written is not None
    assert written[1] == ()
    stood = qe.InterventionStatusChanged(intervention=A, number=1, status=InterventionStatus.LATER, t=0)
    assert question_step(nothing, stood) is None
    assert question_step(nothing, qe.SupportCounted(counts={})) is None


def undone(state: State, command: do.AnyCommand, wall: int = WALL) -> State:
    """The state after an act and what undoes it."""
    undoing = read_act(state, events(state, command, actor=MODERATOR, wall=wall)).undoing
    assert undoing
    return carry_out(state, command, *undoing, actor=MODERATOR, wall=wall)


@pytest.mark.parametrize("command", [stand(InterventionStatus.CALLED, "b"), stand(InterventionStatus.LATER, "a", "b")])
def test_what_comes_back_into_the_queue_stands_where_the_chair_had_put_it(command: do.SetStatus) -> None:
    state = carry_out(queued(), do.ArrangeQueue(first=(name("b"), A)), actor=MODERATOR)
    assert undone(state, command).questions.arranged == ("b", "a")


def test_what_its_author_had_put_off_is_the_authors_again() -> None:
    state = carry_out(queued(), stand(InterventionStatus.LATER, "a"), actor=SOMEBODY)
    for command in (stand(InterventionStatus.QUEUED, "a"), stand(InterventionStatus.CALLED, "a")):
        found = undone(state, command).questions.get(A)
        assert found is not None
        assert (found.status, found.own) == (InterventionStatus.LATER, True)


def test_a_call_that_is_undone_was_no_turn_and_an_earlier_one_stays() -> None:
    state = carry_out(queued(), stand(InterventionStatus.LATER, "a"), actor=MODERATOR)
    assert undone(state, stand(InterventionStatus.CALLED, "a")).questions.turns == ()
    heard = carry_out(queued(), stand(InterventionStatus.CALLED, "a"), actor=MODERATOR, wall=WALL + 1_000)
    heard = carry_out(heard, stand(InterventionStatus.ANSWERED, "a"), actor=MODERATOR, wall=WALL + 9_000)
    again = carry_out(heard, stand(InterventionStatus.QUEUED, "a"), actor=MODERATOR, wall=WALL + 9_000)
    after = undone(again, stand(InterventionStatus.CALLED, "a"), wall=WALL + 20_000)
    assert after.questions.turns == heard.questions.turns
    assert [turn.spoken for turn in after.questions.turns] == [8_000]
    later = carry_out(
        heard, stand(InterventionStatus.CALLED, "a"), stand(InterventionStatus.LATER, "a"), actor=MODERATOR
    )
    assert len(undone(later, stand(InterventionStatus.CALLED, "a")).questions.turns) == 1


def test_a_second_answer_to_what_stands_elsewhere_is_undone_to_where_it_stood() -> None:
    answer = do.WriteAnswer(intervention=A, text="Because.", language="en")
    state = carry_out(queued(), answer, stand(InterventionStatus.QUEUED, "a"), actor=MODERATOR)
    found = undone(state, do.WriteAnswer(intervention=A, text="Parce que.", language="fr")).questions.get(A)
    assert found is not None
    assert (found.status, found.answer) == (InterventionStatus.QUEUED, "Because.")


def due(before: State, act: do.AnyCommand, *since: do.AnyCommand) -> tuple[do.AnyCommand, ...]:
    """What of an act's undoing fits after what was done since."""
    reading = read_act(before, events(before, act, actor=MODERATOR))
    return still_fits(carry_out(before, act, *since, actor=MODERATOR), reading.commands, reading.undoing)


def test_what_somebody_has_brought_elsewhere_since_is_left_there() -> None:
    state, approval = asked(), stand(InterventionStatus.QUEUED, "a", "b", "c")
    assert due(state, approval, stand(InterventionStatus.CALLED, "b"), stand(InterventionStatus.ANSWERED, "b")) == (
        stand(InterventionStatus.CHECKED, "c"),
        stand(InterventionStatus.CHECKED, "a"),
    )
    now = carry_out(state, approval, stand(InterventionStatus.CALLED, "b"), actor=MODERATOR)
    assert not moved_on(now.questions, [approval])
    assert moved_on(now.questions, [stand(InterventionStatus.QUEUED, "b")])
    assert not moved_on(now.questions, [do.ClearWall()])
    call = [stand(InterventionStatus.QUEUED, "c"), stand(InterventionStatus.CALLED, "b")]
    assert not moved_on(now.questions, call)
    assert moved_on(carry_out(now, stand(InterventionStatus.ANSWERED, "b"), actor=MODERATOR).questions, call)
    answer = do.WriteAnswer(intervention=A, text="Because.", language="en")
    assert moved_on(now.questions, [answer])
    assert not moved_on(carry_out(now, answer, actor=MODERATOR).questions, [answer])
    assert moved_on(now.questions, [stand(InterventionStatus.QUEUED, "unknown")])


def test_an_answer_is_not_written_again_into_what_stands_elsewhere() -> None:
    first = do.WriteAnswer(intervention=A, text="Because.", language="en")
    state = carry_out(queued(), first, actor=MODERATOR)
    second = do.WriteAnswer(intervention=A, text="Parce que.", language="fr")
    assert due(state, second) == (first,)
    brought = brought_by([second])
    elsewhere = carry_out(state, second, stand(InterventionStatus.LATER, "a"), actor=MODERATOR)
    assert not still_stands(elsewhere.questions, first, brought)
    assert still_stands(elsewhere.questions, stand(InterventionStatus.LATER, "b"), brought)


def test_an_earlier_arrangement_comes_back_as_far_as_it_holds() -> None:
    b, c = name("b"), name("c")
    state = carry_out(asked(), stand(InterventionStatus.QUEUED, "a", "b", "c"), actor=MODERATOR)
    state = carry_out(state, do.ArrangeQueue(first=(c, b, A)), actor=MODERATOR)
    call, ended = stand(InterventionStatus.LATER, "c"), stand(InterventionStatus.LATER, "b")
    back = stand(InterventionStatus.QUEUED, "c")
    assert due(state, call) == (back, do.ArrangeQueue(first=(c, b, A)))
    assert due(state, call, ended) == (back, do.ArrangeQueue(first=(c, A)))
    assert due(state, call, do.ArrangeQueue(first=(A, b))) == (back,)  # Somebody has arranged it otherwise since.
    arranged = do.ArrangeQueue(first=(A,))
    assert due(state, arranged, ended) == (do.ArrangeQueue(first=(c, A)),)
    assert due(state, do.ArrangeQueue(first=(A, c)), stand(InterventionStatus.LATER, "b", "c")) == ()
    limit = do.LimitTurns(ms=0)
    assert rearranged(state.questions, arranged, [limit], anew=True) == (arranged,)


def test_undoing_ends_no_turn_of_another() -> None:
    state = carry_out(queued(), stand(InterventionStatus.CALLED, "a"), actor=MODERATOR)
    back = stand(InterventionStatus.QUEUED, "a")
    undoing = read_act(state, events(state, back, actor=MODERATOR)).undoing
    now = carry_out(state, back, actor=MODERATOR)
    assert not takes_turn_away(now.questions, [back], undoing)
    call = stand(InterventionStatus.CALLED, "b")
    called = read_act(now, events(now, call, actor=MODERATOR))
    now = carry_out(now, call, actor=MODERATOR)
    assert takes_turn_away(now.questions, [back], undoing)
    assert not takes_turn_away(now.questions, called.commands, called.undoing), "it is the turn that it gave"
    assert not takes_turn_away(now.questions, [back], [stand(InterventionStatus.LATER, "a")])
