"""Hubs as entries of the book, and the keys of hubs' machines, which are found by their digests. No key is stored."""

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
"""Characters of the longest key that is looked up. A real key has 52."""
NAMESPACE = "hub"
"""The book's namespace for hubs."""


class HubKeys:
    """Finds the hub that a key belongs to, by the digests in the registry."""

    def __init__(self) -> None:
        self._by_digest: dict[str, Identity | Fenced] = {}

    def learn(self, hubs: Iterable[Hub]) -> None:
        """Replace everything known by the keys of these hubs, which must be all hubs."""
        found: dict[str, Identity | Fenced] = {}
        for hub in hubs:
            found |= {old: Fenced(hub=hub.name) for old in hub.older}
            if hub.digest:
                found[hub.digest] = Identity(hub=hub.name, title=hub.title, generation=hub.generation)
        self._by_digest = found

    def of(self, token: str) -> Identity | Fenced | None:
        """The hub that a key belongs to; Fenced for a key of an earlier pairing, None for an unknown key.

        The look-up is by digest: its duration reveals nothing about how much of a guessed key was right.
        """
        return self._by_digest.get(digest(token)) if len(token) <= LONGEST_KEY else None


def new_key(randomness: Randomness) -> str:
    """Return a new key: 256 random bits in Base32, which people can type."""
    return base64.b32encode(randomness.bytes(KEY_BYTES)).decode().lower().rstrip("=")


def digest(key: str) -> str:
    """The hexadecimal SHA-256 of a key, which is stored in place of the key."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def unwritten(staff: Staff) -> Hub:
    """Make the entry of a hub of which only its role link is known."""
    return Hub(name=hub_of(staff), title=staff.label or hub_of(staff), link=staff.link)


def label_for(hub: Hub) -> str:
    """A label for the role link of this hub: its title if that yields the hub's name, with the name added if not, else
    the name alone.
    """
    both = f"{hub.title[: LONGEST_LABEL - len(hub.name) - 1]} {hub.name}"
    return next((label for label in (hub.title, both) if hub_name(label) == hub.name), hub.name)


def entry(hub: Hub) -> BookEntry:
    """Encode a hub for the book."""
    return BookEntry(NAMESPACE, hub.name, msgspec.json.encode(hub))
