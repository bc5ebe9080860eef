"""Captions over a WebSocket, `GET /captions/link`, for `moothall caption-bridge` and other programs.

The key is sent in the header `Authorization: Bearer …`; `moothall.wire.captioning.link` defines the messages.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import msgspec
from aiohttp import WSMsgType, hdrs, web

from moothall.adapters.captioning.keys import CaptionKeys
from moothall.adapters.captioning.posts_door import STATUS
from moothall.adapters.http.forwarded import AddressOf
from moothall.adapters.http.security_headers import sent_by_a_page
from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import PASSING, Refusal, RefusalCode
from moothall.services.captioning.caption_streams import MOST_BYTES, CaptionStreams, Form, Post, TextStream
from moothall.wire.captioning.link import Begin, Characters, PostAnswer, mark
from moothall.wire.close_codes import CloseCode

MOST_LINKS = 200
"""The most connections. Overflow: the next one is answered 503."""
MOST_MESSAGE = 6 * MOST_BYTES
"""The most bytes of a message: JSON needs six bytes for a control character."""
HEARTBEAT_S = 20.0


class CaptionsLinkDoor:
    """Handlers of the address; `close` ends the connections."""

    def __init__(self, keys: CaptionKeys, streams: CaptionStreams, address_of: AddressOf) -> None:
        self._keys = keys
        self._streams = streams
        self._address_of = address_of
        self._there: set[web.WebSocketResponse] = set()

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/captions/link", self.handle, allow_head=False)]

    async def close(self) -> None:
        """Close all connections at shutdown."""
        for socket in tuple(self._there):
            with suppress(OSError):
                await socket.close(code=CloseCode.GOING_AWAY)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Receive text from a bridge until it disconnects."""
        if sent_by_a_page(request.headers):
            return web.Response(status=403, text="This address is for programs, not for pages.\n")
        stream = await self._open(request)
        if isinstance(stream, Refusal):
            return web.Response(status=STATUS[stream.code], text=stream.message + "\n")
        if len(self._there) >= MOST_LINKS:
            return web.Response(status=503, text="Too many bridges are connected. Try again later.\n")
        socket = web.WebSocketResponse(max_msg_size=MOST_MESSAGE, heartbeat=HEARTBEAT_S)
        if not socket.can_prepare(request).ok:
            return web.Response(
                status=426, text="This address is for a WebSocket.\n", headers={hdrs.UPGRADE: "websocket"}
            )
        await socket.prepare(request)
        self._there.add(socket)
        try:
            with self._keys.linked(stream.session, stream.staff.link):
                taken = tuple(mark(*post) for post in stream.seen)
                await socket.send_str(_json(Begin(seq=stream.seq, title=stream.title, taken=taken)))
                async for message in socket:
                    if not await self._take(request, socket, message.type, message.data):
                        break
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._there.discard(socket)
        return socket

    async def _open(self, request: web.Request) -> TextStream | Refusal:
        kind, _, key = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        query = request.query
        where = query.get("session", ""), query.get("channel", "")
        return await self._keys.open(
            self._address_of(request), key if kind.lower() == "bearer" else "", *where, header=True
        )

    async def _take(self, request: web.Request, socket: web.WebSocketResponse, kind: WSMsgType, data: object) -> bool:
        """Handle one message; return whether to read on."""
        if kind not in (WSMsgType.TEXT, WSMsgType.BINARY) or not isinstance(data, str | bytes):
            return False
        try:
            post = read_json(data, Characters)
        except Unreadable:
            await socket.close(code=CloseCode.BAD_REQUEST)
            return False
        stream = await self._open(request)
        if isinstance(stream, Refusal):
            await socket.close(code=CloseCode.TOKEN if stream.code is RefusalCode.FORBIDDEN else CloseCode.TRY_LATER)
            return False
        language = request.query.get("lang", "")[:35]
        taken = await self._streams.put(
            stream, Post(body=post.body, seq=post.seq, language=language, form=Form.STREAM, behind=post.behind)
        )
        if isinstance(taken, Refusal) and taken.code is RefusalCode.STALE:
            # Another program of this link was quicker; this one reconnects and gets the current number.
            await socket.close(code=CloseCode.TRY_LATER)
            return False
        if isinstance(taken, Refusal):
            # Text typed before a session begins is not kept: it would be shown when the session begins.
            answer = PostAnswer(seq=post.seq, kept=False, again=taken.code in PASSING, sentence=taken.message)
        else:
            answer = PostAnswer(seq=post.seq, kept=taken.kept, sentence=taken.sentence)
        await socket.send_str(_json(answer))
        return True


def _json(message: Begin | PostAnswer) -> str:
    return msgspec.json.encode(message).decode()
