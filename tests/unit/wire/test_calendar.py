from __future__ import annotations

from moothall.wire.calendar import CalendarEvent, calendar

EVENT = CalendarEvent(
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
    assert calendar([EVENT], "Agenda").split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Moothall//Agenda//EN",
        "CALSCALE:GREGORIAN",
        "X-WR-CALNAME:Agenda",
        "BEGIN:VEVENT",
        "UID:opening@text.example.org",
        "DTSTAMP:20260528T202640Z",
        "DTSTART:20260528T202640Z",
        "DTEND:20260528T212640Z",
        r"SUMMARY:Opening\, with a tab\; and more\nlines",
        "LOCATION:Main hall",
        "DESCRIPTION:Captions",
        "URL:https://text.example.org/s/opening",
        "STATUS:CONFIRMED",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_long_lines_are_folded_between_signs() -> None:
    text = calendar([CalendarEvent(uid="a", stamp=0, starts=0, title="é" * 60, cancelled=True)], "A")
    folded = [line for line in text.split("\r\n") if "é" in line]
    assert [len(line.encode()) for line in folded] == [74, 55]
    assert folded[1].startswith(" é")
    assert "STATUS:CANCELLED" in text
    assert "DTEND" not in text
