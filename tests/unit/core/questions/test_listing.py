from __future__ import annotations

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus, QueueOrder
from moothall.core.questions.balance import by_origin
from moothall.core.questions.listing import QuestionCounts, called_at, listing
from moothall.core.questions.order import Why
from support.sessions.deciding import carry_out, speaking
from support.sessions.questions import MODERATOR, SOMEBODY, ask, asked, name, stand


def test_what_nobody_has_approved_is_counted_and_not_shown() -> None:
    found = listing(asked().questions)
    assert (found.now, found.queue, found.later, found.answered, found.written) == ((), (), (), (), ())
    assert found.figures == QuestionCounts(received=3, answered=0, wait=None)
    assert (found.checked, found.aside) == (3, 0)
    assert listing(asked().questions, closed=True).checked == 0


def test_what_no_list_shows_is_counted() -> None:
    state = carry_out(
        asked(),
        stand(InterventionStatus.QUEUED, "a"),
        stand(InterventionStatus.JOINED, "b", into=name("a")),
        stand(InterventionStatus.DECLINED, "c", reason="No."),
        actor=MODERATOR,
    )
    found = listing(state.questions)
    assert (found.checked, found.aside) == (0, 2)
    assert listing(state.questions, closed=True).aside == 2


def test_where_each_stands() -> None:
    state = carry_out(
        asked(),
        ask("d"),
        ask("e"),
        ask("f"),
        ask("g"),
        stand(InterventionStatus.QUEUED, "a", "b", "c"),
        stand(InterventionStatus.LATER, "d"),
        stand(InterventionStatus.TO_WRITE, "e"),
        stand(InterventionStatus.DECLINED, "f", reason="No."),
        stand(InterventionStatus.TO_REPORT, "g"),
        stand(InterventionStatus.CALLED, "a"),
        actor=MODERATOR,
    )
    found = listing(state.questions)
    assert [each.id for each in found.now] == ["a"]
    assert [(each.intervention.id, each.why) for each in found.queue] == [("b", Why.ARRIVAL), ("c", Why.ARRIVAL)]
    assert [each.id for each in found.later] == ["d"]
    assert [each.id for each in found.written] == ["e"]
    assert [each.id for each in found.reported] == ["g"]
    state = carry_out(state, stand(InterventionStatus.ANSWERED, "a"), actor=MODERATOR)
    state = carry_out(state, do.WriteAnswer(intervention=name("e"), text="So.", language="en"), actor=MODERATOR)
    found = listing(state.questions)
    assert [each.id for each in found.answered] == ["a"]
    assert [each.answer for each in found.written] == ["So."]
    assert (found.figures.received, found.figures.answered) == (7, 2)
    assert found.figures.wait is not None
    state = carry_out(state, stand(InterventionStatus.JOINED, "b", into=name("a")), actor=MODERATOR)
    state = carry_out(state, stand(InterventionStatus.JOINED, "d", into=name("c")), actor=MODERATOR)
    assert listing(state.questions).figures.answered == 3, "what was joined with one is answered with that"
    assert sum(each.answered for each in by_origin(state.questions, 0).values()) == 3


def test_the_queue_has_the_order_of_the_session() -> None:
    state = carry_out(speaking(), ask("a"), ask("b"), actor=SOMEBODY)
    state = carry_out(
        state, stand(InterventionStatus.QUEUED, "a", "b"), do.OrderQueue(order=QueueOrder.SUPPORT), actor=MODERATOR
    )
    counted = state.questions.with_(name("b"), support=3)
    assert [each.why for each in listing(counted).queue] == [Why.SUPPORT, Why.ARRIVAL]


def test_when_it_was_called_is_the_last_time_or_since_when_it_stands_where_it_stands() -> None:
    state = carry_out(asked(), stand(InterventionStatus.QUEUED, "a", "b"), actor=MODERATOR)
    state = carry_out(state, stand(InterventionStatus.CALLED, "a"), actor=MODERATOR)
    called, waiting = (state.questions.get(name(each)) for each in ("a", "b"))
    assert called is not None
    assert waiting is not None
    assert called_at(state.questions, called) == state.questions.turns[-1].t
    assert called_at(state.questions, waiting) == waiting.since
