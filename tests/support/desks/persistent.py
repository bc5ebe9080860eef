"""A technician's desk that comes back after each cut: what is not answered is sent again with the same id."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from itertools import cycle
from typing import Any

import aiohttp
import socketio

from moothall.core.kernel.ids import SessionId

PATIENCE_S = 70.0
"""For an acknowledgement: *next* may take a minute."""
AGAIN_S = 0.5
GOODBYE_S = 15.0
"""More than the library waits for the other side at a close: cut off in that, it would leave its connection open."""
LOST = (socketio.exceptions.SocketIOError, aiohttp.ClientError, OSError)
"""What a line that breaks raises."""
BUSY = frozenset({"busy", "unavailable"})


class PersistentDesk:
    """A technician's page, which comes back after each cut."""

    def __init__(
        self, addresses: Sequence[str], token: str, *, again_s: float = AGAIN_S, patience_s: float = PATIENCE_S
    ) -> None:
        """`addresses`: of the server, or of several of one house, which are tried in turn."""
        self._addresses = cycle(addresses)
        self._again_s = again_s
        self._patience_s = patience_s
        self._token = token
        self._http: aiohttp.ClientSession | None = None
        self._io: socketio.AsyncClient | None = None
        self._sockets: list[aiohttp.ClientWebSocketResponse] = []
        """All that were opened: of one that breaks in its handshake the library knows nothing any more."""
        self._gone = asyncio.Event()
        self._joined = SessionId("")
        self.questions: dict[str, str] = {}
        """Where each stands, in the session that it has joined."""

    async def send(self, session: SessionId, event: str, body: dict[str, Any]) -> dict[str, Any]:
        """Join the session if need be, and send until it is answered; the answer, which may hold a refusal."""
        loop = asyncio.get_running_loop()
        leaves = loop.time() + self._patience_s
        while True:
            try:
                async with asyncio.timeout(self._patience_s):
                    await self._join(session)
                answer = await self._call(event, body)
            except LOST:
                await self.close()
                await asyncio.sleep(self._again_s)
                continue
            if answer.get("refusal", {}).get("code") not in BUSY:
                return answer
            if (
                loop.time() > leaves
            ):  # A server that can do nothing for so long: as a proxy does that asks for readiness.
                await self.close()
                leaves = loop.time() + self._patience_s
            await asyncio.sleep(self._again_s)

    async def standing(self, session: SessionId) -> dict[str, str]:
        """Where each question of a session stands, as far as the desk was told."""
        while self._joined != session or self._gone.is_set():
            try:
                await self._join(session)
            except LOST:
                await self.close()
                await asyncio.sleep(self._again_s)
        return self.questions

    async def close(self) -> None:
        """Go away."""
        io, http, self._io, self._http = self._io, self._http, None, None
        self._joined = SessionId("")
        try:
            if io is not None:
                with suppress(TimeoutError):  # Of a server that was stopped.
                    async with asyncio.timeout(min(GOODBYE_S, self._patience_s)):
                        await io.disconnect()
            sockets, self._sockets = self._sockets, []
            for socket in sockets:
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(GOODBYE_S, self._patience_s)):
                        await socket.close()
        finally:
            if http is not None:
                await http.close()

    async def _join(self, session: SessionId) -> None:
        if self._io is None or self._gone.is_set():
            await self.close()
            address = next(self._addresses)
            self._http = aiohttp.ClientSession(
                cookie_jar=aiohttp.CookieJar(unsafe=True),
                ws_response_class=self._opened,  # type: ignore[arg-type]  # it is only called
            )
            # The page to which it leads is not loaded: a server that has just started would make it first.
            async with self._http.get(f"{address}/enter/{self._token}", allow_redirects=False) as entered:
                entered.raise_for_status()
            self._gone = gone = asyncio.Event()
            self._io = io = socketio.AsyncClient(reconnection=False, handle_sigint=False, http_session=self._http)
            io.on("disconnect", lambda *_: gone.set(), namespace="/desk")
            io.on("interventions", self._told, namespace="/desk")
            io.on("*", lambda *_: None, namespace="/desk")
            await io.connect(address, namespaces=["/desk"], transports=["websocket"])
        if self._joined != session:
            self.questions = {}
            answer = await self._call("join", {"session": session})
            if "refusal" in answer:
                raise ConnectionError(f"{session} can't be joined: {answer['refusal']}")
            self._joined = session
            self._told(answer["news"]["interventions"])

    def _opened(self, *arguments: Any, **more: Any) -> aiohttp.ClientWebSocketResponse:
        socket = aiohttp.ClientWebSocketResponse(*arguments, **more)
        self._sockets.append(socket)
        return socket

    def _told(self, body: dict[str, Any] | None) -> None:
        self.questions |= {item["id"]: item["status"] for item in (body or {}).get("items", ())}

    async def _call(self, event: str, body: dict[str, Any]) -> dict[str, Any]:
        """Raises ConnectionError when the line breaks meanwhile."""
        assert self._io is not None
        called = asyncio.ensure_future(self._io.call(event, body, namespace="/desk", timeout=self._patience_s))
        gone = asyncio.ensure_future(self._gone.wait())
        try:
            await asyncio.wait({called, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not called.done():
                raise ConnectionError("The line broke.")
            return dict(called.result())
        finally:
            for each in (called, gone):
                each.cancel()
            await asyncio.gather(called, gone, return_exceptions=True)
