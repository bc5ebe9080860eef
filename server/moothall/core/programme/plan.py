"""The content of a programme: rooms, and the sessions that are planned in them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NewType

import msgspec

from moothall.core.kernel.ids import SessionId, SpeakerId
from moothall.core.sessions.state import Status

RoomId = NewType("RoomId", str)

LONGEST_NAME = 48
"""Characters of an id that is made from a text. The rest of an id's 64 characters is for a number or digest
at its end.
"""
FALLBACK_LANGUAGE = "en"
DAY_MS = 86_400_000
OPEN_ENDED_MS = 3_600_000
"""A session without a planned end counts as one of this length where it is told whether its time is over."""
OVERDUE_MS = 12 * 3_600_000
"""A session that has not begun so long after its planned time counts as not held."""


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """A room, whose sound and screen stay all week while one session follows another."""

    id: RoomId
    title: str


class Speaker(msgspec.Struct, frozen=True, kw_only=True):
    """A person who is announced to speak."""

    id: SpeakerId
    name: str


class Deleted(msgspec.Struct, frozen=True, kw_only=True):
    """A deletion that takes effect after a minute, with the values to restore if it is undone."""

    at: int
    """Unix ms."""
    listed: bool = True
    cancelled: str | None = None


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A session as it is planned. What happens in it is in its log."""

    session: SessionId
    room: RoomId | None = None
    title: str
    starts: int | None = None
    """Unix ms."""
    ends: int | None = None
    """Unix ms."""
    languages: tuple[str, ...] = (FALLBACK_LANGUAGE,)
    rehearsal: bool = False
    speakers: tuple[Speaker, ...] = ()
    source: str = ""
    """The short name (`Timetable.source`) of the conference file that it comes from; empty when a person made it."""
    made: int = 0
    """Unix ms."""
    closed: int | None = None
    """Unix ms when a rehearsal was found to be over; None before that."""
    cancelled: bool = False
    """Whether it will not be held: a copy from its log, so that the next session can be found without reading logs."""
    deleted: Deleted | None = None


class Timetable(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a conference file."""

    source: str
    """The file's short name. A later import with the same name is a new version of the same programme."""
    title: str
    rooms: tuple[Room, ...]
    sessions: tuple[Planned, ...]
    zone: str = ""
    """The time zone that the file names for the conference, or for most sessions; empty when it names none."""
    notes: tuple[str, ...] = ()
    """Sentences on what was left out, and why."""


def name_of(text: str) -> str:
    """An id (`moothall.core.kernel.ids.is_name`) made from a label in a file; the same label gives the same id.

    Labels that differ in more than case give different ids: where characters are lost, a digest is appended.
    """
    name = re.sub(r"[^a-z0-9_.]+", "-", _without_marks(text)).strip("-_.")
    if name and name == text.strip().lower() and len(name) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(text.strip().lower().encode("utf-8", "replace")).hexdigest()[:8]
    cut = name[: LONGEST_NAME - 9].strip("-_.")
    return f"{cut}-{digest}" if cut else digest


def readable_name(text: str) -> str:
    """An id for people to read, for labels that are unlikely to clash: `Main hall` → `main-hall`."""
    plain = _without_marks(text)
    lossy = any(each.isalnum() and not each.isascii() for each in plain)
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return name_of(text) if lossy or not name else name[:LONGEST_NAME].strip("-")


def _without_marks(text: str) -> str:
    """The text in lower case without diacritics: `São Tomé` → `sao tome`."""
    plain = unicodedata.normalize("NFKD", text.strip().lower())
    return "".join(each for each in plain if not unicodedata.combining(each))


def in_order(planned: Sequence[Planned]) -> tuple[Planned, ...]:
    """The sessions by start, those without a start last; then by title and id."""
    return tuple(
        sorted(
            planned,
            key=lambda each: (each.starts is None, each.starts or 0, each.title, each.session),
        )
    )


def following(planned: Sequence[Planned], standing: Mapping[SessionId, Status], now: int) -> SessionId | None:
    """The session of one room that comes next at `now` (Unix ms); None when none is left.

    It is the first that has not begun after the session that is on, or that was on last within a day. Before any has
    begun, it is the first with a planned end in the future, or without an end. A session missing in `standing` has not
    begun.
    """
    ordered = in_order(planned)
    begun = [n for n, each in enumerate(ordered) if _begun(standing, each) and _recent(each, now)]
    left = ordered[begun[-1] + 1 :] if begun else [each for each in ordered if each.ends is None or each.ends > now]
    return next((each.session for each in left if not _begun(standing, each)), None)


class Expectation(StrEnum):
    """Whether a session that has not begun is still expected."""

    COMING = "coming"
    OVERDUE = "overdue"
    """Its planned time is over. It may still be held."""
    LAPSED = "lapsed"
    """It counts as not held: lists of what comes leave it out."""


def expectation(planned: Planned | None, now: int) -> Expectation:
    """Whether a session that has not begun is still expected at `now` (Unix ms), by its plan. One without a time is."""
    if planned is None or (planned.ends is None and planned.starts is None):
        return Expectation.COMING
    ends = planned.ends if planned.ends is not None else (planned.starts or 0) + OPEN_ENDED_MS
    if now < ends:
        return Expectation.COMING
    return Expectation.OVERDUE if now < ends + OVERDUE_MS else Expectation.LAPSED


def clashes(planned: Sequence[Planned]) -> tuple[tuple[Planned, Planned], ...]:
    """Pairs of sessions that are planned in one room at the same time, by start; without rehearsals and cancelled
    sessions.

    A session without an end clashes with any other that is on when it begins, or begins at the same time.
    """
    found: list[tuple[Planned, Planned]] = []
    on: dict[RoomId, list[Planned]] = {}
    for each in in_order([each for each in planned if not each.rehearsal and not each.cancelled]):
        if each.room is None or each.starts is None:
            continue
        starts = each.starts
        still = [other for other in on.get(each.room, []) if other.starts == starts or (other.ends or 0) > starts]
        found += [(other, each) for other in still]
        on[each.room] = [*still, each]
    return tuple(found)


def passed_over(planned: Sequence[Planned], standing: Mapping[SessionId, Status], now: int) -> tuple[SessionId, ...]:
    """Sessions of one room that `following` leaves out although they may still be held: they have not begun, are
    planned before the next one, and their end is in the future or not planned.
    """
    ordered, coming = in_order(planned), following(planned, standing, now)
    before = ordered[: next((n for n, each in enumerate(ordered) if each.session == coming), len(ordered))]
    held = (each for each in before if each.starts is not None and (each.ends is None or each.ends > now))
    return tuple(each.session for each in held if not _begun(standing, each) and _recent(each, now))


def _begun(standing: Mapping[SessionId, Status], planned: Planned) -> bool:
    return standing.get(planned.session, Status.CREATED) in (Status.OPEN, Status.PAUSED, Status.CLOSED)


def _recent(planned: Planned, now: int) -> bool:
    return planned.starts is None or abs(now - planned.starts) < DAY_MS


class Overrun(msgspec.Struct, frozen=True, kw_only=True):
    """A session that is on and near its planned end, or past it."""

    session: SessionId
    room: RoomId | None
    ends: int
    """The planned end, Unix ms."""
    left: int
    """Ms until the planned end; 0 or less when it is past."""

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return self.left <= 0
