from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.ids import PollId, SessionId
from moothall.core.questions.interventions import Questions
from moothall.core.questions.polls import Poll
from moothall.core.sessions.state import Status
from moothall.core.views.captions import Session
from moothall.core.views.happenings import Happening, happenings
from moothall.core.views.reading_order import Gap
from support.sessions.deciding import WALL, carry_out
from support.sessions.questions import MODERATOR, asked, of, stand

SESSION = Session(id=SessionId("plenary"), status=Status.OPEN)


def poll(name: str, t: int, *, void: bool = False) -> Poll:
    return Poll(
        id=PollId(name),
        number=1,
        question="?",
        language="en",
        options=("a", "b"),
        t=t,
        remote=(0, 0),
        room=(0, 0),
        void=void,
    )


def test_turns_shows_of_hands_and_spans_without_text_stand_in_order_of_time_the_newest_first() -> None:
    state = carry_out(
        asked(),
        do.OpenPoll(poll=PollId("p"), question="Go on?", options=("Yes", "No"), language="en"),
        actor=MODERATOR,
        wall=WALL + 9_000,
    )
    for status in (InterventionStatus.QUEUED, InterventionStatus.CALLED):
        state = carry_out(state, stand(status, "c"), actor=MODERATOR, wall=WALL + 20_000)
    gap = Gap(t0=12_000, t1=15_000, reason="break")
    session = msgspec.structs.replace(SESSION, gaps=(gap,), not_recorded=30_000)
    found = happenings(session, state.questions)
    assert [each.t for each in found] == sorted((each.t for each in found), reverse=True)
    assert not found[0].recorded
    assert [each.question.id for each in found if each.question] == ["c"]
    assert [each.gap for each in found if each.gap] == [gap]
    assert [each.poll.id for each in found if each.poll] == ["p"]


def test_a_turn_says_no_words_of_what_its_author_has_taken_back() -> None:
    state = asked()
    for status in (InterventionStatus.QUEUED, InterventionStatus.CALLED, InterventionStatus.WITHDRAWN):
        state = carry_out(state, stand(status, "c"), actor=MODERATOR, wall=WALL + 20_000)
    (found,) = happenings(SESSION, state.questions)
    assert found.question is not None
    assert (found.question.number > 0, found.question.text, found.question.name) == (True, "", "")


def test_a_break_that_goes_on_is_told_and_one_that_is_over_stands_as_a_gap() -> None:
    paused = msgspec.structs.replace(SESSION, status=Status.PAUSED, paused=4_000)
    assert happenings(paused, None) == (Happening(t=4_000),)
    assert happenings(msgspec.structs.replace(paused, status=Status.OPEN), None) == ()


def test_what_nobody_may_read_and_what_was_a_mistake_is_not_told() -> None:
    state = asked()
    assert not of(state, "a").published
    called = msgspec.structs.replace(state.questions, polls=(poll("x", 1, void=True),))
    assert happenings(SESSION, called) == ()


@given(st.lists(st.integers(0, 10**7), max_size=50), st.integers(0, 40))
def test_so_many_are_told_and_no_more(times: list[int], most: int) -> None:
    questions = Questions(polls=tuple(poll(f"p{n}", t) for n, t in enumerate(times)))
    assert [each.t for each in happenings(SESSION, questions, most)] == sorted(times, reverse=True)[:most]
