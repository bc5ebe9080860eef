"""Published questions in other languages: for the pages that show them, and at an address of their own.

A question that only the staff may read is not available here, neither its text nor its translation.
"""

from __future__ import annotations

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
from moothall.core.questions.interventions import Intervention
from moothall.core.questions.on_wall import is_public
from moothall.services.questions.ports import QuestionsOf
from moothall.services.questions.translations import NOT_HERE, QuestionTranslations, Rendered, text_of
from moothall.wire.token_bucket import Allowance

ALLOWANCE = Allowance(per_second=10, burst=600)
"""Translations that one address may request: a hall of 300 people may share one address."""
MAX_DIGITS = 6
STATUSES = {RefusalCode.UNKNOWN: 404, RefusalCode.BUSY: 503, RefusalCode.UNAVAILABLE: 503}


class ShownTranslation(msgspec.Struct, frozen=True, kw_only=True):
    """A translated question, as pages show it."""

    text: str
    language: str
    direction: str
    made: str
    """The sentence that says how it was translated."""


class Rendering(msgspec.Struct, frozen=True, kw_only=True):
    """The translation of a question that a page has, or the address at which it will be available."""

    translated: ShownTranslation | None = None
    pending: str = ""
    """The address of the translation once it is made; empty when it is there already, or will not be made."""


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
        """The routes, for `app.add_routes`."""
        return [web.get("/s/{session}/questions/{number}/{language}", self.translation)]

    @property
    def generation(self) -> int:
        """A number that changes whenever `of` may return other translations."""
        return self._translations.generation

    def of(
        self, session: SessionId, each: Intervention, target: str, ui: Catalogue, *, first: bool = False
    ) -> Rendering:
        """Return a published question in another language; request the translation when it isn't there, with priority
        when `first`.
        """
        wanted = text_of(session, each, target)
        made = self._translations.known(wanted)
        if made is not None:
            return Rendering(translated=_translated(made, target, ui))
        if self._translations.want(wanted, first=first) is None:
            return Rendering()
        query = urlencode({"ui": ui.language})
        return Rendering(pending=f"/s/{quote(session)}/questions/{each.number}/{quote(target)}?{query}")

    async def translation(self, request: web.Request) -> web.Response:
        """Answer with a question in one language, as JSON, once it is translated."""
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


def _translated(made: Rendered, target: str, ui: Catalogue) -> ShownTranslation:
    return ShownTranslation(
        text=made.text,
        language=target,
        direction=direction(target),
        made=ui.text("{made}, not official", made=route_text(made.route, ui, rough=made.rough)),
    )


def _refused(status: int, message: str) -> web.Response:
    headers = {hdrs.CACHE_CONTROL: "no-store", **({hdrs.RETRY_AFTER: "60"} if status in (429, 503) else {})}
    return web.json_response({"error": message}, status=status, headers=headers)
