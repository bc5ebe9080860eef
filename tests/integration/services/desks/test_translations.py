"""A desk requests the translation of a text, over real sockets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec
import pytest

from moothall.core.commands import BeginNotRecorded, TypeSegment
from moothall.core.kernel.ids import SegmentId
from moothall.core.rules.authority import STAFF_ROLES
from moothall.core.translation.routes import Direction
from moothall.services.desks.translations import MOST_ASKED, TranslationMessages
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.staff import Staff
from moothall.services.translation.text_translation import Terms, TextTranslation
from moothall.services.translation.translators import Translators
from moothall.testing.translator_link import DIRECTIONS, EchoEnd
from support.desks.socket import STAFF, Desk, House, desk, desk_house, plain
from support.memory.hall import FLOOR

SENTENCE = "The Moothall is open."
ASKED = {"text": SENTENCE, "from": "en", "to": "pt-BR"}


def terms(_live: LiveSession, source: str, target: str) -> Terms:
    """What the meeting calls itself."""
    return Terms(forced={"Moothall": "Salão"}) if (source, target) == ("en", "pt-BR") else Terms()


@asynccontextmanager
async def house_that_translates(
    directions: Sequence[Direction] = DIRECTIONS,
) -> AsyncIterator[tuple[House, EchoEnd]]:
    translators, echo = Translators(), EchoEnd(directions)
    messages = TranslationMessages(TextTranslation(translators, ()), terms)
    async with asyncio.TaskGroup() as group, desk_house(extras=lambda _: messages.all()) as house:
        group.create_task(translators.serve(echo.server))
        group.create_task(echo.run())
        while not translators.directions:
            await house.hall.clock.sleep(1)
        await house.open()
        yield house, echo
        echo.cut()


def code(answer: dict[str, dict[str, str]]) -> str:
    return answer["refusal"]["code"]


async def test_any_role_at_a_desk_gets_the_text_with_the_meetings_words_in_it() -> None:
    async with house_that_translates() as (house, _):
        for role in sorted(STAFF_ROLES):
            house.staff["tech"] = Staff(link="link-t", role=role, scope="hall", label="")
            async with desk(house) as one:
                answer = await one.ask("translate", ASKED)
                said = {"text": "[pt] The Salão is open.", "route": "echo 1 en>pt", "rough": False}
                assert answer == said, role
        house.staff["tech"] = STAFF["tech"]
        async with desk(house) as one:
            chain = await one.ask("translate", {"text": "Hello.", "from": "en", "to": "es"})
            assert (chain["text"], chain["route"]) == ("[es] [pt] Hello.", "echo 1 en>pt, echo 1 pt>es")
            first, second = "An open meeting. " * 60, "A second paragraph."
            long = await one.ask("translate", {**ASKED, "text": f"{first.strip()}\n\n{second}"})
            assert long["text"].endswith("An open meeting.\n\n[pt] A second paragraph.")
            assert long["text"].replace("[pt] ", "").split() == f"{first} {second}".split()
            longest = await one.ask("translate", {**ASKED, "text": "é" * 10_000})
            assert longest["text"].count("é") == 10_000


async def test_whoever_has_not_joined_gets_nothing() -> None:
    async with house_that_translates() as (house, echo), desk(house, join=False) as one:
        assert code(await one.ask("translate", ASKED)) == "conflict"
        assert echo.asked == []


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"text": ""}, "invalid"),
        ({"text": " \n"}, "invalid"),
        ({"text": "x" * 10_001}, "invalid"),
        ({"text": "x" + " " * 10_000}, "invalid"),
        ({"text": 5}, "invalid"),
        ({"from": ""}, "invalid"),
        ({"from": "English"}, "invalid"),
        ({"to": "es\n"}, "invalid"),
        ({"to": "es-" + "x" * 40}, "invalid"),
        ({"to": "../x"}, "invalid"),
        ({"to": "en"}, "unknown"),
        ({"to": "ar"}, "unknown"),
    ],
)
async def test_what_can_not_be_is_refused(changed: dict[str, object], refused: str) -> None:
    async with house_that_translates() as (house, echo), desk(house) as one:
        assert code(await one.ask("translate", {**ASKED, **changed})) == refused
        assert echo.asked == []


async def test_nothing_of_it_is_kept_or_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with house_that_translates() as (house, echo), desk(house) as one:
        offset = house.live.writer.offset
        for _ in range(2):
            await one.ask("translate", {**ASKED, "text": "Unheard-of words."})
        assert echo.asked == ["Unheard-of words."] * 2, "it was not remembered"
        echo.fails = 1
        assert code(await one.ask("translate", ASKED)) == "unavailable"
        assert house.live.writer.offset == offset
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("moothall")]
    assert not any("Unheard-of" in said or "Moothall is open" in said for said in ours)


async def test_one_that_hangs_holds_up_nothing_else_and_few_are_made_at_a_time() -> None:
    async with house_that_translates() as (house, echo), desk(house) as one:
        echo.silent = True
        waiting = [asyncio.ensure_future(one.ask("translate", ASKED)) for _ in range(MOST_ASKED)]
        while len(echo.asked) < MOST_ASKED:
            await house.hall.clock.sleep(5)
        assert code(await one.ask("translate", ASKED)) == "busy"
        line = TypeSegment(channel=FLOOR, segment=SegmentId("a"), text="Still here.", language="en")
        assert "receipt" in await one.ask("act", {"id": "a", "commands": plain([line])})
        echo.cut()
        assert {code(answer) for answer in await asyncio.gather(*waiting)} == {"unavailable"}, "it may be asked again"


async def test_while_a_meeting_is_not_recorded_its_texts_leave_this_machine_for_nobody() -> None:
    remote = msgspec.structs.replace(DIRECTIONS[0], remote=True)

    async def translate(one: Desk) -> dict[str, dict[str, str]]:
        answer: dict[str, dict[str, str]] = await one.ask("translate", ASKED)
        return answer

    async with house_that_translates([remote]) as (house, echo), desk(house) as one:
        assert "text" in await translate(one)
        await house.do(BeginNotRecorded())
        assert code(await translate(one)) == "unknown"
        assert len(echo.asked) == 1
