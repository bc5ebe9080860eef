"""Limits: how many interventions a session accepts and from whom, and how many new browsers of one address count.

Limits apply to open interventions: there is room again once one was answered, not taken, taken back or removed. The log
holds no addresses, so `moothall.services.questions.asking_addresses` limits how many of one address are open.

A whole hall may share one address, and so may the invented browsers of one person. If up to 500 new browsers come
within five minutes, all of them count. If more come, only ten of them count, afterwards too. Of browsers that made a
choice faster than anybody reads, ten count in any case.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

import msgspec

from moothall.core.events.question_parts import HUB, OPEN, InterventionKind
from moothall.core.hubs.presence import is_or_is_below, way_to
from moothall.core.questions.interventions import Intervention, Questions

MOST = 5_000
"""Open interventions in one session."""
MOST_EVER = 20_000
"""Interventions in one session, with any status: a log has to fit into memory."""
MOST_OPEN = 10
"""Open interventions of one person, among them at most one request to speak."""
MOST_OF_HUB = 500
"""Open interventions of one top hub and the hubs below it, so that no hub fills the session."""
MOST_EVER_OF_HUB = 4 * MOST_OF_HUB
"""Interventions of one top hub and the hubs below it, with any status. A hub could take back and ask again without
limit otherwise.
"""
WIDER = 48
"""Prefix length of what one IPv6 customer may have: a /48 with 65,536 networks of 64 bits (RFC 6177)."""


def full(questions: Questions, hub: str | None = None) -> str:
    """Why a session accepts no further intervention, as a sentence; empty when it does. `hub`: the hub it comes from,
    if any.
    """
    if questions.last >= MOST_EVER:
        return f"The session has had {MOST_EVER} questions and comments, and takes no more."
    still_open = [each for _, each in questions.interventions.items() if each.status in OPEN]
    if len(still_open) >= MOST:
        return f"{MOST} questions and comments wait in this session; it takes more once some were dealt with."
    if hub is not None and sum(1 for _ in _of_hub(still_open, hub)) >= MOST_OF_HUB:
        return f"{MOST_OF_HUB} questions and comments of one group wait; it takes more once some were dealt with."
    ever = (each for _, each in questions.interventions.items())
    if hub is not None and sum(1 for _ in _of_hub(ever, hub)) >= MOST_EVER_OF_HUB:
        return f"Of one group a session takes {MOST_EVER_OF_HUB} questions and comments in all."
    return ""


def too_many(questions: Questions, asker: str, kind: InterventionKind) -> str:
    """Why this person may not have another open intervention, as a sentence; empty when they may."""
    mine = [each for each in questions.with_status(*OPEN) if each.asker == asker]
    if kind is InterventionKind.REQUEST and any(each.kind is InterventionKind.REQUEST for each in mine):
        return "You have asked to speak already, and wait for your turn."
    if len(mine) >= MOST_OPEN:
        return f"{MOST_OPEN} of yours are still open; wait until one was answered."
    return ""


def _of_hub(some: Iterable[Intervention], hub: str) -> Iterable[Intervention]:
    """The interventions of the top hub through which `hub` is linked, and of all hubs below that one."""
    top = way_to(hub)[0]
    return (each for each in some if each.origin.startswith(HUB) and is_or_is_below(each.origin.removeprefix(HUB), top))


def widest(network: str) -> str:
    """The /48 that contains an IPv6 network. An IPv4 network, or any other text, is returned unchanged."""
    try:
        parsed = ipaddress.ip_network(network)
    except ValueError:
        return network
    if isinstance(parsed, ipaddress.IPv4Network) or parsed.prefixlen <= WIDER:
        return network
    return str(parsed.supernet(new_prefix=WIDER))


WINDOW_MS = 300_000
MOST_NEW = 500
"""Default for the new browsers of one address within the window (`WINDOW_MS`) that count. One more makes them
a flood.
"""
HASTY_MS = 1_500
"""A choice within this time (ms) after a browser's first page is hasty: nobody can have read the page."""
KEPT_OF_FLOOD = 10
"""How many browsers of a flood count, the first ones: as many as if a few people had come one after the other."""


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
