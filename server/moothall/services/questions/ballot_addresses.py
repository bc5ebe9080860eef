"""Counts the addresses that ballots come from: to recognise a flood, and to show it at desks.

Addresses are kept in memory only, as hashes under a key that lives as long as the process.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections import OrderedDict, deque
from collections.abc import Mapping

from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Clock, Randomness
from moothall.core.questions.floods import MOST_NEW, NewBrowsers, widest

logger = logging.getLogger(__name__)

MOST_ADDRESSES = 10_000
"""Most addresses, in all sessions. Overflow: the address unused for longest is forgotten, and counts as new."""
LATELY_MS = 60_000
MOST_LATELY = 5_000
"""Most recent ballots remembered per session. Overflow: the oldest is forgotten."""
_KEY_BYTES = 32


class BallotAddresses:
    """Counts ballots by the keyed hash of the address that they came from."""

    def __init__(self, clock: Clock, randomness: Randomness, most_new: int = MOST_NEW) -> None:
        """`most_new`: how many new browsers of one address count within five minutes."""
        self._clock = clock
        self._key = randomness.bytes(_KEY_BYTES)
        self._most_new = most_new
        self._addresses: OrderedDict[tuple[SessionId, bytes], NewBrowsers] = OrderedDict()
        self._lately: dict[SessionId, deque[tuple[int, str, bytes]]] = {}

    def judge(self, session: SessionId, voter: str, address: str, *, hasty: bool) -> frozenset[str]:
        """The voters that are set aside because a new browser has come: itself, earlier ones of its address, or none.

        An IPv6 address is judged together with its /48 as well. `hasty`: the choice was faster than anybody can read.
        """
        aside: frozenset[str] = frozenset()
        for network in dict.fromkeys((address, widest(address))):
            where = (session, self._name(network))
            known = self._addresses.pop(where, NewBrowsers())
            self._addresses[where], more = known.come(voter, self._clock.monotonic(), most=self._most_new, hasty=hasty)
            aside |= more
            if self._addresses[where].flood and not known.flood:
                logger.warning("session %s: one address sends votes of more browsers than a hall has", session)
        while len(self._addresses) > MOST_ADDRESSES:
            self._addresses.popitem(last=False)
        return aside

    def note(self, session: SessionId, what: str, address: str) -> None:
        """Remember that a ballot on this subject was stored, and its address."""
        where = self._name(widest(address))
        self._lately.setdefault(session, deque(maxlen=MOST_LATELY)).append((self._clock.monotonic(), what, where))

    def lately(self, session: SessionId) -> Mapping[str, tuple[int, int]]:
        """The numbers of ballots and of addresses (for IPv6, of /48s) within the last minute, by subject."""
        there = self._lately.get(session, deque())
        since = self._clock.monotonic() - LATELY_MS
        while there and there[0][0] <= since:
            there.popleft()
        if not there:
            self._lately.pop(session, None)
        found: dict[str, list[bytes]] = {}
        for _, what, where in there:
            found.setdefault(what, []).append(where)
        return {what: (len(of), len(set(of))) for what, of in found.items()}

    def forget(self, session: SessionId) -> None:
        """Drop everything about a session."""
        self._lately.pop(session, None)
        for key in [key for key in self._addresses if key[0] == session]:
            del self._addresses[key]

    def _name(self, address: str) -> bytes:
        return hmac.digest(self._key, address.encode("utf-8", "replace"), hashlib.sha256)[:8]
