"""The attendance reports of sessions and years, from facts of the logs, counts of readers, and sums of who asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass

from moothall.core.attendance.recommendations import PublishedByYear
from moothall.core.attendance.report import NOT_COUNTED, SessionAttendance, YearAttendance, report, year_of
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.times import Zone
from moothall.core.ports import Clock
from moothall.core.questions.statements import Dimension
from moothall.services.attendance.ledger import FactsLedger
from moothall.services.attendance.online import OnlineCounts
from moothall.services.questions.balance import Sums
from moothall.services.sessions.catalogue import Entry

AHEAD_MS = 60_000
"""How often facts that are outdated are folded again before anybody asks."""
SUMMED = (Dimension.GROUP, Dimension.REGION)
CountPublished = Callable[[], Awaitable[PublishedByYear]]
"""Returns what was published and sent, by year. May raise StorageUnavailable."""


@dataclass(eq=False, repr=False)
class AttendanceReports:
    """Makes the reports. Every page asks it, so that no two show different numbers."""

    ledger: FactsLedger
    online: OnlineCounts
    _: KW_ONLY
    entries: Callable[[], Awaitable[Sequence[Entry]]]
    """Returns all sessions."""
    sums: Callable[[], Awaitable[Mapping[SessionId, Sums]]]
    """Returns the final sums of who asked."""
    unlisted: Callable[[], Collection[str]]
    """Returns the hubs that no list names."""
    zone: Callable[[], Zone]
    clock: Clock

    async def run(self) -> None:
        """Fold the logs of the meetings that are over, so that the first who asks for a year need not wait for 300 of
        them. Nothing is read where nothing has changed. Until cancelled.
        """
        while True:
            await self.clock.sleep(AHEAD_MS)
            with suppress(StorageUnavailable):  # Whoever asks next reads them.
                await self.years()

    async def of(self, session: SessionId) -> SessionAttendance | None:
        """The report of a session; None where there is none. Raises StorageUnavailable."""
        facts = await self.ledger.of(session)
        if facts is None:
            return None
        sums = (await self.sums()).get(session)
        asked_by = {
            dimension.value: {cell: row.people for cell, row in sums.groups[dimension].items()}
            for dimension in SUMMED
            if sums is not None and dimension in sums.groups
        }
        return report(facts, self.online.of(session) or NOT_COUNTED, self.unlisted(), asked_by)

    async def years(self) -> tuple[YearAttendance, ...]:
        """The reports of all years with public meetings that are over, the newest first. Raises StorageUnavailable."""
        unlisted, zone = frozenset(self.unlisted()), self.zone()
        by_year: dict[int, list[SessionAttendance]] = {}
        names = [each.session for each in await self.entries() if each.listed and each.closed is not None]
        for facts in await self.ledger.all(names):
            made = report(facts, self.online.of(facts.session) or NOT_COUNTED, unlisted)
            if made.public and made.closed is not None:
                by_year.setdefault(zone.at(made.opened or made.closed).year, []).append(made)
        return tuple(year_of(year, by_year[year]) for year in sorted(by_year, reverse=True))

    async def waiting(self) -> tuple[SessionAttendance, ...]:
        """The public meetings that are over and whose report isn't released, the newest first. Raises as `years`
        does.
        """
        names = [each.session for each in await self.entries() if each.listed and each.closed is not None]
        found = [
            report(facts, self.online.of(facts.session) or NOT_COUNTED)
            for facts in await self.ledger.all(names)
            if not facts.released
        ]
        return tuple(sorted(found, key=lambda each: (-(each.closed or 0), each.session)))
