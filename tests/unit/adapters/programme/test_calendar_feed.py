from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall.adapters.programme.calendar_feed import FeedMeeting, calendar

EVENT = FeedMeeting(
    uid="opening@text.example.org",
    stamp=1_780_000_000_000,
    starts=1_780_000_000_000,
    ends=1_780_003_600_000,
    title="Opening, with a\ttab; and \x07more\r\nlines",
    place="Main hall",
    address="https://text.example.org/s/opening\r\n",
    description="Captions",
)


def test_a_calendar_is_what_the_standard_has() -> None:
    lines = calendar([EVENT], "Agenda").split("\r\n")
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert lines[-4:] == ["STATUS:CONFIRMED", "END:VEVENT", "END:VCALENDAR", ""] or lines[-3:] == [
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    assert set(lines) >= {
        "PRODID:-//Moothall//Agenda//EN",
        "X-WR-CALNAME:Agenda",
        "UID:opening@text.example.org",
        "DTSTAMP:20260528T202640Z",
        "DTSTART:20260528T202640Z",
        "DTEND:20260528T212640Z",
        r"SUMMARY:Opening\, with a tab\; and more\nlines",
        "LOCATION:Main hall",
        "DESCRIPTION:Captions",
        "URL:https://text.example.org/s/opening",
        "STATUS:CONFIRMED",
    }


def test_what_has_no_end_has_none_and_what_is_not_held_says_so() -> None:
    text = calendar([FeedMeeting(uid="a", stamp=0, starts=0, title="x", cancelled=True)], "A")
    assert "STATUS:CANCELLED" in text
    assert not {"DTEND", "LOCATION", "DESCRIPTION", "URL"} & {line.partition(":")[0] for line in text.split("\r\n")}


@given(st.lists(st.text(max_size=120), max_size=3))
def test_no_text_makes_a_line_of_its_own(titles: list[str]) -> None:
    text = calendar([FeedMeeting(uid="a", stamp=0, starts=0, title=each) for each in titles], "A")
    assert text.count("BEGIN:VEVENT\r\n") == text.count("\r\nEND:VEVENT\r\n") == len(titles)
    assert max(map(len, text.encode().split(b"\r\n"))) <= 75
