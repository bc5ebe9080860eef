"""Hubs as a session knows them: rooms far away that take part, by name. A hub below another has that one's in front."""

from __future__ import annotations

import msgspec

from moothall.core import events as ev


class HubNow(msgspec.Struct, frozen=True, kw_only=True):
    """How a hub stands."""

    title: str
    """What people call it."""
    people: int | None
    """How many are there, as they were counted last; None where nobody has counted, 0 where it has left."""
    counted: int | None = None
    """Unix ms when they were counted."""
    most: int
    """The most that were counted there at any time."""
    here: bool
    """Whether it follows the session now."""
    since: int
    """Unix ms since when it does, or doesn't."""


Hubs = dict[str, HubNow]
"""By name, in the order in which they came."""


def with_hub(hubs: Hubs, event: ev.HubStands) -> Hubs:
    """The hubs after `event`."""
    known = hubs.get(event.hub)
    most = max(0 if known is None else known.most, event.people or 0)
    now = HubNow(
        title=event.title,
        people=event.people,
        counted=event.counted,
        most=most,
        here=event.here,
        since=event.since,
    )
    return {**hubs, event.hub: now}


def is_or_is_below(hub: str, above: str) -> bool:
    """Whether `hub` is the hub `above`, or one below it."""
    return hub == above or hub.startswith(f"{above}.")


def way_to(hub: str) -> tuple[str, ...]:
    """The names of the hubs from the centre down to `hub`, itself last: `north`, `north.kisumu`."""
    parts = hub.split(".")
    return tuple(".".join(parts[:n]) for n in range(1, len(parts) + 1))
