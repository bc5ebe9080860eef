"""Published questions in other languages: for the pages that show them, and at an address of their own.

What nobody but the staff may read is not there: neither the text nor its translation.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlencode

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.meeting_texts import route_text
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.kernel.languages import direction, is_language
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.questions.on_wall import is_public
from moothall.services.questions.translations import NOT_HERE, QuestionTranslations, Rendered, text_of
from moothall.wire.token_bucket import Allowance

ALLOWANCE = Allowance(per_second=10, burst=600)
"""Translations that one address may ask for: a hall of 300 stands behind one."""
MAX_DIGITS = 6
STATUSES = {RefusalCode.UNKNOWN: 404, RefusalCode.BUSY: 503, RefusalCode.UNAVAILABLE: 503}

QuestionsOf = Callable[[SessionId], Awaitable[Questions | None]]
"""The questions of a session; None where there are none that the visitor may read."""


class Translated(msgspec.Struct, frozen=True, kw_only=True):
    """A question in another language, as pages show it."""

    text: str
    language: str
    direction: str
    made: str
    """By what it was translated, in a sentence."""


class Rendering(msgspec.Struct, frozen=True, kw_only=True):
    """What a page has of a question in one other language."""

    translated: Translated | None = None
    pending: str = ""
    """Where it is to be had once it is made; empty when it is there, or is not made."""


class QuestionTranslationsDoor:
    """Handlers of translated questions."""

    def __init__(
        self, context: VisitorContext, translations: QuestionTranslations, *, questions_of: QuestionsOf
    ) -> None:
        self._context = context
        self._translations = translations
        self._questions_of = questions_of
        self._senders = context.senders(ALLOWANCE)

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.get("/s/{session}/questions/{number}/{language}", self.translation)]

    @property
    def generation(self) -> int:
        """While it stands still, `of` gives the same."""
        return self._translations.generation

    def of(
        self, session: SessionId, each: Intervention, target: str, ui: Catalogue, *, first: bool = False
    ) -> Rendering:
        """A published question in another language; it is made from now on if it isn't there, soon with `first`."""
        wanted = text_of(session, each, target)
        made = self._translations.known(wanted)
        if made is not None:
            return Rendering(translated=_translated(made, target, ui))
        if self._translations.want(wanted, first=first) is None:
            return Rendering()
        query = urlencode({"ui": ui.language})
        return Rendering(pending=f"/s/{quote(session)}/questions/{each.number}/{quote(target)}?{query}")

    async def translation(self, request: web.Request) -> web.Response:
        """One question in one language, as JSON, once it is made."""
        ui = self._context.language(request)
        session, number, target = (request.match_info[name] for name in ("session", "number", "language"))
        if self._senders.often(request):
            return _refused(429, "That came very often; try again in a minute.")
        known = number_in(number, MAX_DIGITS)
        if known is None or not (is_name(session) and is_language(target)):
            return _refused(404, NOT_HERE.message)

        async def find() -> Intervention | None:
            questions = await self._questions_of(SessionId(session))
            each = None if questions is None else questions.numbered(known)
            return each if each is not None and is_public(each) else None

        found = await self._translations.published(SessionId(session), target, find)
        if isinstance(found, Refusal):
            return _refused(STATUSES.get(found.code, 503), found.message)
        each, made = found
        shown = _translated(made, target, ui)
        answer = {
            "number": each.number,
            "from": each.language,
            "language": target,
            "text": shown.text,
            "made": shown.made,
            "route": made.route,
            "rough": made.rough,
        }
        return web.json_response(answer, headers={hdrs.CACHE_CONTROL: "no-store"})


def _translated(made: Rendered, target: str, ui: Catalogue) -> Translated:
    return Translated(
        text=made.text,
        language=target,
        direction=direction(target),
        made=route_text(made.route, ui, rough=made.rough),
    )


def _refused(status: int, message: str) -> web.Response:
    headers = {hdrs.CACHE_CONTROL: "no-store", **({hdrs.RETRY_AFTER: "60"} if status in (429, 503) else {})}
    return web.json_response({"error": message}, status=status, headers=headers)
