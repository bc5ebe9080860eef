"""The door at which the author of a question states their groups (such as region or gender), changes them or withdraws
them.

It is a form on the author's private page (`asking_door.py`). A statement is never shown again, not on that page either:
whoever has the page's address learns only that there is a statement.
"""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from moothall.adapters.pages.request_context import SessionRequest
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.pages.visitor_request import read_form
from moothall.adapters.questions.asking_door import own_at
from moothall.adapters.questions.author_page import AuthorPage, about_given
from moothall.services.questions.asking import Asking
from moothall.services.questions.balance import BalanceFigures
from moothall.wire.token_bucket import Allowance

ALLOWANCE = Allowance(per_second=2, burst=300)
"""Requests of one address: a hall of 300 people may share one address."""
MAX_BODY_BYTES = 4_096
TAKE_BACK = "take-back"
"""The name of the button that withdraws a statement."""


class AboutDoor:
    """Handlers of the form in which an author states, changes or withdraws their groups."""

    def __init__(
        self, context: VisitorContext, asking: Asking, balance: BalanceFigures, *, author_page: AuthorPage
    ) -> None:
        self._context = context
        self._asking = asking
        self._author_page = author_page
        self._balance = balance
        self._senders = context.senders(ALLOWANCE)

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.post("/s/{session}/asked/{token}/about", self.say)]

    async def say(self, request: web.Request) -> web.Response:
        """Store what the author states in place of what they stated before, or withdraw it."""

        async def take(wanted: SessionRequest, _: str) -> tuple[str, str]:
            given = await read_form(request, MAX_BODY_BYTES, long=ErrorText.REQUEST)
            own = await own_at(request, wanted, self._asking)
            if TAKE_BACK in given:
                await self._balance.take_back(wanted.session, own.intervention.id)
            else:
                # When the meeting is over and its figures are made, the page no longer offers the form.
                await self._balance.say(wanted.session, own.intervention.id, about_given(given))
            return f"/s/{quote(wanted.session)}/asked/{quote(request.match_info['token'])}", "About"

        return await self._context.answer_form(request, self._senders, take)
