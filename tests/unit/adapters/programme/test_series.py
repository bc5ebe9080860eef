from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from icalendar import vRecur

from moothall.adapters.programme.series import MOST_SERIES, CalendarEvent, sessions
from moothall.core.kernel.errors import ProgrammeError
from moothall.core.programme.drafts import SessionDraft

DAY = 86_400_000
ZERO = datetime(1970, 1, 1)  # noqa: DTZ001  # by the clock of a zone


def event(name: str, at: int | None = 0, rule: str = "", ends: int | None = None) -> CalendarEvent:
    return CalendarEvent(
        draft=SessionDraft(where=name, id=name, title=name, starts=at, ends=ends),
        first=None if at is None else ZERO,
        zone=UTC,
        rule=vRecur.from_ical(rule) if rule else None,
    )


def test_an_endless_series_goes_on_as_long_as_the_rest() -> None:
    notes: list[str] = []
    found = sessions([event("a", 2 * DAY), event("b", 0, "FREQ=DAILY")], notes)
    assert [(each.id[:1], each.starts) for each in found] == [("a", 2 * DAY), ("b", 0), ("b", DAY), ("b", 2 * DAY)]
    assert notes == ["b repeats without an end; 3 sessions are taken, until the rest of the file ends."]


def test_of_an_endless_series_alone_the_first_is_taken() -> None:
    notes: list[str] = []
    assert len(sessions([event("b", 0, "FREQ=DAILY")], notes)) == 1
    assert notes[0].startswith("b repeats without an end, and nothing else")


def test_ids_stay_the_same_and_differ() -> None:
    found = sessions([event("b", 0, "FREQ=DAILY;COUNT=2")], [])
    assert [each.id for each in found] == ["b", "b-19700102T000000Z"]
    found = sessions([msgspec.structs.replace(event("b", DAY), replaces=DAY)], [])
    assert [each.id for each in found] == ["b-19700102T000000Z"]


def test_a_series_with_a_fault_is_there_once() -> None:
    assert len(sessions([event("b", DAY, "FREQ=DAILY;COUNT=5", ends=0)], [])) == 1


def test_a_rule_that_is_never_met_is_refused() -> None:
    with pytest.raises(ProgrammeError, match="b repeats on days that don't exist"):
        sessions([event("b", 0, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")], [])


def test_no_more_are_made_than_are_taken() -> None:
    daily = [event(str(n), 0, "FREQ=DAILY;COUNT=300") for n in range(20)]
    with pytest.raises(ProgrammeError, match="more than 5000 sessions"):
        sessions(daily, [])
    with pytest.raises(ProgrammeError, match="more than 500 events that repeat"):
        sessions(daily * (MOST_SERIES // 20 + 1), [])
