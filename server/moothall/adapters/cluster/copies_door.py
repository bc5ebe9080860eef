"""Routes on which a node offers its own log and book to other nodes, and the keeper the sound of its spool.

Only nodes get an answer: they prove themselves with headers that no visitor's request can have (`node_of`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from moothall.adapters.http.forwarded import CARRIED
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import SessionId, SourceId, is_name
from moothall.core.ports import LogReading
from moothall.services.cluster.sound_copies import OfferedSound
from moothall.wire.cluster import node_link, node_sound
from moothall.wire.cluster.node_link import NodeState, WholeBook, encode
from moothall.wire.cluster.node_proof import LINK_SCHEME, Carried

NODES_ALONE = "/node/"
"""Prefix of all paths that only nodes may use."""
_UNKEPT = {"Cache-Control": "no-store"}


class LogDoor:
    """Serves the events of this node's logs, by session and offset."""

    def __init__(self, log: LogReading) -> None:
        self._log = log

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/node/log/{session}", self.events, allow_head=False)]

    async def events(self, request: web.Request) -> web.Response:
        """Events of a session's log after the offset in the query's `after`, at most `node_link.MOST_EVENTS`."""
        node_of(request)
        session, after = request.match_info["session"], number_in(request.query.get("after", ""), 15)
        if not is_name(session) or after is None:
            raise web.HTTPBadRequest
        try:
            records = await self._log.read(SessionId(session), after, node_link.MOST_EVENTS)
        except (StorageUnavailable, RecordBroken) as error:
            raise web.HTTPServiceUnavailable from error
        return _answer(node_link.pack(records))


class NodeStateDoor:
    """Serves the heads of this node's logs, and its whole book."""

    def __init__(
        self, node_state: Callable[[], Awaitable[NodeState]], book: Callable[[], Awaitable[WholeBook]]
    ) -> None:
        """`node_state`, `book`: read the state to serve. Both may raise StorageUnavailable or RecordBroken, which is
        answered 503.
        """
        self._node_state = node_state
        self._book = book

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get(node_link.STAND_PATH, self.node_state, allow_head=False),
            web.get(node_link.BOOK_PATH, self.book, allow_head=False),
        ]

    async def node_state(self, request: web.Request) -> web.Response:
        """The head of each log, and the number of the book's last change that this node has."""
        return await _told(request, self._node_state)

    async def book(self, request: web.Request) -> web.Response:
        """The whole book."""
        return await _told(request, self._book)


class NodeSoundDoor:
    """Serves the sound in the keeper's spool that is not recognised yet to nodes that stand by
    (`wire/cluster/node_sound.py`).
    """

    def __init__(self, offered: OfferedSound) -> None:
        self._offered = offered

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get(node_sound.SOUND_PATH, self.listed, allow_head=False),
            web.get(node_sound.PIECE_PATH, self.piece, allow_head=False),
        ]

    async def listed(self, request: web.Request) -> web.Response:
        """The list of the sound that nodes have to copy."""
        node_of(request)
        return web.Response(body=node_sound.encode(self._offered.listed()), headers=_UNKEPT)

    async def piece(self, request: web.Request) -> web.Response:
        """Samples of one source, from the sample number in the query's `first` on."""
        node_of(request)
        session, source = request.match_info["session"], request.match_info["source"]
        first = number_in(request.query.get("first", ""), 15)
        if not (is_name(session) and is_name(source)) or first is None:
            raise web.HTTPBadRequest
        try:
            piece = await self._offered.read(SessionId(session), SourceId(source), first)
        except StorageUnavailable as error:
            raise web.HTTPServiceUnavailable from error
        if piece is None:
            raise web.HTTPNotFound
        return web.Response(body=piece.pcm, headers={**_UNKEPT, node_sound.VERSION: piece.version})


def node_of(request: web.Request) -> str:
    """The name of the node that makes this request for itself. Raises HTTPNotFound for every other request."""
    carried: Carried | None = request.get(CARRIED)
    if carried is None or carried.scheme != LINK_SCHEME:
        raise web.HTTPNotFound
    return carried.node


async def _told(request: web.Request, what: Callable[[], Awaitable[NodeState | WholeBook]]) -> web.Response:
    node_of(request)
    try:
        return _answer(encode(await what()))
    except (StorageUnavailable, RecordBroken) as error:
        raise web.HTTPServiceUnavailable from error


def _answer(body: bytes) -> web.Response:
    return web.Response(body=body, headers=_UNKEPT)
