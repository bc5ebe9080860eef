"""Editing one session by hand: changing its plan, duplicating it, and the warnings before it is opened in a room: which
other session is on there, and which ones would be skipped.
"""

from __future__ import annotations

import msgspec

from moothall.core import commands as do
from moothall.core.events.types import Access, SoundKept, VoiceUse
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import NO_MEETING, FirstKnow, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.changes import MeetingPlan, merge_edits
from moothall.core.programme.plan import Planned, RoomId, clashes, passed_over
from moothall.core.programme.times import LONGEST
from moothall.core.rules.notes_and_tags import listed
from moothall.core.sessions.state import ON, State, Status
from moothall.services.programme.programme import Programme

LONGEST_MS = round(LONGEST.total_seconds() * 1000)
MINUTE_MS = 60_000
MORE_MS = 10 * MINUTE_MS
"""The time that one press adds to a session that is on."""


class Arrangement(msgspec.Struct, frozen=True, kw_only=True):
    """How a session is held: who may read it, what happens to its sound, whether it is listed, and what is measured of
    voices.
    """

    access: Access
    sound: SoundKept
    listed: bool = True
    voice_use: VoiceUse = VoiceUse.ALLOWED


def arrangement(state: State) -> Arrangement:
    """The current arrangement of a session."""
    return made_of(Arrangement, state)


class Differing(msgspec.Struct, frozen=True, kw_only=True):
    """The result of an edit that conflicts with another person's: nothing was changed."""

    fields: tuple[str, ...]
    """The names of the conflicting fields of `MeetingPlan`."""
    now: MeetingPlan
    """The plan as the other person saved it."""


def plan_of(planned: Planned, state: State) -> MeetingPlan:
    """The values of a session's form."""
    return MeetingPlan(
        title=state.title,
        languages=state.languages,
        room=planned.room,
        starts=planned.starts,
        ends=planned.ends,
        access=state.access,
        sound=state.sound,
        voice_use=state.voice_use,
    )


async def change_meeting(
    programme: Programme, session: SessionId, made_from: MeetingPlan, wanted: MeetingPlan, *, by: str
) -> Refusal | Differing | None:
    """Carry out an edit of a session; None when it is done.

    `made_from` has the values that the form showed, `wanted` those that were sent. Changes made by others meanwhile are
    kept; where both changed the same field, nothing is done. Raises StorageUnavailable.
    """
    async with programme.changing:
        planned, live = await programme.known(session), await programme.live(session)
        if planned is None or live is None or planned.deleted is not None:
            return NO_MEETING
        now = plan_of(planned, live.state)
        merged, differing = merge_edits(made_from, wanted, now)
        if differing:
            return Differing(fields=differing, now=now)
        if merged.room != now.room and merged.room is not None:
            if programme.room(merged.room) is None:
                return refuse(RefusalCode.INVALID, "There is no such room.")
            if live.state.status in ON and (taken := on_in_room(programme, merged.room, session)) is not None:
                return _two_in_a_room(f"“{taken.title}” is on in that room. Close it first.", taken)
        plan = msgspec.structs.replace(
            planned,
            title=merged.title,
            languages=merged.languages,
            room=merged.room,
            starts=merged.starts,
            ends=merged.ends,
        )
        how = made_of(Arrangement, merged, listed=live.state.listed)
        return await change_plan(programme, plan, how=how, by=by)


async def change_plan(
    programme: Programme, wanted: Planned, *, how: Arrangement | None = None, by: str
) -> Refusal | None:
    """Set a session's title, languages, room and times to those of `wanted`, and its arrangement to `how`; None when it
    is done.

    What readers see goes into its log; room and times are only in the programme. The start of a session that has begun
    can't change; of one that is over, neither can the room, the end and the arrangement. An interrupted change is
    completed by the same call. Raises StorageUnavailable.
    """
    before, live = await programme.known(wanted.session), await programme.live(wanted.session)
    if before is None or live is None:
        return NO_MEETING
    state = live.state
    spoken = wanted.languages != state.languages
    begun = state.status is not Status.CREATED
    if begun and wanted.starts != before.starts:
        return refuse(RefusalCode.CONFLICT, "The meeting has begun: its planned start stays.")
    if state.status is Status.CLOSED and (wanted.room, wanted.ends) != (before.room, before.ends):
        return refuse(RefusalCode.CONFLICT, "The meeting is over: its room and its planned times stay.")
    if not _possible(before, wanted):
        return refuse(RefusalCode.INVALID, "A meeting must end after it starts, and within a week.")
    changes: list[do.AnyCommand] = []
    if how is not None and how != arrangement(state):
        changes.append(made_of(do.ArrangeSession, how))
    if spoken and not begun:
        changes.append(do.DescribeSession(title=wanted.title, languages=wanted.languages))
    elif wanted.title != state.title:
        changes.append(do.DescribeSession(title=wanted.title))
    if spoken and begun:
        changes.append(do.SetLanguages(languages=wanted.languages))
    for change in changes:
        refused = await programme.send(wanted.session, change, by=by)
        if refused is not None:
            return refused
    if state.status is not Status.CREATED and not begun:  # It has begun meanwhile.
        wanted = msgspec.structs.replace(wanted, starts=before.starts)
    kept = msgspec.structs.replace(
        before,
        title=wanted.title,
        languages=wanted.languages,
        room=wanted.room,
        starts=wanted.starts,
        ends=wanted.ends,
    )
    if kept != before:
        await programme.keep(planned=[kept])
    return None


def _possible(before: Planned, wanted: Planned) -> bool:
    starts, ends = wanted.starts, wanted.ends
    if ends is None or (starts, ends) == (before.starts, before.ends):
        return True
    return starts is not None and 0 < ends - starts <= LONGEST_MS


async def more_time(programme: Programme, session: SessionId) -> Refusal | None:
    """Postpone the planned end of a session that is on by ten minutes; if that has passed or there is none, the end
    becomes ten minutes from now. None when it is done. Raises StorageUnavailable.
    """
    async with programme.changing:
        planned, live = await programme.known(session), await programme.live(session)
        if planned is None or live is None:
            return NO_MEETING
        if live.state.status not in ON:
            return refuse(RefusalCode.CONFLICT, "The meeting is not on.")
        now = programme.now()
        begun = now - live.state.media_now(now) if planned.starts is None else planned.starts
        ends = max(planned.ends or 0, -(-now // MINUTE_MS) * MINUTE_MS) + MORE_MS
        if ends - begun > LONGEST_MS:
            return refuse(RefusalCode.INVALID, "A meeting must end after it starts, and within a week.")
        await programme.keep(planned=[msgspec.structs.replace(planned, starts=begun, ends=ends)])
        return None


async def duplicate(
    programme: Programme, session: SessionId, *, title: str, starts: int | None, by: str
) -> Planned | Refusal:
    """Plan another session with the settings and the length of this one, under an id of its own; returns its plan.

    Copied are room, languages, speakers, policy questions and arrangement, but no links and no text. Raises
    StorageUnavailable.
    """
    planned, live = await programme.known(session), await programme.live(session)
    if planned is None or live is None or planned.deleted is not None:
        return NO_MEETING
    state = live.state
    long = None if planned.starts is None or planned.ends is None else planned.ends - planned.starts
    another = Planned(
        session=await programme.free_name(f"{'rehearsal ' if planned.rehearsal else ''}{title}"),
        room=planned.room,
        title=title,
        starts=starts,
        ends=None if starts is None or long is None else starts + long,
        languages=state.languages,
        rehearsal=planned.rehearsal,
        speakers=planned.speakers,
    )
    made = await programme.make(
        another,
        access=state.access,
        sound=state.sound,
        young_people=state.young_people,
        voice_use=state.voice_use,
        by=by,
    )
    if isinstance(made, Refusal):
        return made
    commands: list[do.AnyCommand] = []
    if not state.listed:
        commands.append(made_of(do.ArrangeSession, arrangement(state)))
    if questions := state.notes_and_tags.questions:
        commands.append(do.ListPolicyQuestions(questions=listed([each.text for each in questions], ())))
    for command in commands:
        refused = await programme.send(made.session, command, by=by)
        if refused is not None:
            return refused
    return made


def clashing(programme: Programme, session: SessionId) -> tuple[Planned, ...]:
    """The sessions that are planned in the same room at the same time."""
    room = programme.room_of(session)
    there = [each for each in programme.planned() if each.room == room] if room is not None else []
    pairs = (pair for pair in clashes(there) if session in {each.session for each in pair})
    return tuple(each for pair in pairs for each in pair if each.session != session)


def other_session_in_room(programme: Programme, session: SessionId) -> Planned | None:
    """Another session that is on in the room where this one is planned; None where there is none."""
    room = programme.room_of(session)
    return None if room is None else on_in_room(programme, room, session)


def on_in_room(programme: Programme, room: RoomId, session: SessionId) -> Planned | None:
    """A session other than `session` that is on in a room; None where there is none."""
    there = (each for each in programme.planned() if each.room == room and each.session != session)
    return next((each for each in there if programme.status_of(each.session) in ON), None)


def two_in_a_room(programme: Programme, session: SessionId) -> Refusal | None:
    """The warning when a session is opened in a room where another one is on; None where none is."""
    other = other_session_in_room(programme, session)
    if other is None:
        return None
    message = f"“{other.title}” is on in the same room, and only one of them gets its sound. Open it anyway?"
    return _two_in_a_room(message, other)


def _two_in_a_room(message: str, other: Planned) -> Refusal:
    return Refusal(
        code=RefusalCode.CONFLICT, message=message, first_know=FirstKnow(kind="same-room", title=other.title)
    )


def left_out(programme: Programme, room: RoomId, now: int) -> tuple[Planned, ...]:
    """The sessions of a room that would be skipped if the next were opened, though they may still be held."""
    there = [each for each in programme.planned() if each.room == room and not each.cancelled]
    standing = {each.session: programme.status_of(each.session) for each in there}
    out = passed_over(there, standing, now)
    return tuple(each for each in there if each.session in out)
