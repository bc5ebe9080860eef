"""Slots: a limited number of something in use at a time, with a share for each address so that none takes them all.

The holder of a slot is counted under a keyed hash of the address, with a key that is kept in memory, and only while the
slot is taken.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from enum import Enum, auto

from moothall.adapters.http.limits import SITE, network
from moothall.core.ports import Randomness


class NoSlot(Enum):
    """Why there is no free slot."""

    ALL = auto()
    """All slots are taken."""
    ADDRESS = auto()
    """This address has its full share."""

    @property
    def reason(self) -> str:
        """The reason in one word, for metrics."""
        return "full" if self is NoSlot.ALL else "address"


class Slot:
    """A taken slot, until `leave`."""

    __slots__ = ("_name", "_slots")

    def __init__(self, slots: Slots, name: bytes | None) -> None:
        self._slots: Slots | None = slots
        self._name = name

    def share(self) -> None:
        """Count it in the total only, and for no address any more."""
        if self._slots is not None:
            self._slots.give_name_back(self._name)
            self._name = None

    def moved(self) -> Slot:
        """Transfer the slot to a new holder: return a new object for it, and make `leave` of this one do nothing.
        Raises RuntimeError when the slot was given back.
        """
        slots, self._slots = self._slots, None
        if slots is None:
            raise RuntimeError("The slot was given back.")
        return Slot(slots, self._name)

    def leave(self) -> None:
        """Give the slot back. A second call changes nothing."""
        slots, self._slots = self._slots, None
        if slots is not None:
            slots.give_back(self._name)


class Slots:
    """A limited number of slots, with a share for each address. IPv6 addresses count by their /48, since one site may
    have that many.
    """

    def __init__(
        self,
        randomness: Randomness,
        *,
        most: int,
        each: int | None = None,
        refused: Counter[str] | None = None,
    ) -> None:
        """`most`: slots in all; `each`: the share of one address, None: all of them. `refused`: counts refusals by
        reason.
        """
        self._most = most
        self._refused = Counter[str]() if refused is None else refused
        self._each = most if each is None else each
        self._key = randomness.bytes(32)
        # Bound: `most`, the sum of its values.
        self._taken: Counter[bytes] = Counter()
        self.count = 0
        """Slots that are taken."""

    def take(self, address: str | None) -> Slot | NoSlot:
        """A slot for `address`, or why there is none (pass that to `refuse` to count it). None: counted in the total
        only.
        """
        return self.take_as(None if address is None else self.name_of(address))

    def take_as(self, name: bytes | None) -> Slot | NoSlot:
        """The same, for a name that `name_of` has returned."""
        if self.count >= self._most:
            return NoSlot.ALL
        if name is not None:
            if self._taken[name] >= self._each:
                return NoSlot.ADDRESS
            self._taken[name] += 1
        self.count += 1
        return Slot(self, name)

    def name_of(self, address: str) -> bytes:
        """A keyed hash (8 bytes) of an IPv4 address, or of the site's IPv6 network."""
        return hmac.digest(self._key, network(address, SITE).encode(), hashlib.sha256)[:8]

    def refuse(self, reason: str) -> None:
        """Count a refusal, or a slot that had to be given back, by its reason."""
        self._refused[reason] += 1

    @property
    def most(self) -> int:
        """The number of slots, free or taken."""
        return self._most

    def resize(self, most: int, each: int | None) -> None:
        """Change the limits. Slots that are taken stay taken."""
        self._most, self._each = most, most if each is None else each

    def give_back(self, name: bytes | None) -> None:
        """Return a slot. Called only by `Slot.leave`."""
        self.count -= 1
        self.give_name_back(name)

    def give_name_back(self, name: bytes | None) -> None:
        """Reduce the count of an address. Called only by `Slot`."""
        if name is not None:
            self._taken[name] -= 1
            if not self._taken[name]:
                del self._taken[name]


def share(most: int, percent: int) -> int:
    """How many of `most` slots `percent` are; at least one."""
    return max(1, most * percent // 100)
