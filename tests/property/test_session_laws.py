"""Laws of a session: whatever is sent to it in whatever order, and sent again."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from moothall.adapters.log_memory import MemoryLog
from moothall.core import commands as do
from moothall.core import events as ev
from moothall.core.actors import SYSTEM, Actor, Role
from moothall.core.decide import decide
from moothall.core.errors import Refusal
from moothall.core.event_codec import UnknownEvent, decode_event
from moothall.core.ids import ChannelId, CommandId, Epoch, SegmentId, SessionId, SourceId, SpeakerId
from moothall.core.lanes import Feed
from moothall.core.session import State, evolve
from moothall.core.views.captions import CaptionsView
from moothall.services.session_writer import SessionWriter
from moothall.testing import loop
from moothall.testing.clock import LoopClock
from moothall.testing.seeded import SeededRandomness, SeededSigner

SESSION = SessionId("s")
FLOOR = ChannelId("floor")
ACTORS = (SYSTEM, Actor(Role.ENGINE, "e"), Actor(Role.CAPTIONER, "c"), Actor(Role.TECHNICIAN, "t"))

segments = st.sampled_from(["a", "b", "c"]).map(SegmentId)
few = st.integers(0, 3)
texts = st.sampled_from(["Good", " day", " to", " you.", "你好", " ok"])


@st.composite
def words(draw: st.DrawFn) -> tuple[ev.Word, ...]:
    made = []
    for text in draw(st.lists(texts, min_size=0, max_size=3)):
        t0 = draw(st.integers(0, 2_000))
        made.append(ev.Word(text=text, t0=t0, t1=t0 + draw(st.integers(-1, 300))))
    return tuple(made)


starts = st.none() | st.builds(do.SegmentStart, t0=st.integers(0, 2_000), language=st.sampled_from(["en", "pt", "fr"]))
engine_commands = st.one_of(
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
        reason=st.sampled_from(ev.EndReason),
    ),
    st.builds(
        do.CorrectSegment,
        channel=st.just(FLOOR),
        segment=segments,
        base_revision=few,
        base_words=few,
        text=texts,
    ),
    st.builds(do.AttachEngine, channel=st.just(FLOOR), model=st.just("m")),
)
other_commands = st.sampled_from(
    [
        do.OpenSession(),
        do.PauseSession(),
        do.ResumeSession(),
        do.CloseSession(),
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
    ]
)
sent = st.tuples(st.sampled_from(ACTORS), st.one_of(engine_commands, other_commands))
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
        words=(ev.Word("Good", 0, 100), ev.Word(" day", 100, 200)),
        start=do.SegmentStart(t0=0, language="en"),
    ),
]


@given(st.lists(sent, max_size=30))
def test_what_is_decided_folds_and_the_view_shows_what_the_writer_holds(
    rest: list[tuple[Actor, do.AnyCommand]],
) -> None:
    state, view, offset = State(id=SESSION), CaptionsView.empty(SESSION, Epoch("e"), Feed(FLOOR)), 0
    through = 0
    for actor, command in [*((SYSTEM, command) for command in BEGIN), *rest]:
        decision = decide(state, command, actor, 1_000)
        if isinstance(decision, Refusal):
            assert decision.message.endswith(".")
            continue
        for event in decision:
            offset += 1
            state = evolve(state, event)
            view = view.apply(offset, actor.role, event)
        if FLOOR not in state.channels:
            continue
        # What is committed never runs back, and a channel has at most one open line.
        assert state.channels[FLOOR].committed_through >= through
        through = state.channels[FLOOR].committed_through
        open_lines = [segment.id for _, segment in state.segments.items() if not segment.ended]
        assert open_lines in ([], [state.channels[FLOOR].open_segment])
    for line in view.lines:
        segment = state.segments.get(line.segment)
        assert segment is not None
        assert (line.text, line.words, line.revision) == (segment.whole, len(segment.words), segment.revision)
    assert view.session.status is state.status


@given(st.lists(st.tuples(sent, st.integers(0, 5)), min_size=1, max_size=20), st.data())
def test_the_same_command_id_twice_appends_once(
    orders: list[tuple[tuple[Actor, do.AnyCommand], int]], data: st.DataObject
) -> None:
    """Law 7. Ids repeat, with the same command or another, also after the writer was loaded anew."""
    restart = data.draw(st.integers(0, len(orders)))

    async def story() -> None:
        log = MemoryLog()
        first: dict[int, object] = {}
        for part in (orders[:restart], orders[restart:]):
            writer = SessionWriter(
                SESSION, log=log, clock=LoopClock(), randomness=SeededRandomness(), signer=SeededSigner()
            )
            await writer.load()
            running = asyncio.ensure_future(writer.run())
            for number, command in enumerate(BEGIN):
                await writer.send(SYSTEM if number < 4 else ACTORS[1], CommandId(f"begin-{number}"), command)
            for (actor, command), number in part:
                answer = await writer.send(actor, CommandId(f"c{number}"), command)
                if number in first:
                    assert answer == first[number]
                elif not isinstance(answer, Refusal):
                    first[number] = answer
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        records = await log.read(SESSION, 0, 10_000)
        seen = [(record.header.cause, record.header.n) for record in records]
        assert len(seen) == len(set(seen))
        state = State(id=SESSION)
        for record in records:
            assert record.body is not None
            event = decode_event(record.body)
            assert not isinstance(event, UnknownEvent)
            state = evolve(state, event)
        assert state == writer.state

    loop.run(story())
