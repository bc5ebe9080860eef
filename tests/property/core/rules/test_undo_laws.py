"""Laws of undoing: whatever was sent to a session before and since."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import SegmentId, SpeakerId
from moothall.core.removal.moves import returned
from moothall.core.rules.corrections import shown_words
from moothall.core.rules.decide import decide
from moothall.core.rules.undo import lines_meanwhile, still_fits
from moothall.core.sessions.parts import Segment
from moothall.core.sessions.state import State, evolve
from support.sessions.deciding import undoing_of
from support.sessions.session_strategies import (
    ACTORS,
    BEGIN,
    FLOOR,
    SESSION,
    at_desks,
    carried_out,
    desk_commands,
    sent,
    texts,
    walls,
)

Sent = list[tuple[tuple[Actor, do.AnyCommand], int]]
few_sent = st.lists(st.tuples(sent, walls), max_size=10)


@given(st.lists(st.tuples(at_desks | sent, walls), max_size=25), walls, st.data())
def test_what_undoes_an_act_brings_back_what_was_shown(rest: Sent, wall: int, data: st.DataObject) -> None:
    before = State(id=SESSION)
    for (actor, each), at in [*(((SYSTEM, each), 1_000) for each in BEGIN), *rest]:
        before = carried_out(before, each, actor, at) or before
    act = data.draw(st.lists(corrections(before) | desk_commands, min_size=1, max_size=2))
    undoing = undoing_of(before, *act)
    after: State | None = before
    for command in (*act, *undoing) if undoing else ():
        assert after is not None
        after = carried_out(after, command, ACTORS[2], wall)
    assert after is not None
    assert shown(after) == shown(before)
    # A new name stays, which harms nobody.
    assert before.speakers.items() <= after.speakers.items()


@given(st.lists(st.tuples(at_desks | sent, walls), max_size=25), st.data())
def test_acts_on_lines_are_undone_one_after_the_other(rest: Sent, data: st.DataObject) -> None:
    before = State(id=SESSION)
    for (actor, each), at in [*(((SYSTEM, each), 1_000) for each in BEGIN), *rest]:
        before = carried_out(before, each, actor, at) or before
    done: list[tuple[do.AnyCommand, tuple[do.AnyCommand, ...]]] = []
    now = before
    for _ in range(2):
        act = data.draw(splits(now) | corrections(now))
        undoing, after = undoing_of(now, act), carried_out(now, act, ACTORS[2], 1_000)
        if after is None or not undoing:
            return
        done.append((act, undoing))
        now = after
    for act, undoing in reversed(done):
        for command in still_fits(now, [act], undoing):
            back = carried_out(now, command, ACTORS[2], 1_000)
            assert back is not None, command
            now = back
    assert shown(now) == shown(before)


@given(
    st.lists(st.tuples(sent, walls), max_size=10), st.integers(0, 900), st.lists(st.tuples(sent, walls), max_size=10)
)
def test_when_lines_stand_again_nothing_is_lost_of_what_was_said_before_or_since(
    earlier: Sent,
    t: int,
    meanwhile: Sent,
) -> None:
    before = State(id=SESSION)
    for (actor, each), at in [*(((SYSTEM, each), 1_000) for each in BEGIN), *earlier]:
        before = carried_out(before, each, actor, at) or before
    act = do.RewindChannel(channel=FLOOR, t=t)
    undoing = undoing_of(before, act)
    now = carried_out(before, act, ACTORS[2], 1_000)
    if now is None or not undoing:
        return
    for (actor, each), at in meanwhile:
        now = carried_out(now, each, actor, at) or now
    (restore,) = undoing
    assert isinstance(restore, do.RestoreSegments)
    after = carried_out(now, restore, ACTORS[2], 40_000)
    if after is None:
        return
    through = before.channels[FLOOR].committed_through
    for name in restore.segments:
        line, again = before.segments.get(name), after.segments.get(returned(name))
        assert line is not None
        assert again is not None
        assert (again.whole, again.gone) == (line.whole, False)
    stand = [line for _, line in now.segments.items() if not line.gone and line.origin is le.Origin.MACHINE]
    later = [(word, line.speaker) for line in stand for word in line.words if word.t0 + word.t1 >= 2 * through]
    said = [(word, line.speaker) for _, line in after.segments.items() if not line.gone for word in line.words]
    assert all(said.count(each) >= later.count(each) for each in later)
    for name, line in before.segments.items():
        stood, stands = now.segments.get(name), after.segments.get(name)
        assert stood is not None
        assert stands is not None
        assert line.gone or name in restore.segments or stood.gone or not stands.gone
    assert after.channels[FLOOR].committed_through >= now.channels[FLOOR].committed_through


floors: st.SearchStrategy[do.AnyCommand] = st.builds(
    do.SetSpeaker, channel=st.just(FLOOR), speaker=st.sampled_from([None, SpeakerId("ana"), SpeakerId("bo")])
)


@given(floors, floors, st.lists(st.tuples(sent, walls), max_size=15))
def test_once_a_floor_was_given_back_no_line_of_that_time_has_the_wrong_name_alone_because_of_it(
    earlier: do.SetSpeaker, act: do.SetSpeaker, rest: Sent
) -> None:
    state: State | None = State(id=SESSION)
    introduced: list[do.AnyCommand] = [
        do.IntroduceSpeaker(speaker=SpeakerId(who), name=who.title()) for who in ("ana", "bo")
    ]
    end = do.EndSegment(channel=FLOOR, generation=1, segment=SegmentId("a"), t1=200, reason=le.EndReason.SENTENCE)
    for command in (*BEGIN, *introduced, end, earlier):
        assert state is not None
        state = carried_out(state, command, SYSTEM, 1_000)
    assert state is not None
    before, undoing = state, undoing_of(state, act)
    state = carried_out(state, act, SYSTEM, 1_000)
    assert state is not None
    since: list[ev.AnyEvent] = []
    for (actor, command), wall in rest:
        decision = decide(state, command, actor, wall)
        for event in () if isinstance(decision, Refusal) else decision:
            since.append(event)
            state = evolve(state, event)
    back = (*still_fits(state, [act], undoing), *lines_meanwhile(state, [act], undoing, since))
    now: State | None = state
    for command in back:
        assert now is not None
        now = carried_out(now, command, SYSTEM, 1_000)
    assert now is not None
    taken = any(isinstance(event, ev.SpeakerChanged) for event in since)
    named = {
        name
        for event in since
        if isinstance(event, ev.SpeakerAssigned | le.SegmentsMovedHere)
        for name in event.segments
    }
    if not taken:
        assert now.channels[FLOOR].speaker == earlier.speaker
        for name, line in now.segments.items():
            if name not in before.segments and name not in named:
                assert line.speaker == earlier.speaker
    for name, line in before.segments.items():
        said = now.segments.get(name)
        assert said is not None
        assert name in named or said.speaker == line.speaker


def corrections(state: State) -> st.SearchStrategy[do.AnyCommand]:
    """What fits the lines of a state, as somebody at a desk would send it."""

    def of(line: Segment) -> st.SearchStrategy[do.AnyCommand]:
        return st.builds(
            do.CorrectSegment,
            channel=st.just(line.channel),
            segment=st.just(line.id),
            base_revision=st.just(line.revision),
            base_words=st.integers(line.base, len(line.words)),
            text=texts,
        )

    return st.one_of([of(line) for _, line in state.segments.items()])


def splits(state: State) -> st.SearchStrategy[do.AnyCommand]:
    """Splits of the lines of a state, as far as they have ended and have words enough."""

    def of(line: Segment) -> st.SearchStrategy[do.AnyCommand]:
        return st.builds(
            do.SplitSegment,
            channel=st.just(line.channel),
            segment=st.just(line.id),
            revision=st.just(line.revision),
            word=st.integers(1, len(shown_words(line))),
            into=st.just(SegmentId(f"{line.id}-part")),
        )

    return st.one_of([of(line) for _, line in state.segments.items() if line.ended and shown_words(line)])


def shown(state: State) -> object:
    """What readers see of a state; a line without text is not shown."""
    # A line that was struck stands again under another name.
    lines = sorted(
        (line.t0, line.whole, line.speaker or "")
        for _, line in state.segments.items()
        if not line.gone and not (line.ended and not line.whole)
    )
    channels = {name: (channel.speaker, channel.forced) for name, channel in state.channels.items()}
    return state.status, state.recorded, state.title, lines, channels
