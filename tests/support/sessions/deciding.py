"""States of sessions at several stages, and decisions in them, for tests of the rules."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId, SourceId
from moothall.core.rules.decide import decide
from moothall.core.rules.undo import Undoing, read_act
from moothall.core.sessions.parts import Segment
from moothall.core.sessions.state import State, evolve

FLOOR = ChannelId("floor")
ENGINE = Actor(Role.ENGINE, "whisper-base")
CAPTIONER = Actor(Role.CAPTIONER, "c1")
WALL = 1_000_000


def segment(name: str) -> SegmentId:
    return SegmentId(name)


def word(text: str, t0: int, t1: int) -> le.Word:
    return le.Word(text=text, t0=t0, t1=t1)


def carry_out(state: State, *commands: do.AnyCommand, actor: Actor = SYSTEM, wall: int = WALL) -> State:
    for command in commands:
        decision = decide(state, command, actor, wall)
        assert not isinstance(decision, Refusal), decision
        for event in decision:
            state = evolve(state, event, wall)
    return state


def refused(state: State, command: do.AnyCommand, *, actor: Actor = SYSTEM, wall: int = WALL) -> Refusal:
    decision = decide(state, command, actor, wall)
    assert isinstance(decision, Refusal), decision
    return decision


def events(state: State, command: do.AnyCommand, *, actor: Actor = SYSTEM, wall: int = WALL) -> Sequence[ev.AnyEvent]:
    decision = decide(state, command, actor, wall)
    assert not isinstance(decision, Refusal), decision
    return decision


def created() -> State:
    return carry_out(
        State(id=SessionId("s")),
        do.CreateSession(title="Access", languages=("en", "pt")),
        do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en", "pt")),
    )


def opened() -> State:
    return carry_out(
        created(),
        do.OpenSession(),
        do.AttachSource(source=SourceId("mic"), channel=FLOOR, t=0, rate=16_000),
        do.AttachEngine(channel=FLOOR, model="whisper-base"),
    )


def commit(name: str, first: int, *words: le.Word, start: int | None = None, generation: int = 1) -> do.CommitWords:
    return do.CommitWords(
        channel=FLOOR,
        generation=generation,
        segment=segment(name),
        first=first,
        words=words,
        start=None if start is None else do.SegmentStart(t0=start, language="en"),
    )


def end(name: str, t1: int, generation: int = 1) -> do.EndSegment:
    reason = le.EndReason.SENTENCE
    return do.EndSegment(channel=FLOOR, generation=generation, segment=segment(name), t1=t1, reason=reason)


def speaking() -> State:
    """Return a session with an ended segment of three words, and an open segment of one word."""
    return carry_out(
        opened(),
        commit("a", 0, word("Good", 0, 300), word(" morning", 300, 700), start=0),
        commit("a", 2, word(" all.", 700, 1000)),
        end("a", 1000),
        commit("b", 0, word("Welcome", 1200, 1500), start=1200),
        actor=ENGINE,
    )


def correct(name: str, revision: int, words: int, text: str) -> do.CorrectSegment:
    return do.CorrectSegment(channel=FLOOR, segment=segment(name), base_revision=revision, base_words=words, text=text)


def undoing_of(state: State, *commands: do.AnyCommand) -> Undoing:
    """Return the commands that undo an act in `state`; empty when nothing does, or when the act is refused."""
    now, done = state, list[ev.AnyEvent]()
    for command in commands:
        decision = decide(now, command, CAPTIONER, now.clock[1])
        if isinstance(decision, Refusal):
            return ()
        for event in decision:
            now = evolve(now, event)
        done += decision
    return read_act(state, done).undoing


def revise(name: str, words: int, text: str, generation: int = 1) -> do.ReviseSegment:
    return do.ReviseSegment(channel=FLOOR, generation=generation, segment=segment(name), base_words=words, text=text)


def line_of(state: State, name: str) -> Segment:
    """Return a line, which must exist."""
    line = state.segments.get(segment(name))
    assert line is not None
    return line
