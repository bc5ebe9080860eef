"""Laws of a session: whatever is sent to it in whatever order, and sent again."""

from __future__ import annotations

import asyncio

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.actors import SYSTEM, Actor
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import CommandId, Epoch, SegmentId
from moothall.core.kernel.lanes import Feed
from moothall.core.removal.selection import again, not_kept
from moothall.core.rules.decide import decide
from moothall.core.sessions.state import State, evolve
from moothall.core.views.captions import CaptionsView
from moothall.services.log.session_writer import SessionWriter
from moothall.testing import loop
from moothall.testing.clock import LoopClock, SeededRandomness, SeededSigner
from moothall.testing.log_memory import MemoryLog
from support.sessions.session_strategies import ACTORS, BEGIN, FLOOR, SESSION, carried_out, sent, walls


@given(st.lists(st.tuples(sent, walls), max_size=30))
def test_what_is_decided_folds_and_the_view_shows_what_the_writer_holds(
    rest: list[tuple[tuple[Actor, do.AnyCommand], int]],
) -> None:
    state, view, offset = State(id=SESSION), CaptionsView.empty(SESSION, Epoch("e"), Feed(FLOOR)), 0
    through = 0
    for (actor, command), wall in [*(((SYSTEM, command), 1_000) for command in BEGIN), *rest]:
        if isinstance(command, do.MoveSegmentsHere | do.BringSegmentsBack):
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
        if not state.unkept:  # Else the view may say less than is still to be removed.
            assert line.text == shown
    assert (view.session.status, view.session.title) == (state.status, state.title)
    assert (view.session.not_recorded is None) == state.recorded
    if FLOOR in state.channels:
        floor = state.channels[FLOOR]
        assert (view.session.speaking, view.session.forced) == (floor.speaker, floor.forced)


@given(st.lists(st.tuples(sent, walls), max_size=25), st.integers(0, 3_000))
def test_what_is_not_recorded_is_found_and_nothing_else_and_is_gone_once_it_was_removed(
    rest: list[tuple[tuple[Actor, do.AnyCommand], int]], t0: int
) -> None:
    state = State(id=SESSION)
    for (actor, each), at in [*(((SYSTEM, each), 1_000) for each in BEGIN), *rest]:
        state = carried_out(state, each, actor, at) or state
    state = evolve(state, ev.NotRecordedBegan(t0=t0))
    cuts = {cut.line.id: cut for cut in not_kept(state)}
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
    assert not_kept(kept) == ()


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
        assert not_kept(state) == ()

    loop.run(story())
