from __future__ import annotations

import pytest

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.events.notes_and_tags import PolicyQuestion
from moothall.core.events.types import Topic
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import PolicyQuestionId
from moothall.core.rules.authority import COMMANDS
from moothall.core.rules.topics import MAX_TITLE, MOST_TOPICS
from moothall.core.sessions.state import State
from support.sessions.deciding import WALL, carry_out, created, events, opened, refused, undoing_of

WHO = PolicyQuestionId("q1")
LISTED = do.ListPolicyQuestions(
    questions=(PolicyQuestion(id=PolicyQuestionId("q0"), text="When?"), PolicyQuestion(id=WHO, text="Who pays?"))
)


def on() -> State:
    return carry_out(opened(), LISTED)


def at(state: State, t: int, command: do.AnyCommand) -> State:
    return carry_out(state, command, wall=WALL + t)


def test_a_policy_question_is_taken_up_with_its_number_and_wording() -> None:
    taken = events(on(), do.TakeUp(question=WHO), wall=WALL + 40_000)
    assert taken == [ev.TopicTaken(question=WHO, number=2, title="Who pays?", t=40_000)]


def test_a_free_heading_is_a_single_row_and_can_be_set_back() -> None:
    taken = do.TakeUp(title=" Item 3:\n Budget ", back=30_000)
    assert events(on(), taken, wall=WALL + 40_000) == [ev.TopicTaken(title="Item 3: Budget", t=10_000)]
    assert events(on(), taken, wall=WALL + 20_000) == [ev.TopicTaken(title="Item 3: Budget", t=0)]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (do.TakeUp(title="x", back=30_001), RefusalCode.INVALID),
        (do.TakeUp(title="x", back=-1), RefusalCode.INVALID),
        (do.TakeUp(title="x" * (MAX_TITLE + 1)), RefusalCode.INVALID),
        (do.TakeUp(title="x", question=WHO), RefusalCode.INVALID),
        (do.TakeUp(question=PolicyQuestionId("q7")), RefusalCode.UNKNOWN),
        (do.TakeUp(), RefusalCode.CONFLICT),
        (do.TakeTopicBack(t=5), RefusalCode.CONFLICT),
    ],
)
def test_what_can_not_be_taken_up_is_refused(command: do.AnyCommand, code: RefusalCode) -> None:
    assert refused(on(), command).code is code


def test_what_is_taken_up_already_is_refused_unless_it_is_set_back() -> None:
    state = at(on(), 10_000, do.TakeUp(title="A"))
    assert refused(state, do.TakeUp(title="A"), wall=WALL + 20_000).code is RefusalCode.CONFLICT
    assert at(state, 20_000, do.TakeUp(title="A", back=15_000)).topics == (Topic(t=5_000, title="A"),)


def test_nothing_is_taken_up_outside_of_the_meeting() -> None:
    assert refused(created(), do.TakeUp(title="A")).code is RefusalCode.CONFLICT
    closed = carry_out(on(), do.CloseSession())
    assert refused(closed, do.TakeUp(title="A")).code is RefusalCode.CONFLICT


def test_there_is_a_limit() -> None:
    state = on()
    for n in range(MOST_TOPICS):
        state = at(state, 1_000 * n, do.TakeUp(title=f"Item {n}"))
    assert refused(state, do.TakeUp(title="x"), wall=WALL + 10**6).code is RefusalCode.CONFLICT
    full = do.TakeTopicBack(t=0, before=(Topic(t=1, title="x"), Topic(t=2, title="y")))
    assert refused(state, full).code is RefusalCode.CONFLICT


def test_undone_it_leaves_the_topics_as_they_were_and_those_that_came_since() -> None:
    first = at(on(), 10_000, do.TakeUp(title="A"))
    second = at(first, 40_000, do.TakeUp(question=WHO))
    back = do.TakeTopicBack(t=40_000)
    assert undoing_of(carry_out(first, do.MapClock(t=40_000), wall=WALL + 40_000), do.TakeUp(question=WHO)) == (back,)
    assert at(second, 50_000, back).topics == first.topics
    third = at(second, 60_000, do.TakeUp(title="B"))
    assert at(third, 70_000, back).topics == (*first.topics, Topic(t=60_000, title="B"))
    assert at(first, 70_000, do.TakeTopicBack(t=10_000)).topics == ()


def test_undone_it_brings_back_what_it_had_taken_the_place_of() -> None:
    first = at(at(on(), 10_000, do.TakeUp(title="A")), 20_000, do.TakeUp(title="B"))
    set_back = do.TakeUp(title="C", back=15_000)
    (back,) = undoing_of(carry_out(first, do.MapClock(t=25_000), wall=WALL + 25_000), set_back)
    assert back == do.TakeTopicBack(t=10_000, before=(Topic(t=10_000, title="A"), Topic(t=20_000, title="B")))
    second = at(first, 25_000, set_back)
    assert [topic.title for topic in second.topics] == ["C"]
    assert at(second, 30_000, back).topics == first.topics
    third = at(second, 31_000, do.TakeUp(title="D", back=15_000))
    assert [topic.title for topic in at(third, 32_000, back).topics] == ["A", "D"]


def test_a_question_comes_back_as_it_is_listed_now() -> None:
    first = at(on(), 10_000, do.TakeUp(question=WHO))
    set_back = do.TakeUp(title="C", back=15_000)
    (back,) = undoing_of(carry_out(first, do.MapClock(t=20_000), wall=WALL + 20_000), set_back)
    second = at(first, 20_000, set_back)
    relisted = at(second, 21_000, do.ListPolicyQuestions(questions=(PolicyQuestion(id=WHO, text="Who pays for it?"),)))
    assert at(relisted, 22_000, back).topics == (Topic(t=10_000, question=WHO, number=1, title="Who pays for it?"),)


def test_what_is_no_topic_is_not_brought_back() -> None:
    state = at(on(), 10_000, do.TakeUp(title="A"))
    long = do.TakeTopicBack(t=10_000, before=(Topic(t=10_000, title="x" * 501),))
    assert refused(state, long).code is RefusalCode.INVALID
    early = do.TakeTopicBack(t=10_000, before=(Topic(t=5_000, title="x"),))
    assert at(state, 20_000, early).topics == ()


def test_those_who_lead_the_meeting_may() -> None:
    may = {role for role, commands in COMMANDS.items() if do.TakeUp in commands}
    assert may == {Role.TECHNICIAN, Role.CHAIR, Role.MODERATOR, Role.SECRETARIAT}
    assert may == {role for role, commands in COMMANDS.items() if do.TakeTopicBack in commands}
