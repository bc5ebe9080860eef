from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moothall.core import commands as do
from moothall.core.captioning.outgoing import HELD_MS, LATE_MS, OutgoingLine
from moothall.core.events.lines import EndReason, Origin, SourceSegment, Word
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.programme.plan import Planned
from moothall.core.removal.selection import Lines, SpokenSpan
from moothall.core.rules.lines import MOST_BACK
from moothall.services.captioning.zoom_push import (
    FORGET_LOOK_MS,
    MOST_TARGETS,
    NAMESPACE,
    ZoomPush,
    ZoomTarget,
)
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.forgetting import AFTER_CLOSE_MS, Forgetting
from moothall.testing.book import MemoryBook
from moothall.testing.clock import LONG_AGO
from moothall.testing.log_memory import MemoryLog
from moothall.testing.loop import run
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall

TECHNICIAN = Actor(Role.TECHNICIAN, "t")
SECRETARIAT = Actor(Role.SECRETARIAT, "s")
DESK = Actor(Role.CAPTIONER, "desk")
PLANNED = SessionId("planned")
TARGET = ZoomTarget(address="https://zoom.example/closedcaption?id=1")


class Sender:
    """A Zoom meeting that may be away."""

    def __init__(self) -> None:
        self.away = False
        self.deaf = False
        self.taken = 41
        self.slow: asyncio.Event | None = None
        """Set once it may say its number."""
        self.shown: list[tuple[int, str]] = []

    async def last(self, address: str) -> int | None:
        assert address == TARGET.address
        if self.slow is not None:
            await self.slow.wait()
        return None if self.away else self.taken

    async def post(self, address: str, seq: int, line: OutgoingLine) -> bool:
        if self.away:
            return False
        self.taken = seq
        self.shown.append((seq, line.text))
        return not self.deaf


def zoom_push(hall: MemoryHall, book: MemoryBook, sender: Sender) -> ZoomPush:
    """Where one meeting is planned without a log, for the end of the test."""
    plans = {PLANNED: Planned(session=PLANNED, title="", ends=LONG_AGO)}
    return ZoomPush(hall.sessions, book, sender, Forgetting(hall.sessions, plans.get, hall.clock), hall.clock)


class ZoomMeeting:
    def __init__(self, hall: MemoryHall, book: MemoryBook | None = None) -> None:
        self.hall, self.sender, self.book = hall, Sender(), book or MemoryBook()
        self.push = zoom_push(hall, self.book, self.sender)
        self._done = 0

    async def do(self, *commands: do.AnyCommand, by: Actor = SYSTEM) -> None:
        self._done += 1
        live = await self.hall.sessions.find(SESSION)
        assert live is not None
        assert isinstance(await live.writer.send(by, CommandId(f"t{self._done}"), commands), Receipt)

    async def say(self, name: str, text: str) -> None:
        line = do.TypeSegment(channel=FLOOR, segment=SegmentId(name), text=text, language="en")
        await self.do(line, by=DESK)

    async def mend(self, name: str, text: str, revision: int = 0) -> None:
        mended = do.CorrectSegment(
            channel=FLOOR, segment=SegmentId(name), base_revision=revision, base_words=0, text=text
        )
        await self.do(mended, by=DESK)


@asynccontextmanager
async def house(made: MemoryHall | None = None, book: MemoryBook | None = None) -> AsyncIterator[ZoomMeeting]:
    async with memory_hall(made) as hall:
        await hall.session()
        on = ZoomMeeting(hall, book)
        await on.push.load()
        assert await on.push.send_to(SESSION, TARGET)
        assert hall.group is not None
        running = hall.group.create_task(on.push.run())
        await on.do(do.OpenSession())
        yield on
        running.cancel()


def test_lines_go_out_once_held_for_a_correction_and_numbered_from_where_zoom_is() -> None:
    async def story() -> None:
        async with house() as on:
            await on.say("a", "We opne.")
            await on.say("b", "Taken back.")
            await on.mend("a", "We open.")
            await on.mend("b", "")
            await on.hall.clock.sleep(HELD_MS - 500)
            assert on.sender.shown == []
            await on.say("c", "All here.")
            await on.hall.clock.sleep(1_000)
            assert on.sender.shown == [(42, "We open.")]
            await on.hall.clock.sleep(HELD_MS)
            await on.mend("a", "Too late.", revision=1)
            await on.hall.clock.sleep(HELD_MS)
            assert on.sender.shown == [(42, "We open."), (43, "All here.")]

    run(story())


def test_while_zoom_is_away_it_is_tried_again_and_said_and_what_is_too_late_is_given_up() -> None:
    async def story() -> None:
        async with house() as on:
            on.sender.away = True
            await on.say("a", "One.")
            await on.hall.clock.sleep(HELD_MS + 4_000)
            assert on.push.failing(SESSION)
            on.sender.away = False
            await on.hall.clock.sleep(8_000)
            assert (on.sender.shown, on.push.failing(SESSION)) == ([(42, "One.")], False)
            on.sender.away = True
            await on.say("b", "Two.")
            await on.hall.clock.sleep(LATE_MS + 1_000)
            on.sender.away = False
            await on.hall.clock.sleep(LATE_MS)
            assert (on.sender.shown, on.push.failing(SESSION)) == ([(42, "One.")], False)

    run(story())


def test_in_a_break_nothing_that_waits_goes_out_and_another_address_begins_anew() -> None:
    async def story() -> None:
        async with house() as on:
            await on.say("a", "Before.")
            await on.hall.clock.sleep(500)
            await on.do(do.PauseSession())
            await on.hall.clock.sleep(HELD_MS + 1_000)
            await on.do(do.ResumeSession())
            await on.say("b", "After.")
            assert await on.push.send_to(SESSION, TARGET)
            await on.hall.clock.sleep(HELD_MS + 1_000)
            assert on.sender.shown == []
            again = zoom_push(on.hall, on.book, on.sender)
            await again.load()
            assert again.target(SESSION) == TARGET
            await on.push.forget(SESSION)
            await on.push.forget(SESSION)
            await on.say("c", "Nobody sees it in Zoom.")
            await on.hall.clock.sleep(HELD_MS + 1_000)
            assert (on.sender.shown, on.push.failing(SESSION)) == ([], False)
            assert await on.book.read(NAMESPACE) == {}

    run(story())


def test_when_words_are_removed_the_other_lines_that_wait_go_out() -> None:
    async def story() -> None:
        async with house() as on:
            live = await on.hall.sessions.find(SESSION)
            assert live is not None
            await on.say("a", "We open.")
            await on.say("b", "My number.")
            await on.hall.clock.sleep(500)
            removed = await live.writer.remove(SECRETARIAT, CommandId("r"), Lines((SegmentId("b"),)))
            assert isinstance(removed, Receipt)
            await on.say("c", "All here.")
            await on.hall.clock.sleep(HELD_MS + 1_000)
            assert on.sender.shown == [(42, "We open."), (43, "All here.")]

    run(story())


def test_what_a_removal_leaves_of_a_line_that_was_sent_is_not_sent_again() -> None:
    async def story() -> None:
        async with house() as on:
            live = await on.hall.sessions.find(SESSION)
            assert live is not None
            words = tuple(Word(f" word{n}", n * 500, n * 500 + 400) for n in range(4))
            line, start, engine = SegmentId("m"), do.SegmentStart(t0=0, language="en"), Actor(Role.ENGINE, "e")
            await on.hall.clock.sleep(2_000)
            await on.do(do.AttachEngine(channel=FLOOR, model="m"))
            await on.do(
                do.CommitWords(channel=FLOOR, generation=1, segment=line, first=0, words=words, start=start),
                do.EndSegment(channel=FLOOR, generation=1, segment=line, t1=1_900, reason=EndReason.PAUSE),
                by=engine,
            )
            await on.hall.clock.sleep(HELD_MS + 500)
            assert [text for _, text in on.sender.shown] == ["word0 word1 word2 word3"]
            removed = await live.writer.remove(SECRETARIAT, CommandId("r"), SpokenSpan(1_000, 1_400))
            assert isinstance(removed, Receipt)
            await on.hall.clock.sleep(HELD_MS + 1_000)
            assert len(on.sender.shown) == 1

    run(story())


def test_what_is_emptied_while_zoom_is_asked_for_its_number_is_not_posted_empty() -> None:
    async def story() -> None:
        async with house() as on:
            on.sender.slow = asyncio.Event()
            await on.say("a", "Taken back.")
            await on.say("b", "We open.")
            await on.hall.clock.sleep(HELD_MS + 1_000)
            await on.mend("a", "")
            on.sender.slow.set()
            await on.hall.clock.sleep(1_000)
            assert on.sender.shown == [(42, "We open.")]

    run(story())


def test_what_waits_goes_nowhere_once_nothing_is_recorded() -> None:
    """Though nothing of it was set back: somebody hears that it is off the record, and mends it no more."""

    async def story() -> None:
        async with house() as on:
            await on.say("a", "Between us.")
            await on.hall.clock.sleep(1_000)
            await on.do(do.BeginNotRecorded(), by=TECHNICIAN)
            await on.hall.clock.sleep(HELD_MS + 1_000)
            assert on.sender.shown == []
            assert not on.push.failing(SESSION)

    run(story())


def test_what_is_taken_back_while_zoom_is_asked_for_its_number_goes_nowhere() -> None:
    async def story() -> None:
        async with house() as on:
            on.sender.slow = asyncio.Event()
            await on.say("a", "A secret.")
            await on.hall.clock.sleep(HELD_MS + 1_000)
            await on.do(do.BeginNotRecorded(back=20_000), by=TECHNICIAN)
            on.sender.slow.set()
            await on.hall.clock.sleep(1_000)
            assert on.sender.shown == []
            await on.do(do.EndNotRecorded(), by=TECHNICIAN)
            await on.say("b", "Public.")
            await on.hall.clock.sleep(HELD_MS + 1_000)
            assert on.sender.shown == [(42, "Public.")]

    run(story())


def test_only_lines_of_the_text_that_was_chosen_go_out_be_it_an_interpreters_or_a_translation() -> None:
    french, spanish = ChannelId("fr"), ChannelId("mt-es")
    spoken = do.TypeSegment(channel=french, segment=SegmentId("f"), text="Nous ouvrons.", language="fr")
    source = SourceSegment(SegmentId("a"), 0)
    made = do.SetTranslation(channel=spanish, source=source, text="Abrimos.", route="echo")

    async def story() -> None:
        async with house() as on:
            await on.do(do.AddChannel(channel=french, kind=ChannelKind.INTERPRETATION, languages=("fr",)))
            await on.do(do.AddChannel(channel=spanish, kind=ChannelKind.TRANSLATION, languages=("es",)))
            for channel in (french, spanish):
                assert await on.push.send_to(SESSION, ZoomTarget(address=TARGET.address, channel=channel))
                if channel == french:
                    await on.say("a", "We open.")
                    await on.do(spoken, by=Actor(Role.INTERPRETER, "i"))
                else:
                    await on.do(made, by=Actor(Role.TRANSLATOR, "t"))
                await on.hall.clock.sleep(HELD_MS + 1_000)
            assert on.sender.shown == [(42, "Nous ouvrons."), (43, "Abrimos.")]

    run(story())


def test_the_last_lines_go_out_after_the_close() -> None:
    async def story() -> None:
        async with house() as on:
            await on.say("a", "The meeting is closed.")
            await on.do(do.CloseSession())
            await on.hall.clock.sleep(HELD_MS + 1_000)
            assert on.sender.shown == [(42, "The meeting is closed.")]

    run(story())


def test_the_next_node_goes_on_with_zooms_number_and_sends_nothing_twice() -> None:
    async def story() -> None:
        log, book = MemoryLog(), MemoryBook()
        async with house(MemoryHall(log), book) as on:
            await on.say("a", "Before.")
            await on.hall.clock.sleep(HELD_MS + 1_000)
            sender = on.sender
        assert sender.shown == [(42, "Before.")]
        async with memory_hall(MemoryHall(log)) as hall:
            push = zoom_push(hall, book, sender)
            await push.load()
            assert hall.group is not None
            running = hall.group.create_task(push.run())
            live = await hall.sessions.open(SESSION)
            line = do.TypeSegment(channel=FLOOR, segment=SegmentId("b"), text="After.", language="en")
            assert isinstance(await live.writer.send(DESK, CommandId("after"), [line]), Receipt)
            await hall.clock.sleep(HELD_MS + 1_000)
            assert sender.shown == [(42, "Before."), (43, "After.")]
            running.cancel()

    run(story())


def test_lines_that_come_from_another_session_or_come_back_are_not_sent() -> None:
    async def story() -> None:
        async with house() as on:
            await on.hall.clock.sleep(100_000)
            line = do.MovedSegment(
                segment=SegmentId("m"),
                t0=10_000,
                t1=12_000,
                language="en",
                origin=Origin.PERSON,
                text="Of an hour ago.",
                speaker=None,
            )
            other = SessionId("other")
            await on.do(do.MoveSegmentsHere(channel=FLOOR, session=other, lines=(line,)), by=SECRETARIAT)
            await on.say("a", "Now.")
            await on.hall.clock.sleep(MOST_BACK + HELD_MS)
            assert on.sender.shown == [(42, "Now.")]
            await on.do(do.MoveSegmentsAway(channel=FLOOR, session=other, segments=(SegmentId("a"),)), by=SECRETARIAT)
            await on.do(do.BringSegmentsBack(channel=FLOOR, session=other, segments=(SegmentId("a"),)), by=SECRETARIAT)
            await on.hall.clock.sleep(HELD_MS + 1_000)
            assert on.sender.shown == [(42, "Now.")]

    run(story())


def test_an_address_is_forgotten_an_hour_after_its_meeting_was_closed_for_good() -> None:
    async def story() -> None:
        async with house() as on:
            assert await on.push.send_to(PLANNED, TARGET)
            await on.do(do.CloseSession())
            await on.hall.clock.sleep(AFTER_CLOSE_MS // 2)
            await on.do(do.ReopenSession())
            await on.hall.clock.sleep(2 * FORGET_LOOK_MS)
            await on.do(do.CloseSession())
            await on.hall.clock.sleep(AFTER_CLOSE_MS - FORGET_LOOK_MS)
            assert on.push.target(SESSION) == TARGET
            on.book.full = True
            await on.hall.clock.sleep(3 * FORGET_LOOK_MS)
            assert on.push.target(SESSION) == TARGET
            on.book.full = False
            await on.hall.clock.sleep(2 * FORGET_LOOK_MS)
            assert on.push.target(SESSION) is None
            assert list(await on.book.read(NAMESPACE)) == [PLANNED]

    run(story())


def test_after_a_restart_the_hour_goes_on() -> None:
    async def story() -> None:
        log, book = MemoryLog(), MemoryBook()
        async with house(MemoryHall(log), book) as on:
            await on.do(do.CloseSession())
        async with memory_hall(MemoryHall(log, ahead=AFTER_CLOSE_MS - 2 * FORGET_LOOK_MS)) as hall:
            assert hall.group is not None
            push = zoom_push(hall, book, Sender())
            await push.load()
            running = hall.group.create_task(push.run())
            await hall.clock.sleep(1_000)
            assert push.target(SESSION) == TARGET
            await hall.clock.sleep(3 * FORGET_LOOK_MS)
            assert push.target(SESSION) is None
            running.cancel()

    run(story())


def test_there_is_room_for_so_many_addresses() -> None:
    async def story() -> None:
        async with house() as on:
            for n in range(MOST_TARGETS - 1):
                assert await on.push.send_to(SessionId(f"s{n}"), TARGET)
            assert not await on.push.send_to(SessionId("more"), TARGET)

    run(story())


def test_a_line_that_is_split_while_it_waits_goes_out_in_two_and_later_not_again() -> None:
    async def story() -> None:
        async with house() as on:
            live = await on.hall.sessions.find(SESSION)
            assert live is not None
            await on.do(do.AttachEngine(channel=FLOOR, model="m"))
            engine = Actor(Role.ENGINE, "e")

            async def split(into: str, word: int, name: str = "a", revision: int = 0) -> None:
                command = do.SplitSegment(
                    channel=FLOOR, segment=SegmentId(name), revision=revision, word=word, into=SegmentId(into)
                )
                await on.do(command, by=DESK)

            words = tuple(Word(f" {text}", n, n + 1) for n, text in enumerate(("Who?", "I", "do.")))
            start = do.SegmentStart(t0=0, language="en")
            said = do.CommitWords(
                channel=FLOOR, generation=1, segment=SegmentId("a"), first=0, words=words, start=start
            )
            end = do.EndSegment(channel=FLOOR, generation=1, segment=SegmentId("a"), t1=9, reason=EndReason.SENTENCE)
            await on.do(said, end, by=engine)
            await split("b", 1)
            await on.hall.clock.sleep(HELD_MS + 1_000)
            assert on.sender.shown == [(42, "Who?"), (43, "I do.")]
            await split("c", 1, "b")
            await on.hall.clock.sleep(HELD_MS + 1_000)
            assert on.sender.shown == [(42, "Who?"), (43, "I do.")]
            joined = do.JoinSegments(channel=FLOOR, segment=SegmentId("a"), revision=1, part=SegmentId("b"))
            await on.do(joined, by=DESK)
            await on.hall.clock.sleep(HELD_MS + 1_000)
            assert on.sender.shown == [(42, "Who?"), (43, "I do.")]

    run(story())
