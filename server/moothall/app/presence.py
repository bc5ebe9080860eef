"""Hubs in sessions: how they stand there, and who carries out what their rooms do."""

from __future__ import annotations

from contextlib import AsyncExitStack

from moothall.app.backend import House
from moothall.services.hubs.acts import HubActs
from moothall.services.hubs.presence import HubPresence
from moothall.services.supervision.carrying_on import carry_on


def open_presence(
    stack: AsyncExitStack,
    house: House,
) -> tuple[HubPresence, HubActs]:
    """Made, told of what the registry of hubs knows, and running until the stack unwinds."""
    hubs = house.hubs
    presence = HubPresence(house.sessions, clock=house.clock, randomness=house.randomness, has_machine=hubs.has_machine)
    hubs.when_seen(presence.connected)
    hubs.when_counted(presence.counted)
    hubs.when_removed(presence.removed)
    hubs.when_retitled(presence.retitled)
    acts = HubActs(
        house.sessions,
        asking=house.asking,
        ballots=house.ballots,
        presence=presence,
        clock=house.clock,
        title_of=hubs.title_of,
        count=hubs.keep_count,  # The log is told of it by the act itself.
    )
    stack.callback(house.tasks.create_task(carry_on(presence.run, house.clock)).cancel)
    return presence, acts
