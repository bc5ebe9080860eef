from __future__ import annotations

import msgspec

from moothall.core.events import types as ev
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.times import UTC_ZONE, Zone
from moothall.core.programme.changes import ChangeKind
from moothall.core.programme.table_writing import write_csv
from moothall.services.programme.calling_off import cancel, list_or_hide
from moothall.services.programme.importing import carry_out, clashes_after, in_zone, made_by, preview, zone_after
from moothall.services.programme.programme import CONFERENCE, ZONE, Programme
from moothall.testing import loop
from moothall.testing.clock import SeededRandomness
from moothall.testing.log_memory import FailingLog
from support.files.programme_files import ZONES, read, table
from support.memory.programme import ProgrammeHouse, programme_house

A, B = SessionId("a"), SessionId("b")
FIRST = table("a,Opening,Tent,1970-01-01,1:00,en,Ana", "b,Closing,Tent,1970-01-02,1:00,en,Bo")


def kinds(house: ProgrammeHouse, *rows: str) -> list[ChangeKind]:
    return [change.kind for change in preview(house.programme, table(*rows))]


def test_a_file_becomes_rooms_and_sessions_and_again_changes_nothing() -> None:
    async def story() -> None:
        async with programme_house() as house:
            done = await carry_out(house.programme, FIRST, access=ev.Access.STAFF, by="l1")
            assert (done.done, done.refused) == (3, ())
            assert [room.title for room in house.programme.rooms()] == ["Main hall", "Tent"]
            assert [each.session for each in house.programme.planned()] == [A, B]
            live = await house.sessions.find(A)
            assert live is not None
            assert (live.state.access, live.state.speakers) == (ev.Access.STAFF, {"ana": "Ana"})
            before = await house.events(A)
            assert preview(house.programme, FIRST) == ()
            assert (await carry_out(house.programme, FIRST, by="l1")).done == 0
            assert await house.events(A) == before

    loop.run(story())


def test_a_changed_file_changes_what_it_can() -> None:
    async def story() -> None:
        async with programme_house() as house:
            await carry_out(house.programme, FIRST, by="l1")
            changed = table("a,Beginning,Tent,1970-01-01,2:00,fr,Ana;Cy")
            done = await carry_out(house.programme, changed, by="l1")
            assert done.done == 3
            live = await house.sessions.find(A)
            assert live is not None
            assert (live.state.title, live.state.languages) == ("Beginning", ("en",))
            assert live.state.speakers == {"ana": "Ana", "cy": "Cy"}
            assert await house.sessions.find(B) is not None
            assert [change.kind for change in preview(house.programme, changed)] == [
                ChangeKind.LANGUAGES,
                ChangeKind.VANISHED,
            ]
            assert (await carry_out(house.programme, changed, by="l1")).done == 0
            assert (await carry_out(house.programme, FIRST, by="l1")).done == 3
            assert live.state.title == "Opening"

    loop.run(story())


def test_an_older_table_of_ours_brings_back_nothing_that_was_cancelled_hidden_or_closed_to_others() -> None:
    async def story() -> None:
        async with programme_house() as house:
            programme = house.programme
            await carry_out(programme, FIRST, access=ev.Access.STAFF, by="l1")
            rooms = {room.id: room.title for room in programme.rooms()}
            written = write_csv(programme.planned(), rooms, programme.zone()).decode("utf-8-sig")
            assert await cancel(programme, A, "Storm", by="l1") is None
            assert await list_or_hide(programme, B, listed=False, by="l1") is None
            older = read(written.replace("Opening", "Beginning").replace("Closing", "End"))
            assert [change.kind for change in preview(programme, older)] == [ChangeKind.TITLE] * 2
            assert (await carry_out(programme, older, by="l1")).done == 2
            for session, title, cancelled, listed in ((A, "Beginning", "Storm", True), (B, "End", None, False)):
                live = await house.sessions.find(session)
                assert live is not None
                state = live.state
                assert (state.title, state.cancelled, state.listed) == (title, cancelled, listed)
                assert state.access is ev.Access.STAFF
            first, _ = programme.planned()
            assert first.cancelled

    loop.run(story())


def test_names_of_young_people_are_not_taken_over_later_either() -> None:
    async def story() -> None:
        async with programme_house() as house:
            (planned,) = table("a,Youth,,,,en").sessions
            await house.programme.make(planned, young_people=True)
            done = await carry_out(house.programme, table("a,Youth,,,,en,Ana"), by="l1")
            assert done.done == 1
            live = await house.sessions.find(A)
            assert live is not None
            assert live.state.speakers == {}

    loop.run(story())


def test_what_is_refused_is_said_and_the_rest_is_done() -> None:
    async def story() -> None:
        log = FailingLog()
        async with programme_house(ProgrammeHouse(log)) as house:
            await carry_out(house.programme, FIRST, by="l1")
            log.full = True
            done = await carry_out(
                house.programme,
                table(
                    "a,Beginning,Tent,1970-01-01,1:00,en,Ana",
                    "b,Closing,Tent,1970-01-02,2:00,en,Bo",
                    "c,New,Tent,1970-01-03,1:00,en,",
                ),
                by="l1",
            )
            assert done.done == 1
            assert [sentence.partition(":")[0] for sentence in done.refused] == ["“Opening”", "“New”"]
            log.full = False
            assert ChangeKind.TITLE in kinds(house, "a,Beginning,Tent,1970-01-01,1:00,en,Ana")

    loop.run(story())


def test_a_files_time_zone_becomes_the_conferences_and_stays_as_long_as_it_is_known() -> None:
    async def story() -> None:
        wanted = msgspec.structs.replace(FIRST, zone="Africa/Nairobi")
        async with programme_house() as house:
            assert house.programme.zone() is UTC_ZONE
            assert preview(house.programme, wanted)[0].kind is ChangeKind.ZONE
            await carry_out(house.programme, wanted, by="l1")
            named = dict(await house.book.read(CONFERENCE))
            assert named == {ZONE: b"Africa/Nairobi"}
            assert house.programme.zone() is UTC_ZONE  # the house of the test knows no zones
        parts = {"book": house.book, "sessions": house.sessions, "closing": house.closing, "clock": house.clock}
        again = Programme(**parts, randomness=SeededRandomness(1), zones=ZONES.get)  # type: ignore[arg-type]
        await again.load()
        assert again.zone() == Zone("Africa/Nairobi", ZONES["Africa/Nairobi"])
        assert preview(again, wanted) == ()
        assert preview(again, FIRST) == ()

    loop.run(story())


def test_a_zone_that_is_given_beside_the_file_counts_where_nobody_has_named_any() -> None:
    async def story() -> None:
        async with programme_house() as house:
            programme, named = house.programme, msgspec.structs.replace(FIRST, zone="Africa/Nairobi")
            assert in_zone(programme, FIRST, "Africa/Nairobi") == named
            assert in_zone(programme, FIRST, "") == FIRST
            assert in_zone(programme, named, "Europe/Paris") == named, "the file's word goes first"
            await carry_out(programme, named, by="s1")
            assert in_zone(programme, FIRST, "Europe/Paris") == FIRST, "another file had named one"

    loop.run(story())


def test_the_changes_are_shown_in_the_zone_that_they_bring() -> None:
    async def story() -> None:
        async with programme_house() as house:
            named = msgspec.structs.replace(FIRST, zone="Africa/Nairobi")
            assert zone_after(house.programme, named, ZONES.get).name == "Africa/Nairobi"
            assert zone_after(house.programme, FIRST, ZONES.get) == house.programme.zone()

    loop.run(story())


def test_a_clash_is_told_before_it_is_made_and_only_those_of_the_file() -> None:
    async def story() -> None:
        async with programme_house() as house:
            await carry_out(house.programme, FIRST, by="l1")
            again = table("c,Other,Tent,1970-01-01 00:30,1:00,en,", "a,Opening,Tent,1970-01-01,1:00,en,Ana")
            ((one, other),) = clashes_after(house.programme, again)
            assert {one.session, other.session} == {A, SessionId("c")}
            assert clashes_after(house.programme, table("b,Closing,Tent,1970-01-02,1:00,en,Bo")) == ()
            found = preview(house.programme, table("a,Opening,Tent,1970-01-01,1:00,fr,Ana"))
            assert [change.kind for change in found] == [ChangeKind.LANGUAGES, ChangeKind.VANISHED]
            assert made_by(found) == ()

    loop.run(story())
