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


class _Line:
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
        """All that were opened: of one that breaks in its handshake the library knows nothing any more."""

    def _opened(self, *arguments: Any, **more: Any) -> aiohttp.ClientWebSocketResponse:
        socket = aiohttp.ClientWebSocketResponse(*arguments, **more)
        self._sockets.append(socket)
        return socket

    async def close(self, patience_s: float) -> None:
        """Let go of it; it may be open or not."""
        self.gone.set()
        try:
            for goes in (self.io.disconnect, *(socket.close for socket in self._sockets)):
                with suppress(TimeoutError):  # Of a server that was stopped.
                    async with asyncio.timeout(patience_s):
                        await goes()
        finally:
            await self.http.close()


class PersistentDesk:
    """A technician's page, which comes back after each cut. Several may send at it at a time, in the same session."""

    def __init__(
        self, addresses: Sequence[str], token: str, *, again_s: float = AGAIN_S, patience_s: float = PATIENCE_S
    ) -> None:
        """`addresses`: of the server, or of several of one house, which are tried in turn."""
        self._addresses = cycle(addresses)
        self._again_s = again_s
        self._patience_s = patience_s
        self._token = token
        self._line: _Line | None = None
        self._opening = asyncio.Lock()
        """Its holder opens or closes a line."""
        self.questions: dict[str, str] = {}
        """Where each stands, in the session that it has joined."""

    async def send(self, session: SessionId, event: str, body: dict[str, Any]) -> dict[str, Any]:
        """Join the session if need be, and send until it is answered; the answer, which may hold a refusal."""
        loop = asyncio.get_running_loop()
        leaves = loop.time() + self._patience_s
        while True:
            line = None
            try:
                line = await self._join(session)
                answer = await self._call(line, event, body)
            except LOST:
                await self._leave(line)
                await asyncio.sleep(self._again_s)
                continue
            if answer.get("refusal", {}).get("code") not in BUSY:
                return answer
            if (
                loop.time() > leaves
            ):  # A server that can do nothing for so long: as a proxy does that asks for readiness.
                await self._leave(line)
                leaves = loop.time() + self._patience_s
            await asyncio.sleep(self._again_s)

    async def standing(self, session: SessionId) -> dict[str, str]:
        """Where each question of a session stands, as far as the desk was told."""
        while True:
            try:
                await self._join(session)
                return self.questions
            except LOST:
                await asyncio.sleep(self._again_s)

    async def close(self) -> None:
        """Go away."""
        await self._leave(self._line)

    async def _leave(self, line: _Line | None) -> None:
        """Let go of a line that is of no use, unless somebody else has done so already."""
        async with self._opening:
            if line is not None and self._line is line:
                self._line = None
                await line.close(min(GOODBYE_S, self._patience_s))

    async def _join(self, session: SessionId) -> _Line:
        """The line, in that session. One that can't be opened, or doesn't let in, is let go of; raises `LOST` then."""
        async with self._opening:
            line = self._line
            try:
                async with asyncio.timeout(self._patience_s):
                    if line is None or line.gone.is_set():
                        if line is not None:
                            await line.close(min(GOODBYE_S, self._patience_s))
                        line = self._line = _Line()
                        await self._open(line)
                    if line.joined != session:
                        self.questions = {}
                        answer = await self._call(line, "join", {"session": session})
                        if "refusal" in answer:
                            raise ConnectionError(f"{session} can't be joined: {answer['refusal']}")
                        line.joined = session
                        self._told(answer["news"]["interventions"])
            except LOST:
                self._line = None
                if line is not None:
                    await line.close(min(GOODBYE_S, self._patience_s))
                raise
            return line

    async def _open(self, line: _Line) -> None:
        address = next(self._addresses)
        # The page to which it leads is not loaded: a server that has just started would make it first.
        async with line.http.get(f"{address}/enter/{self._token}", allow_redirects=False) as entered:
            entered.raise_for_status()
        line.io.on("disconnect", lambda *_: line.gone.set(), namespace="/desk")
        line.io.on("interventions", self._told, namespace="/desk")
        line.io.on("*", lambda *_: None, namespace="/desk")
        await line.io.connect(address, namespaces=["/desk"], transports=["websocket"])

    def _told(self, body: dict[str, Any] | None) -> None:
        self.questions |= {item["id"]: item["status"] for item in (body or {}).get("items", ())}

    async def _call(self, line: _Line, event: str, body: dict[str, Any]) -> dict[str, Any]:
        """Raises ConnectionError when the line breaks meanwhile."""
        called = asyncio.ensure_future(line.io.call(event, body, namespace="/desk", timeout=self._patience_s))
        gone = asyncio.ensure_future(line.gone.wait())
        try:
            await asyncio.wait({called, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not called.done():
                raise ConnectionError("The line broke.")
            return dict(called.result())
        finally:
            for each in (called, gone):
                each.cancel()
            await asyncio.gather(called, gone, return_exceptions=True)
