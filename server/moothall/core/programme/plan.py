"""What a programme holds: rooms, and the sessions that are planned in them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NewType

import msgspec

from moothall.core.kernel.ids import SessionId, SpeakerId
from moothall.core.session.state import Status

RoomId = NewType("RoomId", str)

LONGEST_NAME = 48
"""Characters of an id that is made of a text; the rest of an id's 64 is for a number or a digest behind it."""
FALLBACK_LANGUAGE = "en"
DAY_MS = 86_400_000


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """A place whose sound and screen last all week; sessions pass through it."""

    id: RoomId
    title: str


class Speaker(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is announced to speak."""

    id: SpeakerId
    name: str


class Deleted(msgspec.Struct, frozen=True, kw_only=True):
    """A session is to be erased in a minute; how it stood, for whoever takes that back."""

    at: int
    """Unix ms."""
    listed: bool = True
    cancelled: str | None = None


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A session as it is planned. What happens in it stands in its log."""

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
    """The conference file that it came from, by that file's own name; empty when it was made by hand."""
    made: int = 0
    """Unix ms."""
    closed: int | None = None
    """Unix ms at which a rehearsal was seen to be over."""
    cancelled: bool = False
    """Whether it will not be held, as its log says: so that it is known without its log what comes next."""
    deleted: Deleted | None = None


class Timetable(msgspec.Struct, frozen=True, kw_only=True):
    """What a conference file says."""

    source: str
    """Its short name: what is imported under the same name later is the same programme, changed."""
    title: str
    rooms: tuple[Room, ...]
    sessions: tuple[Planned, ...]
    zone: str = ""
    """The time zone that the file names for the conference, or for most of its sessions; empty when it names none."""
    notes: tuple[str, ...] = ()
    """Sentences on what was left out, and why."""


def name_of(text: str) -> str:
    """A name (`moothall.core.kernel.ids.is_name`) for a label in a file; the same text gives the same
    name.

    Texts that differ in more than case give different names: where something is lost on the way, a digest is added.
    """
    name = re.sub(r"[^a-z0-9_.]+", "-", _without_marks(text)).strip("-_.")
    if name and name == text.strip().lower() and len(name) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(text.strip().lower().encode("utf-8", "replace")).hexdigest()[:8]
    cut = name[: LONGEST_NAME - 9].strip("-_.")
    return f"{cut}-{digest}" if cut else digest


def readable_name(text: str) -> str:
    """A name for people to read, for what nothing else is likely to be called alike: `Main hall` → `main-hall`."""
    plain = _without_marks(text)
    lossy = any(each.isalnum() and not each.isascii() for each in plain)
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return name_of(text) if lossy or not name else name[:LONGEST_NAME].strip("-")


def _without_marks(text: str) -> str:
    """`São Tomé` → `sao tome`."""
    plain = unicodedata.normalize("NFKD", text.strip().lower())
    return "".join(each for each in plain if not unicodedata.combining(each))


def in_order(planned: Sequence[Planned]) -> tuple[Planned, ...]:
    """By start, those without one last; then by title and id."""
    return tuple(
        sorted(
            planned,
            key=lambda each: (each.starts is None, each.starts or 0, each.title, each.session),
        )
    )


def following(planned: Sequence[Planned], standing: Mapping[SessionId, Status], now: int) -> SessionId | None:
    """Which of the sessions of one room comes next at `now` (Unix ms); None when none is left.

    The first that has not begun behind the one that is on, or was on last within a day; before any has begun, the
    first whose planned end is still to come. One that `standing` doesn't name has not begun.
    """
    ordered = in_order(planned)
    begun = [n for n, each in enumerate(ordered) if _begun(standing, each) and _recent(each, now)]
    left = ordered[begun[-1] + 1 :] if begun else [each for each in ordered if each.ends is None or each.ends > now]
    return next((each.session for each in left if not _begun(standing, each)), None)


def clashes(planned: Sequence[Planned]) -> tuple[tuple[Planned, Planned], ...]:
    """Pairs of sessions that are planned in one room at the same time, by start; without rehearsals and cancelled ones.

    One without an end clashes with another that is on when it begins, or begins with it.
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
    """Sessions of one room that `following` leaves out although they may still be held: not begun, and planned before
    what comes next, with an end that is still to come or none.
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
    """A session that is on is near its planned end, or past it."""

    session: SessionId
    room: RoomId | None
    ends: int
    """Unix ms: the planned end."""
    left: int
    """Ms until then; 0 or less when it is past."""

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return self.left <= 0
