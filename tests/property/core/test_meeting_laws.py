"""Laws of a meeting in which everything happens at once: questions, turns, hands, walls, notes, tags and removals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event, encode_event
from moothall.core.events.notes_and_tags import PolicyQuestion, Tag
from moothall.core.events.question_parts import InterventionKind, InterventionStatus, QueueOrder
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import CommandId, InterventionId, NoteId, PolicyQuestionId, PollId, SegmentId, SpeakerId
from moothall.core.kernel.lanes import is_public
from moothall.core.questions.interventions import Intervention
from moothall.core.questions.listing import Listing, listing
from moothall.core.questions.on_wall import on_wall
from moothall.core.questions.order import Why, queue
from moothall.core.questions.polls import Poll
from moothall.core.removal.questions import stays_of
from moothall.core.removal.selection import Interventions
from moothall.core.rules.authority import STAFF_ROLES, may_send
from moothall.core.rules.decide import decide
from moothall.core.rules.turn_times import turn_now, typed_lines
from moothall.core.rules.undo import read_act
from moothall.core.sessions.state import State, evolve
from moothall.core.views.question_moments import SpokenLines, spoken_lines
from moothall.services.log.erasing import Erasure, TextOffsets, requested
from support.sessions.deciding import FLOOR, WALL, speaking

TECHNICIAN = Actor(Role.TECHNICIAN, "t1")
NAMES = [InterventionId(name) for name in "abcd"]
MODERATOR = Actor(Role.MODERATOR, "m1")
Remove = InterventionId
"""Its words are removed from the log."""


def asks(name: InterventionId, kind: InterventionKind, origin: str, asker: str) -> do.AnyCommand:
    return do.Ask(
        intervention=name,
        kind=kind,
        text=f"asked-{name}",
        language="en",
        asker=asker,
        name=f"name-{name}",
        origin=origin,
    )


BEGIN: list[do.AnyCommand] = [
    asks(NAMES[0], InterventionKind.QUESTION, "room", "x"),
    asks(NAMES[1], InterventionKind.REQUEST, "remote", "y"),
    asks(NAMES[2], InterventionKind.COMMENT, "room", "x"),
    do.SetStatus(interventions=tuple(NAMES[:2]), status=InterventionStatus.QUEUED),
]
names = st.sampled_from(NAMES)
few = st.lists(names, min_size=1, max_size=3, unique=True).map(tuple)
segments = st.sampled_from(["a", "b", "x", "y"]).map(SegmentId)
polls = st.sampled_from(["p", "q"]).map(PollId)
questions = st.sampled_from(["q1", "q2"]).map(PolicyQuestionId)
hands = st.tuples(st.integers(0, 2), st.integers(0, 2))
asked = st.builds(
    asks, names, st.sampled_from(InterventionKind), st.sampled_from(["room", "remote"]), st.sampled_from("xy")
)
brought = st.builds(
    lambda name, status: do.SetStatus(interventions=(name,), status=status, reason="No time."),
    names,
    st.sampled_from(
        [
            *InterventionStatus,
            InterventionStatus.QUEUED,
            InterventionStatus.CALLED,
            InterventionStatus.CALLED,
            InterventionStatus.CALLED,
        ]
    ),
)
stands = st.builds(
    do.SetStatus,
    interventions=few,
    status=st.sampled_from(InterventionStatus),
    reason=st.sampled_from(["", "No time."]),
    into=st.none() | names,
    segment=st.none() | segments,
)
acts: st.SearchStrategy[do.AnyCommand] = st.one_of(
    names.map(lambda name: do.Reword(intervention=name, text=f"spelt-{name}")),
    names.map(lambda name: do.WriteAnswer(intervention=name, text=f"written-{name}", language="en")),
    names.map(lambda name: do.WriteAnswer(intervention=name, text=f"mended-{name}", language="fr")),
    st.builds(do.Flag, intervention=names, flags=st.sampled_from([(), ("abuse",)])),
    st.builds(do.TagIntervention, intervention=names, question=st.none() | questions),
    st.builds(do.ReportAbuse, intervention=names),
    st.builds(do.ArrangeQueue, first=few),
    st.builds(do.OrderQueue, order=st.sampled_from(QueueOrder)),
    st.builds(do.CountSupport, counts=st.dictionaries(names, st.integers(0, 3), max_size=2)),
    st.builds(do.LimitTurns, ms=st.sampled_from([0, 60_000])),
    st.builds(
        do.TypeTurn,
        intervention=names,
        lines=st.just(()) | segments.map(lambda name: (do.TypedLine(segment=name, text="Typed."),)),
    ),
    st.builds(do.HoldTurn, intervention=names),
    st.builds(
        do.OpenPoll, poll=polls, question=st.just("Shall we?"), language=st.just("en"), options=st.just(("Yes", "No"))
    ),
    st.builds(do.ClosePoll, poll=polls, void=st.booleans()),
    st.builds(do.CountRoom, poll=polls, room=hands),
    st.builds(do.CountPoll, poll=polls, remote=hands),
    st.just(do.ClearWall()),
    st.builds(do.RestoreWall, t=st.none() | st.integers(0, 9_000), intervention=st.none() | names),
    st.builds(do.LeaveNote, text=st.just("Look."), note=st.sampled_from(["n", "m"]).map(NoteId)),
    st.builds(do.ReadNote, note=st.sampled_from(["n", "m"]).map(NoteId)),
    st.builds(do.LeaveHubNote, hub=st.just("x"), note=st.just(NoteId("h")), text=st.just("Hm.")),
    st.lists(questions, max_size=2, unique=True).map(
        lambda listed: do.ListPolicyQuestions(
            questions=tuple(PolicyQuestion(id=name, text="Which?") for name in listed)
        )
    ),
    st.builds(do.TagSegment, segment=segments, tag=st.none() | st.sampled_from(Tag), question=st.none() | questions),
    segments.map(lambda name: do.TypeSegment(channel=FLOOR, segment=name, text="Said.", language="en")),
    st.sampled_from(
        [
            do.CloseSession(),
            do.ReopenSession(),
            do.PauseSession(),
            do.ResumeSession(),
            do.RewindChannel(channel=FLOOR, t=0),
            do.BeginNotRecorded(),
            do.EndNotRecorded(),
        ]
    ),
)
roles = st.sampled_from([*[Role.MODERATOR] * 5, Role.SECRETARIAT, Role.CAPTIONER, Role.PARTICIPANT, Role.PARTICIPANT])
sent = st.tuples(
    roles, st.one_of(asked, brought, brought, brought, stands, acts, acts, acts, names), st.sampled_from([0, 1, 40])
)


class _Log:
    """A log as the session's writer keeps it."""

    def __init__(self) -> None:
        self.begin = self.state = speaking()
        self.bodies: list[tuple[ev.AnyEvent | None, int]] = []
        self.text_offsets = TextOffsets()
        for command in BEGIN:
            decision = decide(self.state, command, MODERATOR, WALL)
            assert not isinstance(decision, Refusal)
            self.append(decision, WALL)

    def append(self, events: Sequence[ev.AnyEvent], wall: int) -> None:
        for event in events:
            read = decode_event(encode_event(event))
            assert read == event
            self.bodies.append((event, wall))
            self.text_offsets.note(len(self.bodies), event)
            self.state = evolve(self.state, event, wall)

    def remove(self, name: InterventionId, wall: int) -> None:
        wanted = requested(self.state, self.text_offsets, Interventions((name,)), TECHNICIAN, CommandId("r"))
        if not isinstance(wanted, Erasure):
            return
        gone = {*self.text_offsets.of_interventions([name]), *self.text_offsets.of_names(wanted.names)}
        for each in wanted.interventions:
            self.append(stays_of(each), wall)
        self.bodies = [(None if n in gone else event, at) for n, (event, at) in enumerate(self.bodies, 1)]
        self.text_offsets = TextOffsets()
        for n, (event, _) in enumerate(self.bodies, 1):
            if event is not None:
                self.text_offsets.note(n, event)
        self.state = self.folded()

    def folded(self, *, strangers: bool = False) -> State:
        state = self.begin
        for event, at in self.bodies:
            if event is None or not strangers or is_public(event.lane()):
                state = evolve(state, event, at)
        return state


@given(st.lists(sent, min_size=20, max_size=40))
def test_whatever_happens_in_a_meeting(story: list[tuple[Role, do.AnyCommand | Remove, int]]) -> None:
    log, wall, received, lines = _Log(), WALL, set(NAMES[:3]), SpokenLines()
    for role, command, later in story:
        wall += 1_000 * later
        if isinstance(command, str):
            log.remove(command, wall)
            continue
        if isinstance(command, do.TypeTurn) and log.state.questions.called is not None:
            command = msgspec.structs.replace(command, intervention=log.state.questions.called)  # noqa: PLW2901  # of who has the turn
        actor = _by(role, command)
        decision = decide(log.state, command, actor, wall) if may_send(actor.role, command) else None
        if decision is None or isinstance(decision, Refusal):
            continue
        before = log.state
        if isinstance(command, do.Ask):
            received.add(command.intervention)
        log.append(decision, wall)
        _stands_as_told(log.state, received)
        assert lines.of(log.state) == spoken_lines(log.state)
        if actor.role in STAFF_ROLES and not isinstance(command, do.RestoreWall):  # Which is undone by clearing them.
            _undone(before, log.state, read_act(before, decision).undoing, wall + 1_000)
        if actor.role is Role.CAPTIONER:  # Who has no say in the queue shows nothing but what stood on the walls.
            assert _published(log.state) - before.wall_withdrew <= _published(before)
    assert log.folded() == log.state
    _strangers(log)


def _by(role: Role, command: do.AnyCommand) -> Actor:
    if isinstance(command, do.CountSupport | do.CountPoll):
        return SYSTEM
    if isinstance(command, do.TypeTurn | do.HoldTurn | do.ReportAbuse):
        return Actor(Role.PARTICIPANT, command.intervention)
    return Actor(role, "m1")


def _published(state: State) -> set[InterventionId]:
    shown = set(InterventionStatus) - {InterventionStatus.CHECKED}
    return {each.id for each in state.questions.with_status(*shown) if each.published}


def _stands_as_told(state: State, received: set[InterventionId]) -> None:
    questions = state.questions
    every = questions.with_status(*InterventionStatus)
    assert {each.id for each in every} == received
    assert [each.number for each in every] == list(range(1, len(received) + 1))
    called = [each.id for each in questions.with_status(InterventionStatus.CALLED)]
    assert called == ([] if questions.called is None else [questions.called])
    assert questions.called is None or questions.turns[-1].intervention == questions.called
    waiting = Counter(each.id for each in questions.with_status(InterventionStatus.QUEUED))
    for order in (None, *QueueOrder):
        assert Counter(each.intervention for each in queue(questions, order)) == waiting
    arranged = [each.intervention for each in queue(questions) if each.why is Why.ARRANGED]
    assert arranged == list(questions.arranged)
    rest = [each.intervention for each in queue(questions)][len(arranged) :]
    without = msgspec.structs.replace(questions, arranged=())
    if questions.order in (QueueOrder.ARRIVAL, QueueOrder.SUPPORT):
        assert rest == [each.intervention for each in queue(without) if each.intervention not in arranged]
    assert sum(poll.open for poll in questions.polls) <= 1
    assert all(turn.spoken >= 0 for turn in questions.turns)
    assert (turn_now(state) is None) == (questions.called is None)
    for each in every:
        hidden = each.status in (
            InterventionStatus.CHECKED,
            InterventionStatus.DECLINED,
            InterventionStatus.JOINED,
            InterventionStatus.WITHDRAWN,
            InterventionStatus.CLOSED,
        )
        assert each.published or hidden
        assert not each.removed or not (each.text or each.name or each.received or each.answer)
        assert (each.into is not None) == (each.status is InterventionStatus.JOINED)
        times = [line.t0 for line in typed_lines(state, each)]
        assert times == sorted(set(times))
    shown = on_wall(questions)
    for on in (*((shown.now,) if shown.now else ()), *shown.next):
        assert on.published
        assert on.status in (InterventionStatus.CALLED, InterventionStatus.QUEUED)


def _undone(before: State, after: State, undoing: Sequence[do.AnyCommand], wall: int) -> None:
    state = after
    for command in undoing:
        decision = decide(state, command, TECHNICIAN, wall)
        assert not isinstance(decision, Refusal), (command, decision)
        for event in decision:
            state = evolve(state, event, wall)
    if undoing:
        assert _where(state, before) == _where(before, before)
    if undoing and isinstance(undoing[0], do.RestoreWall):
        assert (state.wall_cleared, state.questions.off_wall) == (before.wall_cleared, before.questions.off_wall)


def _where(state: State, before: State) -> dict[str, object]:
    """Where everything stands, without since when; what undoing can't make unhappen is left out."""
    questions = state.questions
    found: dict[str, object] = {
        each.id: (each.status, each.reason, each.into, each.segment, each.own, each.text, each.flags)
        for each in questions.with_status(*InterventionStatus)
    }
    answers = {each.id: each.answer for each in questions.with_status(InterventionStatus.WRITTEN)}
    known = {poll.id for poll in before.questions.polls}
    return found | {
        "answers": answers,
        "queue": queue(questions),
        "floor": (questions.called, questions.arranged, questions.order, questions.limit),
        "turns": [turn.intervention for turn in questions.turns],
        "polls": [_settled(poll) for poll in questions.polls if poll.id in known],
        "void": all(poll.void for poll in questions.polls if poll.id not in known),
        "questions": state.notes_and_tags.questions,
        "tags": {name: set(tags) for name, tags in state.notes_and_tags.tags.items() if tags},
        # Nobody is named again whose name was removed.
        "speaking": [state.speakers.get(channel.speaker or SpeakerId("")) for channel in state.channels.values()],
        "status": (state.status, state.recorded),
    }


def _settled(poll: Poll) -> object:
    return poll.id, poll.open, poll.void, poll.remote, poll.room


def _strangers(log: _Log) -> None:
    """Who reads the public lanes alone knows what is shown to everybody, and no word that isn't."""
    questions = log.state.questions
    for event, _ in log.bodies:
        body = "" if event is None else encode_event(event).decode()
        for each in questions.with_status(*InterventionStatus):
            words = [f"{kind}-{each.id}" for kind in ("asked", "spelt", "name", "written", "mended")]
            said = any(f'"{word}"' in body for word in words)
            assert not (said and each.removed)
            assert not (said and event is not None and is_public(event.lane()) and not each.published)
    seen = log.folded(strangers=True).questions
    assert _as_shown(listing(msgspec.structs.replace(seen, order=questions.order))) == _as_shown(
        listing(questions)
    ) or (
        questions.order is QueueOrder.NEWCOMERS  # Who asked is for the staff alone.
    )
    assert {each.id: each.status for each in seen.with_status(*InterventionStatus)} == {
        each.id: each.status for each in questions.with_status(*InterventionStatus)
    }
    assert (seen.polls, seen.limit, seen.called, seen.off_wall) == (
        questions.polls,
        questions.limit,
        questions.called,
        questions.off_wall,
    )


def _as_shown(found: Listing) -> object:
    def plain(each: Intervention) -> object:
        return each.id, each.number, each.kind, each.text, each.name, each.answer, each.status, each.since

    return (
        [plain(each) for each in (*found.now, *found.later, *found.answered, *found.written)],
        [(plain(each.intervention), each.why) for each in found.queue],
        found.figures,
    )
