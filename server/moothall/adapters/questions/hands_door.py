"""The door at which people who are remote raise a hand, at the centre and at hubs. It works without a script; the list
of questions shows the rest.

A browser is known by the same cookie as at *Ask or comment*.
"""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from moothall.adapters.http.limits import network
from moothall.adapters.pages.door_texts import DoorText
from moothall.adapters.pages.request_context import Wrong
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.pages.visitor_request import kept_query, number_at, read_form, see_other
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.questions.polls import MOST_OPTIONS
from moothall.services.questions.ports import Votes
from moothall.wire.token_bucket import Allowance

MAX_BODY_BYTES = 1 << 8
MAX_DIGITS = 4
ALLOWANCE = Allowance(per_second=10, burst=1_200)
"""Hands of one address: a hall of 300 stands behind one, and changes its mind three times."""


class HandsDoor:
    """Handlers of a vote in a show of hands."""

    def __init__(self, context: VisitorContext, votes: Votes) -> None:
        """`votes`: where votes go."""
        self._context = context
        self._votes = votes
        self._senders = context.senders(ALLOWANCE)

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.post("/s/{session}/hands/{number}", self.choose)]

    async def choose(self, request: web.Request) -> web.Response:
        """Somebody chooses an answer; back to the list."""
        ui, chosen = self._context.language(request)
        try:
            address = self._senders.check(request)
            wanted = await self._context.asked(request)
            number, option = number_at(request, "number", MAX_DIGITS), await _option(request)
            token = self._context.token(request, wanted.session)
            await self._take(wanted.session, number, option, token, network(address))
        except Wrong as wrong:
            return self._context.refused(wrong, ui)
        location = f"/s/{quote(wanted.session)}/questions{kept_query(request, ui, chosen=chosen)}#Hands"
        return see_other(location)

    async def _take(self, session: SessionId, number: int, option: int, token: str, address: str) -> None:
        try:
            answer = await self._votes.vote(
                session, number, option, token, address, hasty=self._context.visitors.hasty(token)
            )
        except StorageUnavailable as error:
            raise Wrong(503, ErrorText.UNAVAILABLE) from error
        if isinstance(answer, Refusal) and answer.code is RefusalCode.UNKNOWN:
            raise Wrong(404, ErrorText.NOTHING)
        if isinstance(answer, Refusal) and answer.code is RefusalCode.BUSY:
            raise Wrong(503, DoorText.MANY)
        # Where it was closed meanwhile the list says so.


async def _option(request: web.Request) -> int:
    """The answer that the form names, from 0."""
    form = await read_form(request, MAX_BODY_BYTES, long=ErrorText.REQUEST)
    given = form.get("option", "")
    if given not in map(str, range(MOST_OPTIONS)):
        raise Wrong(400, ErrorText.REQUEST)
    return int(given)
