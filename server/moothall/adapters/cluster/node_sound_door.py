"""The keeper's routes for nodes that copy sound which is not recognised yet (`wire/cluster/node_sound.py`)."""

from __future__ import annotations

from aiohttp import web

from moothall.adapters.cluster.copies_door import node_of
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId, SourceId, is_name
from moothall.services.cluster.sound_copies import OfferedSound
from moothall.wire.cluster import node_sound

_UNKEPT = {"Cache-Control": "no-store"}


class NodeSoundDoor:
    """Serves the sound in the keeper's spool to nodes that stand by."""

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
        first = request.query.get("first", "")
        if not (is_name(session) and is_name(source) and first.isascii() and first.isdecimal() and len(first) <= 15):
            raise web.HTTPBadRequest
        try:
            piece = await self._offered.read(SessionId(session), SourceId(source), int(first))
        except StorageUnavailable as error:
            raise web.HTTPServiceUnavailable from error
        if piece is None:
            raise web.HTTPNotFound
        return web.Response(body=piece.pcm, headers={**_UNKEPT, node_sound.VERSION: piece.version})
