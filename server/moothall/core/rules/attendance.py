"""The rules of counts of the room, of the attendance list, and of the release of the report."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core import commands as do
from moothall.core.events import attendance as ae
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import RollEntryId, is_name
from moothall.core.kernel.visible import visible
from moothall.core.questions.disclosure import Column, Release, Shares, renewed, row
from moothall.core.questions.statements import CHOICES, NOT_SAID, Dimension, Statement
from moothall.core.sessions.roll import AttendanceState, RollEntry, RollStatus
from moothall.core.sessions.state import State, Status

MOST_PEOPLE = 100_000
"""The highest count of a room."""
MOST_COUNTS = 500
"""Counts of one session."""
MOST_ENTRIES = 3_000
"""Entries of one list: some 3,400 people came to the largest IGF, in many sessions."""
LONGEST_NAME = 120
LONGEST_REPRESENTING = 200
SUMMED = (Dimension.GROUP, Dimension.REGION)
"""What people may say of themselves on the list, for sums alone."""

_Decision = Sequence[ev.AnyEvent] | Refusal


def decide_attendance(state: State, command: do.AttendanceCommand, actor: Actor, wall: int) -> _Decision:
    """The events of a command about attendance, or a refusal."""
    match command:
        case do.CountPeople():
            return _count(state.attendance, command, wall)
        case do.ArrangeRoll():
            return _arrange(state, command)
        case do.SignRoll():
            return _sign(state.attendance, command, actor)
        case do.FinaliseRoll():
            return _finalise(state)
        case _:
            return _release(state, command)


def _count(attendance: AttendanceState, command: do.CountPeople, wall: int) -> _Decision:
    if not 0 <= command.people <= MOST_PEOPLE:
        return refuse(RefusalCode.INVALID, f"A count of people is a number from 0 to {MOST_PEOPLE}.")
    if command.corrects and not attendance.counts:
        return refuse(RefusalCode.CONFLICT, "Nobody has counted the room yet, so no count can be corrected.")
    if len(attendance.counts) >= MOST_COUNTS:
        return refuse(RefusalCode.CONFLICT, f"The session has {MOST_COUNTS} counts of its room already.")
    return [made_of(ae.AttendanceCounted, command, at=wall)]


def _arrange(state: State, command: do.ArrangeRoll) -> _Decision:
    if state.young_people:
        return refuse(RefusalCode.CONFLICT, "Young people take part in this session, so it has no list of names.")
    if state.attendance.roll is RollStatus.FINAL:
        return _final()
    if (state.attendance.roll is RollStatus.OPEN) is command.open:
        return refuse(RefusalCode.CONFLICT, f"The attendance list is {'open' if command.open else 'closed'} already.")
    return [ae.RollArranged(open=command.open)]


def _sign(attendance: AttendanceState, command: do.SignRoll, actor: Actor) -> _Decision:
    known = command.entry in attendance.entries
    if attendance.roll is RollStatus.FINAL:
        return _final()
    if attendance.roll is RollStatus.NONE or (attendance.roll is RollStatus.CLOSED and not known):
        return refuse(RefusalCode.CONFLICT, "The attendance list is not open.")
    if actor.role is not Role.PARTICIPANT and not known:
        return refuse(RefusalCode.UNKNOWN, "The attendance list has no such entry.")
    name, representing = _line(command.name), _line(command.representing)
    if not is_name(command.entry) or not 0 < len(name) <= LONGEST_NAME or len(representing) > LONGEST_REPRESENTING:
        limits = f"a name of 1 to {LONGEST_NAME} characters, and up to {LONGEST_REPRESENTING} for whom one represents"
        return refuse(RefusalCode.INVALID, f"An entry of the attendance list needs {limits}.")
    said = {Dimension.GROUP: command.group, Dimension.REGION: command.region}
    if any(value and value not in CHOICES[dimension] for dimension, value in said.items()):
        return refuse(RefusalCode.INVALID, "The group or region of an entry is none of those to choose from.")
    if not known and len(attendance.entries) >= MOST_ENTRIES:
        return refuse(RefusalCode.CONFLICT, f"The attendance list is full: it has {MOST_ENTRIES} entries.")
    entry = RollEntry(name=name, representing=representing, group=command.group, region=command.region)
    if attendance.entries.get(command.entry) == entry:
        return refuse(RefusalCode.CONFLICT, "The entry reads like this already.")
    return [made_of(ae.RollSigned, entry, entry=command.entry)]


def _finalise(state: State) -> _Decision:
    attendance = state.attendance
    if attendance.roll is RollStatus.FINAL:
        return _final()
    if state.status is not Status.CLOSED or attendance.roll is RollStatus.NONE:
        return refuse(
            RefusalCode.CONFLICT, "The attendance list can be made final once there is one and the session is closed."
        )
    if not attendance.entries:
        return refuse(RefusalCode.CONFLICT, "Nobody is on the attendance list, so it can't be made final.")
    entries = sorted(attendance.entries.values(), key=lambda each: (each.name.casefold(), each.representing))
    named = [
        ae.RollNamed(entry=RollEntryId(f"n{n}"), name=each.name, representing=each.representing)
        for n, each in enumerate(entries, 1)
    ]
    return [ae.RollFinalised(people=len(entries), groups=summed(entries)), *named]


def summed(entries: Sequence[RollEntry]) -> dict[str, dict[str, int | None]]:
    """The people of a list by group and region, as far as the rules of disclosure allow: each sum concerns at least
    five people, and so does what can be computed from them.
    """
    have: dict[Column, Shares] = {column: {} for column in Column}
    have[Column.ASKED] = {str(n): (1,) for n in range(len(entries))}
    said: dict[str, Statement] = {
        str(n): {
            dimension: value
            for dimension, value in ((Dimension.GROUP, each.group), (Dimension.REGION, each.region))
            if value
        }
        for n, each in enumerate(entries)
    }
    release = renewed(Release(), have, said, SUMMED)
    return {
        dimension.value: {cell: row(release, dimension, cell).people for cell in (*CHOICES[dimension], NOT_SAID)}
        for dimension in SUMMED
    }


def _release(state: State, command: do.ReleaseAttendance) -> _Decision:
    if command.released and state.status is not Status.CLOSED:
        return refuse(RefusalCode.CONFLICT, "The attendance report can be released once the session is closed.")
    if state.attendance.released is command.released:
        done = "released" if command.released else "not released"
        return refuse(RefusalCode.CONFLICT, f"The attendance report is {done} already.")
    return [ae.AttendanceReleased(released=command.released)]


def _final() -> Refusal:
    return refuse(RefusalCode.CONFLICT, "The attendance list is final and changes no more.")


def _line(text: str) -> str:
    return " ".join(visible(text).split())
