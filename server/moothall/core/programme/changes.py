"""Changes of plans: for the agenda's readers, for the preview of an import, and where two people edit the same plan."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from moothall.core.events.types import Access, SoundKept, VoiceUse
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Planned, Room, RoomId, Timetable

MOST_CHANGES = 200
"""Changes of the programme that are kept for readers of the agenda. Overflow: the oldest is dropped."""


class ChangeKind(StrEnum):
    """What an import changes in a room or session."""

    ROOM_ADDED = "room-added"
    ADDED = "added"
    TITLE = "title"
    TIMES = "times"
    ROOM = "room"
    SPEAKERS = "speakers"
    LANGUAGES = "languages"
    """The languages differ. Those of an existing session stay as they are; the change is only reported."""
    ZONE = "zone"
    """The time zone in which all times are shown."""
    VANISHED = "vanished"
    """The session is no longer in the file. It is not deleted; the change is only reported."""


UNTOUCHED = frozenset({ChangeKind.LANGUAGES, ChangeKind.VANISHED})
"""Changes that an import only reports. Only a person may make them."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One difference between the plan and a conference file."""

    kind: ChangeKind
    session: SessionId | None = None
    room: RoomId | None = None
    title: str
    """The present title of the session or room; for a time zone its new name."""
    before: Planned | None = None
    after: Planned | None = None


def changes(rooms: Sequence[Room], planned: Sequence[Planned], wanted: Timetable) -> tuple[Change, ...]:
    """All differences: first rooms, then sessions in the file's order, then sessions that the file no longer has."""
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
    """Titles of new sessions for which neither the file nor the importer has named a language."""
    made = (each for each in found if each.kind is ChangeKind.ADDED)
    return tuple(each.title for each in made if each.after is not None and not each.after.languages)


def with_languages(wanted: Timetable, languages: tuple[str, ...]) -> Timetable:
    """The timetable with these languages (BCP-47) wherever the file names none."""
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
    """The session `after` in which each person with the name of a known one has that one's id, since other kinds of
    files use other ids.
    """
    ids = {speaker.id for speaker in before.speakers}
    by_name = {speaker.name: speaker for speaker in before.speakers}
    speakers = tuple(each if each.id in ids else by_name.get(each.name, each) for each in after.speakers)
    return msgspec.structs.replace(after, speakers=speakers)


def merged(before: Planned, after: Planned) -> Planned:
    """The planned session with the file's values in all fields that an import may change."""
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
    """The fields of a meeting that its form can change."""

    title: str
    languages: tuple[str, ...]
    """BCP-47 tags, the expected one first."""
    room: RoomId | None
    starts: int | None
    """The planned beginning, Unix ms."""
    ends: int | None
    """The planned end, Unix ms."""
    access: Access
    sound: SoundKept
    voice_use: VoiceUse = VoiceUse.ALLOWED


def merge_edits(made_from: MeetingPlan, wanted: MeetingPlan, now: MeetingPlan) -> tuple[MeetingPlan, tuple[str, ...]]:
    """Merge one person's edits into a plan that somebody else may have changed since (a three-way merge).

    `made_from`: the plan from which the form was made; `wanted`: the form's values; `now`: the present plan. Returns
    the merged plan, and the names of fields that both have changed to different values; these keep their values in
    `now`.
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
    """What readers of the agenda are told about a session."""

    NEW = "new"
    TITLE = "title"
    TIME = "time"
    ROOM = "room"
    CANCELLED = "cancelled"
    RESTORED = "restored"


class AgendaChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of one session's plan, for readers of the agenda."""

    at: int
    """Unix ms."""
    session: SessionId
    kind: AgendaChangeKind
    title: str = ""
    """The title before, if it has changed."""
    starts: tuple[int | None, int | None] = (None, None)
    """Beginning before and after, Unix ms, if the times have changed."""
    ends: tuple[int | None, int | None] = (None, None)
    rooms: tuple[RoomId | None, RoomId | None] = (None, None)
    """Room before and after, if it has changed."""


def changes_of_plan(before: Planned | None, after: Planned, at: int) -> tuple[AgendaChange, ...]:
    """The changes that a new or changed plan has for readers of the agenda.

    There are none for rehearsals, for sessions that the programme did not create but only took over, and for deletions,
    which can be undone.
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
