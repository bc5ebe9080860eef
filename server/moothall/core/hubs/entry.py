"""What the house knows of a hub, and how its hours and its people add up. Values in, values out."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from moothall.core.kernel.ids import SessionId

MOST_PATHS = 64
"""Rooms of which a hub keeps the head count: its own and those of the hubs below. Overflow: the oldest count goes."""
MOST_OLDER = 20
"""Keys that were fenced off and are known as such. Overflow: the oldest is an unknown key like any other."""
MOST_PEOPLE = 100_000
"""Of a head count."""


class HeadCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many were in a room."""

    people: int
    session: SessionId
    at: int
    """Unix ms of the house's clock."""


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """What the secretariat writes down of a hub."""

    city: str = ""
    institution: str = ""
    country: str = ""
    coordinator: str = ""
    """Who coordinates it; shown to the staff alone."""
    languages: tuple[str, ...] = ()
    """BCP-47 tags."""
    zone: str = ""
    """IANA name of its time zone; empty: the conference's."""
    expected: int | None = None
    """How many people are expected."""


class Hub(msgspec.Struct, frozen=True, kw_only=True):
    """A hub of the registry."""

    name: str
    """What the record calls it: part of lanes and origins. It never changes."""
    title: str
    """What people call it."""
    link: str
    """The id of its role link."""
    details: Details = Details()
    generation: int = 0
    """Counts the machines that were paired as this hub; 0: none was."""
    digest: str = ""
    """SHA-256 of the newest machine's key, hexadecimal; empty: none was paired."""
    older: tuple[str, ...] = ()
    """The same of machines that were fenced off, oldest first."""
    node: str = ""
    """The newest machine's own name."""
    machine: str = ""
    """Its name, chosen by its installer."""
    paired: int | None = None
    """Unix ms when it was."""
    seen: int | None = None
    """Unix ms when the hub was there last."""
    counts: dict[str, HeadCount] = {}
    """The newest head count by dotted path: its own room's under its name."""
    most: int = 0
    """Most people at once in meetings that were on, those of the hubs below included: as it was looked now and then,
    so that a number that was mended at once doesn't stay.
    """
    here_ms: int = 0
    """How long it was there while a meeting was on."""
    people_ms: int = 0
    """Head counts times how long they stood while their meeting was on."""


def belongs(path: str, name: str) -> bool:
    """Whether a dotted path is of the hub of that name or of one below it."""
    return path == name or path.startswith(f"{name}.")


def counted(hub: Hub, path: str, count: HeadCount) -> Hub:
    """With a head count of the room at `path`; the same object where a newer one is known."""
    known = hub.counts.get(path)
    if known is not None and known.at > count.at:
        return hub
    counts = {**hub.counts, path: count}
    if len(counts) > MOST_PATHS:
        del counts[min(counts, key=lambda each: (counts[each].at, each))]
    return msgspec.structs.replace(hub, counts=counts)


def uncounted(hub: Hub, session: SessionId) -> Hub:
    """Without the head counts of a session that is no more; the same object where there were none."""
    counts = {path: each for path, each in hub.counts.items() if each.session != session}
    return hub if len(counts) == len(hub.counts) else msgspec.structs.replace(hub, counts=counts)


def people_now(hub: Hub, on: Collection[SessionId]) -> int | None:
    """How many take part there in sessions that are `on`; None where nobody counted."""
    found = [each.people for each in hub.counts.values() if each.session in on]
    return sum(found) if found else None


def passed(hub: Hub, ms: int, *, here: bool, on: Collection[SessionId]) -> Hub:
    """After `ms` in which the sessions `on` were on; the same object where that adds nothing.

    Its people stay in the room while its line is down, so they count whether it is `here` or not.
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
    """With a new machine, which is the next generation: the one before is fenced off."""
    older = (*hub.older, hub.digest)[-MOST_OLDER:] if hub.digest else hub.older
    return msgspec.structs.replace(
        hub, generation=hub.generation + 1, digest=digest, older=older, node=node, machine=machine, paired=at
    )
