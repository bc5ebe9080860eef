"""Strategies for all commands to a session, for laws that hold in every session."""

from __future__ import annotations

from hypothesis import strategies as st

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId, SourceId, SpeakerId
from moothall.core.rules.decide import decide
from moothall.core.sessions.state import State, evolve

SESSION = SessionId("s")
FLOOR = ChannelId("floor")
ACTORS = (SYSTEM, Actor(Role.ENGINE, "e"), Actor(Role.CAPTIONER, "c"), Actor(Role.TECHNICIAN, "t"))

segments = st.sampled_from(["a", "b", "c"]).map(SegmentId)
few = st.integers(0, 3)
texts = st.sampled_from(["Good", " day", " to", " you.", "你好", " ok"])


@st.composite
def words(draw: st.DrawFn) -> tuple[le.Word, ...]:
    made = []
    for text in draw(st.lists(texts, min_size=0, max_size=3)):
        t0 = draw(st.integers(0, 2_000))
        made.append(le.Word(text=text, t0=t0, t1=t0 + draw(st.integers(-1, 300))))
    return tuple(made)


starts = st.none() | st.builds(do.SegmentStart, t0=st.integers(0, 2_000), language=st.sampled_from(["en", "pt", "fr"]))
engine_commands: st.SearchStrategy[do.AnyCommand] = st.one_of(
    st.builds(
        do.CommitWords,
        channel=st.just(FLOOR),
        generation=few,
        segment=segments,
        first=few,
        words=words(),
        start=starts,
        rest=texts,
    ),
    st.builds(
        do.EndSegment,
        channel=st.just(FLOOR),
        generation=few,
        segment=segments,
        t1=st.integers(0, 3_000),
        reason=st.sampled_from(le.EndReason),
    ),
    st.builds(
        do.CorrectSegment,
        channel=st.just(FLOOR),
        segment=segments,
        base_revision=few,
        base_words=few,
        text=texts,
    ),
    st.builds(do.ReviseSegment, channel=st.just(FLOOR), generation=few, segment=segments, base_words=few, text=texts),
    st.builds(
        do.JoinSegments,
        channel=st.just(FLOOR),
        segment=segments,
        revision=few,
        part=st.one_of(st.none(), segments),
    ),
    st.builds(
        do.SplitSegment,
        channel=st.just(FLOOR),
        segment=segments,
        revision=few,
        word=few,
        into=segments,
        generation=st.none() | few,
    ),
    st.builds(do.AttachEngine, channel=st.just(FLOOR), model=st.just("m")),
)
other_commands: st.SearchStrategy[do.AnyCommand] = st.sampled_from(
    [
        do.OpenSession(),
        do.PauseSession(),
        do.PauseSession(back=900),
        do.ResumeSession(),
        do.ResumeSession(back=900),
        do.CloseSession(),
        do.RequestClose(act=CommandId("c"), by="l1"),
        do.RequestClose(),
        do.ReopenSession(),
        do.SealRecord(version=ev.SealVersion.RAW),
        do.CreateSession(title="x", languages=("en",)),
        do.AddChannel(channel=ChannelId("pt"), kind=ev.ChannelKind.INTERPRETATION, languages=("pt",)),
        do.AttachSource(source=SourceId("mic"), channel=FLOOR, t=100, rate=16_000),
        do.EndSource(source=SourceId("mic"), t=200),
        do.MapClock(t=500),
        do.NoteGap(channel=FLOOR, t0=100, t1=400, reason=ev.GapReason.OVERLOAD),
        do.IntroduceSpeaker(speaker=SpeakerId("ana"), name="Ana"),
        do.AssignSpeaker(segments=(SegmentId("a"),), speaker=SpeakerId("ana")),
        do.PutOnAir(channel=FLOOR, source=le.AirSource.PERSON),
        do.PutOnAir(channel=FLOOR, source=le.AirSource.PERSON, token=2),
        do.PutOnAir(channel=FLOOR, source=le.AirSource.MACHINE),
        do.TypeSegment(channel=FLOOR, segment=SegmentId("t"), text="Typed", language="en"),
    ]
)
desk_commands: st.SearchStrategy[do.AnyCommand] = st.sampled_from(
    [
        do.PauseSession(),
        do.PauseSession(back=900),
        do.ResumeSession(),
        do.ResumeSession(back=900),
        do.CloseSession(),
        do.ReopenSession(),
        do.ClearWall(),
        do.RestoreWall(),
        do.IntroduceSpeaker(speaker=SpeakerId("ana"), name="Ana"),
        do.IntroduceSpeaker(speaker=SpeakerId("ana"), name="Anna"),
        do.AssignSpeaker(segments=(SegmentId("a"),), speaker=SpeakerId("ana")),
        do.DescribeSession(title="y"),
        do.SetLanguages(languages=("pt", "en")),
        do.BeginNotRecorded(),
        do.BeginNotRecorded(back=900),
        do.EndNotRecorded(),
        do.SetSpeaker(channel=FLOOR, speaker=SpeakerId("ana")),
        do.SetSpeaker(channel=FLOOR, speaker=None, since=SegmentId("a")),
        do.ForceLanguage(channel=FLOOR, language="pt"),
        do.ForceLanguage(channel=FLOOR, language="en"),
        do.RewindChannel(channel=FLOOR, t=50),
        do.RewindChannel(channel=FLOOR, t=800),
        do.TypeSegment(channel=FLOOR, segment=SegmentId("t"), text="Typed", language="en"),
        do.MoveSegmentsAway(channel=FLOOR, segments=(SegmentId("a"),), session=SessionId("other")),
        do.MoveSegmentsHere(
            channel=FLOOR,
            session=SessionId("other"),
            lines=(
                do.MovedSegment(
                    segment=SegmentId("m"),
                    t0=50,
                    t1=90,
                    language="en",
                    origin=le.Origin.MACHINE,
                    text="Hm",
                    mended=True,
                ),
            ),
        ),
        do.BringSegmentsBack(channel=FLOOR, segments=(SegmentId("a"),), session=SessionId("other")),
        do.LeaveNote(text="x"),
        do.PutOnAir(channel=FLOOR, source=le.AirSource.PERSON),
        do.PutOnAir(channel=FLOOR, source=le.AirSource.MACHINE),
    ]
)
sent = st.tuples(st.sampled_from(ACTORS), st.one_of(engine_commands, other_commands, desk_commands))
at_desks = st.tuples(st.just(ACTORS[2]), desk_commands)
walls = st.sampled_from([1_000, 1_500, 2_500, 40_000])
BEGIN: list[do.AnyCommand] = [
    do.CreateSession(title="x", languages=("en", "pt")),
    do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en", "pt")),
    do.OpenSession(),
    do.AttachEngine(channel=FLOOR, model="m"),
    do.CommitWords(
        channel=FLOOR,
        generation=1,
        segment=SegmentId("a"),
        first=0,
        words=(le.Word("Good", 0, 100), le.Word(" day", 100, 200)),
        start=do.SegmentStart(t0=0, language="en"),
    ),
]


def carried_out(state: State, command: do.AnyCommand, actor: Actor, wall: int) -> State | None:
    decision = decide(state, command, actor, wall)
    if isinstance(decision, Refusal):
        return None
    for event in decision:
        state = evolve(state, event)
    return state
