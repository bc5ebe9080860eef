"""The door at which the author of a question says something of themselves, changes it or takes it back.

It is a form on their private page (`asking_door.py`). What was said is never shown again, there neither: a
holder of the page's address learns no more than that something was.
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
from moothall.services.questions.balance import Balance
from moothall.wire.token_bucket import Allowance

ALLOWANCE = Allowance(per_second=2, burst=300)
"""Of one address: a hall of 300 stands behind one."""
MAX_BODY_BYTES = 4_096
TAKE_BACK = "take-back"
"""The button's name that takes back what was said."""


class AboutDoor:
    """Handlers of the form in which an author states, changes or withdraws their groups."""

    def __init__(self, context: VisitorContext, asking: Asking, balance: Balance, *, author_page: AuthorPage) -> None:
        self._context = context
        self._asking = asking
        self._author_page = author_page
        self._balance = balance
        self._senders = context.senders(ALLOWANCE)

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.post("/s/{session}/asked/{token}/about", self.say)]

    async def say(self, request: web.Request) -> web.Response:
        """Take what the author says of themselves in place of what they said before, or take that back."""

        async def take(wanted: SessionRequest, _: str) -> tuple[str, str]:
            given = await read_form(request, MAX_BODY_BYTES, long=ErrorText.REQUEST)
            own = await own_at(request, wanted, self._asking)
            if TAKE_BACK in given:
                await self._balance.take_back(wanted.session, own.intervention.id)
            else:
                # Where the meeting is over and its figures are made, the page says nothing of it any more.
                await self._balance.say(wanted.session, own.intervention.id, about_given(given))
            return f"/s/{quote(wanted.session)}/asked/{quote(request.match_info['token'])}", "About"

        return await self._context.answer_form(request, self._senders, take)
