"""The strangers' test at the staff's Socket.IO: each role receives only what is meant for it, and
nothing of a hub's lane.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import socketio

from moothall.adapters.store.sqlite_file import FILE_NAME
from moothall.app.hall import RunningServer, hall
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Role
from moothall.core.kernel.lanes import STAFF, Feed
from moothall.core.rules.authority import STAFF_ROLES
from moothall.settings.sections import EngineSection as EngineSettings
from moothall.settings.sections import Server, Settings, Translation
from support.sessions.every_event import FLOOR, HIDDEN, SESSION, rows, write

LANES = Feed(FLOOR, live=True).lanes | {STAFF}
THEIRS = [kind for lane, kind, _ in rows(ev.Access.PUBLIC)[1:] if lane in LANES]
"""The types of the events that desks get after the first, in order."""
OVERSEERS = {Role.TECHNICIAN, Role.SECRETARIAT}
LEADERS = OVERSEERS | {Role.CHAIR, Role.MODERATOR}


class Desk:
    """A stock client, and what it was told."""

    def __init__(self, client: socketio.AsyncClient) -> None:
        self.client = client
        self.kinds = set[str]()
        self.types = list[str]()
        self.whole = asyncio.Event()
        client.on("*", self._hear, namespace="/desk")

    async def _hear(self, kind: str, body: object) -> None:
        self.kinds.add(kind)
        if kind == "frame" and isinstance(body, dict):
            self.types += [event["body"]["type"] for event in body.get("events", ())]
        if len(self.types) >= len(THEIRS):
            self.whole.set()

    async def join(self, namespace: str = "/desk", **wish: str) -> dict[str, object]:
        answer: dict[str, object] = await self.client.call("join", wish, namespace=namespace, timeout=60)
        return answer


@asynccontextmanager
async def at_desk(running: RunningServer, role: Role) -> AsyncIterator[Desk]:
    """With a link for the open session and no other. Raises socketio's ConnectionError where nobody is let in."""
    _, token = await running.backend.links.create(role, f"session:{SESSION}", "kisumu")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with http.get(f"{running.address}/enter/{token}", allow_redirects=False) as entered:
            assert entered.status == 303
        desk = Desk(socketio.AsyncClient(reconnection=False, http_session=http))
        await desk.client.connect(
            running.address, namespaces=["/desk", "/control"], transports=["websocket"], wait_timeout=60
        )
        try:
            yield desk
        finally:
            await desk.client.disconnect()


def code(answer: dict[str, object]) -> object:
    refusal = answer.get("refusal")
    return refusal["code"] if isinstance(refusal, dict) else None


async def test_each_role_is_told_what_is_for_it(tmp_path: Path) -> None:
    await write(tmp_path / FILE_NAME, SESSION, ev.Access.PUBLIC)
    await write(tmp_path / FILE_NAME, HIDDEN, ev.Access.STAFF)
    settings = Settings(
        server=Server(port=0, data=str(tmp_path)),
        engine=EngineSettings(count=0),
        translation=Translation(translators=()),
    )
    async with hall(settings) as running:
        with pytest.raises(socketio.exceptions.ConnectionError):
            async with at_desk(running, Role.READER):
                pass
        async with at_desk(running, Role.HUB) as hub:
            assert code(await hub.join(session=SESSION)) == "forbidden"
            assert code(await hub.join("/control")) == "forbidden"
            assert hub.kinds == {"pulse"}, "which holds nothing"
        for role in sorted(STAFF_ROLES):
            async with at_desk(running, role) as desk:
                cards = await desk.join("/control")
                assert code(cards) == (None if role in OVERSEERS else "forbidden"), role
                assert str(HIDDEN) not in str(cards), "a link reaches its own meeting"
                assert code(await desk.join(session=HIDDEN)) == "unknown"
                shown = await desk.join(session=SESSION, after="e1:1")
                news = set(shown["news"]) if isinstance(shown["news"], dict) else set()
                async with asyncio.timeout(60):
                    await desk.whole.wait()
                assert desk.types == THEIRS, role
                led = {"interventions", "balance"}
                assert (news | desk.kinds) & led == (led if role in LEADERS else set()), role
