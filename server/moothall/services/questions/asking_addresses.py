"""Counts a session's open questions by network address, so that none fills the session, and groups those of one
address.

No log and no disk holds an address. In memory it is a keyed hash, and the key lives as long as the process: after a
restart nothing is known of earlier questions. An IPv6 address counts as its whole /48, since one customer may have that
much; a whole hall shares one address, so an address's share is as large as a hub's.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter, OrderedDict

import msgspec

from moothall.core.events.question_parts import OPEN, InterventionStatus
from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.core.ports import Randomness
from moothall.core.questions.floods import widest
from moothall.core.questions.interventions import Questions

SHARE = 500
"""How many open questions one address may have by default."""
ROUNDS = 4
"""One address may send this many times its share in all. Otherwise a visitor who keeps withdrawing questions could use
up what a session accepts (`core.questions.limits.MOST_EVER`).
"""
CROWD = 20
"""Once this many questions of one address wait for the check, the desks that lead the discussion are warned."""
MOST_SESSIONS = 64
"""Most sessions with known addresses. Overflow: the session whose last question is oldest is forgotten."""
_KEY_BYTES = 32
_NAME_BYTES = 8


class Crowd(msgspec.Struct, frozen=True, kw_only=True):
    """A group of questions that wait for the check and came from one address."""

    place: str
    """A hash that represents the address, and can't be traced to anybody."""
    count: int
    numbers: tuple[int, ...]
    """The lowest and the highest question number of the group."""


class AskingAddresses:
    """Counts the open questions of each address, and groups questions from one address."""

    def __init__(self, randomness: Randomness, share: int = SHARE) -> None:
        """`share`: how many questions of one address may be open at a time."""
        self._key = randomness.bytes(_KEY_BYTES)
        self._share = share
        # Bound: MOST_SESSIONS, and in each what `core.questions.limits.MOST_EVER` allows.
        self._of: OrderedDict[SessionId, dict[InterventionId, str]] = OrderedDict()

    def full(self, session: SessionId, questions: Questions, address: str) -> bool:
        """Whether an address, as `adapters.limits.network` returns it, has used up its share. An empty address never
        has.
        """
        return bool(address) and self._full(session, questions, self._address_hash(session, address))

    def full_for(self, session: SessionId, questions: Questions, intervention: InterventionId) -> bool:
        """Whether the address from which a question came has used up its share; False where the address isn't known."""
        address_hash = self._of.get(session, {}).get(intervention)
        return address_hash is not None and self._full(session, questions, address_hash)

    def spent(self, session: SessionId, address: str) -> bool:
        """Whether an address has sent so many questions, counting every status, that no more are accepted from it."""
        if not address:
            return False
        address_hash, known = self._address_hash(session, address), self._of.get(session, {})
        return sum(of == address_hash for of in known.values()) >= ROUNDS * self._share

    def note(self, session: SessionId, intervention: InterventionId, address: str) -> None:
        """Remember that a question came from an address."""
        if not address:
            return
        self._of.setdefault(session, {})[intervention] = self._address_hash(session, address)
        self._of.move_to_end(session)
        if len(self._of) > MOST_SESSIONS:
            self._of.popitem(last=False)

    def crowds(self, session: SessionId, questions: Questions) -> tuple[Crowd, ...]:
        """The groups of which the desks that lead the discussion are warned, largest first."""
        found: dict[str, list[int]] = {}
        for name, address_hash in self._with_status(session, questions, InterventionStatus.CHECKED).items():
            each = questions.get(name)
            found.setdefault(address_hash, []).extend([] if each is None else [each.number])
        crowds = [
            Crowd(place=address_hash, count=len(numbers), numbers=(min(numbers), max(numbers)))
            for address_hash, numbers in found.items()
            if len(numbers) >= CROWD
        ]
        return tuple(sorted(crowds, key=lambda each: (-each.count, each.place)))

    def of(self, session: SessionId, questions: Questions, address_hash: str) -> tuple[InterventionId, ...]:
        """The questions of one group that wait for the check, by number."""
        mine = [
            name
            for name, of in self._with_status(session, questions, InterventionStatus.CHECKED).items()
            if of == address_hash
        ]
        return tuple(sorted(mine, key=lambda name: 0 if (each := questions.get(name)) is None else each.number))

    def _full(self, session: SessionId, questions: Questions, address_hash: str) -> bool:
        return Counter(self._with_status(session, questions, *OPEN).values())[address_hash] >= self._share

    def _with_status(
        self, session: SessionId, questions: Questions, *statuses: InterventionStatus
    ) -> dict[InterventionId, str]:
        known = self._of.get(session, {})
        return {
            name: address_hash
            for name, address_hash in known.items()
            if (each := questions.get(name)) is not None and each.status in statuses
        }

    def _address_hash(self, session: SessionId, address: str) -> str:
        said = f"{session}\0{widest(address)}".encode("utf-8", "replace")
        return hmac.digest(self._key, said, hashlib.sha256)[:_NAME_BYTES].hex()
