"""A log on Redis or Valkey answers every request as the log in memory does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moothall.adapters.cluster.log_redis import RedisLog
from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.kernel.errors import StorageError
from moothall.core.kernel.ids import Epoch, Lane, SessionId
from moothall.core.ports import EventLog
from moothall.testing.log_memory import MemoryLog
from support.cluster.process import PROGRAMS, RedisProcess, RedisProcesses
from support.sessions.recorder import Recorder

SESSIONS = ("a", "b")
LANES = ("session", "ch:floor", "staff")


@dataclass(frozen=True)
class Step:
    """One act, with how far from right its term and its offset are; most of them are right."""

    kind: str
    session: str
    amount: int
    term_off: int
    offset_off: int
    cause: int
    bare: bool


STEPS = st.builds(
    Step,
    kind=st.sampled_from(
        ["append", "append", "append", "remove", "acquire", "take", "reopen", "read", "lanes", "forget"]
    ),
    session=st.sampled_from(SESSIONS),
    amount=st.integers(0, 4),
    term_off=st.sampled_from([0, 0, 0, 0, -1, 1]),
    offset_off=st.sampled_from([0, 0, 0, 0, -1, 1]),
    cause=st.integers(0, 60),
    bare=st.booleans(),
)


@pytest.fixture(params=PROGRAMS)
def process(request: pytest.FixtureRequest, redis_processes: RedisProcesses) -> RedisProcess:
    return redis_processes.empty(request.param)


def records_of(step: Step, after: int, epoch: Epoch) -> list[LogRecord]:
    recorder = Recorder(SessionId(step.session), epoch)
    recorder.offset = after
    return [
        recorder.record(ev.SessionPaused(t=n), cause=f"c-{step.cause + n}", lane=LANES[(step.cause + n) % len(LANES)])
        for n in range(step.amount)
    ]


async def answer(log: EventLog, step: Step, now: tuple[int, int]) -> object:
    """What a log says to a step; `now`: term and offset of the session as it should be."""
    session, (term, offset) = SessionId(step.session), now
    held, after = term + step.term_off, max(0, offset + step.offset_off)
    try:
        match step.kind:
            case "append":
                await log.append(session, held, after, records_of(step, after, Epoch("e")))
            case "remove":
                offsets = range(step.cause % 5, step.cause % 5 + step.amount + 1)
                await log.remove(session, held, after, list(offsets), records_of(step, after, Epoch("e")))
            case "acquire":
                return await log.acquire(session, Epoch("e"), new=step.bare)
            case "take":
                return await log.acquire(session, Epoch("e"), term + step.amount)
            case "read":
                return list(await log.read(session, step.cause, step.amount))
            case "lanes":
                return list(await log.read(session, 0, 9, frozenset(map(Lane, LANES[: step.amount]))))
            case "forget":
                if step.cause % 4 == 0:
                    await log.forget(session)
            case _:
                return list(await log.caused(f"-{step.cause}"))
    except StorageError as error:
        return type(error)
    return None


async def told(log: EventLog) -> Sequence[object]:
    """All that a log holds."""
    names = list(await log.sessions())
    heads = [await log.head(name) for name in names]
    return [names, heads, [list(await log.read(name, 0, 1_000)) for name in names]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(steps=st.lists(STEPS, max_size=25))
def test_it_answers_as_the_log_in_memory_does(process: RedisProcess, steps: list[Step]) -> None:
    async def story() -> None:
        server = process.reached(connections=1)
        shared, memory = RedisLog(server, "node-a"), MemoryLog()
        try:
            for step in [*(Step("acquire", session, 0, 0, 0, 0, True) for session in SESSIONS), *steps]:
                head = await memory.head(SessionId(step.session))
                now = (0, 0) if head is None else (head.term, head.offset)
                assert await answer(shared, step, now) == await answer(memory, step, now)
            assert await told(shared) == await told(memory)
        finally:
            await server.close()

    process.ask("FLUSHALL")
    asyncio.run(story())
