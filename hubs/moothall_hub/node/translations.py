"""Translations of the meeting's questions that the server above makes for this hub, one request at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.languages import primary
from moothall.core.ports import Clock
from moothall.services.hubs.translating import check_of
from moothall.services.questions.translations import Rendered, WantedTranslation
from moothall.wire.hubs.messages import QuestionNotTranslated, QuestionTranslated, TranslateQuestion

KEPT = 256
"""The number of directions that are kept as having no translator. Overflow: the oldest is dropped, and asked for
again."""
AGAIN_MS = 60_000
"""Milliseconds after which a direction without a translator is asked for again."""
_NO_UPLINK = refuse(
    RefusalCode.UNAVAILABLE, "There is no connection to the meeting; the translation comes once it is back."
)


class TranslationsAbove:
    """Requests translations from the server above, for `QuestionTranslations`, which requests one at a time."""

    def __init__(self, say: Callable[[TranslateQuestion], None], clock: Clock, *, up: Callable[[], bool]) -> None:
        """`up` says whether the uplink to the centre is up; `say` sends a message upwards."""
        self._say = say
        self._clock = clock
        self._up = up
        self._number = 0
        self._awaited: asyncio.Future[Rendered | Refusal] | None = None
        self._without: dict[tuple[str, str], int] = {}
        """Directions (primary tags) without a translator, with the monotonic ms at which the server above said so."""

    def has_way(self, wanted: WantedTranslation) -> bool:
        """Whether the server above may have a translator for the direction of `wanted`."""
        said = self._without.get(_direction(wanted))
        return self._up() and (said is None or self._clock.monotonic() - said >= AGAIN_MS)

    async def translate(self, wanted: WantedTranslation) -> Rendered | Refusal:
        """Request a translation. Waits for the answer as long as the uplink is up; then returns a refusal."""
        if not self._up():
            return _NO_UPLINK
        self._number += 1
        awaited: asyncio.Future[Rendered | Refusal] = asyncio.get_running_loop().create_future()
        self._awaited = awaited
        self._say(
            TranslateQuestion(
                number=self._number,
                session=wanted.session,
                intervention=wanted.intervention,
                check=check_of(wanted.text),
                language=wanted.target,
            )
        )
        made = await awaited
        if isinstance(made, Refusal) and made.code is RefusalCode.UNKNOWN:
            self._without.pop(_direction(wanted), None)
            self._without[_direction(wanted)] = self._clock.monotonic()
            if len(self._without) > KEPT:
                del self._without[next(iter(self._without))]
        return made

    def take(self, answer: QuestionTranslated | QuestionNotTranslated) -> None:
        """Pass an answer to the request that awaits it; a late answer is dropped."""
        if answer.number == self._number:
            self._end(
                Rendered(text=answer.text, route=answer.route, rough=answer.rough)
                if isinstance(answer, QuestionTranslated)
                else refuse(answer.code, answer.message)
            )

    def uplink_changed(self) -> None:
        """Note that the uplink has come up or gone down. A request on the previous link gets no answer, and the server
        above may have other translators now.
        """
        self._without.clear()
        if not self._up():
            self._end(_NO_UPLINK)

    def _end(self, answer: Rendered | Refusal) -> None:
        if self._awaited is not None and not self._awaited.done():
            self._awaited.set_result(answer)


def _direction(wanted: WantedTranslation) -> tuple[str, str]:
    return primary(wanted.source), primary(wanted.target)
