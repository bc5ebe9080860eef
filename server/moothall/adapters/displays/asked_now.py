"""What walls and overlays show of the questions, and walls of a show of hands, as their templates need it."""

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


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """A question in a language."""

    text: str
    language: str
    direction: str
    made: str = ""
    """By what it was translated, in a sentence; empty for the question itself."""


class WallQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question on a wall."""

    heading: str
    """Its kind and number."""
    name: str
    """The chosen name."""
    words: tuple[Words, ...]
    """The question, and what there is of its translations; nothing where somebody only wants to speak."""


class AskedNow(msgspec.Struct, frozen=True, kw_only=True):
    """The questions of a wall."""

    now: WallQuestion | None = None
    next: tuple[WallQuestion, ...] = ()
    moves: bool = False
    """As in `OnWall`."""
    hands: dict[str, object] | None = None
    """The show of hands as `page_hands.hands_of` makes it; `said`: how its numbers are said, with places for them."""
    pending: tuple[str, ...] = ()
    """Where its translations are to be had that aren't made yet."""
    lacks: bool = False
    """Whether a translation of what is asked now can't be had at the moment: a wall asks again after a while."""


Into = Callable[[Intervention, str, bool], tuple[Words | None, str]]
"""A question in another language, soon if so wanted: what there is, or else where it will be."""


def asked_now(questions: Questions, languages: Iterable[str], into: Into, ui: Catalogue) -> AskedNow:
    """The questions of a wall that shows text in these languages (BCP-47).

    The next questions are translated ahead, so that a translation is there when a question's turn comes.
    """
    found, languages = on_wall(questions), tuple(languages)
    pending: list[str] = []
    lacking: list[str] = []

    def shown(each: Intervention, *, whole: bool) -> WallQuestion:
        own = Words(text=each.text, language=each.language, direction=direction(each.language))
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
    """The questions of walls, for `display_door`, in the languages of the text that each wall shows."""

    async def questions(wanted: SessionRequest, ui: Catalogue) -> AskedNow:
        questions = await questions_of(wanted.session)
        channel = wanted.snapshot.session.channels.get(wanted.feed.channel)
        if questions is None or channel is None:
            return AskedNow()

        def into(each: Intervention, target: str, soon: bool) -> tuple[Words | None, str]:
            found = translated.of(wanted.session, each, target, ui, first=soon)
            there = found.translated
            if there is None:
                return None, found.pending
            return Words(text=there.text, language=target, direction=there.direction, made=there.made), ""

        return asked_now(questions, channel.languages, into, ui)

    return questions
