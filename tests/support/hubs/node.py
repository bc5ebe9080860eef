"""A hub in this process, with copies on its disk as if it had received them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from moothall.adapters.store.book_sqlite import SqliteBook
from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.base import Event
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall_hub.app import BOOK, COPIES, RunningHub, hub
from moothall_hub.mirror.checking import Broken, first_run, take
from moothall_hub.mirror.copied import CopyStep, SessionCopy, lanes_of
from moothall_hub.mirror.mirror import Mirror
from moothall_hub.mirror.missed import MissedSpans
from moothall_hub.settings import HubSettings
from support.sessions.recorder import MORNING, Recorder

FLOOR = ChannelId("floor")


ELSEWHERE = ChannelId("mt-es")
"""A channel of the meeting that is not copied."""


def meeting(*more: Event) -> list[LogRecord]:
    """Return the records of an open meeting with twelve lines, a minute apart, and of `more`."""
    recorder = Recorder()
    told: list[Event] = [
        ev.SessionCreated(title="Plenary & <hubs>", languages=("en",), access=ev.Access.PUBLIC),
        ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)),
        ev.SessionOpened(wall=MORNING),
    ]
    for number in range(12):
        segment, t0 = SegmentId(f"line-{number}"), 60_000 * number
        told += [
            le.SegmentOpened(channel=FLOOR, segment=segment, t0=t0, language="en", origin=le.Origin.MACHINE),
            le.SegmentEnded(
                channel=FLOOR, segment=segment, t1=t0 + 2_000, reason=le.EndReason.SENTENCE, text=f" Sentence {number}."
            ),
        ]
    told.append(ev.ChannelAdded(channel=ELSEWHERE, kind=ev.ChannelKind.TRANSLATION, languages=("es",)))
    return [recorder.record(event) for event in (*told, *more)]


async def copied(data: Path, session: SessionId, records: Sequence[LogRecord], channels: Sequence[ChannelId]) -> None:
    """Put an unsigned copy into the data folder of a hub that doesn't run."""
    lanes = lanes_of(channels, words=False)
    run = first_run(session, records[0].header.epoch, lanes)
    kept = [each for each in records if each.header.lane in lanes]
    for record in kept:
        grown = take(run, record, lambda *_: True)
        assert not isinstance(grown, Broken), grown
        run = grown
    mirror = await Mirror.open(data / COPIES)
    copy = SessionCopy(session=session, channels=tuple(channels), followed=tuple(channels), known=run, top=run.offset)
    await mirror.keep(CopyStep(copy=copy, records=tuple(kept)))
    await mirror.close()


async def came_late(data: Path, session: SessionId, begin: int, end: int, records: Sequence[LogRecord]) -> None:
    """Note that a span of the session, with the lines among `records`, arrived late."""
    book = await SqliteBook.open(data / BOOK)
    spans = await MissedSpans.load(book)
    spans.begin(session, worth=True)
    spans.add(session, records, [ChannelId("floor")])
    await spans.end(session)
    found = spans.of(session)
    assert found is not None
    assert (found.begin, found.end) == (begin, end)
    await book.close()


@asynccontextmanager
async def running_hub(data: Path, **settings: object) -> AsyncIterator[RunningHub]:
    """Run a hub without a server, on a free port."""
    async with hub(HubSettings(**{"host": "127.0.0.1", "port": 0, "data": str(data), **settings})) as running:  # type: ignore[arg-type]
        yield running
