"""What people need so that they can take part: stored for the secretariat alone, and deleted automatically.

Access needs are in no log and in no backup. Network addresses are not stored: how many needs came from each is counted
in memory, by a hash whose key lives as long as the process.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections import OrderedDict
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum

import msgspec

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.programme.access_needs import (
    LONGEST_NAME,
    LONGEST_NEED,
    LONGEST_REACH,
    MOST_NEEDS,
    AccessNeed,
    due,
    in_order,
)
from moothall.core.questions.floods import widest
from moothall.services.programme.programme import Programme
from moothall.services.supervision.waiting import every

logger = logging.getLogger(__name__)

NAMESPACE = "access-need"
SHARE = 100
"""Most needs accepted from one address while the process runs: enough for an office or a school, not for a flood."""
MOST_ADDRESSES = 1_000
"""Most addresses that are counted. Overflow: the one that has sent nothing for longest is forgotten."""
LOOK_MS = 3_600_000
"""How often needs that are due are deleted."""
_KEY_BYTES = 32


class RejectedNeed(StrEnum):
    """Why a need was not accepted."""

    TEXT = "text"
    """The text is empty or too long."""
    NAME = "name"
    REACH = "reach"
    FULL = "full"
    """There are too many needs, or too many from this address."""
    UNAVAILABLE = "unavailable"
    """It can't be stored at the moment."""


class AccessNeeds:
    """Stores needs for the secretariat, and deletes them when due. Call `load` first; `run` must be running."""

    def __init__(
        self, *, book: Book, programme: Programme, clock: Clock, randomness: Randomness, most: int = MOST_NEEDS
    ) -> None:
        """`most`: how many are stored at a time."""
        self._book = book
        self._programme = programme
        self._clock = clock
        self._most = most
        self._key = randomness.bytes(_KEY_BYTES)
        # Bound: `most`.
        self._needs: dict[str, AccessNeed] = {}
        self._from: OrderedDict[bytes, int] = OrderedDict()
        # Held while something is stored: what a write was decided by still holds when it is done.
        self._writing = asyncio.Lock()

    async def load(self) -> None:
        """Read the book. Raises StorageUnavailable."""
        kept = await self._book.read(NAMESPACE)
        self._needs = {key: msgspec.json.decode(body, type=AccessNeed) for key, body in kept.items()}

    def all(self) -> tuple[AccessNeed, ...]:
        """All needs, open ones first, newest first."""
        return in_order(self._needs.values())

    def open(self) -> int:
        """The number of needs that nobody has dealt with."""
        return sum(not each.dealt_with for each in self._needs.values())

    async def tell(self, need: AccessNeed, form: str, address: str) -> RejectedNeed | None:
        """Store a need; the same `form` again is the same need. `address`: the client's network.

        Sets its `id` and `at`. Returns None once it is stored. Raises StorageUnavailable.
        """
        for what, most, why in (
            (need.name, LONGEST_NAME, RejectedNeed.NAME),
            (need.reach, LONGEST_REACH, RejectedNeed.REACH),
            (need.text, LONGEST_NEED, RejectedNeed.TEXT),
        ):
            if len(what) > most:
                return why
        if not need.text:
            return RejectedNeed.TEXT
        key = hashlib.sha256(form.encode("utf-8", "replace")).hexdigest()[:24]
        address_hash = hmac.digest(self._key, widest(address).encode("utf-8", "replace"), hashlib.sha256)[:8]
        async with self._writing:
            if key in self._needs:
                return None
            if len(self._needs) >= self._most or self._from.get(address_hash, 0) >= SHARE:
                return RejectedNeed.FULL
            await self._keep(msgspec.structs.replace(need, id=key, at=self._clock.wall(), dealt_with=False))
            self._from[address_hash] = self._from.get(address_hash, 0) + 1
            self._from.move_to_end(address_hash)
            if len(self._from) > MOST_ADDRESSES:
                self._from.popitem(last=False)
        return None

    async def deal_with(self, need: str, *, dealt_with: bool) -> bool:
        """Mark a need as dealt with, or as open; False where there is none of that id. Raises StorageUnavailable."""
        async with self._writing:
            known = self._needs.get(need)
            if known is None:
                return False
            await self._keep(msgspec.structs.replace(known, dealt_with=dealt_with))
        return True

    async def delete(self, need: str) -> bool:
        """Delete a need for good; False where there is none of that id. Raises StorageUnavailable."""
        async with self._writing:
            if need not in self._needs:
                return False
            await self._forget([need])
        return True

    async def run(self) -> None:
        """Call `sweep` each hour, until cancelled."""

        def unavailable(_: StorageUnavailable) -> None:
            logger.warning("access needs: the store can't be reached; those that are due are deleted in an hour")

        await every(LOOK_MS, self.sweep, self._clock, unavailable)

    async def sweep(self) -> None:
        """Delete needs that are due. Raises StorageUnavailable."""
        now, last = self._clock.wall(), self._last_end()
        async with self._writing:
            gone = [each.id for each in self._needs.values() if due(each, self._end(each, last), now)]
            if gone:
                await self._forget(gone)
        if gone:
            logger.info("access needs: %d deleted, since the sessions or days that they were for are over", len(gone))

    async def _keep(self, need: AccessNeed) -> None:
        await self._book.write([BookEntry(NAMESPACE, need.id, msgspec.json.encode(need))])
        self._needs[need.id] = need

    async def _forget(self, needs: Sequence[str]) -> None:
        await self._book.write([BookEntry(NAMESPACE, need, None) for need in needs])
        for need in needs:
            del self._needs[need]

    def _end(self, need: AccessNeed, last: int | None) -> int | None:
        """When the subject of a need is over, Unix ms: its session, its day, or else the whole event; None where that
        isn't known.
        """
        if need.session is not None:
            plan = self._programme.plan_of(need.session)
            planned = None if plan is None else plan.ends or plan.starts
            return last if planned is None else planned
        if need.day:
            zone = self._programme.zone()
            after = date.fromisoformat(need.day) + timedelta(days=1)
            return round(datetime.combine(after, time(), zone.rules).timestamp() * 1_000)
        return last

    def _last_end(self) -> int | None:
        ends = (each.ends or each.starts for each in self._programme.planned() if not each.rehearsal)
        return max((end for end in ends if end is not None), default=None)
