from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from moothall.core.chain import LogRecord
from moothall.core.commands import AddChannel, AnyCommand, OpenSession, TypeSegment
from moothall.core.events.types import Access, ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, Epoch, Lane, SegmentId, SessionId
from moothall.core.removal.selection import Lines
from moothall.core.views.captions import ReaderChannel, Snapshot
from moothall.record.model import Record
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.log_folds import KEPT, SLICE
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.services.sessions.records import NotThere, Records, spoken
from moothall.testing import loop
from moothall.testing.log_memory import MemoryLog
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall

FR = ChannelId("fr")
CAPTIONER = Actor(Role.CAPTIONER, "c1")
ADMIN = Actor(Role.SECRETARIAT, "a1")


class CountingLog(MemoryLog):
    """Remembers from where on it was read for readers."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[int] = []
        self.meanwhile: Callable[[], None] = lambda: None

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        if limit == SLICE:
            self.reads.append(after)
            self.meanwhile()
        return await super().read(session, after, limit, lanes)


class RecordedMeeting:
    """A hall, its records, and a session that people type in."""

    def __init__(self, hall: MemoryHall, live: LiveSession, log: CountingLog) -> None:
        self.log = log
        self.live = live
        self.records = Records(ReaderAccess(hall.sessions), log)
        self._count = 0

    async def act(self, command: AnyCommand, actor: Actor = SYSTEM) -> None:
        self._count += 1
        answer = await self.live.writer.send(actor, CommandId(f"c{self._count}"), command)
        assert isinstance(answer, Receipt), answer

    async def type(self, text: str, channel: ChannelId = FLOOR) -> SegmentId:
        segment = SegmentId(f"s{self._count}")
        await self.act(
            TypeSegment(channel=channel, segment=segment, text=text, language=channel if channel == FR else "en"),
            CAPTIONER,
        )
        return segment

    async def now(self, channel: ChannelId | None = None, language: str | None = None) -> Snapshot:
        found = await self.records.find(self.live.id, channel=channel, language=language)
        assert isinstance(found, Snapshot)
        return found

    async def read(self) -> Record:
        return await self.records.read(await self.now())

    async def texts(self) -> list[str]:
        return [line.text for line in (await self.read()).lines]


async def house(hall: MemoryHall, name: SessionId = SESSION) -> RecordedMeeting:
    assert isinstance(hall.log, CountingLog)
    made = RecordedMeeting(hall, await hall.session(name), hall.log)
    await made.act(AddChannel(channel=FR, kind=ChannelKind.INTERPRETATION, languages=("fr",)))
    await made.act(OpenSession())
    hall.log.reads.clear()  # The writer has read its log, in slices of the same size.
    return made


def test_a_record_is_that_of_the_position_and_goes_on_from_there() -> None:
    async def story() -> None:
        async with memory_hall(MemoryHall(CountingLog())) as hall:
            made = await house(hall)
            await made.type("One.")
            then = await made.now()
            await made.type("Two.")
            assert [line.text for line in (await made.records.read(then)).lines] == ["One."]
            assert made.log.reads == [0]
            assert (await made.records.read(await made.now(), then.offset)) == await made.records.read(then)
            made.log.reads.remove(0)
            assert await made.texts() == ["One.", "Two."]
            assert made.log.reads == [0, then.offset]
            record = await made.read()
            assert made.log.reads == [0, then.offset]
            assert (record.position.epoch, record.position.offset) == (made.live.writer.epoch, made.live.writer.offset)
            assert [line.text for line in (await made.records.read(then)).lines] == ["One."]

    loop.run(story())


def test_a_position_is_known_up_to_the_end_of_the_log_in_whichever_text() -> None:
    async def story() -> None:
        async with memory_hall(MemoryHall(CountingLog())) as hall:
            made = await house(hall)
            await made.type("One.")
            here = await made.now()
            await made.type("Deux.", FR)
            epoch, end = made.live.writer.epoch, made.live.writer.offset
            assert here.offset < end
            for wanted, offset in {
                f"{epoch}:{here.offset}": here.offset,
                f"{epoch}r2:{end}": end,
                f"{epoch}:{end + 1}": None,
                f"e2:{end}": None,
                f"{epoch}:0": None,
                "now": None,
            }.items():
                assert await made.records.offset_of(wanted, here) == offset, wanted

    loop.run(story())


def test_a_long_record_is_folded_in_slices() -> None:
    async def story() -> None:
        async with memory_hall(MemoryHall(CountingLog())) as hall:
            made = await house(hall)
            for n in range(300):
                await made.type(f"{n}")
            assert await made.texts() == [f"{n}" for n in range(300)]
            assert made.log.reads == [0, SLICE, 2 * SLICE]

    loop.run(story())


def test_what_was_removed_is_gone_from_the_next_record() -> None:
    async def story() -> None:
        async with memory_hall(MemoryHall(CountingLog())) as hall:
            made = await house(hall)
            secret = await made.type("Secret.")
            await made.type("Public.")
            assert await made.texts() == ["Secret.", "Public."]
            answer = await made.live.writer.remove(ADMIN, CommandId("remove"), Lines((secret,)))
            assert isinstance(answer, Receipt), answer
            assert await made.texts() == ["Public."]
            made.records.forget(SESSION)
            made.log.reads.clear()
            assert await made.texts() == ["Public."]
            assert made.log.reads == [0]

    loop.run(story())


def test_what_is_removed_while_a_record_is_made_is_not_kept() -> None:
    async def story() -> None:
        async with memory_hall(MemoryHall(CountingLog())) as hall:
            made = await house(hall)
            await made.type("One.")
            made.log.meanwhile = lambda: made.records.forget(SESSION)
            assert await made.texts() == ["One."]
            made.log.meanwhile = lambda: None
            made.log.reads.clear()
            assert await made.texts() == ["One."]
            assert made.log.reads == [0]

    loop.run(story())


def test_a_log_that_began_anew_is_folded_anew() -> None:
    async def story() -> None:
        async with memory_hall(MemoryHall(CountingLog())) as hall:
            made = await house(hall)
            await made.type("One.")
            await made.read()
            now = await made.now()
            other = Snapshot(
                epoch=Epoch("other"), offset=now.offset, feed=now.feed, session=now.session, lines=(), before=None
            )
            assert (await made.records.read(other)).position.epoch == "other"
            gone = Snapshot(
                epoch=now.epoch, offset=now.offset + 9, feed=now.feed, session=now.session, lines=(), before=None
            )
            assert (await made.records.read(gone)).position.offset == now.offset

    loop.run(story())


def test_few_folds_are_kept() -> None:
    async def story() -> None:
        async with memory_hall(MemoryHall(CountingLog())) as hall:
            houses = [await house(hall, SessionId(f"s{n}")) for n in range(KEPT + 1)]
            for made in houses:
                await made.read()
            before = len(houses[0].log.reads)
            records = houses[0].records
            for made in houses:
                await records.read(await made.now())
            assert len(houses[0].log.reads) == before + KEPT
            await records.read(await houses[0].now())
            assert houses[0].log.reads[-1] == 0
            assert len(houses[0].log.reads) == before + KEPT + 1

    loop.run(story())


def test_a_text_is_found_by_its_channel_or_language() -> None:
    async def story() -> None:
        async with memory_hall(MemoryHall(CountingLog())) as hall:
            made = await house(hall)
            find = made.records.find
            assert (await made.now()).feed == "floor.live"
            assert (await made.now(FR)).feed == "fr.live"
            assert (await made.now(language="fr-CH")).feed == "fr.live"
            assert (await made.now(FLOOR, "en")).feed == "floor.live"
            assert await find(SESSION, channel=ChannelId("xx")) is NotThere.CHANNEL
            assert await find(SESSION, language="de") is NotThere.LANGUAGE
            assert await find(SESSION, channel=FLOOR, language="fr") is NotThere.LANGUAGE
            some = Records(ReaderAccess(hall.sessions), made.log, lambda _, channel: channel != FR)
            assert await some.find(SESSION, channel=FR) is NotThere.HERE
            assert await some.find(SESSION, language="fr") is NotThere.LANGUAGE
            assert await find(SessionId("nothing")) is NotThere.SESSION
            await hall.session(SessionId("hidden"), Access.STAFF)
            assert await find(SessionId("hidden")) is NotThere.SESSION

    loop.run(story())


CHANNELS = {
    FLOOR: ReaderChannel(kind=ChannelKind.FLOOR, languages=("en", "fr", "pt-BR")),
    ChannelId("fr-machine"): ReaderChannel(kind=ChannelKind.TRANSLATION, languages=("fr",)),
    FR: ReaderChannel(kind=ChannelKind.INTERPRETATION, languages=("fr",)),
    ChannelId("pt-machine"): ReaderChannel(kind=ChannelKind.TRANSLATION, languages=("pt-PT",)),
}


@pytest.mark.parametrize(
    ("language", "channel"),
    [("fr", "fr"), ("en-GB", "floor"), ("PT-br", "floor"), ("pt", "pt-machine"), ("pt-AO", "pt-machine"), ("ru", None)],
)
def test_interpreters_come_before_machines_and_both_before_the_floor(language: str, channel: str | None) -> None:
    assert spoken(CHANNELS, language) == channel


def test_the_original_text_comes_before_its_translation_where_nothing_else_is_planned() -> None:
    machine = ChannelId("en-machine")
    channels = {
        machine: ReaderChannel(kind=ChannelKind.TRANSLATION, languages=("en",)),
        FLOOR: ReaderChannel(kind=ChannelKind.FLOOR, languages=("en",)),
    }
    assert (spoken(channels, "en"), spoken(channels, "en-GB")) == (FLOOR, FLOOR)
    of_two = {**channels, FLOOR: ReaderChannel(kind=ChannelKind.FLOOR, languages=("en", "es"))}
    assert spoken(of_two, "en") == machine, "what is spoken isn't in English throughout"
    interpreted = {**channels, FR: ReaderChannel(kind=ChannelKind.INTERPRETATION, languages=("en",))}
    assert spoken(interpreted, "en") == FR
    british = {**channels, machine: ReaderChannel(kind=ChannelKind.TRANSLATION, languages=("en-GB",))}
    assert spoken(british, "en-GB") == machine
