"""A hub as the book has it, and whose key is whose: the keys of hubs' machines by their digests. No key is kept."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

import msgspec

from moothall.core.hubs.entry import Hub
from moothall.core.ports import BookEntry, Randomness
from moothall.services.hubs.ports import Fenced, Identity
from moothall.services.sessions.staff import LONGEST_LABEL, Staff, hub_name, hub_of

KEY_BYTES = 32
LONGEST_KEY = 100
"""Characters of a key that are looked at. It has 52."""
NAMESPACE = "hub"
"""Where the book has the hubs."""


class HubKeys:
    """The keys of all hubs, as the registry stands."""

    def __init__(self) -> None:
        self._by_digest: dict[str, Identity | Fenced] = {}

    def learn(self, hubs: Iterable[Hub]) -> None:
        """These are all hubs."""
        found: dict[str, Identity | Fenced] = {}
        for hub in hubs:
            found |= {old: Fenced(hub=hub.name) for old in hub.older}
            if hub.digest:
                found[hub.digest] = Identity(hub=hub.name, title=hub.title, generation=hub.generation)
        self._by_digest = found

    def of(self, token: str) -> Identity | Fenced | None:
        """Whose key it is; None for one that isn't ours.

        The look-up is by digest: how long it takes says nothing of how much of a guess was right.
        """
        return self._by_digest.get(digest(token)) if len(token) <= LONGEST_KEY else None


def new_key(randomness: Randomness) -> str:
    """A key: 256 random bits, of an alphabet that can be typed."""
    return base64.b32encode(randomness.bytes(KEY_BYTES)).decode().lower().rstrip("=")


def digest(key: str) -> str:
    """What is kept of a key: its SHA-256, hexadecimal."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def unwritten(staff: Staff) -> Hub:
    """A hub of which nothing is known but its link."""
    return Hub(name=hub_of(staff), title=staff.label or hub_of(staff), link=staff.link)


def label_for(hub: Hub) -> str:
    """A label whose link is for this hub, in any script of its title."""
    both = f"{hub.title[: LONGEST_LABEL - len(hub.name) - 1]} {hub.name}"
    return next((label for label in (hub.title, both) if hub_name(label) == hub.name), hub.name)


def entry(hub: Hub) -> BookEntry:
    """What the book keeps of it."""
    return BookEntry(NAMESPACE, hub.name, msgspec.json.encode(hub))
