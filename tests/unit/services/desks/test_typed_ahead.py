from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from moothall.core import commands as do
from moothall.core.events.lines import AirSource
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SpeakerId
from moothall.core.removal.selection import Lines, SpokenSpan
from moothall.core.rules.making import MAX_TEXT
from moothall.core.signals import Typing
from moothall.services.desks.acts import DeskPresence
from moothall.services.desks.session_desks import DeskConnection
from moothall.services.desks.typed_ahead import TypedAhead
from moothall.services.log.act_queue import Receipt
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.staff import Staff
from moothall.testing.log_memory import MemoryLog
from moothall.testing.loop import run
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall
from support.memory.meeting import MemoryMeeting

CAPTIONER = Actor(Role.CAPTIONER, "l-captioner")


class TypedMeeting(MemoryMeeting):
    """A session that is on, its desks, and what readers are shown."""

    def __init__(self, hall: MemoryHall, live: LiveSession) -> None:
        super().__init__(hall, live)
        self.sessions = hall.sessions
        self.ahead = TypedAhead(hall.sessions)
        self.shown: list[str] = []
        hall.sessions.observe(self._hear)

    def _hear(self, _: LiveSession, publication: Publication) -> None:
        self.shown += [signal.text for signal in publication.signals if isinstance(signal, Typing)]

    def desk(self, role: Role = Role.CAPTIONER, channel: ChannelId = FLOOR) -> DeskConnection:
        staff = Staff(link=f"l-{role}", role=role, scope="hall", label="")
        return DeskConnection(staff, self.live, channel, DeskPresence(desk=role, role=role, label=""), lambda *_: None)

    def write(self, desk: DeskConnection, text: str, line: str = "l1", language: str = "en") -> RefusalCode | None:
        answer = self.ahead.write(desk, line, text, language)
        return answer.code if isinstance(answer, Refusal) else None


@asynccontextmanager
async def house(*, begun: bool = True, log: MemoryLog | None = None) -> AsyncIterator[TypedMeeting]:
    async with memory_hall(MemoryHall(log)) as hall:
        live = await hall.sessions.find(SESSION) or await hall.session()
        on = TypedMeeting(hall, live)
        if begun:
            await on.do(do.OpenSession())
        yield on


def test_a_line_is_shown_as_it_grows_and_until_it_is_one_and_nothing_of_it_is_stored_before() -> None:
    async def story() -> None:
        async with house() as on:
            one = on.desk()
            await on.do(
                do.IntroduceSpeaker(speaker=SpeakerId("a"), name="Amina"),
                do.SetSpeaker(channel=FLOOR, speaker=SpeakerId("a")),
            )
            before = on.live.writer.offset
            on.write(one, "We ")
            on.write(one, "We begin ")
            assert (on.shown, on.live.writer.offset) == (["We", "We begin"], before)
            await on.do(
                do.TypeSegment(channel=FLOOR, segment=SegmentId("l1"), text="We begin.", language="en"), by=CAPTIONER
            )
            assert on.shown == ["We", "We begin", ""]
            on.write(one, "We begin.")  # It was on its way.
            assert on.shown == ["We", "We begin", ""]
            on.write(one, "Then", "l2")
            on.write(one, " ", "l2")
            on.write(one, "", "l2")
            assert on.shown[3:] == ["Then", ""]

    run(story())


@pytest.mark.parametrize(
    "ends",
    [do.PauseSession(), do.CloseSession(), do.BeginNotRecorded()],
    ids=lambda command: str(type(command).__name__),
)
def test_nothing_typed_before_is_shown_in_a_break_unrecorded_or_after_the_end(ends: do.AnyCommand) -> None:
    async def story() -> None:
        async with house() as on:
            one = on.desk()
            on.write(one, "A secret")
            await on.do(ends)
            assert on.shown == ["A secret", ""]
            assert on.write(one, "A secret of two") is not None
            assert on.shown == ["A secret", ""]

    run(story())


def test_after_a_restart_a_line_that_is_sent_again_is_there_once_and_what_was_typed_is_shown_once_it_comes() -> None:
    line = do.TypeSegment(channel=FLOOR, segment=SegmentId("l1"), text="We begin.", language="en")

    async def story() -> None:
        log = MemoryLog()
        async with house(log=log) as on:
            assert isinstance(await on.live.writer.send(CAPTIONER, CommandId("sent"), line), Receipt)
            on.write(on.desk(), "And then", "l2")
        async with house(begun=False, log=log) as on:
            assert on.shown == []
            assert isinstance(await on.live.writer.send(CAPTIONER, CommandId("sent"), line), Receipt)
            on.write(on.desk(), "And then we", "l2")
            assert on.shown == ["And then we"]
            assert [each.text for _, each in on.live.state.segments.items()] == ["We begin."]

    run(story())


def test_a_removal_of_words_takes_what_is_being_typed_with_it() -> None:
    async def story() -> None:
        async with house() as on:
            await on.do(
                do.TypeSegment(channel=FLOOR, segment=SegmentId("s1"), text="My number.", language="en"),
                by=CAPTIONER,
            )
            on.write(on.desk(), "My number again")
            lines = Lines((SegmentId("s1"),))
            removed = await on.live.writer.remove(Actor(Role.TECHNICIAN, "t"), CommandId("away"), lines)
            assert isinstance(removed, Receipt)
            assert on.shown == ["My number again", ""]

    run(story())


def test_a_removal_of_words_of_another_text_leaves_what_is_being_typed_shown() -> None:
    french = ChannelId("fr")

    async def story() -> None:
        async with house() as on:
            await on.do(do.AddChannel(channel=french, kind=ChannelKind.INTERPRETATION, languages=("fr",)))
            line = do.TypeSegment(channel=french, segment=SegmentId("s1"), text="Mon numéro.", language="fr")
            await on.do(line, by=Actor(Role.INTERPRETER, "i"))
            on.write(on.desk(), "We begin")
            technician = Actor(Role.TECHNICIAN, "t")
            assert isinstance(await on.live.writer.remove(technician, CommandId("a"), Lines((line.segment,))), Receipt)
            assert on.shown == ["We begin"]
            assert isinstance(await on.live.writer.remove(technician, CommandId("b"), SpokenSpan(0, 10**6)), Receipt)
            assert on.shown == ["We begin", ""], "it may be just what the span was removed for"

    run(story())


def test_a_desk_takes_its_own_text_along_and_no_other() -> None:
    async def story() -> None:
        async with house() as on:
            one, two = on.desk(), on.desk(Role.TECHNICIAN)
            on.write(one, "Of one")
            on.write(two, "Of two", "l2")  # The newest is shown.
            on.ahead.leave(one)
            on.write(one, "")
            assert on.shown == ["Of one", "Of two"]
            on.ahead.leave(two)
            on.ahead.leave(two)
            assert on.shown == ["Of one", "Of two", ""]

    run(story())


def test_what_is_no_line_is_refused_and_shown_to_nobody() -> None:
    async def story() -> None:
        async with house() as on:
            await on.do(
                do.AddChannel(channel=ChannelId("fr"), kind=ChannelKind.INTERPRETATION, languages=("fr",)),
            )
            one, interpreter = on.desk(), on.desk(Role.INTERPRETER)
            assert on.write(interpreter, "Bonjour") is RefusalCode.FORBIDDEN
            assert on.write(on.desk(Role.CHAIR), "Hello") is RefusalCode.FORBIDDEN
            assert on.write(one, "Hello", "no name") is RefusalCode.INVALID
            assert on.write(one, "Hallo", language="de") is RefusalCode.INVALID
            assert on.write(one, "x" * (MAX_TEXT + 1)) is RefusalCode.INVALID
            assert on.shown == []
            on.write(one, "Hello")
            assert on.write(one, "Hallo", language="de") is RefusalCode.INVALID
            assert on.write(on.desk(Role.INTERPRETER, ChannelId("fr")), "Bonjour", language="fr") is None
            assert on.shown == ["Hello", "", "Bonjour"]
        async with house(begun=False) as on:
            assert on.write(on.desk(), "Hello") is RefusalCode.CONFLICT

    run(story())


def test_what_is_typed_off_air_is_shown_to_nobody_and_goes_when_another_takes_over() -> None:
    async def story() -> None:
        async with house() as on:
            wrote: list[str] = []
            on.ahead.wrote = lambda _session, _channel, actor: wrote.append(actor)
            desk, person = on.desk(), do.PutOnAir(channel=FLOOR, source=AirSource.PERSON)
            assert on.write(desk, "We ag") is None
            await on.do(person, by=Actor(Role.CAPTIONER, "another"))
            assert on.shown == ["We ag", ""]
            assert on.write(desk, "We agree") is RefusalCode.CONFLICT
            await on.do(person, by=CAPTIONER)
            assert on.write(desk, "We agree") is None
            assert on.shown == ["We ag", "", "We agree"]
            assert wrote == ["l-captioner"] * 3

    run(story())


def test_nothing_is_shown_in_a_session_that_is_erased() -> None:
    async def story() -> None:
        async with house() as on:
            desk = on.desk()
            on.write(desk, "We reh")
            await on.sessions.forget(on.live.id)
            assert on.write(desk, "We rehearse") is RefusalCode.UNKNOWN
            on.ahead.leave(desk)
            assert on.shown == ["We reh"]

    run(story())
