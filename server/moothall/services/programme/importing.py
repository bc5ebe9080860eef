"""Imports a conference file: previews the changes, then carries them out. The same file can be imported again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from moothall.core import commands as do
from moothall.core.events.types import Access, SoundKept
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.times import Zone
from moothall.core.programme.changes import UNTOUCHED, Change, ChangeKind, changes, merged
from moothall.core.programme.plan import Planned, Speaker, Timetable, clashes
from moothall.core.programme.times import Zones
from moothall.services.programme.programme import Programme


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """The result of an import."""

    done: int
    """The number of changes that were made."""
    refused: tuple[str, ...]
    """A sentence for each session whose change was refused."""


def preview(programme: Programme, wanted: Timetable) -> tuple[Change, ...]:
    """The changes that an import would make now."""
    found = changes(programme.rooms(), programme.planned(), wanted)
    if wanted.zone in ("", programme.zone().name):
        return found
    return (Change(kind=ChangeKind.ZONE, title=wanted.zone), *found)


def zone_after(programme: Programme, wanted: Timetable, zones: Zones) -> Zone:
    """The conference's time zone after the import, in which its preview has to be shown."""
    rules = zones(wanted.zone) if wanted.zone else None
    return programme.zone() if rules is None else Zone(wanted.zone, rules)


def in_zone(programme: Programme, wanted: Timetable, given: str) -> Timetable:
    """The timetable with the zone `given` by the importer, if neither the file nor an earlier setting names one."""
    return wanted if not given or wanted.zone or programme.zone_named else msgspec.structs.replace(wanted, zone=given)


def clashes_after(programme: Programme, wanted: Timetable) -> tuple[tuple[Planned, Planned], ...]:
    """Pairs of sessions that would overlap in a room after the import, at least one of them from the file."""
    before = {each.session: each for each in programme.planned()}
    given = {each.session: each for each in wanted.sessions}
    after = {name: merged(before[name], each) if name in before else each for name, each in given.items()}
    return tuple(pair for pair in clashes([*(before | after).values()]) if {each.session for each in pair} & set(given))


def made_by(found: Iterable[Change]) -> tuple[Change, ...]:
    """The changes that an import carries out; the others are only reported."""
    return tuple(change for change in found if change.kind not in UNTOUCHED)


async def carry_out(
    programme: Programme,
    wanted: Timetable,
    *,
    access: Access = Access.PUBLIC,
    sound: SoundKept = SoundKept.UNTIL_CHECKED,
    by: str,
) -> Imported:
    """Create rooms and sessions, and update existing ones. Each session is completed before the next is started.

    Refused changes are skipped and reported; the rest is done. An interrupted import can be run again. Raises
    StorageUnavailable.
    """
    found = preview(programme, wanted)
    new_rooms = {change.room for change in found if change.kind is ChangeKind.ROOM_ADDED}
    await programme.keep(rooms=[room for room in wanted.rooms if room.id in new_rooms])
    refused: list[str] = []
    done = len(new_rooms)
    if any(change.kind is ChangeKind.ZONE for change in found):
        await programme.keep_zone(wanted.zone)
        done += 1
    by_session: dict[str, list[Change]] = {}
    for change in found:
        if change.session is not None and change.after is not None and change.kind not in UNTOUCHED:
            by_session.setdefault(change.session, []).append(change)
    for each in by_session.values():
        why = await _carry_out(programme, each, access, sound, by)
        if why is None:
            done += len(each)
        else:
            refused.append(f"“{each[0].title}”: {why.message}")
    return Imported(done=done, refused=tuple(refused))


async def _carry_out(
    programme: Programme, changes_of_one: Sequence[Change], access: Access, sound: SoundKept, by: str
) -> Refusal | None:
    first = changes_of_one[0]
    after = first.after
    assert after is not None  # noqa: S101  # checked by the caller
    if first.before is None:
        made = await programme.make(after, access=access, sound=sound, by=by)
        return made if isinstance(made, Refusal) else None
    kinds = {change.kind for change in changes_of_one}
    commands: list[do.AnyCommand] = []
    if ChangeKind.TITLE in kinds:
        commands.append(do.DescribeSession(title=after.title))
    if ChangeKind.SPEAKERS in kinds and not await _without_names(programme, after):
        commands += [do.IntroduceSpeaker(speaker=each.id, name=each.name) for each in _new(first.before, after)]
    for command in commands:
        refused = await programme.send(after.session, command, by=by)
        if refused is not None:
            return refused
    await programme.keep(planned=[merged(first.before, after)])
    return None


async def _without_names(programme: Programme, planned: Planned) -> bool:
    live = await programme.live(planned.session)
    return live is not None and live.state.young_people


def _new(before: Planned, after: Planned) -> list[Speaker]:
    return [speaker for speaker in after.speakers if speaker not in before.speakers]
