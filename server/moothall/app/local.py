"""The door for the commands of this machine, and what it is given."""

from __future__ import annotations

from contextlib import AsyncExitStack

from aiohttp import web

from moothall.adapters.admin.local_door import HOST, LocalDoor, leave_card, take_card
from moothall.adapters.http.limits import runner_options
from moothall.app.backend import House


async def open_local_door(stack: AsyncExitStack, house: House, public: str) -> None:
    """Let the operator's commands reach the house while it is held, until the stack unwinds."""
    door = LocalDoor(house.office(public), house.randomness)
    runner = web.AppRunner(door.application(), **runner_options())
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, HOST, 0)
    await site.start()
    port: int = runner.addresses[0][1]
    leave_card(house.data, door.card(port))
    stack.callback(take_card, house.data)
