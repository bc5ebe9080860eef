"""Gives the published reports of sessions to bundles and proceedings, as everybody may read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass

from moothall.adapters.outcomes.published_report import published_report
from moothall.adapters.pages.templates import Pages
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import SessionId
from moothall.record.proceedings.report import SessionReport
from moothall.services.outcomes.outcome_logs import report_of
from moothall.services.outcomes.reports import SessionReports


@dataclass(eq=False, repr=False)
class BundledReports:
    """Makes them (`moothall.adapters.record.bundling.ReportsOfSessions`). `exists`: whether there may be a log, without
    a look at the store. `public`: the server's public address.
    """

    pages: Pages
    reports: SessionReports
    _: KW_ONLY
    exists: Callable[[SessionId], bool]
    public: str

    async def logs(self, session: SessionId) -> Sequence[SessionId]:
        """The report's own log, and those of the sessions that it cites; none where nothing is published."""
        if not self.exists(report_of(session)):
            return ()
        version = None
        with suppress(RecordBroken):  # A report that can't be read is left out.
            version = (await self.reports.report(session)).newest
        if version is None:
            return ()
        cited = (citation.session for message in version.messages for citation in message.citations)
        return (report_of(session), *(each for each in dict.fromkeys(cited) if each != session))

    async def of(self, session: SessionId, language: str) -> SessionReport | None:
        """The report with texts around it in a language of the interface; None where nothing is published."""
        if not await self.logs(session):
            return None
        ui = self.pages.catalogues[language]
        with suppress(RecordBroken):
            found = await published_report(self.reports, session, ui, self.pages.zone(), self.public)
            return None if found is None else found.in_proceedings()
        return None
