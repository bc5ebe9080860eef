from __future__ import annotations

import pytest

from moothall.core.kernel.errors import ProgrammeError
from moothall.core.programme.plan import Timetable
from support.files.programme_files import read

HOUR = 3_600_000


def calendar(*events: str, own: str = "") -> Timetable:
    inside = "".join(f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n" for event in events)
    return read(f"BEGIN:VCALENDAR\r\n{own}{inside}END:VCALENDAR\r\n")


def test_an_event_is_a_session() -> None:
    (one,) = calendar(
        "UID:a1\r\nSUMMARY;LANGUAGE=fr:Water\\, our\r\n  water\r\nLOCATION:Hall\r\nDTSTART:19700101T010000Z\r\n"
        "DTEND:19700101T020000Z"
    ).sessions
    assert (one.session, one.title, one.room, one.languages) == ("a1", "Water, our water", "hall", ("fr",))
    assert (one.starts, one.ends) == (HOUR, 2 * HOUR)


def test_times_have_their_zone_the_calendars_or_the_readers() -> None:
    of_its_own = calendar("SUMMARY:A\r\nDTSTART;TZID=Africa/Nairobi:19700101T030000").sessions[0]
    of_the_calendar = calendar("SUMMARY:A\r\nDTSTART:19700101T030000", own="X-WR-TIMEZONE:Africa/Nairobi\r\n").sessions[
        0
    ]
    of_the_reader = calendar("SUMMARY:A\r\nDTSTART;VALUE=DATE:19700101\r\nDURATION:PT1H").sessions[0]
    assert of_its_own.starts == of_the_calendar.starts == of_the_reader.starts == 0
    assert of_the_reader.ends == HOUR


def test_speakers_and_languages_where_calendars_have_them() -> None:
    (one,) = calendar(
        'SUMMARY:A\r\nX-LANGUAGES:en,fr\r\nX-SPEAKER:Ana\r\nATTENDEE;CN="Bo; the elder":mailto:b@x.example\r\n'
        "ORGANIZER:mailto:c@x.example"
    ).sessions
    assert one.languages == ("en", "fr")
    assert [speaker.name for speaker in one.speakers] == ["Ana", "Bo; the elder"]


def test_what_is_left_out_is_said() -> None:
    there = calendar(
        "UID:a\r\nSUMMARY:A\r\nSTATUS:CANCELLED",
        "UID:b\r\nSUMMARY:B\r\nRRULE:FREQ=DAILY",
        own="X-WR-CALNAME:Forum\r\nnonsense\r\n",
    )
    assert [each.session for each in there.sessions] == ["forum-b"]
    assert there.notes == ("“A” is cancelled and left out.", "“B” repeats, but has no start; it is taken once.")


def test_alarms_and_zones_are_passed_over() -> None:
    (one,) = calendar("SUMMARY:A\r\nBEGIN:VALARM\r\nSUMMARY:Wake up\r\nDTSTART:19700101T000000Z\r\nEND:VALARM").sessions
    assert (one.title, one.starts) == ("A", None)
    (bare,) = read(
        "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:X\nEND:VTIMEZONE\nBEGIN:VEVENT\nSUMMARY:B\nEND:VEVENT\nEND:VCALENDAR"
    ).sessions
    assert bare.title == "B"


@pytest.mark.parametrize("time", ["soon", "19701301T000000Z", "00000101T000000Z", "20261202/093000"])
def test_what_is_no_time_is_refused(time: str) -> None:
    with pytest.raises(ProgrammeError, match="no time of a calendar"):
        calendar(f"SUMMARY:A\r\nDTSTART:{time}")


def test_a_broken_calendar_and_an_event_without_a_title_are_refused() -> None:
    for text in ("BEGIN:VCALENDAR\nEND:VEVENT", "BEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VCALENDAR"):
        with pytest.raises(ProgrammeError, match="ends what had not begun"):
            read(text)
    with pytest.raises(ProgrammeError, match=r"^Session 1 of the file: there is no title"):
        calendar("UID:a")


def test_all_that_is_wrong_in_a_calendar_is_said_at_once() -> None:
    with pytest.raises(ProgrammeError) as raised:
        calendar(
            "SUMMARY:A\r\nDTSTART:soon\r\nDTEND:19700101T010000Z\r\nX-LANGUAGES:xx!",
            "SUMMARY:B\r\nDTSTART:19700101T020000Z\r\nDTEND:19700101T010000Z",
            "SUMMARY:C\r\nSTATUS:CANCELLED",
            "DTSTART:19700101T020000Z\r\nDURATION:PT0S",
            own="X-WR-TIMEZONE:Mars/Base\r\n",
        )
    assert [" ".join(sentence.split()[:6]) for sentence in raised.value.sentences] == [
        "The time zone 'Mars/Base' is not",
        "“A”: 'soon' is no time of",
        "“A”: 'xx!' names no language; write",
        "“B”: the end '19700101T010000Z' is not",
        "Session 4 of the file: 'P0D'",
        "Session 4 of the file: there",
    ]


def test_a_calendar_of_too_many_is_given_up_before_it_is_read() -> None:
    with pytest.raises(ProgrammeError, match="more than 5000"):
        read("BEGIN:VCALENDAR\n" + "BEGIN:VEVENT\nEND:VEVENT\n" * 5_001 + "broken")


def test_an_unfinished_calendar_is_refused() -> None:
    with pytest.raises(ProgrammeError, match="its last VEVENT has no end"):
        read("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:A\n")
    with pytest.raises(ProgrammeError, match="more than 8 components"):
        read("BEGIN:VCALENDAR\n" + "BEGIN:VEVENT\n" * 9)
    with pytest.raises(ProgrammeError, match="more than 100000 lines"):
        calendar("ATTENDEE:mailto:a@x.example\r\n" * 100_000)


def test_a_line_that_cannot_be_read_is_left_out_and_said() -> None:
    there = calendar('SUMMARY:A\r\nATTENDEE;CN=A "B":mailto:a@x.example\r\nX-SPEAKER:Ana')
    assert [speaker.name for speaker in there.sessions[0].speakers] == ["Ana"]
    assert there.notes == ("A line of “A” can't be read and is left out.",)


def test_a_file_may_hold_several_calendars_and_old_line_ends() -> None:
    one = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:{}\nEND:VEVENT\nEND:VCALENDAR\n"
    there = read((one.format("A") + one.format("B")).replace("\n", "\r"))
    assert [each.title for each in there.sessions] == ["A", "B"]


def test_each_file_has_its_own_zones() -> None:
    for hours in (1, 2):
        zone = (
            "BEGIN:VTIMEZONE\r\nTZID:Hall\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n"
            f"TZOFFSETFROM:+0{hours}00\r\nTZOFFSETTO:+0{hours}00\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
        )
        there = calendar(f"SUMMARY:A\r\nDTSTART;TZID=Hall:19700101T0{hours}0000", own=zone)
        assert (there.sessions[0].starts, there.zone) == (0, "")
    with pytest.raises(ProgrammeError, match="“A”: the time zone 'Hall' is not known"):
        calendar("SUMMARY:A\r\nDTSTART;TZID=Hall:19700101T000000")


def test_a_series_is_a_session_each_time() -> None:
    there = calendar(
        "UID:b\r\nSUMMARY:B\r\nDTSTART;TZID=Africa/Nairobi:19700101T030000\r\nDURATION:PT1H\r\n"
        "RRULE:FREQ=DAILY;COUNT=5\r\nEXDATE;TZID=Africa/Nairobi:19700102T030000\r\n"
        "EXDATE;VALUE=DATE:19700103\r\nRDATE:19700120T000000Z",
        "UID:b\r\nSUMMARY:B, elsewhere\r\nRECURRENCE-ID:19700104T000000Z\r\nDTSTART:19700104T050000Z",
        "UID:b\r\nSUMMARY:B\r\nRECURRENCE-ID:19700105T000000Z\r\nSTATUS:CANCELLED",
    )
    day = 24 * HOUR
    assert [(each.session[:2], each.title, each.starts, each.ends) for each in there.sessions] == [
        ("b", "B", 0, HOUR),
        ("b-", "B, elsewhere", 3 * day + 5 * HOUR, None),
        ("b-", "B", 19 * day, 19 * day + HOUR),
    ]
    assert there.notes == ("“B” is cancelled and left out.", "“B” repeats: 4 sessions.")


def test_what_repeats_by_no_rule_is_refused_and_by_another_said() -> None:
    with pytest.raises(ProgrammeError) as raised:
        calendar("SUMMARY:A\r\nDTSTART:19700101T000000Z\r\nRRULE:FREQ=SOMETIMES\r\nEXDATE:soon")
    assert raised.value.sentences == (
        "“A”: 'FREQ=SOMETIMES' is no rule of a calendar by which something repeats.",
        "“A”: 'soon' is no time of a calendar.",
    )
    there = calendar("SUMMARY:A\r\nDTSTART:19700101T000000Z\r\nRRULE:FREQ=SECONDLY")
    assert (len(there.sessions), there.notes) == (
        1,
        ("“A” repeats by a rule that isn't followed here; only the first is taken.",),
    )


def test_a_change_of_all_later_sessions_is_said() -> None:
    there = calendar("UID:a\r\nSUMMARY:A\r\nRECURRENCE-ID;RANGE=THISANDFUTURE:19700101T000000Z")
    assert there.notes == ("“A” changes all later sessions of its series; only the first of them is changed.",)


@pytest.mark.parametrize("value", ["100000", "PT1H", "soon"])
def test_what_is_left_out_has_to_be_a_time(value: str) -> None:
    with pytest.raises(ProgrammeError, match=f"“A”: '{value}' is no time of a calendar"):
        calendar(f"SUMMARY:A\r\nDTSTART:19700101T000000Z\r\nRRULE:FREQ=DAILY;COUNT=2\r\nEXDATE:{value}")
