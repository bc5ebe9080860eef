"""How many interventions a session takes, and of whom; and how many new browsers of one address count. Pure.

What is open counts: a place is free again once something was answered, not taken, taken back or removed. How many of
one address are open the log can't tell, since it holds none (`moothall.services.questions.asking_places`).

A hall stands behind one address, and so does somebody who makes up browsers. Up to 500 new ones within five minutes
all count; of more than that ten do, also afterwards. Of those that chose faster than anybody reads, ten count in any
case.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

import msgspec

from moothall.core.events.question_parts import HUB, OPEN, Kind
from moothall.core.hubs.presence import is_or_is_below, way_to
from moothall.core.questions.interventions import Intervention, Questions

MOST = 5_000
"""Open ones of a session."""
MOST_EVER = 20_000
"""Of a session, with every status: a log has to fit into memory."""
MOST_OPEN = 10
"""Open ones of one person; of requests to speak only one."""
MOST_OF_HUB = 500
"""Open ones of one hub and those below it, so that none fills the session."""
MOST_EVER_OF_HUB = 4 * MOST_OF_HUB
"""Of one hub and those below it, with every status: it may take back what it asks."""
WIDER = 48
"""Bits of what one IPv6 customer may have: 65,536 networks of 64 bits (RFC 6177)."""


def full(questions: Questions, hub: str | None = None) -> str:
    """Why a session takes no more, as a sentence; empty where it does. `hub`: over which it would come."""
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


def too_many(questions: Questions, asker: str, kind: Kind) -> str:
    """Why somebody may have no more open, as a sentence; empty where they may."""
    mine = [each for each in questions.with_status(*OPEN) if each.asker == asker]
    if kind is Kind.REQUEST and any(each.kind is Kind.REQUEST for each in mine):
        return "You have asked to speak already, and wait for your turn."
    if len(mine) >= MOST_OPEN:
        return f"{MOST_OPEN} of yours are still open; wait until one was answered."
    return ""


def _of_hub(some: Iterable[Intervention], hub: str) -> Iterable[Intervention]:
    """What came from the hub that is linked here, over which `hub` comes, and from those below it."""
    top = way_to(hub)[0]
    return (each for each in some if each.origin.startswith(HUB) and is_or_is_below(each.origin.removeprefix(HUB), top))


def widest(network: str) -> str:
    """The /48 that an IPv6 network lies in; anything else is itself, as IPv4 addresses are."""
    try:
        parsed = ipaddress.ip_network(network)
    except ValueError:
        return network
    if isinstance(parsed, ipaddress.IPv4Network) or parsed.prefixlen <= WIDER:
        return network
    return str(parsed.supernet(new_prefix=WIDER))


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
