"""The hubs of a session: remote rooms that take part, by dotted name. The name of a hub below another begins with the
other's.
"""

from __future__ import annotations

import unicodedata

import msgspec

from moothall.core.events import hubs as he
from moothall.core.kernel.decoding import made_of

MOST_SHOWN = 60
"""Characters of a title that a hub below a hub gives itself."""
_JOINERS = "\u200c\u200d"


class HubNow(msgspec.Struct, frozen=True, kw_only=True):
    """The presence of a hub."""

    title: str
    """The hub's name for people."""
    people: int | None
    """The last head count; None when nobody has counted, 0 when the hub has left."""
    counted: int | None = None
    """Unix ms of that head count; None when nobody has counted."""
    most: int
    """The highest head count of the hub so far."""
    here: bool
    """Whether the hub follows the session now."""
    since: int
    """Unix ms since when it follows, or does not."""


HubsPresent = dict[str, HubNow]
"""The hubs by name, in the order in which they first took part."""


def with_hub(hubs: HubsPresent, event: he.HubPresenceChanged) -> HubsPresent:
    """Return the hubs after `event`."""
    known = hubs.get(event.hub)
    most = max(0 if known is None else known.most, event.people or 0)
    return {**hubs, event.hub: made_of(HubNow, event, most=most)}


def cut_off(hubs: HubsPresent) -> tuple[str, ...]:
    """The hubs whose uplink is down while people are there, so that the meeting may wait for them."""
    return tuple(hub for hub, now in hubs.items() if not now.here and now.people != 0)


def plain_title(said: str) -> str:
    """The title that a hub gives itself, made fit for walls: one short line without control over its own direction.

    Nobody here has checked it. Characters of Unicode's category C are removed, except the two joiners that scripts
    need.
    """
    words = ("".join(filter(_shows, word)) for word in said[: 10 * MOST_SHOWN].split())
    return " ".join(word for word in words if word)[:MOST_SHOWN].strip()


def _shows(character: str) -> bool:
    return character in _JOINERS or not unicodedata.category(character).startswith("C")


def is_or_is_below(hub: str, above: str) -> bool:
    """Whether `hub` is the hub `above`, or a hub below it."""
    return hub == above or hub.startswith(f"{above}.")


def way_to(hub: str) -> tuple[str, ...]:
    """The names of the hubs from the centre down to `hub`, itself last: `north`, `north.kisumu`."""
    parts = hub.split(".")
    return tuple(".".join(parts[:n]) for n in range(1, len(parts) + 1))
