from __future__ import annotations

import asyncio

from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.services.hubs.translating import check_of
from moothall.services.questions.translations import Rendered, WantedTranslation
from moothall.testing import loop
from moothall.testing.clock import LoopClock
from moothall.wire.hubs.messages import QuestionNotTranslated, QuestionTranslated, TranslateQuestion
from moothall_hub.node.translations import AGAIN_MS, KEPT, TranslationsAbove


def text(target: str = "es", source: str = "en") -> WantedTranslation:
    return WantedTranslation(
        session=SessionId("s"), intervention=InterventionId("q"), text="Why?", source=source, target=target
    )


class Uplink:
    def __init__(self) -> None:
        self.up = True
        self.said: list[TranslateQuestion] = []
        self.above = TranslationsAbove(self.said.append, LoopClock(), up=lambda: self.up)

    async def asks(self, wanted: WantedTranslation) -> asyncio.Future[Rendered | Refusal]:
        asking = asyncio.ensure_future(self.above.translate(wanted))
        await asyncio.sleep(0)
        return asking

    async def none(self, wanted: WantedTranslation) -> None:
        asking = await self.asks(wanted)
        self.above.take(QuestionNotTranslated(number=self.said[-1].number, code=RefusalCode.UNKNOWN, message="None."))
        assert isinstance(await asking, Refusal)


def test_the_server_above_translates_what_it_is_asked() -> None:
    async def story() -> None:
        uplink = Uplink()
        asking = await uplink.asks(text())
        (said,) = uplink.said
        assert (said.session, said.intervention, said.language, said.check) == ("s", "q", "es", check_of("Why?"))
        uplink.above.take(QuestionTranslated(number=said.number, text="¿Por qué?", route="echo", rough=True))
        uplink.above.take(QuestionTranslated(number=said.number, text="Again", route="echo"))
        assert await asking == Rendered(text="¿Por qué?", route="echo", rough=True)

    loop.run(story())


def test_an_answer_that_comes_too_late_is_none_to_the_next_request() -> None:
    async def story() -> None:
        uplink = Uplink()
        (await uplink.asks(text())).cancel()
        asking = await uplink.asks(text("fr"))
        uplink.above.take(QuestionTranslated(number=uplink.said[0].number, text="¿Por qué?", route="echo"))
        uplink.above.take(QuestionNotTranslated(number=uplink.said[1].number, code=RefusalCode.BUSY, message="Later."))
        answer = await asking
        assert isinstance(answer, Refusal)
        assert (answer.code, uplink.above.has_way(text("fr"))) == (RefusalCode.BUSY, True)

    loop.run(story())


def test_without_a_link_nothing_is_asked_and_what_was_asked_is_refused() -> None:
    async def story() -> None:
        uplink = Uplink()
        asking = await uplink.asks(text())
        uplink.up = False
        uplink.above.uplink_changed()
        for answer in (await asking, await uplink.above.translate(text())):
            assert isinstance(answer, Refusal)
            assert answer.code is RefusalCode.UNAVAILABLE
        assert len(uplink.said) == 1
        assert not uplink.above.has_way(text())

    loop.run(story())


def test_a_direction_without_a_translator_is_not_asked_for_at_each_page() -> None:
    async def story() -> None:
        uplink = Uplink()
        await uplink.none(text("de-AT"))
        assert not uplink.above.has_way(text("de"))
        assert uplink.above.has_way(text("es"))
        await asyncio.sleep(AGAIN_MS / 1_000)
        assert uplink.above.has_way(text("de"))
        await uplink.none(text("de"))
        uplink.above.uplink_changed()
        assert uplink.above.has_way(text("de"))
        for number in range(KEPT + 1):
            await uplink.none(text(f"a{chr(97 + number // 26)}{chr(97 + number % 26)}"))
        assert uplink.above.has_way(text("aaa"))
        assert not uplink.above.has_way(text("aab"))

    loop.run(story())
