"""The quality of a text, from the log to readers and records, and that nothing of removed words is left in it."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import aiohttp

from moothall.adapters.pages.catalogues import NO_BREAK
from moothall.adapters.pages.meeting_texts import AND
from moothall.app.hall import RunningServer, hall
from moothall.core.commands import (
    AddChannel,
    AnyCommand,
    AttachEngine,
    CommitWords,
    CorrectSegment,
    CreateSession,
    EndSegment,
    OpenSession,
    SegmentStart,
)
from moothall.core.events.lines import EndReason, Word
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.removal.selection import Lines
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import EngineSection, Server, Settings, Translation

S, FLOOR = SessionId("plenary"), ChannelId("floor")
ENGINE, TECHNICIAN = Actor(Role.ENGINE, "scripted"), Actor(Role.TECHNICIAN, "t1")
LINE = re.compile(r"<p[^>]*>([^<]*words a minute[^<]*)</p>")


async def do(running: RunningServer, name: str, *commands: AnyCommand, by: Actor = SYSTEM) -> None:
    live = await running.backend.sessions.open(S)
    answer = await live.writer.send(by, CommandId(name), commands)
    assert isinstance(answer, Receipt), answer


async def said(running: RunningServer) -> None:
    """Sixty words in the first tenth of a second, one line of two corrected."""
    await do(
        running,
        "begin",
        CreateSession(title="Plenary", languages=("en",)),
        AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),
        OpenSession(),
        AttachEngine(channel=FLOOR, model="scripted"),
    )
    for n, name in enumerate(("a", "b")):
        words = tuple(Word(" word", 50 * n, 50 * (n + 1)) for _ in range(30))
        start = SegmentStart(t0=50 * n, language="en")
        segment = SegmentId(name)
        commit = CommitWords(channel=FLOOR, generation=1, segment=segment, first=0, words=words, start=start)
        end = EndSegment(channel=FLOOR, generation=1, segment=segment, t1=words[-1].t1, reason=EndReason.SENTENCE)
        await do(running, f"words-{name}", commit, end, by=ENGINE)
    mended = CorrectSegment(channel=FLOOR, segment=SegmentId("a"), base_revision=0, base_words=30, text="Words.")
    await do(running, "correct", mended, by=Actor(Role.CAPTIONER, "c1"))


async def told(running: RunningServer, http: aiohttp.ClientSession) -> tuple[list[str], Any]:
    """The line of the page and of the record, and the record's figures."""
    lines: list[str] = []
    for address in ("/s/plenary", "/s/plenary/record.html"):
        async with http.get(address) as response:
            assert response.status == 200
            lines += map(unescape, LINE.findall(await response.text()))
    async with http.get("/s/plenary/record.json") as response:
        return lines, (await response.json())["quality"]


async def test_everybody_is_told_the_same_and_nothing_is_left_of_what_is_removed(tmp_path: Path) -> None:
    settings = Settings(
        server=Server(port=0, data=str(tmp_path / "data")),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )
    async with hall(settings) as running, aiohttp.ClientSession(running.address) as http:
        await said(running)
        before = await told(running, http)
        (line, same), figures = before
        assert line == same
        assert line.startswith("Typical delay ")
        assert line.endswith(f"{AND}50{NO_BREAK}% of lines corrected by people{AND}36000 words a minute{AND}English")
        assert figures["corrected"] == {"lines": 1, "by_machine": 0, "by_person": 1}
        assert (figures["words"], figures["languages"], figures["gaps"]) == (60, {"en": 60}, 0)
        assert 50 <= figures["delay"]["p50"] <= figures["delay"]["p95"]
    async with hall(settings) as running, aiohttp.ClientSession(running.address) as http:
        assert await told(running, http) == before  # from the log alone
        live = await running.backend.sessions.open(S)
        answer = await live.writer.remove(TECHNICIAN, CommandId("r"), Lines((SegmentId("a"),)))
        assert isinstance(answer, Receipt), answer
        assert await told(running, http) == ([], None)
        assert {name for text in live.writer.quality.texts.values() for name, _ in text.newer.items()} == {"b"}
        assert live.writer.quality.texts[FLOOR].figures.corrected == 0
