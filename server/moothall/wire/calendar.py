"""iCalendar (RFC 5545) as it is written: a calendar of meetings, one VEVENT each, all times in UTC.

Reading is the library's (ADR 30); what is written is too little to load that for, which takes 0.2 s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec

LONGEST_LINE = 75
"""Octets of a line; a longer one is folded (RFC 5545 §3.1)."""
PRODUCT = "-//Moothall//Agenda//EN"
_SPECIAL = re.compile(r"[\\;,]")
_BREAKS = re.compile(r"[\x00-\x20\x7f]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class CalendarEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One meeting."""

    uid: str
    """The same for ever, and like no other's."""
    stamp: int
    """Unix ms at which it was changed last."""
    starts: int
    """Unix ms."""
    ends: int | None = None
    """Unix ms; None where nobody knows."""
    title: str
    place: str = ""
    address: str = ""
    """URL of its page."""
    description: str = ""
    cancelled: bool = False


def calendar(events: Iterable[CalendarEvent], name: str) -> str:
    """The calendar as text, with its lines folded and ended by CR LF."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "CALSCALE:GREGORIAN", f"X-WR-CALNAME:{_text(name)}"]
    for event in events:
        lines += _event(event)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _event(event: CalendarEvent) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_text(event.uid)}"
    yield f"DTSTAMP:{_moment(event.stamp)}"
    yield f"DTSTART:{_moment(event.starts)}"
    if event.ends is not None and event.ends > event.starts:
        yield f"DTEND:{_moment(event.ends)}"
    yield f"SUMMARY:{_text(event.title)}"
    if event.place:
        yield f"LOCATION:{_text(event.place)}"
    if event.description:
        yield f"DESCRIPTION:{_text(event.description)}"
    if event.address:
        yield f"URL:{_BREAKS.sub('', event.address)}"
    yield f"STATUS:{'CANCELLED' if event.cancelled else 'CONFIRMED'}"
    yield "END:VEVENT"


def _moment(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    """A value of the kind TEXT: escaped, and without control characters."""
    plain = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
    return _SPECIAL.sub(lambda sign: f"\\{sign[0]}", plain).replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """The line in pieces of `LONGEST_LINE` octets at most; all but the first begin with a space."""
    piece, size = "", 0
    for sign in line:
        width = len(sign.encode("utf-8", "replace"))
        if size + width > LONGEST_LINE:
            yield piece
            piece, size = " ", 1
        piece += sign
        size += width
    yield piece
