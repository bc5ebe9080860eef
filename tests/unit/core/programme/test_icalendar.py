from __future__ import annotations

import pytest

from moothall.core.kernel.errors import ProgrammeError
from moothall.core.programme.plan import Timetable
from programme_files import read

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
    assert there.notes == ("“A” is cancelled and left out.", "“B” repeats; only the first is taken.")


def test_alarms_and_zones_are_passed_over() -> None:
    (one,) = calendar("SUMMARY:A\r\nBEGIN:VALARM\r\nSUMMARY:Wake up\r\nDTSTART:19700101T000000Z\r\nEND:VALARM").sessions
    assert (one.title, one.starts) == ("A", None)
    (bare,) = read(
        "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:X\nEND:VTIMEZONE\nBEGIN:VEVENT\nSUMMARY:B\nEND:VEVENT\nEND:VCALENDAR"
    ).sessions
    assert bare.title == "B"


@pytest.mark.parametrize("time", ["soon", "19701301T000000Z", "00000101T000000Z"])
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
        "Session 4 of the file: 'PT0S'",
        "Session 4 of the file: there",
    ]


def test_a_calendar_of_too_many_is_given_up_before_it_is_read() -> None:
    with pytest.raises(ProgrammeError, match="more than 5000"):
        read("BEGIN:VCALENDAR\n" + "BEGIN:VEVENT\nEND:VEVENT\n" * 5_001 + "broken")
