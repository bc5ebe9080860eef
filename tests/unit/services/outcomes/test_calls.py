from __future__ import annotations

import asyncio

from moothall.core.commands import Ask, SetStatus
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import CommandId, InterventionId, SessionId
from moothall.core.outcomes import commands as do
from moothall.core.outcomes.call import Selected
from moothall.core.sessions.state import Status
from moothall.services.log.act_queue import Receipt
from moothall.services.outcomes.calls import CallFields, SelectedProposal, call_of, question_of
from moothall.services.sessions.live_session import LiveSession
from moothall.testing import loop
from support.memory.hall import SESSION, memory_hall
from support.memory.outcomes import OutcomeHouse, outcomes

OFFICE = Actor(Role.SECRETARIAT, "office")
FIELDS = CallFields(title="What shall we ask?", text="Propose policy questions.", language="en")
P1 = InterventionId("p1")
CHOSEN = SelectedProposal(intervention=P1, text="Who  pays?", language="en", sessions=(SESSION,))
CALL = call_of("form")
QUESTION = question_of(CALL, P1)


def status(live: LiveSession) -> Status:
    return live.state.status


async def made(house: OutcomeHouse, fields: CallFields = FIELDS) -> LiveSession:
    assert await house.calls.make("form", OFFICE, fields) == CALL
    live = await house.calls.find(CALL)
    assert live is not None
    return live


async def proposed(live: LiveSession, *, published: bool = True) -> None:
    ask = Ask(
        intervention=P1,
        kind=InterventionKind.QUESTION,
        text="Who pays?",
        language="en",
        asker="a1",
        origin="remote",
    )
    assert isinstance(await live.writer.send(Actor(Role.PARTICIPANT, "p1"), CommandId("ask"), ask), Receipt)
    if published:
        queued = SetStatus(interventions=(P1,), status=InterventionStatus.QUEUED)
        assert isinstance(await live.writer.send(OFFICE, CommandId("queue"), queued), Receipt)


def test_a_call_is_made_once_takes_proposals_and_is_never_on() -> None:
    async def story() -> None:
        async with memory_hall() as hall, outcomes(hall) as house:
            live = await made(house)
            offset = live.writer.offset
            await made(house)
            assert (live.writer.offset, status(live)) == (offset, Status.CREATED)
            assert live.state.outcomes.call.text == FIELDS.text
            assert await house.calls.all() == [live]
            assert house.calls.there_are_open
            await proposed(live)
            assert await house.calls.close(CALL, OFFICE) is None
            assert await house.calls.close(CALL, OFFICE) is None
            assert status(live) is Status.CLOSED
            assert not house.calls.there_are_open
            taken = SetStatus(interventions=(P1,), status=InterventionStatus.DECLINED, reason="Asked already")
            assert isinstance(await live.writer.send(OFFICE, CommandId("late"), taken), Receipt)

    loop.run(story())


def test_a_call_ends_at_its_deadline_and_not_before() -> None:
    async def story() -> None:
        async with memory_hall() as hall, outcomes(hall) as house:
            until = hall.clock.wall() + 60_000
            live = await made(house, CallFields(title="A", text="B", language="en", until=until))
            later = do.StateCall(text="B", language="en", until=until + 60_000)
            assert await house.calls.restate(CALL, CommandId("later"), OFFICE, later) is None
            await asyncio.sleep(119)
            assert status(live) is Status.CREATED
            await asyncio.sleep(3)
            assert status(live) is Status.CLOSED

    loop.run(story())


def test_a_deadline_that_passed_while_the_server_was_away_is_kept_at_the_start() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            async with outcomes(hall, run=False) as house:
                until = hall.clock.wall() + 1_000
                live = await made(house, CallFields(title="A", text="B", language="en", until=until))
            await asyncio.sleep(10)
            assert status(live) is Status.CREATED
            async with outcomes(hall):
                await asyncio.sleep(1)
                assert status(live) is Status.CLOSED

    loop.run(story())


def test_a_proposal_becomes_a_policy_question_that_its_session_has() -> None:
    async def story() -> None:
        async with memory_hall() as hall, outcomes(hall) as house:
            session, live = await hall.session(), await made(house)
            await proposed(live)
            assert await house.calls.select(CALL, "f", OFFICE, CHOSEN) is None
            assert await house.calls.select(CALL, "f", OFFICE, CHOSEN) is None
            asked = (await house.policy.register()).questions[QUESTION]
            assert (asked.text, asked.call, asked.intervention, asked.closed) == ("Who pays?", CALL, P1, None)
            assert [each.id for each in session.state.notes_and_tags.questions] == [QUESTION]
            assert live.state.outcomes.call.selected == {P1: Selected(QUESTION, (SESSION,))}
            assert await house.calls.take_back(CALL, "g", OFFICE, P1, "Two said the same.") is None
            assert (await house.policy.register()).questions[QUESTION].closed == "Two said the same."
            assert live.state.outcomes.call.selected == {}
            assert isinstance(await house.calls.take_back(CALL, "h", OFFICE, P1, ""), Refusal)
            assert await house.calls.select(CALL, "i", OFFICE, CHOSEN) is None
            assert (await house.policy.register()).questions[QUESTION].closed is None
            assert len((await house.policy.register()).questions[QUESTION].wordings) == 1

    loop.run(story())


def test_what_was_half_done_when_the_server_was_killed_is_gone_on_with() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            async with outcomes(hall, run=False) as house:
                live = await made(house)
                await hall.session()
                await proposed(live)
                half = (
                    do.StateQuestion(question=QUESTION, text="Who pays?", language="en", call=CALL, intervention=P1),
                    do.PrepareSession(session=SESSION, questions=(QUESTION,)),
                )
                assert await house.policy.send(OFFICE, CommandId("select:f"), half) is None
                assert live.state.outcomes.call.selected == {}
            async with outcomes(hall) as house:
                await asyncio.sleep(1)
                assert live.state.outcomes.call.selected == {P1: Selected(QUESTION, (SESSION,))}

    loop.run(story())


def test_what_nobody_published_or_no_call_has_is_not_selected() -> None:
    async def story() -> None:
        async with memory_hall() as hall, outcomes(hall) as house:
            live = await made(house)
            await proposed(live, published=False)
            assert isinstance(await house.calls.select(CALL, "f", OFFICE, CHOSEN), Refusal)
            nowhere = SessionId("nowhere")
            assert isinstance(await house.calls.select(nowhere, "f", OFFICE, CHOSEN), Refusal)
            assert isinstance(await house.calls.close(nowhere), Refusal)
            stated = do.StateCall(text="B", language="en")
            assert isinstance(await house.calls.restate(nowhere, CommandId("a"), OFFICE, stated), Refusal)
            assert isinstance(
                await house.calls.make("x", OFFICE, CallFields(title="", text="", language="en")), Refusal
            )

    loop.run(story())


def test_a_refusal_of_the_register_selects_nothing() -> None:
    async def story() -> None:
        async with memory_hall() as hall, outcomes(hall) as house:
            live = await made(house)
            await proposed(live)
            empty = SelectedProposal(intervention=P1, text=" ", language="en")
            refused = await house.calls.select(CALL, "f", OFFICE, empty)
            assert isinstance(refused, Refusal)
            assert live.state.outcomes.call.selected == {}

    loop.run(story())
