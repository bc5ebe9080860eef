from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.services.questions.translations import (
    AGAIN_MS,
    KEPT,
    WAITING,
    QuestionTranslations,
    Rendered,
    WantedTranslation,
)
from moothall.testing.clock import LoopClock
from moothall.testing.loop import run

ECHO = "echo 1 en>es"


def text(what: str, source: str = "en", target: str = "es") -> WantedTranslation:
    return WantedTranslation(
        session=SessionId("s"), intervention=InterventionId("q"), text=what, source=source, target=target
    )


class Echo:
    """Says a text again; `broken` ones fail, `hanging` ones never come, and nothing leads into German."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def translate(self, wanted: WantedTranslation) -> Rendered | Refusal:
        self.asked.append(wanted.text)
        await asyncio.sleep(0.01)
        if wanted.text == "hanging":
            await asyncio.Event().wait()
        if wanted.text == "bug":
            raise ValueError(wanted.text)
        if wanted.text == "broken":
            return Refusal(code=RefusalCode.UNAVAILABLE, message="It broke.")
        return Rendered(text=f"[{wanted.target}] {wanted.text}", route=ECHO)

    def has_way(self, wanted: WantedTranslation) -> bool:
        return wanted.target != "de"


@asynccontextmanager
async def translating(echo: Echo) -> AsyncIterator[QuestionTranslations]:
    made = QuestionTranslations(echo.translate, echo.has_way, clock=LoopClock())
    running = asyncio.ensure_future(made.run())
    yield made
    running.cancel()


async def reads(made: QuestionTranslations, wanted: WantedTranslation) -> str:
    answer = await made.made(wanted)
    return answer.text if isinstance(answer, Rendered) else answer.code.value


def test_a_text_is_made_once_for_all_who_read_it() -> None:
    async def story() -> None:
        echo = Echo()
        async with translating(echo) as made:
            assert made.known(text("Why?")) is None
            assert await asyncio.gather(*(reads(made, text("Why?")) for _ in range(50))) == ["[es] Why?"] * 50
            known = made.known(text("Why?"))
            assert known is not None
            assert known.text == await reads(made, text("Why?")) == "[es] Why?"
            assert made.want(text("Why?")) is None
            assert echo.asked == ["Why?"]

    run(story())


def test_whoever_gives_up_takes_nothing_from_the_others() -> None:
    async def story() -> None:
        async with translating(Echo()) as made:
            one, other = (asyncio.ensure_future(reads(made, text("Why?"))) for _ in range(2))
            await asyncio.sleep(0)
            one.cancel()
            assert await other == "[es] Why?"

    run(story())


def test_what_is_wanted_soon_comes_before_what_waits() -> None:
    async def story() -> None:
        echo = Echo()
        async with translating(echo) as made:
            for what in ("a", "b", "c"):
                made.want(text(what))
            await asyncio.sleep(0)
            assert made.want(text("a")) is not None  # it is being made
            made.want(text("c"), first=True)
            await reads(made, text("b"))
            assert echo.asked == ["a", "c", "b"]

    run(story())


def test_where_nothing_leads_nothing_is_made() -> None:
    async def story() -> None:
        echo = Echo()
        async with translating(echo) as made:
            for nowhere in (text("Why?", target="de"), text("Why?", target="en-GB"), text("", target="es")):
                assert made.want(nowhere) is None
            assert await reads(made, text("Why?", target="de")) == "unknown"
            assert await reads(made, text("Why?", target="en")) == "unknown"
            assert echo.asked == []

    run(story())


def test_what_failed_or_hung_is_tried_again_after_a_while() -> None:
    async def story() -> None:
        echo = Echo()
        async with translating(echo) as made:
            assert await reads(made, text("broken")) == "unavailable"
            assert await reads(made, text("hanging")) == "unavailable"
            assert await reads(made, text("broken")) == "busy"
            assert echo.asked == ["broken", "hanging"]
            await asyncio.sleep(AGAIN_MS / 1_000)
            assert await reads(made, text("broken")) == "unavailable"
            assert await reads(made, text("Why?")) == "[es] Why?"

    run(story())


def test_a_translator_that_raises_stops_it_and_what_waits_is_made_when_it_goes_on() -> None:
    async def story() -> None:
        made = QuestionTranslations(Echo().translate, lambda _: True, clock=LoopClock())
        lost, waits = (asyncio.ensure_future(reads(made, text(what))) for what in ("bug", "Why?"))
        await asyncio.sleep(0)
        (stopped,) = await asyncio.gather(made.run(), return_exceptions=True)
        assert isinstance(stopped, ValueError)
        assert await lost == "unavailable"
        running = asyncio.ensure_future(made.run())
        assert await waits == "[es] Why?"
        running.cancel()

    run(story())


def test_so_many_wait_and_are_kept_and_no_more() -> None:
    async def story() -> None:
        async with translating(Echo()) as made:
            for n in range(WAITING):
                assert made.want(text(f"{n}")) is not None
            assert made.want(text("one too many")) is None
            assert await reads(made, text("one too many")) == "busy"
            for n in range(KEPT):
                await reads(made, text(f"{n}"))
            assert made.known(text("0")) is not None  # asked for just now
            await reads(made, text("the last"))
            assert (made.known(text("0")) is None, made.known(text("1")) is None) == (False, True)

    run(story())


def test_nothing_is_kept_of_what_was_forgotten_not_even_what_was_being_made() -> None:
    async def story() -> None:
        async with translating(Echo()) as made:
            await reads(made, text("Why?"))
            before = made.generation
            made.want(text("When?"))
            await asyncio.sleep(0.001)
            made.forget()
            assert made.generation > before
            assert made.known(text("Why?")) is None
            await asyncio.sleep(0.1)
            assert made.known(text("When?")) is None

    run(story())


def test_what_waits_when_all_is_forgotten_is_not_made_any_more() -> None:
    async def story() -> None:
        echo = Echo()
        async with translating(echo) as made:
            waiting = [asyncio.ensure_future(reads(made, text(what))) for what in ("Why?", "Erased?")]
            await asyncio.sleep(0.001)
            made.want(text("gone"))
            future = made.want(text("gone"))
            assert future is not None
            future.cancel()
            made.forget()
            assert await asyncio.gather(*waiting) == ["[es] Why?", "busy"]
            await asyncio.sleep(0.1)
            assert echo.asked == ["Why?"]

    run(story())
