"""A real server's session with two lines, and people at its desks who have words removed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import socketio

from moothall.app.hall import RunningServer
from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId, SpeakerId
from moothall.services.log.act_queue import Receipt
from support.desks.socket import ANSWER_S

FLOOR, SESSION, OTHER = ChannelId("floor"), SessionId("hearing"), SessionId("other")
HIDDEN = "rhubarb"
ANA = SpeakerId("ana")
HEARING = do.CreateSession(title="Hearing", languages=("en",))


async def held(running: RunningServer, session: SessionId = SESSION, made: do.CreateSession = HEARING) -> None:
    """Make a session with a line of nobody and a line of Ana's, which has the word `HIDDEN`."""
    live = await running.backend.sessions.open(session)
    engine = Actor(Role.ENGINE, "e")
    acts: list[tuple[Actor, do.AnyCommand]] = [
        (SYSTEM, made),
        (SYSTEM, do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",))),
        (SYSTEM, do.OpenSession()),
        (SYSTEM, do.AttachEngine(channel=FLOOR, model="m")),
        (SYSTEM, do.IntroduceSpeaker(speaker=ANA, name="Ana Souza")),
    ]
    for line, speaker, texts in (("a", None, ("Good", " day.")), ("b", ANA, ("So", f" {HIDDEN}", " it is."))):
        t0 = 0 if speaker is None else 2_000
        words = tuple(le.Word(text, t0 + 500 * n, t0 + 500 * n + 400) for n, text in enumerate(texts))
        segment = SegmentId(line)
        start = do.SegmentStart(t0=t0, language="en")
        acts += [
            (SYSTEM, do.SetSpeaker(channel=FLOOR, speaker=speaker)),
            (engine, do.CommitWords(channel=FLOOR, generation=1, segment=segment, first=0, words=words, start=start)),
            (
                engine,
                do.EndSegment(
                    channel=FLOOR, generation=1, segment=segment, t1=words[-1].t1, reason=le.EndReason.SENTENCE
                ),
            ),
        ]
    for n, (by, command) in enumerate(acts):
        answer = await live.writer.send(by, CommandId(f"c{n}"), command)
        assert isinstance(answer, Receipt), answer


async def published(running: RunningServer) -> None:
    """Close the session, with its text and sound for everybody, and wait until the search has it."""
    live = await running.backend.sessions.open(SESSION)
    public = do.ArrangeSession(access=ev.Access.PUBLIC, sound=ev.SoundKept.PUBLISHED)
    answer = await live.writer.send(SYSTEM, CommandId("publish"), [public, do.CloseSession()])
    assert isinstance(answer, Receipt), answer
    await running.backend.indexing.catch_up()


@asynccontextmanager
async def at_a_desk(running: RunningServer, role: Role) -> AsyncIterator[socketio.AsyncClient]:
    """Connect to the desk in a role, and join the session."""
    _, token = await running.backend.links.create(role, f"session:{SESSION}", "somebody")
    jar = aiohttp.CookieJar(unsafe=True)  # keeps cookies of an IP address too
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        async with http.get(f"{running.address}/enter/{token}", allow_redirects=False):
            client = socketio.AsyncClient(reconnection=False, http_session=http)
        await client.connect(running.address, namespaces=["/desk"], transports=["websocket"], wait_timeout=60)
        try:
            await client.call("join", {"session": SESSION}, namespace="/desk", timeout=ANSWER_S)
            yield client
        finally:
            await client.disconnect()


async def asked(client: socketio.AsyncClient, name: str, selection: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = await client.call(
        "remove", {"id": name, "removes": selection}, namespace="/desk", timeout=ANSWER_S
    )
    return answer


async def concerned(client: socketio.AsyncClient, selection: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = await client.call("concerned", {"removes": selection}, namespace="/desk", timeout=ANSWER_S)
    return answer
