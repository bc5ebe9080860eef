"""Laws of a session: whatever is sent to it in whatever order, and sent again."""

from __future__ import annotations

import asyncio

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from moothall.adapters.log_memory import MemoryLog
from moothall.core import commands as do
from moothall.core import events as ev
from moothall.core.actors import SYSTEM, Actor, Role
from moothall.core.decide import decide
from moothall.core.errors import Refusal
from moothall.core.event_codec import decode_event
from moothall.core.ids import ChannelId, CommandId, Epoch, SegmentId, SessionId, SourceId, SpeakerId
from moothall.core.lanes import Feed
from moothall.core.removing import again, not_recorded
from moothall.core.session import Segment, State, evolve
from moothall.core.undo import inverse, lines_meanwhile, standing
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
    st.builds(do.ReviseSegment, channel=st.just(FLOOR), generation=few, segment=segments, base_words=few, text=texts),
    st.builds(do.AttachEngine, channel=st.just(FLOOR), model=st.just("m")),
)
other_commands: st.SearchStrategy[do.AnyCommand] = st.sampled_from(
    [
        do.OpenSession(),
        do.PauseSession(),
        do.ResumeSession(),
        do.CloseSession(),
        do.AskClose(act=CommandId("c"), by="l1"),
        do.AskClose(),
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
desk_commands: st.SearchStrategy[do.AnyCommand] = st.sampled_from(
    [
        do.PauseSession(),
        do.ResumeSession(),
        do.CloseSession(),
        do.ReopenSession(),
        do.IntroduceSpeaker(speaker=SpeakerId("ana"), name="Ana"),
        do.IntroduceSpeaker(speaker=SpeakerId("ana"), name="Anna"),
        do.AssignSpeaker(segments=(SegmentId("a"),), speaker=SpeakerId("ana")),
        do.DescribeSession(title="y"),
        do.BeginNotRecorded(),
        do.BeginNotRecorded(back=900),
        do.EndNotRecorded(),
        do.TakeFloor(channel=FLOOR, speaker=SpeakerId("ana")),
        do.TakeFloor(channel=FLOOR, speaker=None, since=SegmentId("a")),
        do.ForceLanguage(channel=FLOOR, language="pt"),
        do.ForceLanguage(channel=FLOOR, language="en"),
        do.RewindChannel(channel=FLOOR, t=50),
        do.RewindChannel(channel=FLOOR, t=800),
        do.TypeLine(channel=FLOOR, segment=SegmentId("t"), text="Typed", language="en"),
        do.MoveLinesAway(channel=FLOOR, segments=(SegmentId("a"),), session=SessionId("other")),
        do.MoveLinesHere(
            channel=FLOOR,
            session=SessionId("other"),
            lines=(
                do.MovedLine(
                    segment=SegmentId("m"),
                    t0=50,
                    t1=90,
                    language="en",
                    origin=ev.Origin.MACHINE,
                    text="Hm",
                    mended=True,
                ),
            ),
        ),
        do.BringLinesBack(channel=FLOOR, segments=(SegmentId("a"),), session=SessionId("other")),
        do.LeaveNote(text="x"),
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
        words=(ev.Word("Good", 0, 100), ev.Word(" day", 100, 200)),
        start=do.SegmentStart(t0=0, language="en"),
    ),
]


@given(st.lists(st.tuples(sent, walls), max_size=30))
def test_what_is_decided_folds_and_the_view_shows_what_the_writer_holds(
    rest: list[tuple[tuple[Actor, do.AnyCommand], int]],
) -> None:
    state, view, offset = State(id=SESSION), CaptionsView.empty(SESSION, Epoch("e"), Feed(FLOOR)), 0
    through = 0
    for (actor, command), wall in [*(((SYSTEM, command), 1_000) for command in BEGIN), *rest]:
        if isinstance(command, do.MoveLinesHere | do.BringLinesBack):
            actor = SYSTEM  # Whose the lines are is told by the role, and no engine may send this.  # noqa: PLW2901
        decision = decide(state, command, actor, wall)
        if isinstance(decision, Refusal):
            assert decision.message.endswith(".")
            continue
        for event in decision:
            offset += 1
            state = evolve(state, event)
            view = view.apply(offset, actor.role, event)
        if FLOOR not in state.channels:
            continue
        # What is committed never runs back but where it is rewound, and a channel has at most one open line.
        assert state.channels[FLOOR].committed_through >= through or isinstance(command, do.RewindChannel)
        through = state.channels[FLOOR].committed_through
        open_lines = [segment.id for _, segment in state.segments.items() if not segment.ended and not segment.gone]
        assert open_lines in ([], [state.channels[FLOOR].open_segment])
    for line in view.lines:
        segment = state.segments.get(line.segment)
        assert segment is not None
        assert (line.gone, line.speaker) == (segment.gone, segment.speaker)
        assert line.mended == segment.mended
        shown = "" if segment.gone else segment.whole
        assert (line.words, line.revision) == (len(segment.words), segment.revision)
        if state.recorded and not state.not_recorded:  # Else the view may say less than is still to be removed.
            assert line.text == shown
    assert (view.session.status, view.session.title) == (state.status, state.title)
    assert (view.session.not_recorded is None) == state.recorded
    if FLOOR in state.channels:
        floor = state.channels[FLOOR]
        assert (view.session.speaking, view.session.forced) == (floor.speaker, floor.forced)


@given(st.lists(st.tuples(at_desks | sent, walls), max_size=25), walls, st.data())
def test_what_undoes_an_act_brings_back_what_was_shown(
    rest: list[tuple[tuple[Actor, do.AnyCommand], int]], wall: int, data: st.DataObject
) -> None:
    before = State(id=SESSION)
    for (actor, each), at in [*(((SYSTEM, each), 1_000) for each in BEGIN), *rest]:
        before = carried_out(before, each, actor, at) or before
    act = data.draw(st.lists(corrections(before) | desk_commands, min_size=1, max_size=2))
    undoing = inverse(before, act)
    after: State | None = before
    for command in (*act, *undoing) if undoing else ():
        assert after is not None
        after = carried_out(after, command, ACTORS[2], wall)
    assert after is not None
    assert shown(after) == shown(before)
    # A new name stays, which harms nobody.
    assert before.speakers.items() <= after.speakers.items()


floors: st.SearchStrategy[do.AnyCommand] = st.builds(
    do.TakeFloor, channel=st.just(FLOOR), speaker=st.sampled_from([None, SpeakerId("ana"), SpeakerId("bo")])
)


@given(floors, floors, st.lists(st.tuples(sent, walls), max_size=15))
def test_once_a_floor_was_given_back_no_line_of_that_time_has_the_wrong_name_alone_because_of_it(
    earlier: do.TakeFloor, act: do.TakeFloor, rest: list[tuple[tuple[Actor, do.AnyCommand], int]]
) -> None:
    state: State | None = State(id=SESSION)
    introduced: list[do.AnyCommand] = [
        do.IntroduceSpeaker(speaker=SpeakerId(who), name=who.title()) for who in ("ana", "bo")
    ]
    end = do.EndSegment(channel=FLOOR, generation=1, segment=SegmentId("a"), t1=200, reason=ev.EndReason.SENTENCE)
    for command in (*BEGIN, *introduced, end, earlier):
        assert state is not None
        state = carried_out(state, command, SYSTEM, 1_000)
    assert state is not None
    before, undoing = state, inverse(state, [act])
    state = carried_out(state, act, SYSTEM, 1_000)
    assert state is not None
    since: list[ev.AnyEvent] = []
    for (actor, command), wall in rest:
        decision = decide(state, command, actor, wall)
        for event in () if isinstance(decision, Refusal) else decision:
            since.append(event)
            state = evolve(state, event)
    back = (*standing(state, [act], undoing), *lines_meanwhile(state, [act], undoing, since))
    now: State | None = state
    for command in back:
        assert now is not None
        now = carried_out(now, command, SYSTEM, 1_000)
    assert now is not None
    taken = any(isinstance(event, ev.SpeakerTookFloor) for event in since)
    named = {
        name for event in since if isinstance(event, ev.SpeakerAssigned | ev.LinesMovedHere) for name in event.segments
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


def carried_out(state: State, command: do.AnyCommand, actor: Actor, wall: int) -> State | None:
    decision = decide(state, command, actor, wall)
    if isinstance(decision, Refusal):
        return None
    for event in decision:
        state = evolve(state, event)
    return state


def shown(state: State) -> object:
    """What readers see of a state; a line without text is not shown."""
    lines = {
        name: (line.whole, line.speaker)
        for name, line in state.segments.items()
        if not line.gone and not (line.ended and not line.whole)
    }
    channels = {name: (channel.speaker, channel.forced) for name, channel in state.channels.items()}
    return state.status, state.recorded, state.title, lines, channels


@given(st.lists(st.tuples(sent, walls), max_size=25), st.integers(0, 3_000))
def test_what_is_not_recorded_is_found_and_nothing_else_and_is_gone_once_it_was_removed(
    rest: list[tuple[tuple[Actor, do.AnyCommand], int]], t0: int
) -> None:
    state = State(id=SESSION)
    for (actor, each), at in [*(((SYSTEM, each), 1_000) for each in BEGIN), *rest]:
        state = carried_out(state, each, actor, at) or state
    state = evolve(state, ev.NotRecordedBegan(t0=t0))
    cuts = {cut.line.id: cut for cut in not_recorded(state)}
    kept = State(id=SESSION, channels=state.channels, not_recorded=state.not_recorded)
    for name, line in state.segments.items():
        cut = cuts.get(name)
        if cut is None:
            assert all(state.kept(word.t0) for word in line.words)
            kept = msgspec.structs.replace(kept, segments=kept.segments.set(name, line))
            continue
        assert not line.words or not all(state.kept(word.t0) for word in line.words)
        stays = [word for first, last in cut.stays for word in line.words[first:last]]
        assert stays == ([] if line.gone else [word for word in line.words if state.kept(word.t0)])
        for number, run in enumerate(cut.stays):
            for event in again(line, run, SegmentId(f"kept-{name}-{number}")):
                kept = evolve(kept, event)
    assert not_recorded(kept) == ()


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
            event = None if record.body is None else decode_event(record.body)
            state = evolve(state, event, record.header.at)
        assert state == writer.state
        assert not_recorded(state) == ()

    loop.run(story())
