"""Which browsers' wishes count, judged by how many new ones come from one address. Pure.

A hall stands behind one address, and so does somebody who makes up browsers. Up to 60 new ones within five minutes
all count; of more than that ten do, also afterwards.
"""

from __future__ import annotations

import msgspec

WINDOW_MS = 300_000
MOST_NEW = 60
"""New browsers of one address within the window; one more makes them a flood."""
KEPT_OF_FLOOD = 10
"""Of a flood the first ones count: as many as would if they had come one after the other from a few people."""


class Newcomer(msgspec.Struct, frozen=True):
    """A browser that had not been seen before."""

    voter: str
    at: int
    """When it came, ms of a clock that never runs back."""
    counts: bool = True


class Newcomers(msgspec.Struct, frozen=True):
    """The new browsers of one address, as far as they matter: at most MOST_NEW of the last five minutes."""

    lately: tuple[Newcomer, ...] = ()
    flood: bool = False
    """Whether more come than count."""

    def come(self, voter: str, now: int) -> tuple[Newcomers, frozenset[str]]:
        """One more, that was not seen before; returns whom to set aside from here on, it among them or others too."""
        lately = (*(each for each in self.lately if each.at > now - WINDOW_MS), Newcomer(voter, now))
        if len(lately) <= MOST_NEW:
            return Newcomers(lately), frozenset()
        if self.flood:
            aside = frozenset({voter})
        else:
            counting = [each.voter for each in lately if each.counts]
            aside = frozenset(counting[KEPT_OF_FLOOD:])
        judged = (Newcomer(each.voter, each.at, each.counts and each.voter not in aside) for each in lately)
        return Newcomers(tuple(judged)[-MOST_NEW:], flood=True), aside
