"""Acts of a hub's room are carried out once, however often the uplink or the server fails in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from hypothesis import given, settings
from hypothesis import strategies as st

from moothall.core.commands import AnyCommand, OpenPoll, OpenSession, SetStatus
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, InterventionId, NoteId, PollId
from moothall.services.hubs.acts import HubActs
from moothall.services.hubs.presence import HubPresence
from moothall.services.log.act_queue import Receipt
from moothall.services.questions.asking import Asking
from moothall.services.questions.ballots import Ballots
from moothall.services.questions.opinions import Opinions
from moothall.testing.book import MemoryBook
from moothall.testing.clock import SeededRandomness
from moothall.testing.log_memory import MemoryLog
from moothall.testing.loop import run
from moothall.wire.hubs.acts import (
    AnyAct,
    AskAct,
    HandsAct,
    HeadCountAct,
    HoldAct,
    NoteAct,
    ReportAct,
    StandAct,
    SupportAct,
    TypeAct,
)
from moothall.wire.hubs.messages import Act, ActDone
from support.memory.hall import SESSION, MemoryHall, memory_hall

ASKED_HERE, POLL = InterventionId("here"), PollId("p")
NAMES = st.sampled_from(["a", "b", "c"])
ROOM = st.one_of(
    NAMES.map(
        lambda name: AskAct(
            intervention=InterventionId(name),
            kind=InterventionKind.QUESTION,
            text=f"{name}?",
            language="en",
            asker=name,
        )
    ),
    st.builds(
        StandAct,
        intervention=NAMES.map(InterventionId),
        status=st.sampled_from([InterventionStatus.WITHDRAWN, InterventionStatus.CHECKED]),
    ),
    NAMES.map(lambda name: HoldAct(intervention=InterventionId(name))),
    NAMES.map(lambda name: TypeAct(intervention=InterventionId(name), line="l1", text="So.")),
    st.just(ReportAct(intervention=ASKED_HERE)),
    st.builds(SupportAct, intervention=st.just(ASKED_HERE), count=st.integers(0, 9)),
    st.builds(HandsAct, poll=st.just(POLL), counts=st.tuples(st.integers(0, 9), st.integers(0, 9))),
    st.builds(HeadCountAct, people=st.integers(0, 40)),
    NAMES.map(lambda name: NoteAct(note=NoteId(name), text=f"Note {name}")),
)
TRIES = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 5), st.booleans()), max_size=6)
"""Of each link: how many acts go over it, how many of their answers come back, and whether the server is killed."""


@asynccontextmanager
async def house(log: MemoryLog, book: MemoryBook, seed: int) -> AsyncIterator[tuple[MemoryHall, HubActs]]:
    """A server on what is kept, until it is killed."""
    async with memory_hall(MemoryHall(log)) as hall:
        clock, seeded = hall.clock, SeededRandomness(seed)
        asking = Asking(hall.sessions, book=book, clock=clock, randomness=seeded)
        ballots = Ballots(hall.sessions, book=book, clock=clock, randomness=seeded)
        await asking.load()
        await ballots.load()
        presence = HubPresence(hall.sessions, clock=clock, randomness=seeded, has_machine=lambda _: True)
        acts = HubActs(
            hall.sessions,
            asking=asking,
            ballots=ballots,
            opinions=Opinions(hall.sessions, ballots.box, clock=clock, randomness=seeded),
            presence=presence,
            clock=clock,
            title_of=lambda name: name,
        )
        assert hall.group is not None
        running: asyncio.Task[None] = hall.group.create_task(ballots.run())
        yield hall, acts
        running.cancel()


async def outcome(acts: Sequence[Act], tries: Sequence[tuple[int, int, bool]]) -> object:
    """What the log says at the end, once every act was answered."""
    log, book = MemoryLog(), MemoryBook()
    async with house(log, book, 0) as (hall, _):
        live = await hall.session()
        asked = AskAct(intervention=ASKED_HERE, kind=InterventionKind.QUESTION, text="Here?", language="en")
        assert isinstance(await live.writer.send(SYSTEM, CommandId("o"), OpenSession()), Receipt)
        assert (
            await Asking(hall.sessions, book=book, clock=hall.clock, randomness=SeededRandomness(1)).ask_from_hub(
                live, "lima", asked, 0
            )
            is None
        )
        begun: tuple[AnyCommand, ...] = (
            SetStatus(interventions=(ASKED_HERE,), status=InterventionStatus.QUEUED),
            OpenPoll(poll=POLL, question="Shall we?", language="en", options=("Yes", "No")),
        )
        for number, command in enumerate(begun):
            by = Actor(Role.MODERATOR, "m")
            assert isinstance(await live.writer.send(by, CommandId(f"b{number}"), command), Receipt)
    waiting, answers = list(acts), dict[CommandId, str]()
    for seed, (sent, answered, killed) in enumerate([*tries, (len(acts), len(acts), False)], 1):
        async with house(log, book, seed) as (hall, taker):
            for number, act in enumerate(list(waiting[:sent])):
                answer = await taker.take("kisumu", act, "0a1b")
                known = "done" if isinstance(answer, ActDone) else str(answer.code)
                assert answers.setdefault(act.id, known) == known
                if number < answered:
                    waiting.remove(act)
            if killed:
                continue  # Before anything was counted.
            live = await hall.sessions.open(SESSION)
            await hall.clock.sleep(2_500)  # What was kept is counted.
            state = live.state
    questions = {name: (each.text, each.status, each.support) for name, each in state.questions.interventions.items()}
    hubs = {name: (each.people, each.counted) for name, each in state.hubs.items()}
    remote = [poll.remote for poll in state.questions.polls]
    return (
        questions,
        remote,
        hubs,
        [(note.note, note.text) for note in state.notes_and_tags.hub_notes],
        answers,
        waiting,
    )


@settings(max_examples=40)
@given(st.lists(ROOM, max_size=8), TRIES)
def test_lost_answers_and_killed_servers_change_nothing(room: list[AnyAct], tries: list[tuple[int, int, bool]]) -> None:
    acts, asked = list[Act](), dict[InterventionId, InterventionStatus]()
    for number, what in enumerate(room):
        name = f"act-{number}"
        if isinstance(what, AskAct):
            name = f"ask:{what.intervention}"
        if name in {act.id for act in acts}:
            continue  # A room asks a question once,
        if isinstance(what, StandAct) and asked.get(what.intervention, what.status) is what.status:
            continue  # and takes back what it has asked, or asks what it took back;
        if isinstance(what, HoldAct | TypeAct) and what.intervention not in asked:
            continue  # it takes a turn with nothing else.
        if isinstance(what, AskAct):
            asked[what.intervention] = InterventionStatus.CHECKED
        if isinstance(what, StandAct):
            asked[what.intervention] = what.status
        acts.append(Act(id=CommandId(name), session=SESSION, at=number, act=what))
    once = run(outcome(acts, []))
    assert run(outcome(acts, tries)) == once
