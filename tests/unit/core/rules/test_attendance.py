from __future__ import annotations

import pytest
from msgspec.structs import replace

from moothall.core import commands as do
from moothall.core.events import attendance as ae
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import RollEntryId
from moothall.core.rules import attendance as rules
from moothall.core.rules.authority import COMMANDS
from moothall.core.sessions.roll import RollEntry, RollStatus, RoomCount
from moothall.core.sessions.state import State, evolve
from support.sessions.deciding import carry_out, created, events, refused

OFFICE = Actor(Role.SECRETARIAT, "s1")
ANA = Actor(Role.PARTICIPANT, "e1")
CONFLICT, INVALID, UNKNOWN = RefusalCode.CONFLICT, RefusalCode.INVALID, RefusalCode.UNKNOWN


def count(people: int, *, corrects: bool = False) -> do.CountPeople:
    return do.CountPeople(people=people, source=ae.CountSource.TYPED, corrects=corrects)


def sign(entry: str = "e1", name: str = "Ana  Souza", **words: str) -> do.SignRoll:
    return do.SignRoll(entry=RollEntryId(entry), name=name, **words)


def open_list() -> State:
    return carry_out(created(), do.ArrangeRoll(open=True))


def closed_with(*commands: do.AnyCommand) -> State:
    state = carry_out(open_list(), *commands, actor=ANA)
    return carry_out(state, do.OpenSession(), do.CloseSession())


def test_counts_of_the_room_are_kept_and_the_last_one_can_be_corrected() -> None:
    assert events(created(), count(40), wall=7) == [ae.AttendanceCounted(people=40, source=ae.CountSource.TYPED, at=7)]
    state = carry_out(created(), count(40), count(400), count(41, corrects=True), wall=7)
    assert [each.people for each in state.attendance.counts] == [40, 41]
    assert refused(created(), count(4, corrects=True)).code is CONFLICT
    assert refused(created(), count(-1)).code is refused(created(), count(100_001)).code is INVALID


def test_a_session_has_so_many_counts_and_no_more() -> None:
    one = RoomCount(people=1, source=ae.CountSource.TYPED, at=1)
    state = created()
    full = replace(state, attendance=replace(state.attendance, counts=(one,) * rules.MOST_COUNTS))
    assert refused(full, count(1)).code is CONFLICT


def test_people_sign_in_while_the_list_is_open_and_correct_their_entry_until_it_is_final() -> None:
    assert refused(created(), sign(), actor=ANA).code is CONFLICT
    state = carry_out(open_list(), sign(representing=" Radio\u202e Kisumu ", group="media"), actor=ANA)
    assert state.attendance.entries == {"e1": RollEntry(name="Ana Souza", representing="Radio Kisumu", group="media")}
    shut = carry_out(state, do.ArrangeRoll(open=False))
    assert refused(shut, sign("e2"), actor=ANA).code is CONFLICT
    mended = carry_out(shut, sign(name="Ana Sousa"), actor=ANA)
    assert mended.attendance.entries == {"e1": RollEntry(name="Ana Sousa")}
    assert refused(mended, sign(name="Ana Sousa"), actor=ANA).code is CONFLICT
    by_office = carry_out(mended, sign(name="A. Sousa"), actor=OFFICE)
    assert by_office.attendance.entries == {"e1": RollEntry(name="A. Sousa")}
    assert refused(mended, sign("e2"), actor=OFFICE).code is CONFLICT
    assert refused(state, sign("e2"), actor=OFFICE).code is UNKNOWN


@pytest.mark.parametrize(
    "entry",
    [
        sign("E 1"),
        sign(name=" \u202e "),
        sign(name="x" * 121),
        sign(representing="x" * 201),
        sign(group="robots"),
        sign(region="mars"),
    ],
)
def test_an_entry_that_does_not_fit_is_refused(entry: do.SignRoll) -> None:
    assert refused(open_list(), entry, actor=ANA).code is INVALID


def test_a_list_has_so_many_entries_and_no_more() -> None:
    state = open_list()
    entries = {RollEntryId(f"x{n}"): RollEntry(name="x") for n in range(rules.MOST_ENTRIES)}
    full = replace(state, attendance=replace(state.attendance, entries=entries))
    assert refused(full, sign(), actor=ANA).code is CONFLICT
    assert len(events(full, sign("x1"), actor=ANA)) == 1


def test_the_list_is_opened_and_closed_and_never_where_young_people_take_part() -> None:
    assert events(created(), do.ArrangeRoll(open=True)) == [ae.RollArranged(open=True)]
    assert refused(created(), do.ArrangeRoll(open=False)).code is CONFLICT
    assert refused(open_list(), do.ArrangeRoll(open=True)).code is CONFLICT
    assert carry_out(open_list(), do.ArrangeRoll(open=False)).attendance.roll is RollStatus.CLOSED
    young = replace(created(), young_people=True)
    assert refused(young, do.ArrangeRoll(open=True)).code is CONFLICT


def test_the_final_list_names_everybody_and_sums_tell_no_small_group() -> None:
    groups = ["media"] * 6 + ["business"] * 4
    people = [sign(f"e{n}", f"P{9 - n}", group=group) for n, group in enumerate(groups)]
    others = [sign(f"o{n}", "Q", region="africa") for n in range(6)]
    state = closed_with(*people, *others)
    (final, *named) = events(state, do.FinaliseRoll(), actor=OFFICE)
    assert isinstance(final, ae.RollFinalised)
    assert final.people == 16
    told = {cell: n for cells in final.groups.values() for cell, n in cells.items() if n is not None}
    assert told == {"africa": 6, "not-said": 10}, "four of ten could be told from six, were these told"
    assert [each.name for each in named if isinstance(each, ae.RollNamed)] == [*(f"P{n}" for n in range(10)), *"QQQQQQ"]
    done = carry_out(state, do.FinaliseRoll(), actor=OFFICE)
    assert (done.attendance.roll, done.attendance.signed) == (RollStatus.FINAL, 16)
    assert list(done.attendance.entries) == [f"n{n}" for n in range(1, 17)]
    for command in (do.FinaliseRoll(), do.ArrangeRoll(open=True), sign("e1")):
        assert refused(done, command, actor=OFFICE).message == "The attendance list is final and changes no more."
    struck = evolve(done, ae.RollStruck(entry=RollEntryId("n1"))).attendance
    assert ("n1" in struck.entries, struck.signed) == (False, 16)


def test_a_list_becomes_final_once_the_session_is_closed_and_has_one() -> None:
    assert refused(open_list(), do.FinaliseRoll()).code is CONFLICT
    nobody = refused(closed_with(), do.FinaliseRoll())
    assert (nobody.code, "Nobody is on" in nobody.message) == (CONFLICT, True)
    assert refused(carry_out(created(), do.OpenSession(), do.CloseSession()), do.FinaliseRoll()).code is CONFLICT


def test_a_report_is_released_after_the_close_and_that_can_be_taken_back() -> None:
    assert refused(created(), do.ReleaseAttendance()).code is CONFLICT
    over = carry_out(created(), do.OpenSession(), do.CloseSession())
    assert refused(over, do.ReleaseAttendance(released=False)).code is CONFLICT
    told = carry_out(over, do.ReleaseAttendance(), actor=OFFICE)
    assert told.attendance.released
    assert refused(told, do.ReleaseAttendance()).code is CONFLICT
    assert not carry_out(told, do.ReleaseAttendance(released=False), actor=OFFICE).attendance.released


def test_who_may_do_what_with_attendance() -> None:
    may = {kind: {role for role in Role if kind in COMMANDS[role]} for kind in do.AttendanceCommand.__args__}
    assert may == {
        do.CountPeople: {Role.TECHNICIAN, Role.CHAIR, Role.MODERATOR, Role.SECRETARIAT},
        do.ArrangeRoll: {Role.TECHNICIAN, Role.SECRETARIAT},
        do.SignRoll: {Role.PARTICIPANT, Role.SECRETARIAT},
        do.FinaliseRoll: {Role.SECRETARIAT},
        do.ReleaseAttendance: {Role.SECRETARIAT},
    }
