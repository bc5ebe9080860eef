"""The door at which remote participants vote in a show of hands, at the centre and at hubs. It works without a script;
the list of questions shows the results.

A browser is recognised by the same cookie as at *Ask or comment*.
"""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from moothall.adapters.http.limits import network
from moothall.adapters.pages.request_context import HttpProblem, SessionRequest
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_forms import VisitorContext, require_counted
from moothall.adapters.pages.visitor_request import number_at, read_form
from moothall.core.questions.polls import MOST_OPTIONS
from moothall.services.questions.ports import Votes
from moothall.wire.token_bucket import Allowance

MAX_BODY_BYTES = 1 << 8
MAX_DIGITS = 4
ALLOWANCE = Allowance(per_second=10, burst=1_200)
"""Votes of one address: a hall of 300 people may share one address, and change their minds three times."""


class HandsDoor:
    """The handler of a vote in a show of hands."""

    def __init__(self, context: VisitorContext, votes: Votes) -> None:
        """`votes` receives the votes."""
        self._context = context
        self._votes = votes
        self._senders = context.senders(ALLOWANCE)

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.post("/s/{session}/hands/{number}", self.choose)]

    async def choose(self, request: web.Request) -> web.Response:
        """Count a vote, and redirect to the list."""

        async def take(wanted: SessionRequest, address: str) -> tuple[str, str]:
            number, option = number_at(request, "number", MAX_DIGITS), await _option(request)
            token = self._context.token(request, wanted.session)
            hasty = self._context.visitors.hasty(token)
            vote = self._votes.vote(wanted.session, number, option, token, network(address), hasty=hasty)
            require_counted(await vote)
            return f"/s/{quote(wanted.session)}/questions", "Hands"

        return await self._context.answer_form(request, self._senders, take)


async def _option(request: web.Request) -> int:
    """The number of the option that the form names, from 0. Raises HttpProblem when there is none."""
    form = await read_form(request, MAX_BODY_BYTES, long=ErrorText.REQUEST)
    given = form.get("option", "")
    if given not in map(str, range(MOST_OPTIONS)):
        raise HttpProblem(400, ErrorText.REQUEST)
    return int(given)
