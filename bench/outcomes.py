"""An outcome document of many sessions: how long it takes to make, to publish and to show.

    .venv/bin/python bench/outcomes.py                        # 100 sessions of an hour, 600 messages, 1,500 citations
    .venv/bin/python bench/outcomes.py --sessions 10 --lines 100

The sessions are those of bench/exports.py, in one SQLite file; each has a published report. What is measured is the
service that the pages use: nothing is in its memory first, then all is. Beside it a task sleeps for 1 ms again and
again: how much later than that it wakes is how long the event loop was held.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bundles import fill
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.store.sqlite_file import FILE_NAME
from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import outcomes as oe
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.events.outcome_parts import (
    Citation,
    DocumentForm,
    MessageKind,
    MessageReference,
    PublishedMessage,
    PublishedSection,
)
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import ChannelId, CitationId, CommandId, MessageId, PolicyQuestionId, SegmentId, SessionId
from moothall.core.kernel.lanes import channel_lane
from moothall.core.outcomes import commands as oc
from moothall.core.outcomes.assembling import Answered, AssemblyWords
from moothall.services.outcomes.documents import Documents, ShownMessage
from moothall.services.outcomes.outcome_logs import OutcomeLogs, report_of
from moothall.services.outcomes.published_reports import PublishedReports
from moothall.services.outcomes.quoted_words import QuotedTexts
from moothall.services.sessions.catalogue import Entry, SessionCatalogue
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.testing.clock import LoopClock, SeededRandomness, SeededSigner
from scoring import cpu_model
from support.sessions.recorder import Recorder

FLOOR, DOCUMENT = ChannelId("floor"), SessionId("outcomes-2026")
QUESTIONS = tuple(PolicyQuestionId(f"q{number}") for number in range(8))
KINDS = tuple(MessageKind)
MESSAGES, CITED, LINES = 6, (2, 3), 833
"""Messages of a session; citations of every other message; lines of a session of an hour."""
DAY = "2026-12-01"
TICK_S = 0.001
WORDS = AssemblyWords(
    language="en",
    bodies="Bodies that deal with it already: {names}",
    answered={each: str(each) for each in Answered},
    sessions="From these sessions: {names}",
    unreported="No report is published yet of: {names}",
    headings={each: str(each) for each in MessageKind},
    nothing="No report is published yet.",
    held="{day}, version {n}",
)


async def segments_of(log: SqliteLog, session: SessionId) -> list[tuple[SegmentId, int]]:
    """The lines of a session, each with the offset at which it had its text."""
    page = await log.read(session, 0, 100_000, frozenset({channel_lane(FLOOR)}))
    found = ((decode_event(record.body), record.header.offset) for record in page if record.body is not None)
    return [(event.segment, offset) for event, offset in found if isinstance(event, le.SegmentEnded)]


async def report(log: SqliteLog, session: SessionId) -> None:
    """Write the published report of a session: its messages cite two or three lines each, over the whole session."""
    lines = await segments_of(log, session)
    name, messages = report_of(session), list[PublishedMessage]()
    for n in range(MESSAGES):
        cited = [lines[(n * 131 + each * 37) % (len(lines) - 1)] for each in range(CITED[n % 2])]
        citations = tuple(
            Citation(
                id=CitationId(f"c{number}"), session=session, offset=offset, channel=FLOOR, first=segment, last=segment
            )
            for number, (segment, offset) in enumerate(cited)
        )
        messages.append(
            PublishedMessage(
                id=MessageId(f"m{n}"),
                kind=KINDS[n % len(KINDS)],
                text=f"What was said as number {n}, in a sentence or two of the rapporteur's.",
                question=QUESTIONS[n % len(QUESTIONS)],
                citations=citations,
            )
        )
    published = oe.ReportPublished(
        n=1,
        session=session,
        title="Report",
        language="en",
        template="session",
        sections=(PublishedSection(id="issues", heading="Issues", text="One.\n\nTwo."),),
        messages=tuple(messages),
    )
    recorder = Recorder(name)
    records: Sequence[LogRecord] = [
        recorder.record(ev.SessionCreated(title="Report", languages=("en",), kind=ev.LogKind.REPORT)),
        recorder.record(ev.SessionArranged(access=ev.Access.PUBLIC, sound=ev.SoundKept.NONE)),
        recorder.record(published),
    ]
    head = await log.acquire(name, recorder.epoch)
    await log.append(name, head.term, 0, records)


@asynccontextmanager
async def house(log: SqliteLog) -> AsyncIterator[tuple[Documents, OutcomeLogs]]:
    """The services of a house with these logs."""
    clock = LoopClock()
    sessions = Sessions(log=log, clock=clock, randomness=SeededRandomness(), signer=SeededSigner())
    catalogue = SessionCatalogue(log)
    sessions.observe(lambda _, publication: catalogue.take(publication))
    logs = OutcomeLogs(sessions, entries=catalogue.all)

    async def readable(session: SessionId) -> bool:
        known = catalogue.known(session)
        return known is not None and known.public

    def day_of(entry: Entry) -> tuple[str, int]:
        return DAY, entry.opened or 0

    documents = Documents(
        logs,
        PublishedReports(log),
        QuotedTexts(log, readable),
        entries=catalogue.all,
        day_of=day_of,
        randomness=SeededRandomness(),
    )
    started = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(sessions.run(started))
        await started.wait()
        await catalogue.fill()
        yield documents, logs
        running.cancel()


class Held:
    """The longest time that the event loop had no turn."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def run(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(TICK_S)
            self.longest = max(self.longest, time.perf_counter() - began - TICK_S)


async def measured(log: SqliteLog) -> None:
    """Print the figures."""
    async with house(log) as (documents, logs):
        register = await logs.register()
        assert isinstance(register, LiveSession)
        for name in QUESTIONS:
            stated = oc.StateQuestion(question=name, text=f"What of {name}?", language="en")
            await register.writer.send(SYSTEM, CommandId(f"state-{name}"), stated)
        stated_document = oc.StateDocument(form=DocumentForm.OUTCOME, since=DAY, until=DAY)
        if refusal := await documents.state(DOCUMENT, "Outcomes", stated_document, SYSTEM):
            raise SystemExit(refusal.message)
        async with asyncio.TaskGroup() as group:
            held = Held()
            watching = group.create_task(held.run())
            shown = await timed(documents, held)
            watching.cancel()
        words = [each for one in shown.values() for each in one.words]
        quoted = sum(each.quotation is not None and bool(each.quotation.text) for each in words)
        print(f"\n{len(shown)} messages, {len(words)} citations, {quoted} with their words")


async def timed(documents: Documents, held: Held) -> Mapping[MessageReference, ShownMessage]:
    """Print a row for each act; return the messages that the document shows."""
    print("| what | s | CPU s | loop held ms |\n|---|--:|--:|--:|")
    shown: Mapping[MessageReference, ShownMessage] = {}
    for what in ("made and published, first", "published again", "shown, first", "shown again"):
        held.longest, began, worked = 0.0, time.perf_counter(), time.process_time()
        if "published" in what:
            if refusal := await documents.publish(DOCUMENT, WORDS):
                raise SystemExit(refusal.message)
        else:
            found = await documents.find(DOCUMENT)
            assert found is not None  # it was stated above
            assert found.document.newest is not None  # and published
            shown = await documents.shown(found.document.newest.paragraphs)
        took, worked = time.perf_counter() - began, time.process_time() - worked
        print(f"| {what} | {took:.2f} | {worked:.2f} | {held.longest * 1000:.0f} |")
    return shown


async def main(sessions: int, lines: int) -> None:
    """Write the logs, and measure."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        events = await fill(data, sessions, lines)
        log = await SqliteLog.open(data / FILE_NAME)
        try:
            for session in list(await log.sessions()):
                await report(log, session)
            size = (data / FILE_NAME).stat().st_size / 1e6
            print(f"{cpu_model()}, Python {platform.python_version()}; {events:,} events, {size:.0f} MB\n")
            await measured(log)
        finally:
            await log.close()
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--lines", type=int, default=LINES)
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.sessions, given.lines)))
