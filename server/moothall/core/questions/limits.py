"""How many interventions a session takes, and of whom. Pure.

What is open counts: a place is free again once something was answered, not taken, taken back or removed. How many of
one address are open the log can't tell, since it holds none (`moothall.services.questions.asking_places`).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from moothall.core.events.question_parts import HUB, OPEN, Kind
from moothall.core.hubs.standing import is_or_is_below, way_to
from moothall.core.questions.interventions import Floor, Intervention

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


def full(floor: Floor, hub: str | None = None) -> str:
    """Why a session takes no more, as a sentence; empty where it does. `hub`: over which it would come."""
    if floor.last >= MOST_EVER:
        return f"The session has had {MOST_EVER} questions and comments, and takes no more."
    still_open = [each for _, each in floor.interventions.items() if each.standing in OPEN]
    if len(still_open) >= MOST:
        return f"{MOST} questions and comments wait in this session; it takes more once some were dealt with."
    if hub is not None and sum(1 for _ in _of_hub(still_open, hub)) >= MOST_OF_HUB:
        return f"{MOST_OF_HUB} questions and comments of one group wait; it takes more once some were dealt with."
    ever = (each for _, each in floor.interventions.items())
    if hub is not None and sum(1 for _ in _of_hub(ever, hub)) >= MOST_EVER_OF_HUB:
        return f"Of one group a session takes {MOST_EVER_OF_HUB} questions and comments in all."
    return ""


def too_many(floor: Floor, asker: str, kind: Kind) -> str:
    """Why somebody may have no more open, as a sentence; empty where they may."""
    mine = [each for each in floor.standing(*OPEN) if each.asker == asker]
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
