from __future__ import annotations

from collections.abc import Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from moothall.core import commands as do
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent
from moothall.core.events.question_parts import InterventionKind, InterventionStatus, QueueOrder
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import InterventionId
from moothall.core.kernel.lanes import is_public
from moothall.core.questions.interventions import Intervention, Questions, speaker_of
from moothall.core.questions.listing import listing
from moothall.core.removal.questions import chosen, has_words, stays_of
from moothall.core.removal.selection import Interventions, SpokenSpan
from moothall.core.rules.decide import decide
from moothall.core.sessions.state import State, evolve
from queue_order import simulated
from support.sessions.deciding import WALL, carry_out, speaking
from support.sessions.questions import MODERATOR, SOMEBODY, ask, asked, name, stand

A, B, C = name("a"), name("b"), name("c")
names = st.sampled_from([A, B, C])
FIRST = [
    ask("a", "Why?", name="Ana", kind=InterventionKind.REQUEST),
    ask("b", "When?", asker="by-a"),
    ask("c", origin="hub:x"),
]
acts: st.SearchStrategy[do.AnyCommand] = st.one_of(
    st.builds(
        do.SetStatus,
        interventions=names.map(lambda each: (each,)),
        status=st.sampled_from(InterventionStatus),
        reason=st.just("No time."),
        into=names,
    ),
    st.builds(do.Reword, intervention=names, text=st.sampled_from(["Why?", "Who?"])),
    st.builds(do.WriteAnswer, intervention=names, text=st.just("Because."), language=st.just("pt")),
    st.builds(do.Flag, intervention=names, flags=st.just(("abuse",))),
    st.builds(do.CountSupport, counts=st.dictionaries(names, st.integers(0, 3), max_size=2)),
    st.builds(do.ArrangeQueue, first=names.map(lambda each: (each,))),
    st.builds(do.OrderQueue, order=st.sampled_from(QueueOrder)),
)
stories = st.lists(acts, max_size=25)


def told(story: list[do.AnyCommand]) -> list[ev.AnyEvent]:
    """What comes of three interventions, of which two are one person's, a second after the other."""
    state, events, wall = speaking(), list[ev.AnyEvent](), WALL
    for command in [*FIRST, *story]:
        wall += 1_000
        decision = decide(state, command, SOMEBODY if isinstance(command, do.Ask) else MODERATOR, wall)
        if isinstance(decision, Refusal):
            continue
        for event in decision:
            state = evolve(state, event)
            events.append(event)
    return events


def folded(events: Sequence[ev.AnyEvent | None]) -> State:
    state = speaking()
    for event in events:
        state = evolve(state, event)
    return state


def holds(event: ev.AnyEvent, which: InterventionId) -> bool:
    return has_words(event) and event.intervention == which


def without(events: list[ev.AnyEvent], which: InterventionId) -> list[ev.AnyEvent | None]:
    """The log once the words of one are gone."""
    each = folded(events).questions.get(which)
    assert each is not None
    return [*(None if holds(event, which) else event for event in events), *stays_of(each)]


def wordless(each: Intervention) -> Intervention:
    empty = {"text": "", "received": "", "name": "", "given": "", "answer": "", "answer_language": "", "reason": ""}
    return msgspec.structs.replace(each, removed=True, **empty)


@given(stories, names)
def test_all_is_as_it_was_but_for_its_words(story: list[do.AnyCommand], which: InterventionId) -> None:
    events = told(story)
    before, after = folded(events).questions, folded(without(events, which)).questions
    each = before.get(which)
    assert each is not None
    wanted = msgspec.structs.replace(before, interventions=before.interventions.set(which, wordless(each)))
    reasons = any(isinstance(event, qe.InterventionStatusChanged) and holds(event, which) for event in events)
    if reasons:  # That it was not taken for a while is gone with the reason, and a turn before that with it.
        after = msgspec.structs.replace(after, turns=wanted.turns)
    assert after == wanted


@given(stories, names)
def test_no_event_that_stays_holds_a_word_of_it(story: list[do.AnyCommand], which: InterventionId) -> None:
    stays = [
        event for event in without(told(story), which) if event is not None and not isinstance(event, UnknownEvent)
    ]
    assert not any(holds(event, which) for event in stays)
    again = folded(without(told(story), which)).questions.get(which)
    assert again is not None
    assert again == wordless(again)
    # What can be removed once can be removed again, when somebody writes a reason meanwhile.
    assert folded([*stays, *stays_of(again)]).questions.get(which) == again


@given(stories, names)
def test_of_public_events_alone_everybody_reads_the_same(story: list[do.AnyCommand], which: InterventionId) -> None:
    for events in (told(story), without(told(story), which)):
        public = [event for event in events if event is not None and is_public(event.lane())]
        whole, open_to_all = listing(folded(events).questions), listing(folded(public).questions)
        assert open_to_all.figures == whole.figures
        for part in ("now", "later", "answered", "written"):
            assert [_plain(each) for each in getattr(whole, part)] == list(getattr(open_to_all, part))


def _plain(each: Intervention) -> Intervention:
    return msgspec.structs.replace(each, received="", given="", asker="", flags=(), after_close=False)


@given(stories, names, st.sampled_from(QueueOrder))
def test_a_queue_that_has_been_is_simulated_as_before(
    story: list[do.AnyCommand], which: InterventionId, order: QueueOrder
) -> None:
    events = told(
        [each for each in story if not isinstance(each, do.SetStatus) or each.status is not InterventionStatus.DECLINED]
    )
    start: list[ev.AnyEvent] = [ev.SessionCreated(title="x", languages=("en",))]
    assert simulated([*start, *without(events, which)], order) == simulated([*start, *events], order)


def test_where_one_stands_stays_though_the_event_that_says_so_goes_with_its_reason() -> None:
    refused = do.SetStatus(interventions=(B,), status=InterventionStatus.DECLINED, reason="Said before, by Ana.")
    events = told([refused])
    assert events[-1] == [event for event in events if holds(event, B)][-1]
    each = folded(without(events, B)).questions.get(B)
    assert each is not None
    assert (each.status, each.reason, each.removed) == (InterventionStatus.DECLINED, "", True)


def test_what_is_chosen_is_there_and_comes_once() -> None:
    questions = asked().questions
    assert [each.id for each in chosen(questions, Interventions((C, A, C, name("x"))))] == [C, A]
    assert chosen(questions, SpokenSpan(0, 1)) == ()


def test_whoever_is_called_loses_the_name_with_the_words() -> None:
    state = carry_out(speaking(), FIRST[0], actor=SOMEBODY)
    state = carry_out(
        state, stand(InterventionStatus.QUEUED, "a"), stand(InterventionStatus.CALLED, "a"), actor=MODERATOR
    )
    each = state.questions.get(A)
    assert each is not None
    assert state.speakers[speaker_of(each)] == "Ana"


def test_one_that_nobody_has_read_stays_the_staffs() -> None:
    each = asked().questions.get(A)
    assert each is not None
    assert [event.lane() for event in stays_of(each)] == ["staff"]
    assert Questions().with_(A, support=1).get(A) is not None
