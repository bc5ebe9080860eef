"""Requests of desks other than commands: who may send them, what they must contain, and that each act is done once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from moothall.core import commands as do
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.removal.selection import Lines
from moothall.core.sessions.state import Status
from moothall.services.control.openers import Openers
from moothall.services.desks.requests import DeskRequest, DeskRequests
from moothall.services.desks.session_desks import DeskConnection
from moothall.services.log.act_queue import Receipt
from moothall.services.outcomes.redacting import Redacting
from moothall.services.sessions.catalogue import Entry
from moothall.services.sessions.reports import ReportKind, Reports
from moothall.services.sessions.staff import Staff
from moothall.services.sound.recording import Recordings
from moothall.services.sound.sharing import Sharings
from moothall.testing.clock import SeededRandomness
from moothall.testing.loop import run
from moothall.testing.outlets import MemoryOutlet
from support.memory.hall import FLOOR
from support.memory.programme import HOUR, ProgrammeHouse, programme_house
from support.memory.recordings import MemoryStore

MORNING, NOON, ASIDE = SessionId("morning"), SessionId("noon"), SessionId("aside")
ACT = "act"
PLAIN = Lines((SegmentId("a"),))


async def _no_entries() -> Sequence[Entry]:
    return ()


class Room:
    """A house with two meetings in a room and one in none, and desks that ask."""

    def __init__(self, house: ProgrammeHouse) -> None:
        self.house = house
        self.reports = Reports(clock=house.clock, randomness=SeededRandomness(3), readers=lambda _: 5)
        self.desks = house.desks()
        self.requests = DeskRequests(
            house.sessions,
            log=house.log,
            book=house.book,
            clock=house.clock,
            desks=self.desks,
            moves=house.moves,
            reports=self.reports,
            programme=house.programme,
            openers=Openers(house.sessions, label=lambda _: ""),
            proposals=house.proposals,
            own_words=house.own_words,
            redacting=Redacting(house.log, house.sessions.find, entries=_no_entries, mark=str),
            recordings=Recordings(
                MemoryStore(),
                state_of=lambda _: None,
                standing=Sharings(house.log).of,
                clock=house.clock,
                keep_days=7,
            ),
            recognising=house.recognising,
        ).all()

    async def sit(self, role: Role, session: SessionId = MORNING) -> DeskConnection:
        staff = Staff(link=f"link-{role}", role=role, scope="hall", label="")
        joined = await self.desks.join(staff, session, outlet=MemoryOutlet(), push=lambda *_: None)
        assert not isinstance(joined, Refusal)
        return joined[0]

    async def ask(self, desk: DeskConnection, what: str, request: DeskRequest) -> dict[str, object] | RefusalCode:
        """The answer, or why there is none."""
        answer = await self.requests[what](desk, request)
        return answer.code if isinstance(answer, Refusal) else answer


@asynccontextmanager
async def room() -> AsyncIterator[Room]:
    async with programme_house() as house:
        for name, starts in ((MORNING, 0), (NOON, HOUR)):
            await house.plan(name, starts)
        await house.plan(ASIDE, 0, room=None)
        for name in (MORNING, ASIDE):
            live = await house.sessions.open(name)
            line = do.TypeSegment(channel=FLOOR, segment=SegmentId("a"), text="A number.", language="en")
            assert isinstance(await live.writer.send(SYSTEM, CommandId("open"), do.OpenSession()), Receipt)
            assert isinstance(await live.writer.send(Actor(Role.CAPTIONER, "c"), CommandId("line"), line), Receipt)
        yield Room(house)


def test_what_changes_something_needs_the_id_of_an_act() -> None:
    async def story() -> None:
        async with room() as on:
            ask = partial(on.ask, await on.sit(Role.TECHNICIAN))
            for what in ("redo", "move", "next", "remove"):
                for bad in ("", "a b", "x" * 129):
                    assert await ask(what, DeskRequest(id=bad, removes=PLAIN)) is RefusalCode.INVALID, (what, bad)
            assert await ask("remove", DeskRequest(id=ACT)) is RefusalCode.INVALID
            assert await ask("redo", DeskRequest(id=ACT, channel="none")) is RefusalCode.INVALID

    run(story())


def test_a_language_is_forced_for_a_text_of_the_meeting_once() -> None:
    async def story() -> None:
        async with room() as on:
            desk = await on.sit(Role.TECHNICIAN)
            first = await on.ask(desk, "redo", DeskRequest(id=ACT, language="fr"))
            assert isinstance(first, dict)
            assert set(first) == {"receipt"}
            assert desk.live.state.channels[ChannelId(FLOOR)].forced == "fr"
            assert await on.ask(desk, "redo", DeskRequest(id=ACT, language="fr")) == first

    run(story())


def test_the_next_meeting_of_the_room_follows_once() -> None:
    async def story() -> None:
        async with room() as on:
            desk = await on.sit(Role.TECHNICIAN)
            assert await on.ask(desk, "next", DeskRequest(id=ACT)) == {"session": NOON}
            assert desk.live.state.status is Status.CLOSED
            assert (await on.house.sessions.open(NOON)).state.status is Status.OPEN
            assert await on.ask(desk, "next", DeskRequest(id=ACT)) == {"session": NOON}

    run(story())


def test_whoever_goes_on_is_told_first_of_sound_that_would_have_no_text() -> None:
    async def story() -> None:
        async with room() as on:
            desk = await on.sit(Role.TECHNICIAN)
            on.house.closing.warn_with({MORNING: 60_000}.__getitem__)
            assert await on.ask(desk, "next", DeskRequest(id=ACT)) is RefusalCode.CONFLICT
            assert desk.live.state.status is Status.OPEN
            assert await on.ask(desk, "next", DeskRequest(id=ACT, anyway=True)) == {"session": NOON}
            assert await on.ask(desk, "next", DeskRequest(id=ACT)) == {"session": NOON}

    run(story())


def test_no_meeting_follows_where_there_is_no_room_or_by_who_may_not_close() -> None:
    async def story() -> None:
        async with room() as on:
            alone = await on.sit(Role.TECHNICIAN, ASIDE)
            assert await on.ask(alone, "next", DeskRequest(id=ACT)) is RefusalCode.FORBIDDEN
            captioner = await on.sit(Role.CAPTIONER)
            assert await on.ask(captioner, "next", DeskRequest(id=ACT)) is RefusalCode.FORBIDDEN
            assert captioner.live.state.status is Status.OPEN

    run(story())


def test_who_may_remove_words_is_told_how_many_lines_they_take() -> None:
    async def story() -> None:
        async with room() as on:
            technician, captioner = await on.sit(Role.TECHNICIAN), await on.sit(Role.CAPTIONER)
            assert await on.ask(technician, "concerned", DeskRequest(removes=PLAIN)) == {"lines": 1}
            assert await on.ask(technician, "concerned", DeskRequest()) is RefusalCode.FORBIDDEN
            assert await on.ask(captioner, "concerned", DeskRequest(removes=PLAIN)) is RefusalCode.FORBIDDEN
            removed = await on.ask(technician, "remove", DeskRequest(id=ACT, removes=PLAIN))
            assert isinstance(removed, dict)
            assert await on.ask(technician, "concerned", DeskRequest(removes=PLAIN)) == {"lines": 0}

    run(story())


def test_reports_are_answered_by_those_who_tend_the_text() -> None:
    async def story() -> None:
        async with room() as on:
            technician, moderator = await on.sit(Role.TECHNICIAN), await on.sit(Role.MODERATOR)
            on.reports.report(MORNING, FLOOR, kind := next(iter(ReportKind)), "somebody")
            assert kind in on.reports.tally(MORNING).unseen
            assert await on.ask(moderator, "seen", DeskRequest(kind=kind)) is RefusalCode.FORBIDDEN
            assert await on.ask(technician, "seen", DeskRequest(kind="none")) is RefusalCode.FORBIDDEN
            assert kind in on.reports.tally(MORNING).unseen
            assert await on.ask(technician, "seen", DeskRequest(kind=kind)) == {}
            assert kind not in on.reports.tally(MORNING).unseen
            assert await on.ask(technician, "mended", DeskRequest(kind=kind)) == {}
            assert kind not in on.reports.tally(MORNING).counts

    run(story())


def test_whoever_writes_has_abbreviations_of_the_links_own() -> None:
    async def story() -> None:
        async with room() as on:
            captioner, chair = await on.sit(Role.CAPTIONER), await on.sit(Role.CHAIR)
            change = DeskRequest(change={"igf": "Internet Governance Forum"})
            assert await on.ask(captioner, "abbreviations", change) == {"list": {"igf": "Internet Governance Forum"}}
            assert await on.ask(await on.sit(Role.TECHNICIAN), "abbreviations", DeskRequest()) == {"list": {}}
            assert await on.ask(chair, "abbreviations", change) is RefusalCode.FORBIDDEN

    run(story())
