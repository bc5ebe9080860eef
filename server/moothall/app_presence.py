"""Hubs in sessions: how they stand there, and who carries out what their rooms do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack

from moothall.app_house import House
from moothall.services.carrying_on import carry_on
from moothall.services.hub_acts import HubActs
from moothall.services.hub_presence import HubPresence


def open_presence(
    stack: AsyncExitStack,
    house: House,
    *,
    has_machine: Callable[[str], bool] = lambda _: False,
    title_of: Callable[[str], str | None] = lambda _: None,
) -> tuple[HubPresence, HubActs]:
    """Made, and running until the stack unwinds. The parameters are the services' own."""
    presence = HubPresence(house.sessions, clock=house.clock, randomness=house.randomness, has_machine=has_machine)
    acts = HubActs(
        house.sessions,
        asking=house.asking,
        ballots=house.ballots,
        presence=presence,
        clock=house.clock,
        title_of=title_of,
    )
    stack.callback(house.tasks.create_task(carry_on(presence.run, house.clock)).cancel)
    return presence, acts
