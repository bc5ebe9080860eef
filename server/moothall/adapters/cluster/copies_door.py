"""A node's doors to its own log and book, for other nodes alone: they prove themselves as no visitor's request can."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from moothall.adapters.http.forwarded import CARRIED
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.ports import LogReading
from moothall.wire.cluster import node_link
from moothall.wire.cluster.node_link import Stand, WholeBook, encode
from moothall.wire.cluster.node_proof import LINK_SCHEME, Carried

NODES_ALONE = "/node/"
"""What all paths begin with that no visitor has anything behind."""


class LogDoor:
    """Events of the logs, by session and offset."""

    def __init__(self, log: LogReading) -> None:
        self._log = log

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.get("/node/log/{session}", self.events, allow_head=False)]

    async def events(self, request: web.Request) -> web.Response:
        """Events of a session's log, behind an offset."""
        node_of(request)
        session, after = request.match_info["session"], number_in(request.query.get("after", ""), 15)
        if not is_name(session) or after is None:
            raise web.HTTPBadRequest
        try:
            records = await self._log.read(SessionId(session), after, node_link.MOST_EVENTS)
        except (StorageUnavailable, RecordBroken) as error:
            raise web.HTTPServiceUnavailable from error
        return _answer(node_link.pack(records))


class StandDoor:
    """Where the logs end, and the book."""

    def __init__(self, stand: Callable[[], Awaitable[Stand]], book: Callable[[], Awaitable[WholeBook]]) -> None:
        """Both raise StorageUnavailable, or RecordBroken."""
        self._stand = stand
        self._book = book

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [
            web.get(node_link.STAND_PATH, self.stand, allow_head=False),
            web.get(node_link.BOOK_PATH, self.book, allow_head=False),
        ]

    async def stand(self, request: web.Request) -> web.Response:
        """Where the logs end, and which book there is."""
        return await _told(request, self._stand)

    async def book(self, request: web.Request) -> web.Response:
        """All of the book."""
        return await _told(request, self._book)


def node_of(request: web.Request) -> str:
    """The name of the node that speaks for itself; whoever else asks finds nothing here."""
    carried: Carried | None = request.get(CARRIED)
    if carried is None or carried.scheme != LINK_SCHEME:
        raise web.HTTPNotFound
    return carried.node


async def _told(request: web.Request, what: Callable[[], Awaitable[Stand | WholeBook]]) -> web.Response:
    node_of(request)
    try:
        return _answer(encode(await what()))
    except (StorageUnavailable, RecordBroken) as error:
        raise web.HTTPServiceUnavailable from error


def _answer(body: bytes) -> web.Response:
    return web.Response(body=body, headers={"Cache-Control": "no-store"})
