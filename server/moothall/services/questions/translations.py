"""Translations of published questions, each made once for all its readers.

They are made one at a time, so that the translation of live text is not delayed. They are kept in memory only, and made
again after a restart.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import msgspec

from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.core.kernel.languages import primary
from moothall.core.ports import Clock
from moothall.core.questions.interventions import Intervention

KEPT = 2_000
"""Most translations that are cached. Overflow: the least recently used is dropped."""
WAITING = 200
"""Texts that wait to be translated. Overflow: a new text is refused; its next reader asks again."""
AGAIN_MS = 60_000
"""How long after a failure a translation may be tried again."""
PATIENCE_S = 30
"""Time limit of one translation, in seconds: an engine that hangs is ended after 20 s."""


class WantedTranslation(msgspec.Struct, frozen=True, kw_only=True):
    """A question and the language into which it has to be translated."""

    session: SessionId
    intervention: InterventionId
    text: str
    source: str
    """The language of the text (BCP-47)."""
    target: str


def text_of(session: SessionId, each: Intervention, target: str) -> WantedTranslation:
    """The request for a question's translation into a language (BCP-47)."""
    return WantedTranslation(session=session, intervention=each.id, text=each.text, source=each.language, target=target)


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """A translation, and how it was made."""

    text: str
    route: str
    """The translators that made it (`moothall.core.translation.routes.Route.name`)."""
    rough: bool = False
    """Whether readers should be told that it conveys only the gist."""


RenderTranslation = Callable[[WantedTranslation], Awaitable[Rendered | Refusal]]
HasWay = Callable[[WantedTranslation], bool]
FindQuestion = Callable[[], Awaitable[Intervention | None]]
"""Returns the question in its current state; None where only the staff may read it."""
BUSY = refuse(RefusalCode.BUSY, "The question can't be translated at the moment; try again in a minute.")
NO_WAY = refuse(RefusalCode.UNKNOWN, "No translation between these languages is available here.")
NOT_HERE = refuse(RefusalCode.UNKNOWN, "There is no such question here, or no such language.")


class QuestionTranslations:
    """Translates questions, one at a time. `run` must be running. The caller checks that a text is published."""

    def __init__(self, translate: RenderTranslation, has_way: HasWay, *, clock: Clock) -> None:
        """`has_way`: whether a translator for the two languages is available now."""
        self._translate = translate
        self._has_way = has_way
        self._clock = clock
        self._made: OrderedDict[WantedTranslation, Rendered | int] = OrderedDict()
        """The translation; or when it failed, in monotonic ms."""
        self._waiting: OrderedDict[WantedTranslation, asyncio.Future[Rendered | Refusal]] = OrderedDict()
        self._now: tuple[WantedTranslation, asyncio.Future[Rendered | Refusal]] | None = None
        self._came = asyncio.Event()
        self.generation = 0
        """Increased whenever a translation is made or dropped: as long as it is unchanged, so are all answers."""

    def known(self, wanted: WantedTranslation) -> Rendered | None:
        """The translation, if it is in the cache; else None."""
        made = self._made.get(wanted)
        if not isinstance(made, Rendered):
            return None
        self._made.move_to_end(wanted)
        return made

    def want(self, wanted: WantedTranslation, *, first: bool = False) -> asyncio.Future[Rendered | Refusal] | None:
        """Queue a text, at the front with `first`. None where it is cached, can't be translated, or too many texts
        wait.

        The caller must shield the future, since others may await it too.
        """
        if self._now is not None and self._now[0] == wanted:
            return self._now[1]
        under_way = self._waiting.get(wanted)
        if under_way is None:
            if self.known(wanted) is not None or not self._may_be_made(wanted) or len(self._waiting) >= WAITING:
                return None
            under_way = self._waiting[wanted] = asyncio.get_running_loop().create_future()
            self._came.set()
        if first:
            self._waiting.move_to_end(wanted, last=False)
        return under_way

    async def made(self, wanted: WantedTranslation) -> Rendered | Refusal:
        """Wait until the translation is made, and return it; refused when it can't be made."""
        known = self.known(wanted)
        if known is not None:
            return known
        if not self._has_way(wanted) or primary(wanted.source) == primary(wanted.target):
            return NO_WAY
        future = self.want(wanted)
        if future is None:
            return BUSY
        return await asyncio.shield(future)

    async def published(
        self, session: SessionId, target: str, find: FindQuestion
    ) -> tuple[Intervention, Rendered] | Refusal:
        """A question that everybody may read, and its translation, once that is made.

        `find` is called before and after, since the question may be withdrawn or reworded meanwhile.
        """
        each = await find()
        if each is None or not each.text:
            return NOT_HERE
        made = await self.made(text_of(session, each, target))
        now = await find()
        if now is None or now.text != each.text:
            return NOT_HERE
        return made if isinstance(made, Refusal) else (each, made)

    def forget(self) -> None:
        """Drop all translations and waiting texts, since one may have been erased. Readers ask for the others again."""
        self._made.clear()
        for future in self._waiting.values():
            if not future.done():
                future.set_result(BUSY)
        self._waiting.clear()
        self.generation += 1

    async def run(self) -> None:
        """Translate the waiting texts, one after the other, until cancelled."""
        while True:
            while self._waiting:
                wanted, future = self._now = self._waiting.popitem(last=False)
                generation = self.generation
                answer: Rendered | Refusal = refuse(RefusalCode.UNAVAILABLE, "The question could not be translated.")
                try:
                    async with asyncio.timeout(PATIENCE_S):
                        answer = await self._translate(wanted)
                except TimeoutError:
                    pass  # A time-out counts as a failure.
                finally:
                    self._now = None
                    if generation == self.generation:
                        self._keep(wanted, answer)
                    if not future.done():
                        future.set_result(answer)
            self._came.clear()
            await self._came.wait()

    def _keep(self, wanted: WantedTranslation, answer: Rendered | Refusal) -> None:
        self._made[wanted] = answer if isinstance(answer, Rendered) else self._clock.monotonic()
        self._made.move_to_end(wanted)
        if len(self._made) > KEPT:
            self._made.popitem(last=False)
        self.generation += 1

    def _may_be_made(self, wanted: WantedTranslation) -> bool:
        failed = self._made.get(wanted)
        if isinstance(failed, int) and self._clock.monotonic() - failed < AGAIN_MS:
            return False
        return bool(wanted.text) and primary(wanted.source) != primary(wanted.target) and self._has_way(wanted)
