"""Published questions in other languages: for the pages that show them, and at an address of their own.

What nobody but the staff may read is not there: neither the text nor its translation.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlencode

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.translation_texts import route_text
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.pages.visitor_request import number_in
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.kernel.languages import direction, is_language
from moothall.core.questions.interventions import Floor, Intervention
from moothall.core.questions.on_wall import is_public
from moothall.services.questions.translations import QuestionTranslations, Text
from moothall.services.translation.text_translation import Made
from moothall.wire.token_bucket import Allowance

ALLOWANCE = Allowance(per_second=10, burst=600)
"""Translations that one address may ask for: a hall of 300 stands behind one."""
MAX_DIGITS = 6
NOT_HERE = "There is no such question here, or no such language."
STATUSES = {RefusalCode.UNKNOWN: 404, RefusalCode.BUSY: 503, RefusalCode.UNAVAILABLE: 503}

FloorOf = Callable[[SessionId], Awaitable[Floor | None]]
"""The questions of a session; None where there is none that whoever asks may read."""


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

    def __init__(self, context: VisitorContext, translations: QuestionTranslations, *, floor_of: FloorOf) -> None:
        self._context = context
        self._translations = translations
        self._floor_of = floor_of
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
        wanted = Text(session=session, text=each.text, source=each.language, target=target)
        made = self._translations.known(wanted)
        if made is not None:
            return Rendering(translated=_shown(made, target, ui))
        if self._translations.want(wanted, first=first) is None:
            return Rendering()
        query = urlencode({"ui": ui.language})
        return Rendering(pending=f"/s/{quote(session)}/questions/{each.number}/{quote(target)}?{query}")

    async def translation(self, request: web.Request) -> web.Response:
        """One question in one language, as JSON, once it is made."""
        ui, _ = self._context.language(request)
        session, number, target = (request.match_info[name] for name in ("session", "number", "language"))
        if self._senders.often(request):
            return _refused(429, "That came very often; try again in a minute.")
        known = number_in(number, MAX_DIGITS)
        named = is_name(session) and is_language(target)
        each = None if known is None or not named else await self._public(SessionId(session), known)
        if each is None:
            return _refused(404, NOT_HERE)
        wanted = Text(session=SessionId(session), text=each.text, source=each.language, target=target)
        made = await self._translations.made(wanted)
        if isinstance(made, Refusal):
            return _refused(STATUSES.get(made.code, 503), made.message)
        now = await self._public(SessionId(session), each.number)
        if now is None or now.text != each.text:  # It was withdrawn, or put otherwise, while that was made.
            return _refused(404, NOT_HERE)
        shown = _shown(made, target, ui)
        answer = {
            "number": each.number,
            "from": each.language,
            "language": target,
            "text": shown.text,
            "made": shown.made,
            "route": made.route.name,
            "rough": made.route.rough,
        }
        return web.json_response(answer, headers={hdrs.CACHE_CONTROL: "no-store"})

    async def _public(self, session: SessionId, number: int) -> Intervention | None:
        """The question of that number with a text, if everybody may read it now."""
        floor = await self._floor_of(session)
        if floor is None:
            return None
        public = (each for _, each in floor.interventions.items() if is_public(each) and each.text)
        return next((each for each in public if each.number == number), None)


def _shown(made: Made, target: str, ui: Catalogue) -> Translated:
    return Translated(
        text=made.text,
        language=target,
        direction=direction(target),
        made=route_text(made.route.name, ui, rough=made.route.rough),
    )


def _refused(status: int, message: str) -> web.Response:
    headers = {hdrs.CACHE_CONTROL: "no-store", **({hdrs.RETRY_AFTER: "60"} if status in (429, 503) else {})}
    return web.json_response({"error": message}, status=status, headers=headers)
