"""A line that many reports cite is mended: how long until the page of each shows what it reads now.

    .venv/bin/python bench/stale.py                           # 100 reports of sessions of an hour cite one line

A server with the sessions of bench/exports.py; the published report of each cites the same line of the first, which is
what a mended line costs most. All pages are asked for over HTTP, a few at a time, before the line is mended and again
right after: a page counts once it has the new words and says that they were mended.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from html import unescape
from pathlib import Path
from typing import NamedTuple

import aiohttp

from bundles import fill
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.store.sqlite_file import FILE_NAME
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events import outcomes as oe
from moothall.core.events import types as ev
from moothall.core.events.outcome_parts import Citation, MessageKind, PublishedMessage
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import CitationId, CommandId, MessageId, SegmentId, SessionId
from moothall.services.log.act_queue import Receipt
from moothall.services.outcomes.outcome_logs import report_of
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from outcomes import FLOOR, LINES, segments_of
from scoring import cpu_model
from support.sessions.recorder import Recorder

CITED = SessionId("session-000")
MENDED = "This is what was said, as somebody mended it."
WHOLE, STALE = ("This was said, too.",), (MENDED, "The text was mended after it was quoted. Both are here.")
"""What a page has to show before and after that."""
AT_ONCE = 4
"""Pages that are asked for at a time."""
IDLE_S = 0.1
"""Processor time within a second below which a server is idle."""
GOAL_S = 2.0


class Round(NamedTuple):
    """What the pages took."""

    last: float
    """Until the last page was there, s."""
    longest: float
    """The longest of a page, s."""
    right: int
    """Pages that show the words that are looked for."""


async def report(log: SqliteLog, session: SessionId, segment: SegmentId, offset: int) -> None:
    """Write the published report of a session, with one message that cites the line."""
    cited = Citation(id=CitationId("c"), session=CITED, offset=offset, channel=FLOOR, first=segment, last=segment)
    message = PublishedMessage(
        id=MessageId("m"), kind=MessageKind.AGREED, text="This was said, too.", citations=(cited,)
    )
    name = report_of(session)
    recorder = Recorder(name)
    records = [
        recorder.record(ev.SessionCreated(title="Report", languages=("en",), kind=ev.LogKind.REPORT)),
        recorder.record(ev.SessionArranged(access=ev.Access.PUBLIC, sound=ev.SoundKept.NONE)),
        recorder.record(oe.ReportAssigned(session=session, template="message-sheet")),
        recorder.record(
            oe.ReportPublished(
                n=1,
                session=session,
                title="Report",
                language="en",
                template="message-sheet",
                sections=(),
                messages=(message,),
            )
        ),
    ]
    head = await log.acquire(name, recorder.epoch)
    await log.append(name, head.term, 0, records)


async def mend(running: RunningServer, segment: SegmentId) -> None:
    """Mend the cited line."""
    live = await running.backend.sessions.find(CITED)
    line = None if live is None else live.state.segments.get(segment)
    if live is None or line is None:
        raise SystemExit("The cited line isn't there.")
    fix = do.CorrectSegment(
        channel=FLOOR, segment=segment, base_revision=line.revision, base_words=len(line.words), text=MENDED
    )
    answer = await live.writer.send(Actor(Role.SECRETARIAT, "office"), CommandId("mended"), fix)
    if not isinstance(answer, Receipt):
        raise SystemExit(f"The line can't be mended: {answer}.")


async def read(http: aiohttp.ClientSession, address: str, sessions: Sequence[SessionId], words: Sequence[str]) -> Round:
    """Ask for the page of each report; `words` are those that a page has to show."""
    began, turns = time.perf_counter(), asyncio.Semaphore(AT_ONCE)

    async def page(session: SessionId) -> tuple[float, bool]:
        async with turns:
            asked = time.perf_counter()
            async with http.get(f"{address}/s/{session}/outcome?ui=en") as answer:
                text = unescape(await answer.text())
            return time.perf_counter() - asked, answer.status == 200 and all(each in text for each in words)

    found = await asyncio.gather(*map(page, sessions))
    return Round(time.perf_counter() - began, max(took for took, _ in found), sum(right for _, right in found))


async def settled() -> None:
    """Wait until the server works no more: when it begins, it looks at all logs."""
    before = -1.0
    while time.process_time() - before > IDLE_S:
        before = time.process_time()
        await asyncio.sleep(1)


async def main(count: int, lines: int) -> None:
    """Write the logs, and measure."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        settings = Settings(
            server=Server(port=0, data=folder), engine=EngineSection(count=0), translation=Translation(translators=())
        )
        async with hall(settings):  # It makes the signing key, which has to be older than the sessions.
            pass
        await fill(data, count, lines)
        log = await SqliteLog.open(data / FILE_NAME)
        try:
            sessions = sorted(await log.sessions())
            segment, offset = (await segments_of(log, CITED))[lines // 2]
            for each in sessions:
                await report(log, each, segment, offset)
        finally:
            await log.close()
        print(f"{cpu_model()}, Python {platform.python_version()}; {count} reports that cite one line\n")
        print("| pages | all there s | CPU s | longest of one ms | right |\n|---|--:|--:|--:|--:|")
        async with hall(settings) as running, aiohttp.ClientSession() as http:
            for what in ("first", "again", "after the line was mended", "after that, again"):
                await settled()
                began, worked = time.perf_counter(), time.process_time()
                if "was mended" in what:
                    await mend(running, segment)
                made = time.perf_counter() - began
                words = STALE if "after" in what else WHOLE
                found = await read(http, running.address, sessions, words)
                worked = time.process_time() - worked
                row = f"| {what} | {made + found.last:.2f} | {worked:.2f} | {found.longest * 1000:.0f} |"
                print(f"{row} {found.right} of {count} |")
        print(f"\nThe goal is {GOAL_S:g} s for the third row, the mending itself included.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--lines", type=int, default=LINES)
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.sessions, given.lines)))
