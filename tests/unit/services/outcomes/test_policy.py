from __future__ import annotations

import asyncio

from moothall.core.commands import AddChannel, CreateSession, ListPolicyQuestions
from moothall.core.events.notes_and_tags import PolicyQuestion
from moothall.core.events.types import ChannelKind, LogKind
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, CommandId, PolicyQuestionId, SessionId
from moothall.core.outcomes import commands as do
from moothall.services.log.act_queue import Receipt
from moothall.services.outcomes.outcome_logs import REGISTER
from moothall.services.sessions.live_session import LiveSession
from moothall.testing import loop
from support.memory.hall import SESSION, memory_hall
from support.memory.outcomes import outcomes

WATER, LATER = PolicyQuestionId("water"), SessionId("later")
STATED = do.StateQuestion(question=WATER, text="Who pays for the water?", language="en")


def listed(live: LiveSession) -> list[tuple[str, str]]:
    return [(each.id, each.text) for each in live.state.notes_and_tags.questions]


def test_a_session_gets_its_list_when_it_is_prepared_and_when_a_question_is_reworded() -> None:
    async def story() -> None:
        async with memory_hall() as hall, outcomes(hall) as house:
            live = await hall.session()
            own = ListPolicyQuestions(questions=(PolicyQuestion(id=PolicyQuestionId("q1"), text="Its own?"),))
            assert isinstance(await live.writer.send(SYSTEM, CommandId("own"), own), Receipt)
            assert await house.policy.register() == house.policy.known()
            prepared = do.PrepareSession(session=SESSION, questions=(WATER,), objectives=("Agree on a fund",))
            assert await house.policy.send(SYSTEM, CommandId("a"), (STATED, prepared)) is None
            await asyncio.sleep(1)
            assert listed(live) == [(WATER, "Who pays for the water?"), ("q1", "Its own?")]
            again = do.StateQuestion(question=WATER, text="Who pays, and how?", language="en")
            assert await house.policy.send(SYSTEM, CommandId("b"), again) is None
            await asyncio.sleep(1)
            assert listed(live)[0] == (WATER, "Who pays, and how?")
            before = live.writer.offset
            await house.policy.hand_on(SESSION)
            assert live.writer.offset == before

    loop.run(story())


def test_a_session_that_is_made_later_gets_what_was_prepared() -> None:
    async def story() -> None:
        async with memory_hall() as hall, outcomes(hall) as house:
            prepared = do.PrepareSession(session=LATER, questions=(WATER,))
            assert await house.policy.send(SYSTEM, CommandId("a"), (STATED, prepared)) is None
            await asyncio.sleep(1)
            live = await hall.session(LATER)
            await asyncio.sleep(1)
            assert listed(live) == [(WATER, "Who pays for the water?")]

    loop.run(story())


def test_what_was_left_by_a_server_that_was_killed_is_handed_on_at_the_start() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            async with outcomes(hall, run=False) as house:
                live = await hall.session()
                prepared = do.PrepareSession(session=SESSION, questions=(WATER,))
                assert await house.policy.send(SYSTEM, CommandId("a"), (STATED, prepared)) is None
                assert listed(live) == []
            async with outcomes(hall):
                await asyncio.sleep(1)
                assert listed(live) == [(WATER, "Who pays for the water?")]

    loop.run(story())


def test_a_refusal_of_the_register_is_said() -> None:
    async def story() -> None:
        async with memory_hall() as hall, outcomes(hall) as house:
            closing = do.CloseQuestion(question=WATER, reason="Answered")
            refused = await house.policy.send(SYSTEM, CommandId("a"), closing)
            assert isinstance(refused, Refusal)
            assert refused.message == "The register has no such policy question."

    loop.run(story())


def test_a_house_whose_register_has_the_name_of_a_session_says_so() -> None:
    async def story() -> None:
        async with memory_hall() as hall, outcomes(hall) as house:
            live = await hall.sessions.open(REGISTER)
            made = (
                CreateSession(title="A meeting", languages=("en",), kind=LogKind.SESSION),
                AddChannel(channel=ChannelId("floor"), kind=ChannelKind.FLOOR, languages=("en",)),
            )
            await live.writer.send(SYSTEM, CommandId("c"), made)
            refused = await house.policy.send(SYSTEM, CommandId("a"), STATED)
            assert isinstance(refused, Refusal)
            await house.policy.hand_on(SESSION)

    loop.run(story())
