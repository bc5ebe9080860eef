"""Translates questions for one hub, one after the other, apart from its acts, so that these aren't delayed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from zlib import crc32

from moothall.core.kernel.errors import RecordBroken, Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.kernel.languages import is_language
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.questions.on_wall import is_public
from moothall.services.questions.translations import NO_WAY, NOT_HERE, QuestionTranslations, Rendered
from moothall.wire.hubs.messages import QuestionNotTranslated, QuestionTranslated, TranslateQuestion

MOST_WAITING = 8
"""Most requests of one hub that wait. Overflow: the next is refused as busy; a hub sends one at a time."""
OTHER_WORDING = refuse(RefusalCode.CONFLICT, "The question is not published here, or its text has changed since.")
BUSY = refuse(RefusalCode.BUSY, "Too many translations are being made for this hub; try again in a minute.")
UNAVAILABLE = refuse(RefusalCode.UNAVAILABLE, "The question can't be read at the moment; try again in a minute.")

TranslateForHub = Callable[[TranslateQuestion], Awaitable[Rendered | Refusal]]


async def none_translated(_: TranslateQuestion) -> Rendered | Refusal:
    """Refuse every request: for a server without translators."""
    return NO_WAY


def translations_for_hubs(
    translations: QuestionTranslations, questions_of: Callable[[SessionId], Awaitable[Questions | None]]
) -> TranslateForHub:
    """Make a callback that serves hubs from this server's own translations. `questions_of` returns a session's
    questions if everybody may read them, else None.
    """

    async def translate(asked: TranslateQuestion) -> Rendered | Refusal:
        async def find() -> Intervention | None:
            questions = await questions_of(asked.session)
            each = None if questions is None else questions.get(asked.intervention)
            return each if each is not None and is_public(each) and check_of(each.text) == asked.check else None

        if not (is_name(asked.session) and is_language(asked.language)):
            return OTHER_WORDING
        try:
            found = await translations.published(asked.session, asked.language, find)
        except (StorageUnavailable, RecordBroken):
            return UNAVAILABLE
        if isinstance(found, Refusal):
            return OTHER_WORDING if found is NOT_HERE else found
        return found[1]

    return translate


def check_of(text: str) -> int:
    """The CRC-32 of a question's wording (`TranslateQuestion.check`)."""
    return crc32(text.encode())


class HubTranslating:
    """Queues the translation requests of one hub; `run` answers them in order."""

    def __init__(
        self, translate: TranslateForHub, say: Callable[[QuestionTranslated | QuestionNotTranslated], None]
    ) -> None:
        self._translate = translate
        self._say = say
        # Overflow: see MOST_WAITING.
        self._waiting: asyncio.Queue[TranslateQuestion] = asyncio.Queue(MOST_WAITING)

    def put(self, asked: TranslateQuestion) -> None:
        """Queue a request, or refuse it as busy."""
        if self._waiting.full():
            self._answer(asked, BUSY)
        else:
            self._waiting.put_nowait(asked)

    async def run(self) -> None:
        """Answer the queued requests, until cancelled."""
        while True:
            asked = await self._waiting.get()
            self._answer(asked, await self._translate(asked))

    def _answer(self, asked: TranslateQuestion, made: Rendered | Refusal) -> None:
        if isinstance(made, Refusal):
            self._say(QuestionNotTranslated(number=asked.number, code=made.code, message=made.message))
        else:
            self._say(QuestionTranslated(number=asked.number, text=made.text, route=made.route, rough=made.rough))
