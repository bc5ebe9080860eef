"""What two people change of one meeting at the same time: each change is kept, unless both are of the same thing.

A module by itself: the form's door and the service both know it.
"""

from __future__ import annotations

import msgspec

from moothall.core.events.types import Access, SoundKept
from moothall.core.programme.plan import RoomId


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


def merge(made_from: MeetingPlan, wanted: MeetingPlan, now: MeetingPlan) -> tuple[MeetingPlan, tuple[str, ...]]:
    """What `now` becomes with the changes that lead from `made_from` to `wanted`, and the fields that somebody else
    has changed since, to something else; those stay as they are now.
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
