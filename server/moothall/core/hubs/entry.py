"""What the registry stores about a hub, and how its hours and head counts add up. Pure functions."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from moothall.core.kernel.ids import SessionId

MOST_PATHS = 64
"""Rooms of which a hub's entry has the head count: the hub's own and those of the hubs below. Overflow: the oldest
count is dropped.
"""
MOST_OLDER = 20
"""Digests of keys that were fenced off. Overflow: the oldest is dropped, and its key is then like any unknown key."""
MOST_PEOPLE = 100_000
"""Highest head count."""


class HeadCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many people were in a hub's room during a session."""

    people: int
    session: SessionId
    at: int
    """Unix ms, by the house's clock."""


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """What the secretariat notes about a hub."""

    city: str = ""
    institution: str = ""
    country: str = ""
    coordinator: str = ""
    """The person who coordinates the hub; shown only to the staff."""
    languages: tuple[str, ...] = ()
    """BCP-47 tags."""
    zone: str = ""
    """IANA name of the time zone; empty: the conference's."""
    expected: int | None = None
    """How many people are expected; None when that is not known."""
    unlisted: bool = False
    """Whether it takes part without being named in lists, on the map and in attendance reports."""


class Hub(msgspec.Struct, frozen=True, kw_only=True):
    """A hub of the registry."""

    name: str
    """The hub's name in the record, which is part of lanes and origins. It never changes."""
    title: str
    """The hub's name for people."""
    link: str
    """Id of the hub's role link."""
    details: Details = Details()
    generation: int = 0
    """How many machines were paired as this hub so far; 0: none was."""
    digest: str = ""
    """SHA-256 of the newest machine's key, hexadecimal; empty: no machine was paired."""
    older: tuple[str, ...] = ()
    """Digests of the keys of machines that were fenced off, oldest first."""
    node: str = ""
    """The newest machine's own node name."""
    machine: str = ""
    """The newest machine's name, chosen by its installer."""
    paired: int | None = None
    """Unix ms when the newest machine was paired; None before that."""
    seen: int | None = None
    """Unix ms when the hub was last connected; None when it never was."""
    counts: dict[str, HeadCount] = {}
    """The newest head count of each room, by dotted path; the hub's own room has the hub's name."""
    most: int = 0
    """The most people at once, with those of the hubs below, in meetings that were on. It is sampled now and then, so
    that a count that was corrected at once has no effect.
    """
    here_ms: int = 0
    """How long the hub was connected while a meeting was on, ms."""
    people_ms: int = 0
    """Sum of head count times duration (people · ms), while the count's meeting was on."""


def belongs(path: str, name: str) -> bool:
    """Whether a dotted path names the hub with this name, or a hub below it."""
    return path == name or path.startswith(f"{name}.")


def counted(hub: Hub, path: str, count: HeadCount) -> Hub:
    """Return the entry with a head count of the room at `path`; the same object if it has a newer one."""
    known = hub.counts.get(path)
    if known is not None and known.at > count.at:
        return hub
    counts = {**hub.counts, path: count}
    if len(counts) > MOST_PATHS:
        del counts[min(counts, key=lambda each: (counts[each].at, each))]
    return msgspec.structs.replace(hub, counts=counts)


def uncounted(hub: Hub, session: SessionId) -> Hub:
    """Return the entry without the head counts of a session that was deleted; the same object if it has none."""
    counts = {path: each for path, each in hub.counts.items() if each.session != session}
    return hub if len(counts) == len(hub.counts) else msgspec.structs.replace(hub, counts=counts)


def people_now(hub: Hub, on: Collection[SessionId]) -> int | None:
    """How many people take part at the hub in the sessions `on`; None when nobody has counted."""
    found = [each.people for each in hub.counts.values() if each.session in on]
    return sum(found) if found else None


def passed(hub: Hub, ms: int, *, here: bool, on: Collection[SessionId]) -> Hub:
    """Return the entry after `ms` milliseconds in which the sessions `on` were on; the same object where nothing
    changes.

    `here`: whether the hub was connected. Its people stay in the room while the uplink is down, so they count in any
    case.
    """
    here_ms = ms if here and on else 0
    people = people_now(hub, on) or 0
    people_ms = ms * people
    if not here_ms and not people_ms:
        return hub
    return msgspec.structs.replace(
        hub, here_ms=hub.here_ms + here_ms, people_ms=hub.people_ms + people_ms, most=max(hub.most, people)
    )


def paired(hub: Hub, digest: str, *, node: str, machine: str, at: int) -> Hub:
    """Return the entry with a newly paired machine as the next generation; the previous machine is fenced off."""
    older = (*hub.older, hub.digest)[-MOST_OLDER:] if hub.digest else hub.older
    return msgspec.structs.replace(
        hub, generation=hub.generation + 1, digest=digest, older=older, node=node, machine=machine, paired=at
    )
