"""A technician's desk that reconnects after each cut, and sends acts without an answer again with the same id."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from itertools import cycle
from typing import Any

import aiohttp
import socketio

from moothall.core.kernel.ids import SessionId

PATIENCE_S = 70.0
"""Seconds to wait for an acknowledgement: *next* may take a minute."""
AGAIN_S = 0.5
MOST_AGAIN_S = 2.0
"""Seconds between tries to connect at most; the first ones come sooner."""
GOODBYE_S = 15.0
"""Seconds for closing; more than the library waits for the other side, or it would leave its connection open."""
LOST = (socketio.exceptions.SocketIOError, aiohttp.ClientError, OSError)
"""The errors that a broken connection raises."""
BUSY = frozenset({"busy", "unavailable"})


class _Connection:
    """One connection of the page, and the session that it has joined."""

    def __init__(self) -> None:
        self.http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            ws_response_class=self._opened,  # type: ignore[arg-type]  # it is only called
        )
        self.io = socketio.AsyncClient(reconnection=False, handle_sigint=False, http_session=self.http)
        self.gone = asyncio.Event()
        self.joined = SessionId("")
        self._sockets: list[aiohttp.ClientWebSocketResponse] = []
        """All sockets that were opened; the library forgets a socket that breaks in its handshake."""

    def _opened(self, *arguments: Any, **more: Any) -> aiohttp.ClientWebSocketResponse:
        socket = aiohttp.ClientWebSocketResponse(*arguments, **more)
        self._sockets.append(socket)
        return socket

    async def close(self, patience_s: float) -> None:
        """Close the connection, in whatever state it is."""
        self.gone.set()
        try:
            for goes in (self.io.disconnect, *(socket.close for socket in self._sockets)):
                with suppress(TimeoutError):  # A stopped server doesn't answer.
                    async with asyncio.timeout(patience_s):
                        await goes()
        finally:
            await self.http.close()


class PersistentDesk:
    """A technician's page that reconnects after each cut. Several tasks may send over it at
    once, in the same session.
    """

    def __init__(
        self, addresses: Sequence[str], token: str, *, again_s: float = AGAIN_S, patience_s: float = PATIENCE_S
    ) -> None:
        """`addresses`: of the server, or of several servers of one house, which are tried in turn."""
        self._addresses = cycle(addresses)
        self._again_s = again_s
        self._patience_s = patience_s
        self._token = token
        self._page = secrets.token_hex(8)
        self._connection: _Connection | None = None
        self._opening = asyncio.Lock()
        """Held while a connection is opened or closed."""
        self.questions: dict[str, str] = {}
        """The status of each question of the joined session."""

    async def send(self, session: SessionId, event: str, body: dict[str, Any]) -> dict[str, Any]:
        """Join the session if need be, and send until there is an answer; returns it, a refusal included."""
        loop = asyncio.get_running_loop()
        leaves = loop.time() + self._patience_s
        lost_s = self._again_s
        while True:
            connection = None
            try:
                connection = await self._join(session)
                answer = await self._call(connection, event, body)
            except LOST:
                await self._leave(connection)
                await asyncio.sleep(lost_s)  # Each try opens the link, which a server allows an address so often.
                lost_s = min(2 * lost_s, MOST_AGAIN_S)
                continue
            lost_s = self._again_s
            if answer.get("refusal", {}).get("code") not in BUSY:
                return answer
            if (
                loop.time() > leaves
            ):  # The server has been unable to act for `patience_s`: try the next, like a proxy that checks readiness.
                await self._leave(connection)
                leaves = loop.time() + self._patience_s
            await asyncio.sleep(self._again_s)

    async def standing(self, session: SessionId) -> dict[str, str]:
        """Return the status of each question of a session, as far as the desk has received them."""
        while True:
            try:
                await self._join(session)
                return self.questions
            except LOST:
                await asyncio.sleep(self._again_s)

    async def close(self) -> None:
        """Close the desk's connection."""
        await self._leave(self._connection)

    async def _leave(self, connection: _Connection | None) -> None:
        """Close a useless connection, unless another task has done so already."""
        async with self._opening:
            if connection is not None and self._connection is connection:
                self._connection = None
                await connection.close(min(GOODBYE_S, self._patience_s))

    async def _join(self, session: SessionId) -> _Connection:
        """Return a connection that has joined the session. Raises one of `LOST` after closing a
        connection that fails.
        """
        async with self._opening:
            connection = self._connection
            try:
                async with asyncio.timeout(self._patience_s):
                    if connection is None or connection.gone.is_set():
                        if connection is not None:
                            await connection.close(min(GOODBYE_S, self._patience_s))
                        connection = self._connection = _Connection()
                        await self._open(connection)
                    if connection.joined != session:
                        self.questions = {}
                        answer = await self._call(connection, "join", {"session": session, "page": self._page})
                        if "refusal" in answer:
                            raise ConnectionError(f"{session} can't be joined: {answer['refusal']}")
                        connection.joined = session
                        self._told(answer["news"].get("interventions", {"items": []}))  # A captioner is told of none.
            except LOST:
                self._connection = None
                if connection is not None:
                    await connection.close(min(GOODBYE_S, self._patience_s))
                raise
            return connection

    async def _open(self, connection: _Connection) -> None:
        address = next(self._addresses)
        # The page to which the link leads is not loaded: a server that has just started would have to compile it first.
        async with connection.http.get(f"{address}/enter/{self._token}", allow_redirects=False) as entered:
            entered.raise_for_status()
        connection.io.on("disconnect", lambda *_: connection.gone.set(), namespace="/desk")
        connection.io.on("interventions", self._told, namespace="/desk")
        connection.io.on("*", lambda *_: None, namespace="/desk")
        await connection.io.connect(address, namespaces=["/desk"], transports=["websocket"])

    def _told(self, body: dict[str, Any] | None) -> None:
        self.questions |= {item["id"]: item["status"] for item in (body or {}).get("items", ())}

    async def _call(self, connection: _Connection, event: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a message; returns its acknowledgement. Raises ConnectionError when the connection breaks meanwhile."""
        called = asyncio.ensure_future(connection.io.call(event, body, namespace="/desk", timeout=self._patience_s))
        gone = asyncio.ensure_future(connection.gone.wait())
        try:
            await asyncio.wait({called, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not called.done():
                raise ConnectionError("The connection broke.")
            return dict(called.result())
        finally:
            for each in (called, gone):
                each.cancel()
            await asyncio.gather(called, gone, return_exceptions=True)
