"""Captioning software of others: its streams, and the doors by which it sends and reads."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack

from aiohttp import web

from moothall.adapters.captioning.keys import WRONG_KEYS, CaptionKeys
from moothall.adapters.captioning.posts_door import PostsDoor
from moothall.adapters.http.limits import AddressGate
from moothall.app.parts import Entrance, Services
from moothall.services.captioning.streams import CaptionStreams
from moothall.services.desks.typed_ahead import TypedAhead


def captioning_doors(
    stack: AsyncExitStack, services: Services, entrance: Entrance, ahead: TypedAhead
) -> Sequence[web.RouteDef]:
    """Their routes; what runs for them is running."""
    backend = services.backend
    streams = CaptionStreams(backend.sessions, ahead, clock=backend.clock, randomness=backend.randomness)
    backend.closing.first(streams.finish, streams.awaits)
    backend.links.when_gone(streams.gone)
    backend.keep(stack, streams.run)
    keys = CaptionKeys(
        links=backend.links,
        streams=streams,
        may_act=entrance.staff.may_act,
        gate=AddressGate(backend.clock, backend.randomness, WRONG_KEYS),
    )
    return PostsDoor(keys, streams, backend.clock, entrance.address_of).routes()
