"""Laws of a line that an engine corrects: whatever engines and people send, in whatever order."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.rules.corrections import REVISED_WITHIN
from moothall.core.rules.decide import decide
from moothall.core.sessions.parts import Segment
from moothall.core.sessions.state import State, evolve
from support.sessions.deciding import CAPTIONER, ENGINE, FLOOR, WALL, carry_out, opened, segment

PT = ChannelId("pt")
OTHERS: list[do.AnyCommand] = [
    do.AttachEngine(channel=FLOOR, model="m"),
    do.RewindChannel(channel=FLOOR, t=100),
    do.PauseSession(),
    do.ResumeSession(),
    do.CloseSession(),
    do.ReopenSession(),
]


class Step(msgspec.Struct, frozen=True):
    """Something that is sent."""

    what: str
    back: int
    """Which line, counted from the newest that fits."""
    first: int
    second: int
    """How much something is off from what fits."""
    text: str
    wait: int
    """Ms after the step before."""


steps = st.lists(
    st.builds(
        Step,
        what=st.sampled_from(["words", "words", "end", "end", "better", "better", "better", "mend", "mend", "other"]),
        back=st.sampled_from([0, 0, 0, 1, 2]),
        first=st.sampled_from([0] * 8 + [-1, 1]),
        second=st.sampled_from([0] * 8 + [-1]),
        text=st.sampled_from(["Good", " day", " to you.", "你好", "Better.", ""]),
        wait=st.sampled_from([0, 0, 0, 100, 1_500, REVISED_WITHIN + 1]),
    ),
    min_size=5,
    max_size=40,
)


@given(steps)
def test_an_engine_betters_a_line_once_and_never_after_a_person_and_no_word_is_lost_or_doubled(
    path: list[Step],
) -> None:
    pt = do.AddChannel(channel=PT, kind=ev.ChannelKind.INTERPRETATION, languages=("pt",))
    state, wall = carry_out(opened(), pt), WALL
    bettered: set[SegmentId] = set()
    for number, step in enumerate(path):
        wall += step.wait
        actor, command = sent(state, number, step)
        decision = decide(state, command, actor, wall)
        if isinstance(decision, Refusal):
            continue
        before = state
        for event in decision:
            state = evolve(state, event, wall)
        if isinstance(command, do.ReviseSegment):
            line, after = line_of(before, command.segment), line_of(state, command.segment)
            assert line.id not in bettered
            bettered.add(line.id)
            assert (line.revision, line.mended, line.ended, line.gone) == (0, False, True, False)
            assert 0 <= wall - line.ended_at <= REVISED_WITHIN
            assert (after.whole, after.revision, after.mended) == (command.text, 1, False)
            assert after.words == line.words
        for name, line in before.segments.items():
            now = line_of(state, name)
            corrected = isinstance(command, do.ReviseSegment | do.CorrectSegment) and command.segment == name
            assert now.revision == line.revision + corrected
            if not corrected:  # As it read, and what was said behind it.
                assert now.whole == line.whole + "".join(word.text for word in now.words[len(line.words) :])


def sent(state: State, number: int, step: Step) -> tuple[Actor, do.AnyCommand]:
    """What fits the state, but for what is off."""
    channel = state.channels[FLOOR]
    through, generation = channel.committed_through, channel.generation + step.second
    open_line = None if channel.open_segment is None else line_of(state, channel.open_segment)
    known = sorted((line for _, line in state.segments.items()), key=lambda line: -line.t0)
    if step.what == "better":
        known = [line for line in known if line.ended] or known
    line = known[step.back % len(known)] if known else None
    match step.what:
        case "end" if open_line is not None:
            t1, reason = through + step.first, le.EndReason.PAUSE
            return ENGINE, do.EndSegment(
                channel=FLOOR, generation=generation, segment=open_line.id, t1=t1, reason=reason
            )
        case "better" if line is not None:
            return ENGINE, do.ReviseSegment(
                channel=PT if step.first and step.second else FLOOR,
                generation=generation,
                segment=line.id,
                base_words=len(line.words) + step.first,
                text=step.text,
            )
        case "mend" if line is not None:
            return CAPTIONER, do.CorrectSegment(
                channel=FLOOR,
                segment=line.id,
                base_revision=line.revision + step.first,
                base_words=len(line.words) + step.second,
                text=step.text,
            )
        case "other":
            return SYSTEM, OTHERS[number % len(OTHERS)]
        case _:
            return ENGINE, do.CommitWords(
                channel=FLOOR,
                generation=generation,
                segment=segment(f"s{number}") if open_line is None else open_line.id,
                first=step.first + (0 if open_line is None else len(open_line.words)),
                words=(le.Word(text=step.text or " hm", t0=through, t1=through + 100),),
                start=do.SegmentStart(t0=through, language="en") if open_line is None else None,
            )


def line_of(state: State, name: SegmentId) -> Segment:
    line = state.segments.get(name)
    assert line is not None
    return line
