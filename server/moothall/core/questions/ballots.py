"""Which browsers' wishes count, judged by how many new ones come from one address. Pure.

A hall stands behind one address, and so does somebody who makes up browsers. Up to 500 new ones within five minutes
all count; of more than that ten do, also afterwards. Of those that chose faster than anybody reads, ten count in any
case.
"""

from __future__ import annotations

import msgspec

WINDOW_MS = 300_000
MOST_NEW = 500
"""New browsers of one address within the window, unless another number is given; one more makes them a flood."""
HASTY_MS = 1_500
"""A browser that chooses so soon after its first page came has nobody who reads it."""
KEPT_OF_FLOOD = 10
"""Of a flood the first ones count: as many as would if they had come one after the other from a few people."""


class Newcomer(msgspec.Struct, frozen=True):
    """A browser that had not been seen before."""

    voter: str
    at: int
    """When it came, ms of a clock that never runs back."""
    counts: bool = True
    hasty: bool = False
    """Whether it chose faster than anybody reads."""


class Newcomers(msgspec.Struct, frozen=True):
    """The new browsers of one address, as far as they matter: so many of the last five minutes as may count."""

    lately: tuple[Newcomer, ...] = ()
    flood: bool = False
    """Whether more come than count."""

    def come(
        self, voter: str, now: int, *, most: int = MOST_NEW, hasty: bool = False
    ) -> tuple[Newcomers, frozenset[str]]:
        """One more, that was not seen before; returns whom to set aside from here on, it among them or others too.

        `most`: how many may count; `hasty`: it chose faster than anybody reads.
        """
        lately = (*(each for each in self.lately if each.at > now - WINDOW_MS), Newcomer(voter, now, hasty=hasty))
        if len(lately) <= most:
            if not hasty or sum(each.hasty for each in lately) <= KEPT_OF_FLOOD:
                return Newcomers(lately), frozenset()
            return Newcomers((*lately[:-1], Newcomer(voter, now, counts=False, hasty=True))), frozenset({voter})
        if self.flood:
            aside = frozenset({voter})
        else:
            counting = [each.voter for each in lately if each.counts]
            aside = frozenset(counting[KEPT_OF_FLOOD:])
        judged = (msgspec.structs.replace(each, counts=each.counts and each.voter not in aside) for each in lately)
        return Newcomers(tuple(judged)[-most:], flood=True), aside
