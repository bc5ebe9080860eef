"""Hubs as a session knows them: rooms far away that take part, by name. A hub below another has that one's in front."""

from __future__ import annotations

import unicodedata

import msgspec

from moothall.core.events import types as ev
from moothall.core.kernel.decoding import made_of

MOST_SHOWN = 60
"""Characters of what a hub below a hub says that it is called."""
_JOINERS = "\u200c\u200d"


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


def with_hub(hubs: Hubs, event: ev.HubPresenceChanged) -> Hubs:
    """The hubs after `event`."""
    known = hubs.get(event.hub)
    most = max(0 if known is None else known.most, event.people or 0)
    return {**hubs, event.hub: made_of(HubNow, event, most=most)}


def cut_off(hubs: Hubs) -> tuple[str, ...]:
    """Those whose line is down while somebody is there, so that one may wait for them."""
    return tuple(hub for hub, now in hubs.items() if not now.here and now.people != 0)


def plain_title(said: str) -> str:
    """What a hub says that people call it, as it may stand on walls: one short line, whose direction is its own affair.

    Nobody here has read it. What doesn't show (Unicode's category C) goes, but the two joiners that scripts need.
    """
    words = ("".join(filter(_shows, word)) for word in said[: 10 * MOST_SHOWN].split())
    return " ".join(word for word in words if word)[:MOST_SHOWN].strip()


def _shows(character: str) -> bool:
    return character in _JOINERS or not unicodedata.category(character).startswith("C")


def is_or_is_below(hub: str, above: str) -> bool:
    """Whether `hub` is the hub `above`, or one below it."""
    return hub == above or hub.startswith(f"{above}.")


def way_to(hub: str) -> tuple[str, ...]:
    """The names of the hubs from the centre down to `hub`, itself last: `north`, `north.kisumu`."""
    parts = hub.split(".")
    return tuple(".".join(parts[:n]) for n in range(1, len(parts) + 1))
