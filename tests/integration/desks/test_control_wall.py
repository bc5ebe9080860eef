"""*Clear the wall* from the overview, over the socket of its page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import socketio

from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from support.desks.meeting import Meeting, S, meeting
from support.sessions.questions import SOMEBODY, ask, stand


@asynccontextmanager
async def overview(on: Meeting, role: Role, scope: str = "hall") -> AsyncIterator[socketio.AsyncClient]:
    """The socket of somebody's overview."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with http.get(await on.link(role, scope)):
            pass
        client = socketio.AsyncClient(http_session=http)
        await client.connect(on.running.address, namespaces=["/control"], transports=["websocket"], wait_timeout=60)
        yield client
        await client.disconnect()


async def clears(client: socketio.AsyncClient, **wish: Any) -> Any:
    return await client.call("clear-wall", {"id": "clear-1", "session": S, **wish}, namespace="/control")


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.SECRETARIAT])
async def test_the_walls_of_one_meeting_are_emptied_once(tmp_path: Path, role: Role) -> None:
    async with meeting(tmp_path) as on:
        await on.do(ask("a"), by=SOMEBODY)
        await on.do(
            stand(InterventionStatus.QUEUED, "a"), stand(InterventionStatus.CALLED, "a"), by=Actor(Role.MODERATOR, "m1")
        )
        async with overview(on, role) as client:
            assert await clears(client) == {}
            cleared = on.live.state.wall_cleared
            assert await clears(client) == {}, "as the answer may have been lost"
        assert cleared is not None
        assert on.live.state.wall_cleared == cleared
        assert on.live.state.questions.called is None


@pytest.mark.parametrize(
    ("role", "scope", "wish"),
    [
        (Role.TECHNICIAN, "hall", {"session": "none"}),
        (Role.TECHNICIAN, "hall", {"id": "no id"}),
        (Role.TECHNICIAN, "session:another", {}),
        (Role.MODERATOR, "hall", {}),
    ],
)
async def test_elsewhere_nothing_is_emptied(tmp_path: Path, role: Role, scope: str, wish: dict[str, str]) -> None:
    async with meeting(tmp_path) as on, overview(on, role, scope) as client:
        assert (await clears(client, **wish))["refusal"]["code"] == "unknown"
        assert on.live.state.wall_cleared is None
