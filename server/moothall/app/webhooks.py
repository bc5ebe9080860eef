"""Send news to webhooks, and build their page.

It is a module of its own because the feature has one name in every layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack

from aiohttp import web

from moothall.adapters.streams.puller import allowed_networks
from moothall.adapters.webhooks.hook_client import HttpHooks
from moothall.adapters.webhooks.hooks_door import HooksDoor
from moothall.app.parts import Entrance, Services
from moothall.services.control.control_room import ControlRoom
from moothall.services.webhooks.webhooks import Webhooks


async def open_webhooks(
    stack: AsyncExitStack, services: Services, entrance: Entrance, control: ControlRoom
) -> Sequence[web.RouteDef]:
    """The routes of the page of webhooks. News are sent until the stack unwinds, and the control room learns of those
    that aren't taken. Raises ConfigurationError, StorageUnavailable.
    """
    backend = services.backend
    hooks = Webhooks(
        backend.book,
        programme=backend.programme,
        listed=entrance.catalogue.listed,
        client=HttpHooks(allowed_networks(backend.settings.webhooks.allowed_networks, "webhooks")),
        clock=backend.clock,
        randomness=backend.randomness,
        public=entrance.address.public,
    )
    await hooks.load()
    backend.sessions.observe(hooks.observe)
    backend.sessions.tell_forgotten(hooks.erased)
    backend.keep(stack, hooks.run)
    control.webhooks = hooks.failing
    return HooksDoor(pages=entrance.forms, hooks=hooks, programme=backend.programme).routes()
