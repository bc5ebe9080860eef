"""An engine that splits a line in which two people spoke, over the engine link, and what everybody has of it then."""

from __future__ import annotations

from moothall.core import commands as do
from moothall.core.events.lines import EndReason, SourceSegment, Word
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId
from moothall.core.kernel.lanes import Feed
from moothall.core.removal.selection import Lines
from moothall.core.rules.corrections import REVISED_WITHIN
from moothall.core.translation.lines import all_due
from moothall.core.views.captions import CaptionsView
from moothall.services.sessions.live_session import LiveSession
from moothall.testing.loop import run
from moothall.wire import engine as wire
from support.memory.acting_engine import with_engine
from support.memory.hall import FLOOR, memory_hall

SPANISH = ChannelId("mt-es")
TRANSLATOR, STAFF = Actor(Role.TRANSLATOR, "mt"), Actor(Role.SECRETARIAT, "s")
LINE, PART = SegmentId("floor-1-1"), SegmentId("floor-1-2")
SAID = tuple(Word(f" {text}", 100 * n, 100 * n + 90) for n, text in enumerate(("Who?", "I", "do.")))


MT = do.AddChannel(channel=SPANISH, kind=ChannelKind.TRANSLATION, languages=("es",))


def words(attach: wire.Attach) -> do.CommitWords:
    start = do.SegmentStart(t0=0, language="en")
    return do.CommitWords(channel=FLOOR, generation=attach.generation, segment=LINE, first=0, words=SAID, start=start)


def end(attach: wire.Attach) -> do.EndSegment:
    return do.EndSegment(channel=FLOOR, generation=attach.generation, segment=LINE, t1=300, reason=EndReason.SENTENCE)


def split(attach: wire.Attach) -> do.SplitSegment:
    return do.SplitSegment(channel=FLOOR, segment=LINE, revision=0, word=1, into=PART, generation=attach.generation)


async def shown(live: LiveSession, channel: ChannelId = FLOOR) -> list[tuple[str, bool]]:
    view = await live.fanout.view(Feed(channel))
    assert isinstance(view, CaptionsView)
    return [(line.text.strip(), line.voice_changes is True) for line in view.lines if not line.gone and line.text]


def test_a_line_is_split_once_and_everybody_has_two() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, engine, working = await with_engine(hall, MT)
            attach = engine.attach
            assert isinstance(await engine.act(words(attach), end(attach)), wire.Accepted)
            made = do.SetTranslation(channel=SPANISH, source=SourceSegment(LINE, 0), text="¿Quién? Yo.", route="x")
            await live.writer.send(TRANSLATOR, CommandId("made"), made)
            assert isinstance(await engine.act(split(attach)), wire.Accepted)
            assert await shown(live) == [("Who?", True), ("I do.", False)]
            due = all_due(live.state, live.state.channels[SPANISH])
            assert [each.source for each in due] == [SourceSegment(LINE, 1), SourceSegment(PART, 0)]
            again = await engine.act(split(attach))
            assert isinstance(again, wire.Refused)
            assert again.refusal.code is RefusalCode.INVALID
            # The engine keeps its place: its next words are taken.
            later = do.CommitWords(
                channel=FLOOR,
                generation=attach.generation,
                segment=SegmentId("floor-1-3"),
                first=0,
                words=(Word(" Good.", 400, 490),),
                start=do.SegmentStart(t0=400, language="en"),
            )
            assert isinstance(await engine.act(later), wire.Accepted)
            assert await shown(live) == [("Who?", True), ("I do.", False), ("Good.", False)]
            working.cancel()

    run(story())


def test_a_translation_that_is_there_follows_a_split_and_its_undoing() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, engine, working = await with_engine(hall, MT)
            desk = Actor(Role.CAPTIONER, "c")

            async def spans() -> list[tuple[str, int | None, bool]]:
                view = await live.fanout.view(Feed(SPANISH))
                assert isinstance(view, CaptionsView)
                return [(line.text, line.t1, line.voice_changes is True) for line in view.lines if not line.gone]

            await engine.act(words(engine.attach), end(engine.attach))
            made = do.SetTranslation(channel=SPANISH, source=SourceSegment(LINE, 0), text="¿Quién? Yo.", route="x")
            await live.writer.send(TRANSLATOR, CommandId("made"), made)
            assert await spans() == [("¿Quién? Yo.", 300, False)]
            await engine.act(split(engine.attach))
            first = do.SetTranslation(channel=SPANISH, source=SourceSegment(LINE, 1), text="¿Quién?", route="x")
            second = do.SetTranslation(channel=SPANISH, source=SourceSegment(PART, 0), text="Yo.", route="x")
            await live.writer.send(TRANSLATOR, CommandId("parts"), (first, second))
            assert await spans() == [("¿Quién?", 90, True), ("Yo.", 300, False)]
            follows = do.SplitSegment(channel=FLOOR, segment=PART, revision=0, word=2, into=None)
            await live.writer.send(desk, CommandId("follows"), follows)
            assert await spans() == [("¿Quién?", 90, True), ("Yo.", 300, True)]
            taken_back = do.JoinSegments(channel=FLOOR, segment=PART, revision=0, part=None)
            await live.writer.send(desk, CommandId("back"), taken_back)
            assert await spans() == [("¿Quién?", 90, True), ("Yo.", 300, False)]
            joined = do.JoinSegments(channel=FLOOR, segment=LINE, revision=1, part=PART)
            await live.writer.send(desk, CommandId("joined"), joined)
            whole = do.SetTranslation(channel=SPANISH, source=SourceSegment(LINE, 2), text="¿Quién? Yo.", route="x")
            await live.writer.send(TRANSLATOR, CommandId("whole"), whole)
            assert await spans() == [("¿Quién? Yo.", 300, False)]
            working.cancel()

    run(story())


def test_a_line_that_was_read_is_not_split_and_a_part_is_removed_with_all_that_was_logged_of_it() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, engine, working = await with_engine(hall, MT)
            attach = engine.attach
            await engine.act(words(attach), end(attach))
            await hall.clock.sleep(REVISED_WITHIN + 1)
            late = await engine.act(split(attach))
            assert isinstance(late, wire.Refused)
            assert late.refusal.code is RefusalCode.STALE
            by_desk = as_desk(split(attach))
            await live.writer.send(STAFF, CommandId("desk"), by_desk)
            assert await shown(live) == [("Who?", True), ("I do.", False)]
            await live.writer.remove(STAFF, CommandId("remove"), Lines((PART,)))
            # Somebody else spoke next, whose words are gone.
            assert await shown(live) == [("Who?", True)]
            records = await hall.log.read(live.id, 0, 10_000)
            assert not any(b"do." in (record.body or b"") for record in records)
            working.cancel()

    run(story())


def as_desk(command: do.SplitSegment) -> do.SplitSegment:
    """As a desk sends it."""
    return do.SplitSegment(
        channel=command.channel,
        segment=command.segment,
        revision=command.revision,
        word=command.word,
        into=command.into,
    )
