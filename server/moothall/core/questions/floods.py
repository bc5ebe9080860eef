"""Floods: how many new browsers of one address count when they support a question or vote.

A whole hall may share one address, and so may the invented browsers of one person. If up to 500 new browsers come
within five minutes, all of them count. If more come, only ten of them count, afterwards too. Of browsers that made a
choice faster than anybody reads, ten count in any case.
"""

from __future__ import annotations

import ipaddress

import msgspec

WIDER = 48
"""Prefix length of what one IPv6 customer may have: a /48 with 65,536 networks of 64 bits (RFC 6177)."""
WINDOW_MS = 300_000
MOST_NEW = 500
"""Default for the new browsers of one address within the window (`WINDOW_MS`) that count. One more makes them
a flood.
"""
HASTY_MS = 1_500
"""A choice within this time (ms) after a browser's first page is hasty: nobody can have read the page."""
KEPT_OF_FLOOD = 10
"""How many browsers of a flood count, the first ones: as many as if a few people had come one after the other."""


def widest(network: str) -> str:
    """The /48 that contains an IPv6 network. An IPv4 network, or any other text, is returned unchanged."""
    try:
        parsed = ipaddress.ip_network(network)
    except ValueError:
        return network
    if isinstance(parsed, ipaddress.IPv4Network) or parsed.prefixlen <= WIDER:
        return network
    return str(parsed.supernet(new_prefix=WIDER))


class Newcomer(msgspec.Struct, frozen=True):
    """A browser that had not been seen before."""

    voter: str
    at: int
    """When the browser came, ms of a monotonic clock."""
    counts: bool = True
    hasty: bool = False
    """Whether the browser made a choice faster than anybody reads."""


class NewBrowsers(msgspec.Struct, frozen=True):
    """The new browsers of one address within the window, at most as many as may count."""

    lately: tuple[Newcomer, ...] = ()
    flood: bool = False
    """Whether more browsers came than may count."""

    def come(
        self, voter: str, now: int, *, most: int = MOST_NEW, hasty: bool = False
    ) -> tuple[NewBrowsers, frozenset[str]]:
        """Add a browser that was not seen before. Returns the new state, and the browsers that no longer count: this
        one, others, or both.

        `now`: ms of a monotonic clock. `most`: how many may count. `hasty`: the browser made a choice faster than
        anybody reads.
        """
        lately = (*(each for each in self.lately if each.at > now - WINDOW_MS), Newcomer(voter, now, hasty=hasty))
        if len(lately) <= most:
            if not hasty or sum(each.hasty for each in lately) <= KEPT_OF_FLOOD:
                return NewBrowsers(lately), frozenset()
            return NewBrowsers((*lately[:-1], Newcomer(voter, now, counts=False, hasty=True))), frozenset({voter})
        if self.flood:
            aside = frozenset({voter})
        else:
            counting = [each.voter for each in lately if each.counts]
            aside = frozenset(counting[KEPT_OF_FLOOD:])
        judged = (msgspec.structs.replace(each, counts=each.counts and each.voter not in aside) for each in lately)
        return NewBrowsers(tuple(judged)[-most:], flood=True), aside
