from __future__ import annotations

import msgspec
import pytest

from moothall.adapters.programme import read_icalendar
from moothall.core import commands as do
from moothall.core.events.types import Access
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import ProgrammeError, ProposalsRefused
from moothall.core.kernel.ids import CommandId, SegmentId, SessionId
from moothall.core.removal.selection import Lines
from moothall.core.retention.listing import DueList
from moothall.services.log.act_queue import Receipt
from moothall.services.programme.office import Office
from moothall.services.proposals.refining import RefineOrder
from moothall.testing import loop
from support.files.programme_files import ZONES, sample
from support.memory.hall import FLOOR
from support.memory.programme import ProgrammeHouse, programme_house


async def nothing_due() -> DueList:
    return DueList(notice_days=30)


def office(house: ProgrammeHouse) -> Office:
    return Office(
        programme=house.programme,
        sessions=house.sessions,
        links=house.role_links,
        tokens=house.tokens,
        proposals=house.proposals,
        due=nothing_due,
        public="https://hall.example",
        zones=ZONES.get,
        calendar=read_icalendar,
        language_names=lambda: {"swahili": "sw"},
    )


def test_an_import_is_shown_and_then_made() -> None:
    async def story() -> None:
        async with programme_house() as house:
            data = sample("programme.csv")
            told = await office(house).import_programme(data, zone="UTC", access=Access.LINK, apply=False)
            assert (len(told.changes), told.done) == (10, None)
            assert house.programme.planned() == ()
            told = await office(house).import_programme(data, zone="UTC", access=Access.LINK, apply=True)
            assert told.done == 10
            live = await house.sessions.find(SessionId("ht01"))
            assert live is not None
            assert live.state.access is Access.LINK

    loop.run(story())


def test_a_zone_that_nobody_knows_is_said() -> None:
    async def story() -> None:
        async with programme_house() as house:
            with pytest.raises(ProgrammeError, match="'Mars' is not known"):
                await office(house).import_programme(b"title\nA", zone="Mars", access=Access.PUBLIC, apply=True)

    loop.run(story())


def test_the_admin_link_is_told_once_and_replaced_when_asked() -> None:
    async def story() -> None:
        async with programme_house() as house:
            first = await office(house).admin_link(new=False)
            assert first is not None
            assert first.startswith("https://hall.example/enter/")
            staff = house.role_links.of_token(first.rpartition("/")[2])
            assert staff is not None
            assert (staff.role, staff.scope) == (Role.SECRETARIAT, "hall")
            assert await office(house).admin_link(new=False) is None
            second = await office(house).admin_link(new=True)
            assert second is not None
            assert house.role_links.of_token(first.rpartition("/")[2]) is None
            assert house.role_links.of_token(second.rpartition("/")[2]) == staff

    loop.run(story())


def test_an_import_without_a_language_asks() -> None:
    async def story() -> None:
        async with programme_house() as house:
            made, data = office(house), b"title\nOpening\nWater\nBread\nClosing"
            told = await made.import_programme(data, zone="", access=Access.PUBLIC, apply=False)
            asked = "4 new sessions name no language (“Opening”, “Water”, “Bread” and others)"
            assert told.notes[-1].startswith(asked)
            with pytest.raises(ProgrammeError, match="name no language"):
                await made.import_programme(data, zone="", access=Access.PUBLIC, apply=True)
            assert house.programme.planned() == ()
            with pytest.raises(ProgrammeError, match="'Klingon!' names no language"):
                await made.import_programme(data, zone="", access=Access.PUBLIC, apply=False, languages="Klingon!")
            told = await made.import_programme(data, zone="", access=Access.PUBLIC, apply=True, languages="sw,en")
            assert told.done == 4
            assert {each.languages for each in house.programme.planned()} == {("sw", "en")}

    loop.run(story())


def test_a_machine_corrects_nothing_once_words_were_removed_since_it_read_the_log() -> None:
    async def story() -> None:
        async with programme_house() as house:
            await house.plan("a", 0)
            live = await house.sessions.open(SessionId("a"))
            person, lines = Actor(Role.CAPTIONER, "c"), [SegmentId("a"), SegmentId("b")]
            typed = [do.TypeSegment(channel=FLOOR, segment=name, text="A word.", language="en") for name in lines]
            assert isinstance(await live.writer.send(SYSTEM, CommandId("open"), do.OpenSession()), Receipt)
            assert isinstance(await live.writer.send(person, CommandId("typed"), typed), Receipt)
            assert isinstance(await live.writer.send(SYSTEM, CommandId("close"), do.CloseSession()), Receipt)
            order = RefineOrder(session=live.id, model="m", by_machine=True, proposals=(), through=live.writer.offset)
            assert (await office(house).refine(order)).done == 0
            removed = await live.writer.remove(Actor(Role.TECHNICIAN, "t"), CommandId("r"), Lines((lines[0],)))
            assert isinstance(removed, Receipt)
            with pytest.raises(ProposalsRefused, match="Words were removed from the session meanwhile"):
                await office(house).refine(order)
            read = msgspec.structs.replace(order, by_machine=False, through=None)
            assert (await office(house).refine(read)).refused == ()

    loop.run(story())
