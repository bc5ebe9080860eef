"""Two people run a room: the slower one is informed who was quicker, and the first is informed
who opened the desk too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import socketio

from moothall.app.hall import RunningServer
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Planned, RoomId
from support.desks.admin import admin_house

HALL = RoomId("main-hall")


class Desk:
    """A stock client at a desk of the room."""

    def __init__(self, client: socketio.AsyncClient) -> None:
        self._client = client
        self._alarms: asyncio.Queue[list[dict[str, object]]] = asyncio.Queue()
        client.on("alarm", self._alarms.put_nowait, namespace="/desk")

    async def ask(self, event: str, **wish: object) -> dict[str, Any]:
        answer: dict[str, Any] = await self._client.call(event, wish, namespace="/desk", timeout=60)
        return answer

    async def alarm(self, kind: str) -> dict[str, object]:
        """What is told with the next alarm of a kind."""
        while True:
            for each in await self._alarms.get():
                if each["kind"] == kind:
                    values = each["values"]
                    assert isinstance(values, dict)
                    return values


@asynccontextmanager
async def desk(running: RunningServer, session: str, *, label: str, name: str = "") -> AsyncIterator[Desk]:
    _, token = await running.backend.links.create(Role.TECHNICIAN, f"room:{HALL}", label)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with http.get(f"{running.address}/enter/{token}", allow_redirects=False) as entered:
            assert entered.status == 303
        client = socketio.AsyncClient(reconnection=False, http_session=http)
        made = Desk(client)
        await client.connect(running.address, namespaces=["/desk"], transports=["websocket"], wait_timeout=60)
        try:
            assert "desk" in await made.ask("join", session=session, name=name)
            yield made
        finally:
            await client.disconnect()


async def test_whoever_comes_second_is_told_who_was_quicker_and_who_opens_beside_is_named(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        running, secretary = house.running, await house.secretary()
        assert await secretary.send("/admin/rooms", title="Main hall") == 200
        for title in ("First", "Second", "Third"):
            made = await running.backend.programme.make(
                Planned(session=SessionId(title.lower()), room=HALL, title=title)
            )
            assert isinstance(made, Planned)
        await running.backend.programme.next_session(HALL, then=SessionId("first"))
        stale = {}
        for page, action in (("/admin", "/admin/rooms/main-hall/next"), ("/staff", "/staff/rooms/main-hall/next")):
            await secretary.get(page)
            stale[action] = secretary.hidden(action)
        async with (
            desk(running, "first", label="Desk 1", name="Amina") as amina,
            desk(running, "first", label="Desk 2") as other,
            desk(running, "second", label="Desk 3") as second,
            desk(running, "third", label="Desk 4") as third,
        ):
            assert (await amina.ask("next", id="n1", then="second"))["session"] == "second"
            refused = (await other.ask("next", id="n2", then="second"))["refusal"]
            assert (refused["code"], refused["gone_on"]) == ("conflict", {"who": "Amina", "title": "Second"})
            for action, form in stale.items():
                assert await secretary.post(action, form) == 409
                assert "\u2068Amina\u2069 has started “\u2068Second\u2069” already." in secretary.text, action
            assert (await other.ask("next"))["refusal"]["code"] == "invalid"

            opens = {"id": "o", "commands": [{"do": "open"}]}
            assert "first_know" in (await third.ask("act", **opens))["refusal"]
            assert "receipt" in await third.ask("act", **opens, anyway=True)
            assert await second.alarm("opened-same-room") == {"title": "Third", "who": "Desk 4"}
            assert await third.alarm("same-room") == {"title": "Second"}

    async with admin_house(tmp_path) as house:  # After a restart the names at the desks are gone, and links stay.
        refused = house.running.backend.programme.quicker(HALL)
        assert refused.gone_on is not None
        assert (refused.gone_on.who, refused.gone_on.title) == ("Desk 4", "Third")
