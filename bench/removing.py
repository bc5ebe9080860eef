"""Words are removed from a record: how long until they are gone from all reports that repeat them.

    .venv/bin/python bench/removing.py                        # 200 of 1,100 lines, 100 reports

A server with one session of bench/exports.py, and reports that all cite it. A report has a section, drafted in several
wordings, and messages that quote lines of the session in quotation marks; in one of ten what it quotes is removed. What
is measured is the act of a desk, `remove`, from its command to its answer.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import socketio

from bundles import fill
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.store.sqlite_file import FILE_NAME
from moothall.app.hall import RunningServer, hall
from moothall.core.events import outcomes as oe
from moothall.core.events import types as ev
from moothall.core.events.outcome_parts import Citation, MessageKind, PublishedMessage, PublishedSection
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import CitationId, MessageId, SegmentId, SessionId
from moothall.core.sessions.parts import Segment
from moothall.services.outcomes.outcome_logs import report_of
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from outcomes import FLOOR, LINES
from scoring import cpu_model
from stale import settled
from support.sessions.recorder import Recorder

SPOKEN = SessionId("session-000")
REPORTS, MESSAGES, WORDINGS = 100, 6, 20
REMOVED = 200
GOAL_S = 2.0


def quoting(lines: list[str], at: int) -> str:
    """A message of a rapporteur's with a quotation."""
    words = lines[at % len(lines)].split()
    return f"It was said that “{' '.join(words[:12])}”, and most of the room was of that mind."


async def report(log: SqliteLog, n: int, lines: list[tuple[SegmentId, str]]) -> None:
    """Write a published report of another session, which cites lines and quotes them."""
    texts = [text for _, text in lines]
    session = SessionId(f"reported-{n:03d}")
    recorder = Recorder(report_of(session))
    # Of ten reports one quotes the first lines, which are removed.
    first = n * MESSAGES % REMOVED if n % 10 == 0 else REMOVED + n * MESSAGES % (len(lines) - REMOVED - MESSAGES)
    cited = [
        Citation(
            id=CitationId(f"c{at}"), session=SPOKEN, offset=1, channel=FLOOR, first=lines[at][0], last=lines[at][0]
        )
        for at in range(first, first + MESSAGES)
    ]
    messages = tuple(
        PublishedMessage(
            id=MessageId(f"m{at}"), kind=MessageKind.VIEW, text=quoting(texts, first + at), citations=(each,)
        )
        for at, each in enumerate(cited)
    )
    section = "\n\n".join(quoting(texts, first + at * 3) for at in range(4))
    records = [
        recorder.record(ev.SessionCreated(title="Report", languages=("en",), kind=ev.LogKind.REPORT)),
        recorder.record(ev.SessionArranged(access=ev.Access.PUBLIC, sound=ev.SoundKept.NONE)),
        recorder.record(oe.ReportAssigned(session=session, template="session")),
        *(
            recorder.record(oe.SectionWritten(section="issues", text=f"{section} ({revision})", revision=revision))
            for revision in range(1, WORDINGS + 1)
        ),
        recorder.record(
            oe.ReportPublished(
                n=1,
                session=session,
                title="Report",
                language="en",
                template="session",
                sections=(PublishedSection(id="issues", heading="Issues", text=section),),
                messages=messages,
            )
        ),
    ]
    head = await log.acquire(report_of(session), recorder.epoch)
    await log.append(report_of(session), head.term, 0, records)


def spoken(running_lines: list[Segment]) -> list[tuple[SegmentId, str]]:
    return [(line.id, line.whole) for line in running_lines if line.channel == FLOOR and not line.gone]


async def lines_of(data: Path, settings: Settings) -> list[tuple[SegmentId, str]]:
    async with hall(settings) as running:
        live = await running.backend.sessions.find(SPOKEN)
        assert live is not None  # it was filled
        return spoken([line for _, line in live.state.segments.items()])


@asynccontextmanager
async def at_a_desk(running: RunningServer) -> AsyncIterator[socketio.AsyncClient]:
    """Connect to the desk of the session as the secretariat."""
    _, token = await running.backend.links.create(Role.SECRETARIAT, f"session:{SPOKEN}", "office")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with http.get(f"{running.address}/enter/{token}", allow_redirects=False):
            client = socketio.AsyncClient(reconnection=False, http_session=http)
        await client.connect(running.address, namespaces=["/desk"], transports=["websocket"], wait_timeout=60)
        try:
            await client.call("join", {"session": SPOKEN}, namespace="/desk", timeout=60)
            yield client
        finally:
            await client.disconnect()


async def main(reports: int, lines: int, removed: int) -> None:
    """Write the logs, and measure."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        settings = Settings(
            server=Server(port=0, data=folder), engine=EngineSection(count=0), translation=Translation(translators=())
        )
        async with hall(settings):  # It makes the signing key, which has to be older than the session.
            pass
        await fill(data, 1, lines)
        said = await lines_of(data, settings)
        log = await SqliteLog.open(data / FILE_NAME)
        try:
            for n in range(reports):
                await report(log, n, said)
        finally:
            await log.close()
        print(f"{cpu_model()}, Python {platform.python_version()}; {reports} reports, {removed} of {len(said)} lines\n")
        wish = {"id": "removed", "removes": {"type": "lines", "segments": [name for name, _ in said[:removed]]}}
        async with hall(settings) as running, at_a_desk(running) as client:
            await settled()
            began, worked = time.perf_counter(), time.process_time()
            answer = await client.call("remove", wish, namespace="/desk", timeout=60)
            took, worked = time.perf_counter() - began, time.process_time() - worked
            if "receipt" not in answer:
                raise SystemExit(f"The lines can't be removed: {answer}")
            again = 0
            for n in range(reports):
                live = await running.backend.sessions.find(report_of(SessionId(f"reported-{n:03d}")))
                newest = None if live is None else live.state.outcomes.report.newest
                again += newest is not None and newest.redacted
            print(f"| removed | {took:.2f} s | CPU {worked:.2f} s | {again} reports had the words |")
    print(f"\nThe goal is {GOAL_S:g} s.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--reports", type=int, default=REPORTS)
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--removed", type=int, default=REMOVED)
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.reports, given.lines, given.removed)))
