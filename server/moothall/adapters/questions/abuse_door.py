"""The door at which readers report a question or comment as rude. It needs no script."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from moothall.adapters.pages.request_context import Wrong
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.pages.visitor_request import kept_query, number_at, see_other
from moothall.core.kernel.errors import RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.services.questions.abuse_reports import AbuseReports
from moothall.wire.token_bucket import Allowance

MAX_DIGITS = 6
ALLOWANCE = Allowance(per_second=1, burst=60)
"""Reports of one address: more than a hall has reason for."""


class AbuseDoor:
    """The handler of a reader's report of a rude question."""

    def __init__(self, context: VisitorContext, reports: AbuseReports) -> None:
        self._context = context
        self._reports = reports
        self._senders = context.senders(ALLOWANCE)

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.post("/s/{session}/asked/{number}/abuse", self.take)]

    async def take(self, request: web.Request) -> web.Response:
        """Somebody reports one; back to the list."""
        ui, chosen = self._context.language(request)
        try:
            self._senders.check(request)
            wanted = await self._context.asked(request)
            number = number_at(request, "number", MAX_DIGITS)
            await self._report(wanted.session, number, self._context.token(request, wanted.session))
        except Wrong as wrong:
            return self._context.refused(wrong, ui)
        query = kept_query(request, ui, chosen=chosen)
        location = f"/s/{quote(wanted.session)}/questions{query}#No-{number}"
        return see_other(location)

    async def _report(self, session: SessionId, number: int, token: str) -> None:
        try:
            answer = await self._reports.report(session, number, token)
        except StorageUnavailable as error:
            raise Wrong(503, ErrorText.UNAVAILABLE) from error
        if answer is not None and answer.code is RefusalCode.UNKNOWN:
            raise Wrong(404, ErrorText.NOTHING)
        if answer is not None:
            raise Wrong(503, ErrorText.UNAVAILABLE)
