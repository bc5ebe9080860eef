"""A calendar that is written can be read by a library that knows nothing of us, and says the same."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from moothall.wire.calendar import LONGEST_LINE, CalendarEvent, calendar

SAID = st.text(alphabet=st.characters(exclude_categories=("C", "Z"), include_characters=' \n;,:\\"'), max_size=120)
MOMENT = st.integers(min_value=0, max_value=4_000_000_000).map(lambda s: s * 1_000)
EVENTS = st.builds(
    CalendarEvent,
    uid=st.just("a@b"),
    stamp=MOMENT,
    starts=MOMENT,
    ends=st.none() | MOMENT,
    title=SAID,
    place=SAID,
    description=SAID,
    cancelled=st.booleans(),
)


@given(st.lists(EVENTS, max_size=3))
def test_what_is_written_is_read_again(events: list[CalendarEvent]) -> None:
    text = calendar(events, "Agenda")
    lines = text.encode().split(b"\r\n")
    assert lines.pop() == b""
    assert max(map(len, lines)) <= LONGEST_LINE
    for event, found in zip(events, Calendar.from_ical(text).walk("VEVENT"), strict=True):
        assert str(found["SUMMARY"]) == event.title
        assert str(found.get("LOCATION", "")) == event.place
        assert str(found.get("DESCRIPTION", "")) == event.description
        assert found.decoded("DTSTART") == datetime.fromtimestamp(event.starts / 1_000, UTC)
        assert ("DTEND" in found) == (event.ends is not None and event.ends > event.starts)
        assert found["STATUS"] == ("CANCELLED" if event.cancelled else "CONFIRMED")
