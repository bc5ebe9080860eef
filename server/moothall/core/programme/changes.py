"""Changes of what is planned: what readers of the agenda are told of, what an import would change, before it does, and
what two people change at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from moothall.core.events.types import Access, SoundKept
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Planned, Room, RoomId, Timetable

MOST_CHANGES = 200
"""Changes of the programme that are kept for readers of the agenda. Overflow: the oldest goes."""


class ChangeKind(StrEnum):
    """What becomes of a room or session."""

    ROOM_ADDED = "room-added"
    ADDED = "added"
    TITLE = "title"
    TIMES = "times"
    ROOM = "room"
    SPEAKERS = "speakers"
    LANGUAGES = "languages"
    """Those of a session that exists stay as they are; it is only said."""
    ZONE = "zone"
    """The time zone in which all times are shown."""
    VANISHED = "vanished"
    """It stands in the file no longer. Nothing is deleted for that; it is only said."""


UNTOUCHED = frozenset({ChangeKind.LANGUAGES, ChangeKind.VANISHED})
"""Changes that are said, and made by nobody but a person."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One difference between what is planned and what a file says."""

    kind: ChangeKind
    session: SessionId | None = None
    room: RoomId | None = None
    title: str
    """Of the session or room, as it is known so far; of a time zone its new name."""
    before: Planned | None = None
    after: Planned | None = None


def changes(rooms: Sequence[Room], planned: Sequence[Planned], wanted: Timetable) -> tuple[Change, ...]:
    """Every difference, rooms first, then sessions in the file's order, then what is missing from the file."""
    known_rooms = {room.id for room in rooms}
    known = {each.session: each for each in planned}
    found = [
        Change(kind=ChangeKind.ROOM_ADDED, room=room.id, title=room.title)
        for room in wanted.rooms
        if room.id not in known_rooms
    ]
    for given in wanted.sessions:
        before = known.get(given.session)
        if before is None:
            found.append(Change(kind=ChangeKind.ADDED, session=given.session, title=given.title, after=given))
            continue
        after = _same_people(before, given)
        found += [
            Change(kind=kind, session=after.session, title=before.title, before=before, after=after)
            for kind, differs in _differences(before, after)
            if differs
        ]
    there = {each.session for each in wanted.sessions}
    found += [
        Change(kind=ChangeKind.VANISHED, session=each.session, title=each.title, before=each)
        for each in planned
        if each.source == wanted.source and each.session not in there
    ]
    return tuple(found)


def without_language(found: Sequence[Change]) -> tuple[str, ...]:
    """Titles of sessions that would be made, and of which nobody has said what is spoken there."""
    made = (each for each in found if each.kind is ChangeKind.ADDED)
    return tuple(each.title for each in made if each.after is not None and not each.after.languages)


def with_languages(wanted: Timetable, languages: tuple[str, ...]) -> Timetable:
    """The same programme, with these languages (BCP-47) wherever the file names none."""
    sessions = tuple(
        each if each.languages else msgspec.structs.replace(each, languages=languages) for each in wanted.sessions
    )
    return msgspec.structs.replace(wanted, sessions=sessions)


def _differences(before: Planned, after: Planned) -> tuple[tuple[ChangeKind, bool], ...]:
    return (
        (ChangeKind.TITLE, before.title != after.title),
        (ChangeKind.TIMES, (before.starts, before.ends) != (after.starts, after.ends)),
        (ChangeKind.ROOM, before.room != after.room),
        (ChangeKind.SPEAKERS, before.speakers != after.speakers),
        (ChangeKind.LANGUAGES, bool(after.languages) and before.languages != after.languages),
    )


def _same_people(before: Planned, after: Planned) -> Planned:
    """A person with the name of a known one is that person, under any id in another kind of file."""
    ids = {speaker.id for speaker in before.speakers}
    by_name = {speaker.name: speaker for speaker in before.speakers}
    speakers = tuple(each if each.id in ids else by_name.get(each.name, each) for each in after.speakers)
    return msgspec.structs.replace(after, speakers=speakers)


def merged(before: Planned, after: Planned) -> Planned:
    """The planned session once the file's word is taken: all but what can't be changed any more."""
    return msgspec.structs.replace(
        before,
        title=after.title,
        starts=after.starts,
        ends=after.ends,
        room=after.room,
        speakers=after.speakers,
        source=after.source,
    )


class MeetingPlan(msgspec.Struct, frozen=True, kw_only=True):
    """All that a form of a meeting can change."""

    title: str
    languages: tuple[str, ...]
    """BCP-47 tags, the most expected first."""
    room: RoomId | None
    starts: int | None
    """Unix ms, as planned."""
    ends: int | None
    """Unix ms, as planned."""
    access: Access
    sound: SoundKept


def merge_edits(made_from: MeetingPlan, wanted: MeetingPlan, now: MeetingPlan) -> tuple[MeetingPlan, tuple[str, ...]]:
    """What `now` becomes with the changes that lead from `made_from` to `wanted`, and the fields that somebody else
    has changed since, to something else; those stay as they are now: what two people change of one meeting at the same
    time is all kept, unless both are of the same thing.
    """
    fields, differing = dict[str, object](), list[str]()
    for name in MeetingPlan.__struct_fields__:
        old, mine, theirs = (getattr(each, name) for each in (made_from, wanted, now))
        if mine in (old, theirs):
            continue
        if theirs == old:
            fields[name] = mine
        else:
            differing.append(name)
    return msgspec.structs.replace(now, **fields), tuple(differing)


class AgendaChangeKind(StrEnum):
    """What has changed."""

    NEW = "new"
    TITLE = "title"
    TIME = "time"
    ROOM = "room"
    CANCELLED = "cancelled"
    RESTORED = "restored"


class AgendaChange(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one session's plan."""

    at: int
    """Unix ms."""
    session: SessionId
    kind: AgendaChangeKind
    title: str = ""
    """The title before, where that has changed."""
    starts: tuple[int | None, int | None] = (None, None)
    """Unix ms before and after, where the time has changed."""
    ends: tuple[int | None, int | None] = (None, None)
    rooms: tuple[RoomId | None, RoomId | None] = (None, None)
    """Before and after, where the room has changed."""


def changes_of_plan(before: Planned | None, after: Planned, at: int) -> tuple[AgendaChange, ...]:
    """What a new or changed plan changes for readers of the agenda. Rehearsals, and sessions that the programme only
    takes over (they have not been made by it), change nothing; nor does a deletion, which can be taken back.
    """
    session = after.session
    deletion = any(each is not None and each.deleted is not None for each in (before, after))
    if deletion or after.rehearsal or (before is None and not after.made):
        return ()
    if before is None:
        return (AgendaChange(at=at, session=session, kind=AgendaChangeKind.NEW),)
    found: list[AgendaChange] = []
    if before.title != after.title:
        found.append(AgendaChange(at=at, session=session, kind=AgendaChangeKind.TITLE, title=before.title))
    if (before.starts, before.ends) != (after.starts, after.ends):
        starts, ends = (before.starts, after.starts), (before.ends, after.ends)
        found.append(AgendaChange(at=at, session=session, kind=AgendaChangeKind.TIME, starts=starts, ends=ends))
    if before.room != after.room:
        rooms = (before.room, after.room)
        found.append(AgendaChange(at=at, session=session, kind=AgendaChangeKind.ROOM, rooms=rooms))
    if before.cancelled != after.cancelled:
        kind = AgendaChangeKind.CANCELLED if after.cancelled else AgendaChangeKind.RESTORED
        found.append(AgendaChange(at=at, session=session, kind=kind))
    return tuple(found)
