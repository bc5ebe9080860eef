"""A hub as the book has it, and as its role link stands for it."""

from __future__ import annotations

import msgspec

from moothall.core.hubs.entry import Hub
from moothall.core.ports import BookEntry
from moothall.services.sessions.role_links import LONGEST_LABEL, Staff, hub_name, hub_of

SHELF = "hub"
"""Where the book has them."""


def unwritten(staff: Staff) -> Hub:
    """A hub of which nothing is known but its link."""
    return Hub(name=hub_of(staff), title=staff.label or hub_of(staff), link=staff.link)


def label_for(hub: Hub) -> str:
    """A label whose link is for this hub, whatever its title is written in."""
    both = f"{hub.title[: LONGEST_LABEL - len(hub.name) - 1]} {hub.name}"
    return next((label for label in (hub.title, both) if hub_name(label) == hub.name), hub.name)


def entry(hub: Hub) -> BookEntry:
    """What the book keeps of it."""
    return BookEntry(SHELF, hub.name, msgspec.json.encode(hub))
