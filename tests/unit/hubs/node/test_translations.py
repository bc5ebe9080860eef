from __future__ import annotations

import asyncio

from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.services.hubs.translating import check_of
from moothall.services.questions.translations import Rendered, WantedTranslation
from moothall.testing import loop
from moothall.testing.clock import LoopClock
from moothall.wire.hub.messages import NotTranslated, Translate, Translated
from moothall_hub.node.translations import AGAIN_MS, KEPT, TranslationsAbove


def text(target: str = "es", source: str = "en") -> WantedTranslation:
    return WantedTranslation(
        session=SessionId("s"), intervention=InterventionId("q"), text="Why?", source=source, target=target
    )


class Line:
    def __init__(self) -> None:
        self.up = True
        self.said: list[Translate] = []
        self.above = TranslationsAbove(self.said.append, LoopClock(), up=lambda: self.up)

    async def asks(self, wanted: WantedTranslation) -> asyncio.Future[Rendered | Refusal]:
        asking = asyncio.ensure_future(self.above.translate(wanted))
        await asyncio.sleep(0)
        return asking

    async def none(self, wanted: WantedTranslation) -> None:
        asking = await self.asks(wanted)
        self.above.take(NotTranslated(number=self.said[-1].number, code=RefusalCode.UNKNOWN, message="None."))
        assert isinstance(await asking, Refusal)


def test_the_server_above_translates_what_it_is_asked() -> None:
    async def story() -> None:
        line = Line()
        asking = await line.asks(text())
        (said,) = line.said
        assert (said.session, said.intervention, said.language, said.check) == ("s", "q", "es", check_of("Why?"))
        line.above.take(Translated(number=said.number, text="¿Por qué?", route="echo", rough=True))
        line.above.take(Translated(number=said.number, text="Again", route="echo"))
        assert await asking == Rendered(text="¿Por qué?", route="echo", rough=True)

    loop.run(story())


def test_an_answer_that_comes_too_late_is_none_to_the_next_request() -> None:
    async def story() -> None:
        line = Line()
        (await line.asks(text())).cancel()
        asking = await line.asks(text("fr"))
        line.above.take(Translated(number=line.said[0].number, text="¿Por qué?", route="echo"))
        line.above.take(NotTranslated(number=line.said[1].number, code=RefusalCode.BUSY, message="Later."))
        answer = await asking
        assert isinstance(answer, Refusal)
        assert (answer.code, line.above.has_way(text("fr"))) == (RefusalCode.BUSY, True)

    loop.run(story())


def test_without_a_line_nothing_is_asked_and_what_was_asked_is_refused() -> None:
    async def story() -> None:
        line = Line()
        asking = await line.asks(text())
        line.up = False
        line.above.line_changed()
        for answer in (await asking, await line.above.translate(text())):
            assert isinstance(answer, Refusal)
            assert answer.code is RefusalCode.UNAVAILABLE
        assert len(line.said) == 1
        assert not line.above.has_way(text())

    loop.run(story())


def test_a_direction_without_a_translator_is_not_asked_for_at_each_page() -> None:
    async def story() -> None:
        line = Line()
        await line.none(text("de-AT"))
        assert not line.above.has_way(text("de"))
        assert line.above.has_way(text("es"))
        await asyncio.sleep(AGAIN_MS / 1_000)
        assert line.above.has_way(text("de"))
        await line.none(text("de"))
        line.above.line_changed()
        assert line.above.has_way(text("de"))
        for number in range(KEPT + 1):
            await line.none(text(f"a{chr(97 + number // 26)}{chr(97 + number % 26)}"))
        assert line.above.has_way(text("aaa"))
        assert not line.above.has_way(text("aab"))

    loop.run(story())
