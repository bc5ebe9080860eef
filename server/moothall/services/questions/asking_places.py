"""How many of a session's open questions come from one address, so that none fills it, and what one sent goes together.

No log and no disk holds an address. Here it is a keyed hash, under a key that lives as long as the process: after a
restart nothing is known of what came before. An IPv6 address counts with its whole /48, since one customer may have
that many; a hall stands behind one address, and its share is as large as a hub's.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter, OrderedDict

import msgspec

from moothall.core.events.question_parts import OPEN, InterventionStatus
from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.core.ports import Randomness
from moothall.core.questions.interventions import Questions
from moothall.core.questions.limits import widest

SHARE = 500
"""Open ones of one address, unless another number is given."""
ROUNDS = 4
"""How many times its share may come of one address in all. Else a visitor who takes questions back uses up what a
session takes (`core.questions.limits.MOST_EVER`).
"""
CROWD = 20
"""From so many of one address on that are being checked, the desks that lead the discussion are told."""
MOST_SESSIONS = 64
"""Of which it is known. Overflow: the one in which nobody has asked for longest is forgotten."""
_KEY_BYTES = 32
_NAME_BYTES = 8


class Crowd(msgspec.Struct, frozen=True, kw_only=True):
    """Questions that are being checked and came from one address."""

    place: str
    """Stands for the address, and leads to nobody."""
    count: int
    numbers: tuple[int, ...]
    """The first and the last of them."""


class AskingPlaces:
    """Counts the open questions of each address, and groups questions from one address."""

    def __init__(self, randomness: Randomness, share: int = SHARE) -> None:
        """`share`: how many of one address may be open at a time."""
        self._key = randomness.bytes(_KEY_BYTES)
        self._share = share
        # Bound: MOST_SESSIONS, and in each what `core.questions.limits.MOST_EVER` allows.
        self._of: OrderedDict[SessionId, dict[InterventionId, str]] = OrderedDict()

    def full(self, session: SessionId, questions: Questions, address: str) -> bool:
        """Whether an address, as `adapters.limits.network` has it, has had its share. None is named by nothing."""
        return bool(address) and self._full(session, questions, self._place(session, address))

    def full_for(self, session: SessionId, questions: Questions, intervention: InterventionId) -> bool:
        """Whether the address from which one came has had its share, as far as it is known."""
        place = self._of.get(session, {}).get(intervention)
        return place is not None and self._full(session, questions, place)

    def spent(self, session: SessionId, address: str) -> bool:
        """Whether so many have come of an address, with any status, that no more are taken from there."""
        if not address:
            return False
        place, known = self._place(session, address), self._of.get(session, {})
        return sum(of == place for of in known.values()) >= ROUNDS * self._share

    def note(self, session: SessionId, intervention: InterventionId, address: str) -> None:
        """One was taken from there."""
        if not address:
            return
        self._of.setdefault(session, {})[intervention] = self._place(session, address)
        self._of.move_to_end(session)
        if len(self._of) > MOST_SESSIONS:
            self._of.popitem(last=False)

    def crowds(self, session: SessionId, questions: Questions) -> tuple[Crowd, ...]:
        """Those that the desks that lead the discussion show, the largest first."""
        found: dict[str, list[int]] = {}
        for name, place in self._with_status(session, questions, InterventionStatus.CHECKED).items():
            each = questions.get(name)
            found.setdefault(place, []).extend([] if each is None else [each.number])
        crowds = [
            Crowd(place=place, count=len(numbers), numbers=(min(numbers), max(numbers)))
            for place, numbers in found.items()
            if len(numbers) >= CROWD
        ]
        return tuple(sorted(crowds, key=lambda each: (-each.count, each.place)))

    def of(self, session: SessionId, questions: Questions, place: str) -> tuple[InterventionId, ...]:
        """Those of one crowd that are being checked, in the order of their numbers."""
        mine = [
            name
            for name, of in self._with_status(session, questions, InterventionStatus.CHECKED).items()
            if of == place
        ]
        return tuple(sorted(mine, key=lambda name: 0 if (each := questions.get(name)) is None else each.number))

    def _full(self, session: SessionId, questions: Questions, place: str) -> bool:
        return Counter(self._with_status(session, questions, *OPEN).values())[place] >= self._share

    def _with_status(
        self, session: SessionId, questions: Questions, *statuses: InterventionStatus
    ) -> dict[InterventionId, str]:
        known = self._of.get(session, {})
        return {
            name: place
            for name, place in known.items()
            if (each := questions.get(name)) is not None and each.status in statuses
        }

    def _place(self, session: SessionId, address: str) -> str:
        said = f"{session}\0{widest(address)}".encode("utf-8", "replace")
        return hmac.digest(self._key, said, hashlib.sha256)[:_NAME_BYTES].hex()
