"""What strangers find and take of a meeting, by who may read it: before it, while it goes on, and when it is over.

An imported meeting, with its ground and without, is at these doors in `test_imported_everywhere.py`.
"""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from msgspec.structs import replace

from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events.types import Access, ChannelKind, SoundKept
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from support.files.unpacked import unpacked
from support.halls.removal import FLOOR, HEARING, held

BEFORE, WHILE, AFTER = MEETINGS = tuple(SessionId(f"meeting-{when}") for when in ("before", "while", "after"))
IN_LISTS = {
    "/news.atom": {WHILE, AFTER},
    "/news.json": {WHILE, AFTER},
    "/sitemap.xml": {BEFORE, WHILE, AFTER},
    "/withdrawals.json": {BEFORE, WHILE, AFTER},
    "/records.jsonl": {AFTER},
    "/bundle.zip": {AFTER},
    "/proceedings.epub": {AFTER},
    "/openapi.json": set[SessionId](),
}
"""Which meetings that everybody may read are in what is said of all."""
IN_NONE = {path: set[SessionId]() for path in IN_LISTS}
BY_NAME = {
    "/oembed?url=/s/{}": (200, 200, 200),
    "/oembed?url=/s/{}/line/b": (404, 200, 200),
    "/s/{}/record.docx": (200, 200, 200),
    "/s/{}/bundle.zip": (409, 409, 200),
    "/news.json?session={}": (200, 200, 200),
}
"""The status of what is said of one meeting that everybody may read, for whoever knows its name."""
REHEARSED = BY_NAME | {"/s/{}/bundle.zip": (404, 404, 404), "/news.json?session={}": (404, 404, 404)}
UNNAMED = BY_NAME | {"/news.json?session={}": (404, 404, 404)}
NOTHING = dict.fromkeys(BY_NAME, (404, 404, 404))


async def send(running: RunningServer, session: SessionId, *commands: do.AnyCommand) -> None:
    live = await running.backend.sessions.open(session)
    for command in commands:
        answer = await live.writer.send(SYSTEM, CommandId(type(command).__name__.lower()), command)
        assert isinstance(answer, Receipt), answer


@pytest.mark.parametrize(
    ("made", "listed", "in_lists", "by_name"),
    [
        pytest.param({}, True, IN_LISTS, BY_NAME, id="public"),
        pytest.param({}, False, IN_NONE, UNNAMED, id="in no list"),
        pytest.param({"young_people": True}, True, IN_LISTS, BY_NAME, id="young people"),
        pytest.param({"rehearsal": True}, True, IN_NONE, REHEARSED, id="rehearsal"),
        pytest.param({"access": Access.LINK}, True, IN_NONE, NOTHING, id="by link"),
        pytest.param({"access": Access.STAFF}, True, IN_NONE, NOTHING, id="staff"),
    ],
)
async def test_strangers_take_what_everybody_may_read_at_each_door(
    tmp_path: Path,
    made: dict[str, object],
    listed: bool,
    in_lists: dict[str, set[SessionId]],
    by_name: dict[str, tuple[int, ...]],
) -> None:
    settings = Settings(
        server=Server(port=0, data=str(tmp_path)),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )
    async with hall(settings) as running, aiohttp.ClientSession(headers={"Accept-Language": "en"}) as http:

        async def get(path: str) -> tuple[int, bytes]:
            async with http.get(running.address + path) as answer:
                return answer.status, unpacked(await answer.read())

        created = replace(HEARING, **made)
        await send(running, BEFORE, created, do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)))
        for session in (WHILE, AFTER):
            await held(running, session, created)
        if not listed:
            for session in MEETINGS:
                await send(
                    running, session, do.ArrangeSession(access=Access.PUBLIC, sound=SoundKept.NONE, listed=False)
                )
        await send(running, AFTER, do.CloseSession())
        for path, names in in_lists.items():
            _, body = await get(path)
            assert {name for name in MEETINGS if name.encode() in body} == names, path
        for path, statuses in by_name.items():
            assert tuple([(await get(path.format(name)))[0] for name in MEETINGS]) == statuses, path
