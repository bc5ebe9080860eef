"""Answers desks that want a text in another language."""

from __future__ import annotations

import asyncio

from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.languages import is_language
from moothall.core.translation.lines import stays_here
from moothall.services.desks.requests import DeskRequest, Extra
from moothall.services.desks.session_desks import DeskConnection
from moothall.services.sessions.live_session import LiveSession
from moothall.services.translation.text_translation import Made, TextTranslation
from moothall.services.translation.work import TermsOf

MOST_ASKED = 4
"""Most texts of desks that are translated at a time. Overflow: the next is refused as busy, so that the translation of
lines isn't delayed."""
PATIENCE_S = 30
"""How long a desk waits for a translation, in s: an engine that hangs is ended after 20 s, and its text is refused."""


def keeps_here(live: LiveSession) -> bool:
    """Whether what is written in a session now must not be sent to machines of third parties."""
    return not live.state.recorded or stays_here(live.state)


class TranslationMessages:
    """The desk message that asks for a translation. Neither text is stored or logged."""

    def __init__(self, texts: TextTranslation, terms: TermsOf) -> None:
        self._texts = texts
        self._terms = terms
        self._under_way = 0

    def all(self) -> dict[str, Extra]:
        """Handlers, by message name."""
        return {"translate": self._translate}

    async def translated(self, live: LiveSession, text: str, source: str, target: str) -> Made | Refusal:
        """Translate a text with the session's own terms.

        While the session isn't recorded, and where nothing of it may be (`stays_here`), the text is not sent to
        machines of third parties.
        """
        terms, here = self._terms(live, source, target), keeps_here(live)
        return await self._texts.text(text, source, target, terms, here=here)

    async def _translate(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        """Translate `text` from one language `to` another, with the meeting's own terms."""
        if not (is_language(request.source) and is_language(request.to)):
            return refuse(RefusalCode.INVALID, "“from” and “to” have to be language tags, such as en or pt-BR.")
        if self._under_way >= MOST_ASKED:
            message = "Too many texts are being translated; try again in a second."
            return refuse(RefusalCode.BUSY, message)
        self._under_way += 1
        try:
            async with asyncio.timeout(PATIENCE_S):
                made = await self.translated(desk.live, request.text, request.source, request.to)
        except TimeoutError:
            return refuse(RefusalCode.UNAVAILABLE, "The translation took too long; try a shorter text.")
        finally:
            self._under_way -= 1
        if isinstance(made, Refusal):
            return made
        return {"text": made.text, "route": made.route.name, "rough": made.route.rough}
