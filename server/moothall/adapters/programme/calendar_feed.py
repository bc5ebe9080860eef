"""A calendar of meetings to which programs subscribe: iCalendar (RFC 5545), written by the library `icalendar`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

PRODUCT = "-//Moothall//Agenda//EN"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class FeedMeeting(msgspec.Struct, frozen=True, kw_only=True):
    """One meeting of the calendar."""

    uid: str
    """An id that never changes and that no other meeting has."""
    stamp: int
    """Unix ms of the last change."""
    starts: int
    """Unix ms."""
    ends: int | None = None
    """Unix ms; None when the end is unknown."""
    title: str
    place: str = ""
    address: str = ""
    """URL of the meeting's page; empty for none."""
    description: str = ""
    cancelled: bool = False


def calendar(events: Iterable[FeedMeeting], name: str) -> str:
    """Write the calendar as text: a VEVENT for each meeting, all times in UTC."""
    from icalendar import Calendar, Event

    made = Calendar()
    for key, value in (
        ("version", "2.0"),
        ("prodid", PRODUCT),
        ("calscale", "GREGORIAN"),
        ("x-wr-calname", _plain(name)),
    ):
        made.add(key, value)
    for event in events:
        entry = Event()
        entry.add("uid", _plain(event.uid))
        entry.add("dtstamp", _moment(event.stamp))
        entry.add("dtstart", _moment(event.starts))
        if event.ends is not None and event.ends > event.starts:
            entry.add("dtend", _moment(event.ends))
        entry.add("summary", _plain(event.title))
        for key, value in (("location", event.place), ("description", event.description), ("url", event.address)):
            if value:
                entry.add(key, _plain(value).strip())
        entry.add("status", "CANCELLED" if event.cancelled else "CONFIRMED")
        made.add_component(entry)
    text: str = made.to_ical().decode()
    return text


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms // 1000, UTC)


def _plain(text: str) -> str:
    """Remove control characters, some of which the library writes unchanged."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
