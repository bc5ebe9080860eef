"""Captioning software of other makers: its text streams, and the doors by which it sends and reads text."""

from __future__ import annotations

import ssl
from contextlib import AsyncExitStack

from aiohttp import web

from moothall.adapters.captioning.hls_door import HlsDoor
from moothall.adapters.captioning.keys import WRONG_KEYS, CaptionKeys
from moothall.adapters.captioning.link_door import CaptionsLinkDoor
from moothall.adapters.captioning.posts_door import PostsDoor
from moothall.adapters.captioning.pull_door import PullDoor
from moothall.adapters.captioning.tcp_door import TcpDoor
from moothall.adapters.captioning.zoom_page import ZoomPage
from moothall.adapters.http.limits import AddressGate
from moothall.adapters.reading.reader_routes import Readers
from moothall.app.parts import Entrance, Services
from moothall.core.kernel.ids import SessionId
from moothall.services.captioning.caption_streams import CaptionStreams
from moothall.services.captioning.on_air import OnAir
from moothall.services.desks.typed_ahead import TypedAhead


async def open_captioning(
    stack: AsyncExitStack,
    services: Services,
    entrance: Entrance,
    *,
    ahead: TypedAhead,
    on_air: OnAir,
    readers: Readers,
    app: web.Application,
    tls: ssl.SSLContext | None,
) -> None:
    """Add the routes, run the streams' tasks, and listen on the TCP port for raw text, where the settings name one."""
    backend = services.backend
    streams = CaptionStreams(backend.sessions, ahead, clock=backend.clock, randomness=backend.randomness)
    backend.closing.first(streams.finish, streams.awaits)
    backend.links.when_gone(streams.gone)
    backend.keep(stack, streams.run)
    stack.push_async_callback(streams.finish_all)
    keys = CaptionKeys(
        links=backend.links,
        streams=streams,
        may_act=entrance.staff.may_act,
        gate=AddressGate(backend.clock, backend.randomness, WRONG_KEYS),
        linked=on_air.linked,
    )
    posts = PostsDoor(keys, streams, backend.clock, entrance.address_of)
    link = CaptionsLinkDoor(keys, streams, entrance.address_of)

    def closed_at(session: SessionId) -> int | None:
        live = backend.sessions.loaded(session)
        return None if live is None else live.state.closed_at

    hls = HlsDoor(readers, closed_at, services.pages.catalogues)
    app.add_routes(
        [*posts.routes(), *link.routes(), *PullDoor(readers, services.pages.catalogues).routes(), *hls.routes()]
    )
    page = ZoomPage(pages=entrance.forms, programme=backend.programme, push=backend.zoom)
    app.add_routes(page.routes())
    app.on_shutdown.append(lambda _: link.close())
    stack.push_async_callback(backend.zoom_client.close)
    backend.keep(stack, backend.zoom.run)
    settings = backend.settings
    if settings.captioning.tcp_port:
        door = TcpDoor(keys, streams, backend.clock)
        await door.open(stack, settings.server.host, settings.captioning.tcp_port, tls)
