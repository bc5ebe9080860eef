"""Reads the sessions' reports without loading their logs: a document is made of a hundred, the secretariat's list of
all.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from moothall.core.chain import LogRecord
from moothall.core.events import outcomes as oe
from moothall.core.events.codec import decode_event
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import Lane, SessionId
from moothall.core.kernel.lanes import SESSION, STAFF
from moothall.core.outcomes.report import Report, evolve_report
from moothall.core.ports import LogReading

PUBLIC, WHOLE = frozenset({SESSION}), frozenset({SESSION, STAFF})
"""The lanes of what everybody may read of a report, and of what the staff may."""
PAGE = 1_000
"""Events that are read at once."""
KEPT = 1_000
"""Reports in memory. Overflow: the least recently used is dropped."""


@dataclass(eq=False, repr=False)
class PublishedReports:
    """The public parts of reports, or with other `lanes` more of them. What was removed from a log is in none of them:
    each removal moves the log's end.
    """

    log: LogReading
    lanes: frozenset[Lane] = PUBLIC

    def __post_init__(self) -> None:
        # Bound: KEPT.
        self._kept: OrderedDict[SessionId, tuple[int, Report]] = OrderedDict()
        """Each with the offset of its log's end."""

    async def read(self, name: SessionId) -> Report:
        """What the lanes have of the report with this log; an empty one where there is none.

        Raises StorageUnavailable, RecordBroken.
        """
        head = await self.log.head(name)
        if head is None:
            return Report()
        kept = self._kept.pop(name, None)
        if kept is None or kept[0] != head.offset:
            kept = head.offset, await self._folded(name, head.offset)
        self._kept[name] = kept
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return kept[1]

    async def first_published(self, names: Iterable[SessionId]) -> tuple[tuple[int, int], ...]:
        """When each of the reports with these logs was first published, Unix ms, and how many messages its newest
        version has; those that weren't, and those whose log can't be read, are left out. Raises StorageUnavailable.
        """
        found: list[tuple[int, int]] = []
        for name in names:
            with suppress(RecordBroken):
                versions = (await self.read(name)).versions
                found += [(version.at, len(versions[-1].messages)) for version in versions[:1]]
        return tuple(found)

    async def published_at(self, name: SessionId, n: int) -> int | None:
        """The offset of the event that published version `n` of the report or document with this log; None where there
        is none, or it was removed. Raises StorageUnavailable, RecordBroken.
        """
        after = 0
        while page := await self.log.read(name, after, PAGE, PUBLIC):
            for record in page:
                event = None if record.body is None else decode_event(record.body)
                if isinstance(event, oe.ReportPublished | oe.DocumentPublished) and event.n == n:
                    return record.header.offset
            after = page[-1].header.offset
        return None

    async def _folded(self, name: SessionId, until: int) -> Report:
        report, after = Report(), 0
        while page := await self.log.read(name, after, PAGE, self.lanes):
            report = _after(report, page)
            after = page[-1].header.offset
            if after >= until:
                break
        return report


def _after(report: Report, page: Sequence[LogRecord]) -> Report:
    for record in page:
        event = None if record.body is None else decode_event(record.body)
        if isinstance(event, oe.ReportFact):
            report = evolve_report(report, event, record.header.at)
    return report
