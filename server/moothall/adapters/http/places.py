"""Places: so many of something at once, and of them so many for one address, so that nobody takes them all.

The holder of a place is counted under a keyed hash of the address, under a key that lives in memory, and only for as
long as the place is taken.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from enum import Enum, auto

from moothall.adapters.http.limits import SITE, network
from moothall.core.ports import Randomness


class Full(Enum):
    """Why there is no place."""

    ALL = auto()
    """All are taken."""
    ADDRESS = auto()
    """This address has as many as one may have."""

    @property
    def reason(self) -> str:
        """In a word, for metrics."""
        return "full" if self is Full.ALL else "address"


class Place:
    """A place that is taken, until `leave`."""

    __slots__ = ("_name", "_places")

    def __init__(self, places: Places, name: bytes | None) -> None:
        self._places: Places | None = places
        self._name = name

    def share(self) -> None:
        """It counts with the others alone from now on, and for no address."""
        if self._places is not None:
            self._places.give_name_back(self._name)
            self._name = None

    def moved(self) -> Place:
        """The same place, to be left by somebody else: to leave this one changes nothing any more."""
        places, self._places = self._places, None
        if places is None:
            raise RuntimeError("The place was given back.")
        return Place(places, self._name)

    def leave(self) -> None:
        """Give it back. To do so twice changes nothing."""
        places, self._places = self._places, None
        if places is not None:
            places.give_back(self._name)


class Places:
    """A limited number of places, and a share of them for each address. An IPv6 address counts with its /48: one site
    may have that many.
    """

    def __init__(
        self,
        randomness: Randomness,
        *,
        most: int,
        each: int | None = None,
        refused: Counter[str] | None = None,
    ) -> None:
        """`most`: places in all; `each`: those of one address, None: as many as there are. `refused`: where it is
        counted, by reason, to whom none was given.
        """
        self._most = most
        self._refused = Counter[str]() if refused is None else refused
        self._each = most if each is None else each
        self._key = randomness.bytes(32)
        # Bound: `most`, the sum of its values.
        self._taken: Counter[bytes] = Counter()
        self.count = 0
        """Places that are taken."""

    def take(self, address: str | None) -> Place | Full:
        """A place for somebody at `address`, or why there is none, which `refuse` counts. None: it is counted with the
        others alone.
        """
        return self.take_as(None if address is None else self.name_of(address))

    def take_as(self, name: bytes | None) -> Place | Full:
        """The same for whom `name_of` names so."""
        if self.count >= self._most:
            return Full.ALL
        if name is not None:
            if self._taken[name] >= self._each:
                return Full.ADDRESS
            self._taken[name] += 1
        self.count += 1
        return Place(self, name)

    def name_of(self, address: str) -> bytes:
        """What stands for an address, or for the site that it is one of."""
        return hmac.digest(self._key, network(address, SITE).encode(), hashlib.sha256)[:8]

    def refuse(self, reason: str) -> None:
        """Count that somebody was given none, or had to give it back, by the reason."""
        self._refused[reason] += 1

    @property
    def most(self) -> int:
        """How many there are."""
        return self._most

    def resize(self, most: int, each: int | None) -> None:
        """Other numbers from now on. Whoever has a place keeps it."""
        self._most, self._each = most, most if each is None else each

    def give_back(self, name: bytes | None) -> None:
        """For `Place.leave` alone."""
        self.count -= 1
        self.give_name_back(name)

    def give_name_back(self, name: bytes | None) -> None:
        """For `Place` alone."""
        if name is not None:
            self._taken[name] -= 1
            if not self._taken[name]:
                del self._taken[name]


def share(most: int, percent: int) -> int:
    """How many of `most` places one address may have; at least one."""
    return max(1, most * percent // 100)
