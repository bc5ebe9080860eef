"""The words of an engine after a person's, on their way into the log: none is lost or doubled."""

from __future__ import annotations

from moothall.core import commands as do
from moothall.core.captioning.control_tokens import Join
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId
from moothall.core.kernel.lanes import Feed
from moothall.core.signals import Unsaved
from moothall.services.engines.joining import Joining
from moothall.services.engines.words import StoredWords
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sound.live_audio import LiveAudio
from moothall.testing import loop
from moothall.testing.log_memory import FailingLog
from moothall.testing.outlets import MemoryOutlet
from moothall.wire import engine as wire
from moothall.wire.frames import Format
from support.memory.hall import FLOOR, MIC, MemoryHall, memory_hall, shown

LINE, NEXT = SegmentId("a"), SegmentId("b")
JOIN = Join("We thank the delegation of Kenya.", 20_000)


async def made(hall: MemoryHall) -> tuple[LiveSession, StoredWords, FailingLog]:
    live = await hall.session()
    commands: list[do.AnyCommand] = [do.OpenSession(), do.AttachEngine(channel=FLOOR, model="m")]
    assert isinstance(await live.writer.send(SYSTEM, CommandId("open"), commands), Receipt)
    audio = LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock)
    words = StoredWords(live.writer, FLOOR, audio, model="m", generation=1, resume_point=None, joining=Joining(JOIN))
    assert isinstance(hall.log, FailingLog)
    return live, words, hall.log


def commit(first: int, *texts: str, t0: int, segment: SegmentId = LINE) -> do.CommitWords:
    words = tuple(le.Word(text=text, t0=t0 + 400 * n, t1=t0 + 400 * n + 300) for n, text in enumerate(texts))
    start = None if first else do.SegmentStart(t0=t0, language="en")
    return do.CommitWords(channel=FLOOR, generation=1, segment=segment, first=first, words=words, start=start)


def end(t1: int, segment: SegmentId = LINE) -> do.EndSegment:
    return do.EndSegment(channel=FLOOR, generation=1, segment=segment, t1=t1, reason=le.EndReason.PAUSE)


def act(name: str, *commands: wire.AttachmentCommand) -> wire.PassAct:
    return wire.PassAct(attachment=1, id=CommandId(name), commands=commands)


def lines(live: LiveSession) -> list[str]:
    found = sorted((line for _, line in live.state.segments.items()), key=lambda line: line.t0)
    return ["".join(word.text for word in line.words) for line in found]


def test_what_was_held_back_is_in_the_log_once_no_more_comes() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, words, _ = await made(hall)
            before = live.writer.offset
            held = await words.carry_out(act("1", commit(0, " Something", " else", t0=17_000)))
            assert held == Receipt(before, before)
            assert lines(live) == []
            await words.drained()
            assert [line.strip() for line in lines(live)] == ["Something else"]
            assert words.saved

    loop.run(story())


def test_nothing_is_lost_where_storage_is_away_when_no_more_comes() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, words, log = await made(hall)
            assert isinstance(await words.carry_out(act("1", commit(0, " Something", t0=17_000))), Receipt)
            log.full = True
            assert hall.group is not None
            drained = hall.group.create_task(words.drained())
            await hall.clock.sleep(5_000)
            assert not drained.done()
            assert not words.saved
            log.full = False
            await drained
            assert [line.strip() for line in lines(live)] == ["Something"]
            assert words.saved

    loop.run(story())


def test_silence_decides_and_what_is_held_back_counts_as_unsaved_until_then() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, words, _ = await made(hall)
            assert words.saved
            await words.carry_out(act("1", commit(0, " Something", " quite", " else", t0=17_000), end(18_200)))
            assert not words.saved
            await words.through(JOIN.t - 1)
            assert lines(live) == []
            await words.through(JOIN.t)
            assert [line.strip() for line in lines(live)] == ["Something quite else"]
            assert words.saved
            # Whoever says it again, behind the silence, is heard.
            again = commit(0, " delegation", " of", " Kenya.", t0=25_000, segment=NEXT)
            assert isinstance(await words.carry_out(act("2", again)), Receipt)
            assert [line.strip() for line in lines(live)] == ["Something quite else", "delegation of Kenya."]

    loop.run(story())


def test_silence_alone_ends_the_waiting() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, words, _ = await made(hall)
            await words.through(JOIN.t)
            said = commit(0, " the", " delegation", " of", " Kenya.", t0=25_000)
            assert isinstance(await words.carry_out(act("1", said)), Receipt)
            assert [line.strip() for line in lines(live)] == ["the delegation of Kenya."]

    loop.run(story())


def test_what_silence_has_decided_waits_for_storage_and_comes_before_what_follows() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, words, log = await made(hall)
            outlet = MemoryOutlet()
            await live.fanout.subscribe(outlet, Feed(FLOOR), Format.SSE, None)
            await words.carry_out(act("1", commit(0, " Something", t0=17_000)))
            log.full = True
            await words.through(JOIN.t)
            follows = act("2", commit(1, " else", t0=21_000))
            refused = await words.carry_out(follows)
            assert not isinstance(refused, Receipt)
            assert refused.code is RefusalCode.UNAVAILABLE
            await hall.clock.sleep(10)
            unsaved = [signal.text for signal in shown(outlet) if isinstance(signal, Unsaved)]
            assert unsaved[-1].split() == ["Something", "else"]
            assert not words.saved
            log.full = False
            assert isinstance(await words.carry_out(follows), Receipt)
            assert [line.strip() for line in lines(live)] == ["Something else"]
            await hall.clock.sleep(10)
            unsaved = [signal.text for signal in shown(outlet) if isinstance(signal, Unsaved)]
            assert unsaved[-1] == ""
            assert words.saved

    loop.run(story())


def test_an_act_that_comes_again_is_not_counted_anew_though_another_came_meanwhile() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, words, log = await made(hall)
            await words.carry_out(act("1", commit(0, " We", " thank", " the", t0=15_000)))
            log.full = True
            seam = act("2", commit(3, " delegation", " of", " Kenya.", " And", t0=16_200))
            behind = act("3", commit(7, " now", t0=21_000))
            for each in (seam, behind):
                assert not isinstance(await words.carry_out(each), Receipt)
            log.full = False
            for each in (seam, behind):
                assert isinstance(await words.carry_out(each), Receipt)
            assert lines(live) == ["And now"]

    loop.run(story())


def test_a_gap_in_the_place_of_words_that_the_engine_gave_up_is_what_is_stored() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, words, log = await made(hall)
            log.full = True
            given_up = commit(0, " Something", " else", t0=21_000)
            assert not isinstance(await words.carry_out(act("1", given_up, end(22_000))), Receipt)
            log.full = False
            gap = do.NoteGap(channel=FLOOR, t0=21_000, t1=21_700, reason=ev.GapReason.STORAGE)
            follows = commit(0, " Then", t0=30_000, segment=NEXT)
            assert isinstance(await words.carry_out(act("1", gap, follows)), Receipt)
            assert [line.strip() for line in lines(live)] == ["Then"]
            assert [type(each) for each in await hall.events()].count(ev.GapNoted) == 1
            assert words.saved

    loop.run(story())


def test_what_was_held_back_and_is_refused_for_good_is_the_engines_answer() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, words, _ = await made(hall)
            await words.carry_out(act("1", commit(0, " Something", t0=17_000)))
            assert isinstance(await live.writer.send(SYSTEM, CommandId("close"), do.CloseSession()), Receipt)
            await words.through(JOIN.t)
            assert not words.saved
            answer = await words.carry_out(act("2", commit(1, " else", t0=21_000)))
            assert not isinstance(answer, Receipt)
            assert answer.code is RefusalCode.CONFLICT
            await words.drained()  # There is no log that would take them: nobody waits for that.
            assert lines(live) == []

    loop.run(story())


def test_an_act_for_another_channel_is_forbidden_before_anything_is_held_back() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            _, words, _ = await made(hall)
            foreign = do.NoteGap(channel=ChannelId("pt"), t0=1, t1=2, reason=ev.GapReason.OVERLOAD)
            answer = await words.carry_out(act("1", foreign))
            assert not isinstance(answer, Receipt)
            assert answer.code is RefusalCode.FORBIDDEN
            assert words.saved

    loop.run(story())
