from __future__ import annotations

import asyncio

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import CommandId, InterventionId, SessionId
from moothall.core.questions.interventions import Questions
from moothall.services.hubs.translating import BUSY, MOST_WAITING, UNAVAILABLE, check_of, translations_for_hubs
from moothall.services.questions.translations import NO_WAY, QuestionTranslations, Rendered, WantedTranslation
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.testing import loop
from moothall.testing.clock import LoopClock
from moothall.wire.hubs import messages as wire
from support.hubs.side import Centre, centre, next_of
from support.memory.hall import memory_hall
from support.sessions.questions import MODERATOR, SOMEBODY, ask, stand

S = SessionId("s")


def wanted(
    number: int = 1, *, name: str = "a", text: str = "Why?", language: str = "es", session: str = S
) -> wire.TranslateQuestion:
    return wire.TranslateQuestion(
        number=number,
        session=SessionId(session),
        intervention=InterventionId(name),
        check=check_of(text),
        language=language,
    )


def refused(number: int, refusal: Refusal) -> wire.QuestionNotTranslated:
    return wire.QuestionNotTranslated(number=number, code=refusal.code, message=refusal.message)


async def echo(asked: WantedTranslation) -> Rendered:
    return Rendered(text=f"[{asked.target}] {asked.text}", route="echo", rough=True)


# One link


def test_a_hub_is_answered_in_order_and_told_when_too_much_waits() -> None:
    goes_on = asyncio.Event()

    async def translate(asked: wire.TranslateQuestion) -> Rendered | Refusal:
        await goes_on.wait()
        return NO_WAY if asked.language == "de" else Rendered(text="¿Por qué?", route="echo", rough=True)

    async def story() -> None:
        async with centre(Centre(translate=translate)) as it:
            hub = await it.dial()
            await next_of(hub, wire.HubProgramme)
            await hub.send(wanted(1))
            await asyncio.sleep(1)  # It is being made.
            for number in range(2, MOST_WAITING + 3):
                await hub.send(wanted(number, language="de"))
            assert await next_of(hub, wire.QuestionNotTranslated) == refused(MOST_WAITING + 2, BUSY)
            goes_on.set()
            assert await next_of(hub, wire.QuestionTranslated) == wire.QuestionTranslated(
                number=1, text="¿Por qué?", route="echo", rough=True
            )
            for number in range(2, MOST_WAITING + 2):
                assert await next_of(hub, wire.QuestionNotTranslated) == refused(number, NO_WAY)

    loop.run(story())


def test_a_server_without_translators_says_so() -> None:
    async def story() -> None:
        async with centre() as it:
            hub = await it.dial()
            await hub.send(wanted())
            assert await next_of(hub, wire.QuestionNotTranslated) == refused(1, NO_WAY)

    loop.run(story())


# What is translated for hubs


async def test_only_what_everybody_may_read_as_the_hub_has_it_is_translated() -> None:
    async with memory_hall() as hall:
        live = await hall.session()
        translations = QuestionTranslations(echo, lambda text: text.target != "de", clock=hall.clock)
        running = asyncio.ensure_future(translations.run())
        translate = translations_for_hubs(translations, ReaderAccess(hall.sessions).questions)
        await live.writer.send(SYSTEM, CommandId("1"), [do.OpenSession()])
        await live.writer.send(SOMEBODY, CommandId("2"), [ask("a", "Why?"), ask("b", "Hidden?")])
        await live.writer.send(MODERATOR, CommandId("3"), [stand(InterventionStatus.QUEUED, "a")])
        assert await translate(wanted()) == Rendered(text="[es] Why?", route="echo", rough=True)
        nowhere = await translate(wanted(language="de"))
        assert nowhere == NO_WAY
        for not_here in (
            wanted(text="Why so?"),
            wanted(name="b", text="Hidden?"),
            wanted(name="c"),
            wanted(session="other"),
            wanted(session="NO"),
            wanted(language="-"),
        ):
            answer = await translate(not_here)
            assert isinstance(answer, Refusal)
            assert answer.code is RefusalCode.CONFLICT
        running.cancel()


async def test_a_log_that_cannot_be_read_is_a_refusal() -> None:
    async def questions_of(_: SessionId) -> Questions | None:
        raise StorageUnavailable

    translations = QuestionTranslations(echo, lambda _: True, clock=LoopClock())
    assert await translations_for_hubs(translations, questions_of)(wanted()) == UNAVAILABLE
