"""The door at which a reader requests a translation that the session doesn't have yet: a form on the page that works
without a script. The answer redirects the reader to the new text, whose first lines may take a while.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from moothall.adapters.pages.request_context import HttpProblem
from moothall.adapters.pages.texts import DoorText, ErrorText
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.pages.visitor_request import read_form, see_other
from moothall.adapters.reading import page_choices
from moothall.adapters.reading.page_address import TextAddresses
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.wire.token_bucket import Allowance

MAX_BODY_BYTES, MAX_FIELDS = 1 << 10, 8
"""Limits of a form: bytes of its body, number of its fields."""
MAX_LANGUAGE = 35
"""The most characters of a language tag (RFC 5646 §4.4.1)."""
ALLOWANCE = Allowance(per_second=2, burst=300)
"""Requests of one address: a hall of 300 people may share one address."""

OfferedLanguages = Callable[[SessionId], Sequence[str]]
"""Returns the languages (BCP-47) into which a session could be translated; no other translation can be requested."""
RequestLanguage = Callable[[SessionId, str], Awaitable[ChannelId | Refusal]]
"""Has a session translated into a language (BCP-47); returns the text's id."""


class LanguagesDoor:
    """The handler of `POST /s/{session}/language`."""

    def __init__(self, context: VisitorContext, *, offered: OfferedLanguages, want: RequestLanguage) -> None:
        self._context = context
        self._offered = offered
        self._want = want
        self._senders = context.senders(ALLOWANCE)

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.post("/s/{session}/language", self.submit)]

    async def submit(self, request: web.Request) -> web.Response:
        """Request the language that the form names, and redirect to its text."""
        ui = self._context.language(request)
        try:
            self._senders.check(request)
            tag = await _language(request)
            wanted = await self._context.asked(request, "")
            if tag not in self._offered(wanted.session):
                raise HttpProblem(404, ErrorText.LANGUAGE)
            answer = await self._want(wanted.session, tag)
            if isinstance(answer, Refusal):
                raise _wrong(answer)
        except HttpProblem as wrong:
            return self._context.refused(wrong, ui)
        choices = page_choices.chosen(request.query)
        address = TextAddresses(wanted.session, channel=answer, ui=ui.chosen or None, choices=choices)
        return see_other(address.page())


def _wrong(answer: Refusal) -> HttpProblem:
    match answer.code:
        case RefusalCode.UNKNOWN:
            return HttpProblem(404, ErrorText.LANGUAGE)
        case RefusalCode.BUSY:
            return HttpProblem(503, DoorText.TRANSLATING)
        case _:
            return HttpProblem(503, ErrorText.UNAVAILABLE)


async def _language(request: web.Request) -> str:
    """Return the language tag in a form. Raises HttpProblem, always with status 400, when it is missing or too long."""
    try:
        form = await read_form(request, MAX_BODY_BYTES, fields=MAX_FIELDS)
    except HttpProblem as wrong:
        raise HttpProblem(400, ErrorText.REQUEST) from wrong
    tag = form.get("language", "")
    if not 0 < len(tag) <= MAX_LANGUAGE or not tag.isascii():
        raise HttpProblem(400, ErrorText.REQUEST)
    return tag
