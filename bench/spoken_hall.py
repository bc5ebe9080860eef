"""A centre for hubs, in a process of its own: a meeting in which somebody speaks, at their pace or ten minutes at once.

    python bench/spoken_hall.py DATA PORT [AHEAD_S]

Prints one line of JSON when its doors are open: its address. Then each line on standard input is an order as JSON, and
is answered by a line:

    {"hub": "Kisumu"}       make a hub if need be, and words for it {"words": "acorn river …", "hub": "kisumu"}
    {"say": 600}            so many seconds of speech, at once      {"offset": 1234}
    {"talk": true}          somebody speaks from now on             {"offset": 1234}
    {"talk": false}         nobody does                             {"offset": 1234}
    {"next": true}          another meeting from now on             {"session": "plenary-2", …}
    {"sign": true}          a checkpoint                            {"offset": 1234}
    {"write": "Oui.", "language": "fr"}  a line of the text in that language  {"offset": 1234}
    {"close": true}         the meeting is over                     {"offset": 1234}
    {"link": "moderator"}   a link for somebody of the staff        {"link": "http://…/enter/…"}
    {"look": true}          what the log holds                      {"offset": 1234, "line": 1230, "asked": ["…"]}

`line` is the offset of the event that ended the last finished line. When speech is said at once the clock runs ahead as
if the time had passed, so that the log has the times and checkpoints that it would have had. `AHEAD_S`: how far back
that clock begins, so that it ends at the true time.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

from moothall.adapters.system.clock import SystemClock
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.events.types import ChannelKind
from moothall.core.hubs.entry import Details
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.services.log.act_queue import Receipt
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.staff import HALL, hub_name
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from speaking import FLOOR, ShiftedClock, Speaker, begin

SESSION = SessionId("plenary")
LIFE = f"{os.getpid()}"


class Centre:
    """Carries out orders of standard input."""

    def __init__(
        self, running: RunningServer, live: LiveSession, clock: ShiftedClock, group: asyncio.TaskGroup
    ) -> None:
        self._hall = running
        self._live = live
        self._clock = clock
        self._group = group
        self._speaker = Speaker(live, clock, LIFE)
        self._talking: asyncio.Task[None] | None = None
        self._line = 0
        self._meetings = 1
        self._done = 0
        running.backend.sessions.observe(self._published)

    async def order(self, told: dict[str, Any]) -> dict[str, Any]:
        """Carry out one order; returns the answer."""
        if "hub" in told:
            name = hub_name(told["hub"])
            if self._hall.backend.hubs.get(name) is None:
                made = await self._hall.backend.hubs.add(told["hub"], Details())
                assert not isinstance(made, Refusal), made
            return {"words": " ".join(await self._hall.backend.pairing.words(name) or ()), "hub": name}
        if "link" in told:
            _, token = await self._hall.backend.links.create(Role(told["link"]), HALL, told["link"])
            return {"link": f"{self._hall.address}/enter/{token}"}
        if "next" in told:
            await self._begin_another()
        if "write" in told:
            await self._write(told["write"], told["language"])
        if "close" in told:
            await self._do(SYSTEM, do.CloseSession())
        if "say" in told:
            await self._speaker.at_once(1_000 * told["say"])
        if "sign" in told:
            await self._speaker.sign()
        if told.get("talk"):
            self._talking = self._group.create_task(self._speaker.as_live())
        elif "talk" in told:
            self.hush()
        asked = [each.text for each in self._asked()]
        offset = self._live.writer.handed_on
        return {"session": self._live.id, "offset": offset, "line": self._line, "asked": asked}

    async def _begin_another(self) -> None:
        self._meetings += 1
        self._live = await self._hall.backend.sessions.open(SessionId(f"{SESSION}-{self._meetings}"))
        await begin(self._live, LIFE)
        self._speaker = Speaker(self._live, self._clock, LIFE)

    def hush(self) -> None:
        """Stop the speech."""
        if self._talking is not None:
            self._talking.cancel()

    def _published(self, _: LiveSession, publication: Publication) -> None:
        for record in publication.records:
            if record.header.type == "segment.ended":
                self._line = record.header.offset

    async def _write(self, text: str, language: str) -> None:
        channel = FLOOR if language == "en" else ChannelId(language)
        if channel not in self._live.state.channels:
            await self._do(
                SYSTEM, do.AddChannel(channel=channel, kind=ChannelKind.INTERPRETATION, languages=(language,))
            )
        segment = SegmentId(f"written-{LIFE}-{self._done}")
        line = do.TypeSegment(channel=channel, segment=segment, text=text, language=language)
        await self._do(Actor(Role.CAPTIONER, "captioner"), line)

    async def _do(self, by: Actor, command: do.AnyCommand) -> None:
        self._done += 1
        answer = await self._live.writer.send(by, CommandId(f"ordered:{LIFE}:{self._done}"), command)
        assert isinstance(answer, Receipt), answer

    def _asked(self) -> list[Any]:
        return list(self._live.state.questions.with_status(*InterventionStatus))


async def lines() -> AsyncIterator[bytes]:
    """Yield each line of standard input."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield line


async def serve(data: str, port: int, back_s: float) -> None:
    """Run the centre until standard input ends."""
    settings = Settings(
        server=Server(port=port, data=data), engine=EngineSection(count=0), translation=Translation(translators=())
    )
    clock = ShiftedClock(SystemClock(), -round(1_000 * back_s))
    async with hall(settings, clock=clock) as running:
        live = await running.backend.sessions.open(SESSION)
        await begin(live, LIFE)
        print(json.dumps({"address": running.address}), flush=True)
        async with asyncio.TaskGroup() as group:
            centre = Centre(running, live, clock, group)
            async for line in lines():
                print(json.dumps(await centre.order(json.loads(line))), flush=True)
            centre.hush()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else 0.0))
