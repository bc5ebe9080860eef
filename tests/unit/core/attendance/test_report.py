from __future__ import annotations

from msgspec.structs import replace

from moothall.core.attendance.facts import HubPeople
from moothall.core.attendance.online import HOUR_MS, OnlineCount
from moothall.core.attendance.ranges import UNKNOWN, PeopleRange, exactly
from moothall.core.attendance.report import HourAttendance, HubAttendance, LanguageRead, report, year_of
from moothall.core.events.attendance import CountSource
from moothall.core.sessions.roll import RollEntry, RollStatus, RoomCount
from support.sessions.attendance import AT, ONLINE, attended, facts


def test_people_in_the_room_at_hubs_and_online_are_one_total() -> None:
    made = attended()
    assert (made.room, made.at_hubs, made.online) == (exactly(30), exactly(10), PeopleRange(20, 35))
    assert made.total == PeopleRange(40, 75)
    assert made.hubs == (HubAttendance(title="Kisumu", people=exactly(10)),)
    assert made.hours == (HourAttendance(at=AT, room=30, hubs=10, online=PeopleRange(20, 35)),)
    assert made.read == (LanguageRead(language="en", people=PeopleRange(18, 30)),)


def test_the_highest_count_of_the_room_is_told_and_each_in_its_hour() -> None:
    counts = tuple(
        RoomCount(people=people, source=CountSource.TYPED, at=AT + at)
        for people, at in ((20, 0), (45, 5), (40, 9), (10, HOUR_MS))
    )
    made = report(facts(counts=counts, hubs=()))
    assert made.room == exactly(45)
    assert [row.room for row in made.hours] == [45, 10]
    assert made.total == PeopleRange(45, None)


def test_of_an_hour_without_a_reader_it_is_known() -> None:
    counts = (RoomCount(people=9, source=CountSource.TYPED, at=AT + HOUR_MS),)
    told = {row.at: row.online for row in report(facts(counts=counts, hubs=()), ONLINE).hours}
    assert told == {AT: PeopleRange(20, 35), AT + HOUR_MS: exactly(0)}
    unknown = report(facts(counts=counts, hubs=())).hours
    assert [row.online for row in unknown] == [UNKNOWN]


def test_a_room_that_nobody_counted_is_unknown_and_the_total_has_no_upper_bound() -> None:
    made = report(facts(counts=()), ONLINE)
    assert made.room == UNKNOWN
    assert made.total == PeopleRange(20, None)
    assert report(facts(counts=(), hubs=())).total == UNKNOWN


def test_hubs_that_no_list_names_are_told_together() -> None:
    hubs = tuple(
        HubPeople(hub=name, title=name.title(), people=n) for name, n in (("lima", 4), ("oslo", 6), ("bonn", 7))
    )
    made = report(facts(hubs=hubs), ONLINE, {"lima", "bonn"})
    assert made.hubs == (
        HubAttendance(title="Oslo", people=exactly(6)),
        HubAttendance(title="", people=exactly(11), hubs=2),
    )
    assert made.at_hubs == exactly(17)


def test_few_readers_are_not_told() -> None:
    languages = {"en": PeopleRange(18, 30), "pt": PeopleRange(1, 2), "fr": PeopleRange(0, 6)}
    online = OnlineCount(people=PeopleRange(20, 35), hours={AT: PeopleRange(2, 3)}, languages=languages)
    made = report(facts(counts=(), hubs=()), online)
    assert [row.online for row in made.hours] == [None]
    assert [(row.language, row.people) for row in made.read] == [
        ("en", PeopleRange(18, 30)),
        ("fr", None),
        ("pt", None),
    ]


def test_of_a_meeting_with_young_people_only_all_together_are_told_and_not_below_ten() -> None:
    young = facts(young_people=True)
    made = report(young, ONLINE, asked_by={"group": {"media": 6}})
    assert made.asked_by == {}
    assert made.total == PeopleRange(40, 75)
    assert (made.room, made.hubs, made.at_hubs, made.online, made.hours, made.read) == (None, (), None, None, (), ())
    few = report(replace(young, counts=(), hubs=()), OnlineCount(people=PeopleRange(3, 12)))
    assert few.total is None
    year = year_of(2026, [made, few, attended("other")])
    assert (year.total, year.untold) == (PeopleRange(40, 150), 1)
    assert year.room == exactly(30)


def test_names_are_told_once_the_list_is_final() -> None:
    entries = (RollEntry(name="Ana"),)
    before = report(facts(roll=RollStatus.OPEN, entries=entries, signed=1))
    assert (before.signed, before.named) == (1, ())
    final = report(facts(roll=RollStatus.FINAL, entries=entries, signed=2, groups={"group": {"media": None}}))
    assert (final.signed, final.named, final.groups) == (2, entries, {"group": {"media": None}})
    assert report(facts()).signed is None
    assert year_of(2026, [before, final]).named == 2


def test_sums_of_who_asked_stand_in_the_report() -> None:
    assert report(facts(), asked_by={"region": {"africa": 6}}).asked_by == {"region": {"africa": 6}}


def test_a_year_has_the_records_of_all_its_public_meetings_and_the_people_of_the_released_ones() -> None:
    a, b = attended("a", asked=4, answered=2), attended("b", hours=2)
    kept = replace(attended("c", asked=1), released=False)
    hidden = replace(attended("d", asked=100), public=False)
    running = replace(attended("e"), closed=None)
    year = year_of(2026, [b, a, kept, hidden, running])
    assert (year.meetings, [each.session for each in year.sessions]) == (3, ["a", "b"])
    assert year.total == PeopleRange(40, 150)
    assert year.asked == 5
    assert year.recorded_ms == 4 * HOUR_MS
    assert year.hubs == 1
    assert year.languages == ("en", "fr")
    none = year_of(2025, [])
    assert (none.total, none.room, none.meetings) == (UNKNOWN, UNKNOWN, 0)
