"""View data of questions on walls and overlays, and of shows of hands on walls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

import msgspec

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import SessionRequest
from moothall.adapters.questions.asking_texts import NUMBERED
from moothall.adapters.questions.page_hands import COUNTED, hands_of
from moothall.adapters.questions.translations_door import QuestionTranslationsDoor
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.languages import direction
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.questions.on_wall import languages_on_wall, on_wall


class QuestionWords(msgspec.Struct, frozen=True, kw_only=True):
    """A question's text in one language."""

    text: str
    language: str
    direction: str
    made: str = ""
    """Which translator made it, in a sentence; empty for the original."""


class WallQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question on a wall."""

    heading: str
    """Its kind and number."""
    name: str
    """The name that the author has chosen."""
    words: tuple[QuestionWords, ...]
    """The original and its translations; empty where somebody only asks to speak."""


class AskedNow(msgspec.Struct, frozen=True, kw_only=True):
    """The questions and the show of hands on a wall."""

    now: WallQuestion | None = None
    next: tuple[WallQuestion, ...] = ()
    moves: bool = False
    """As in `OnWall`."""
    hands: dict[str, object] | None = None
    """The show of hands as made by `page_hands.hands_of`, with `said`: a text for its numbers with placeholders."""
    pending: tuple[str, ...] = ()
    """Addresses of translations that are still being made."""
    lacks: bool = False
    """Whether a translation of the current question is unavailable at the moment; the wall then asks again later."""


Into = Callable[[Intervention, str, bool], tuple[QuestionWords | None, str]]
"""Translates a question into a language, with priority where True: returns the translation or None, and the address
where a pending translation will be."""


def asked_now(questions: Questions, languages: Iterable[str], into: Into, ui: Catalogue) -> AskedNow:
    """The questions of a wall that shows text in these languages (BCP 47).

    The next questions are translated ahead, so that a translation exists when a question's turn comes.
    """
    found, languages = on_wall(questions), tuple(languages)
    pending: list[str] = []
    lacking: list[str] = []

    def shown(each: Intervention, *, whole: bool) -> WallQuestion:
        own = QuestionWords(text=each.text, language=each.language, direction=direction(each.language))
        others = [into(each, tag, whole) for tag in languages_on_wall(each, languages)]
        if whole:
            pending.extend(address for _, address in others if address)
            lacking.extend(each.text for there, address in others if each.text and there is None and not address)
        words = [own, *(translated for translated, _ in others if translated is not None)] if each.text else []
        heading = ui.text(NUMBERED[each.kind], n=each.number)
        return WallQuestion(heading=heading, name=each.name, words=tuple(words if whole else words[:1]))

    return AskedNow(
        now=None if found.now is None else shown(found.now, whole=True),
        next=tuple(shown(each, whole=False) for each in found.next),
        moves=found.moves,
        hands=None if found.hands is None else {**hands_of(found.hands, ui), "said": ui.text(COUNTED)},
        pending=tuple(pending),
        lacks=bool(lacking),
    )


def wall_questions(
    questions_of: Callable[[SessionId], Awaitable[Questions | None]], translated: QuestionTranslationsDoor
) -> Callable[[SessionRequest, Catalogue], Awaitable[AskedNow]]:
    """A function for `display_door` that returns a wall's questions in the languages of its text."""

    async def questions(wanted: SessionRequest, ui: Catalogue) -> AskedNow:
        questions = await questions_of(wanted.session)
        channel = wanted.snapshot.session.channels.get(wanted.feed.channel)
        if questions is None or channel is None:
            return AskedNow()

        def into(each: Intervention, target: str, soon: bool) -> tuple[QuestionWords | None, str]:
            found = translated.of(wanted.session, each, target, ui, first=soon)
            there = found.translated
            if there is None:
                return None, found.pending
            return QuestionWords(text=there.text, language=target, direction=there.direction, made=there.made), ""

        return asked_now(questions, channel.languages, into, ui)

    return questions
