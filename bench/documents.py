"""The time and memory that it takes to make all files of a long session, through the door that readers ask.

    .venv/bin/python bench/documents.py                # three hours: 30,000 words, 3 languages, 60 questions
    .venv/bin/python bench/documents.py --lines 250

The session is that of `exports.py`, which measures the writers alone. Here each file is asked for from a door like that
of a server, alone and then in the bilingual form; PDF is set in a process of its own, as in a server. Beside it a task
sleeps for 1 ms again and again: how much later than that it wakes, as far as this process worked meanwhile and not
another one in its place, is how long the event loop was held.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import resource
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

# The stories are part of the tests, which are no package, so their folder has to be on the path before the next
# imports.
sys.path.extend(str(Path(__file__).resolve().parents[1] / name) for name in ("server", "hubs", "models", "tests"))

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from exports import LINES, QUESTIONS, TEXTS, told
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.reading.page_menu import can_typeset
from moothall.adapters.record.forms import TYPES
from moothall.adapters.record.record_door import RecordDoor
from moothall.adapters.system.interpreter import prepared_interpreter
from moothall.core.chain import LogRecord
from moothall.core.kernel.ids import ChannelId, Lane, SessionId
from moothall.core.views.captions import Snapshot
from moothall.record.parallel import parallel
from moothall.record.wording import Options
from moothall.services.sessions.records import NotThere, Records
from scoring import cpu_model
from support.record.golden import Golden
from support.sessions.record_maker import FLOOR

BILINGUAL = ("html", "docx", "pdf")
TICK_S = 0.001


class _Log:
    """The log of one session, read in slices as from a disk."""

    def __init__(self, records: Sequence[LogRecord]) -> None:
        self._records = records

    async def read(self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane]) -> list[LogRecord]:
        await asyncio.sleep(0)
        found: list[LogRecord] = []
        for record in self._records[after:]:  # offsets are counted from 1, without a gap
            if record.header.lane in lanes:
                found.append(record)
                if len(found) == limit:
                    break
        return found


class _OneSession(Records):
    """Records of the session."""

    def __init__(self, session: Golden) -> None:
        self.snapshots = {channel: _snapshot(session, channel) for channel in TEXTS}
        super().__init__(None, _Log(session.records))  # type: ignore[arg-type]

    async def find(
        self, session: SessionId, *, channel: ChannelId | None = None, language: str | None = None
    ) -> Snapshot | NotThere:
        return self.snapshots[channel or FLOOR]


def _snapshot(session: Golden, channel: ChannelId) -> Snapshot:
    record = session.record(channel)
    return Snapshot(
        epoch=record.position.epoch,
        offset=record.position.offset,
        feed=f"{channel}.live",
        session=record.session,
        lines=(),
        before=None,
    )


class Held:
    """How long the event loop is held."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def watch(self) -> None:
        while True:
            began, worked = time.perf_counter(), time.process_time()
            await asyncio.sleep(TICK_S)
            late = time.perf_counter() - began - TICK_S
            self.longest = max(self.longest, min(late, time.process_time() - worked))


def cpu() -> float:
    """The CPU time of this process and of its children that have ended, s."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def memory_mb() -> float:
    """The memory of this process now, MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


async def measure(session: Golden) -> None:
    forms = [form for form in TYPES if form != "pdf" or can_typeset()]
    queries = [
        *((form, f"channel={channel}") for form in forms for channel in TEXTS),
        *((form, f"channel=floor&beside={channel}") for form in BILINGUAL if form in forms for channel in TEXTS[1:]),
    ]
    app = web.Application()
    app.add_routes(RecordDoor(_OneSession(session), Pages(find_web_folder()), most_kept=1).routes())
    whole = before = memory_mb()
    most, took_all, worked_all = before, 0.0, 0.0
    async with TestClient(TestServer(app), auto_decompress=False) as client, asyncio.TaskGroup() as tasks:
        watching = Held()
        task = tasks.create_task(watching.watch())
        await client.get("/s/plenary/record.txt?ui=fr")  # the catalogue, the zone of time and the fold are there
        await asyncio.sleep(0.2)
        for form, query in queries:
            watching.longest = 0.0
            began, worked = time.perf_counter(), cpu()
            async with client.get(
                f"/s/plenary/record.{form}?{query}", headers={"Accept-Encoding": "identity"}
            ) as answer:
                body = await answer.read()
                assert answer.status == 200, body[:500]
            took = time.perf_counter() - began
            worked = cpu() - worked
            took_all, worked_all = took_all + took, worked_all + worked
            most = max(most, memory_mb())
            size, held = len(body) / 1e6, watching.longest * 1e3
            print(f"| {form} | {query} | {took:.2f} | {worked:.2f} | {size:.2f} | {held:.1f} |")
        task.cancel()
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
    print()
    print(f"All {len(queries)} files: {took_all:.1f} s, {worked_all:.1f} s of CPU.")
    print(f"The server: {whole:.0f} MB before, {most:.0f} MB at most.")
    print(f"The process that sets PDF: {child:.0f} MB at most.")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lines", type=int, default=LINES)
    given = parser.parse_args()
    session = told(given.lines)
    rows = list(parallel(session.record(FLOOR), session.record(TEXTS[-1]), Options()))
    paired = sum(bool(row.first and row.second) for row in rows)
    print(f"{len(rows):,} lines, {paired:,} of them with a translation, {QUESTIONS} questions")
    print(f"{cpu_model()}; Python {platform.python_version()}; {datetime.now(UTC):%Y-%m-%d}")
    print()
    print("| form | text | s | CPU s | MB | event loop held, ms |")
    print("|---|---|--:|--:|--:|--:|")
    with prepared_interpreter():
        asyncio.run(measure(session))


if __name__ == "__main__":
    main()
