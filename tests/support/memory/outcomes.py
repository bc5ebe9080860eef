"""The services of outcomes around a hall in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from moothall.services.outcomes.calls import OpenCalls
from moothall.services.outcomes.outcome_logs import OutcomeLogs
from moothall.services.outcomes.policy import PolicyQuestions
from moothall.services.sessions.catalogue import SessionCatalogue
from support.memory.hall import MemoryHall


class OutcomeHouse(msgspec.Struct, frozen=True):
    """The services of policy questions and calls."""

    policy: PolicyQuestions
    calls: OpenCalls


@asynccontextmanager
async def outcomes(hall: MemoryHall, *, run: bool = True) -> AsyncIterator[OutcomeHouse]:
    """The services; `run`: whether their tasks run. Those of an earlier call hear of nothing that matters."""
    catalogue = SessionCatalogue(hall.log)
    hall.sessions.observe(lambda _, publication: catalogue.take(publication))
    logs = OutcomeLogs(hall.sessions, entries=catalogue.all)
    policy = PolicyQuestions(logs, clock=hall.clock)
    calls = OpenCalls(logs, policy, clock=hall.clock)
    hall.sessions.observe(policy.observe)
    hall.sessions.observe(calls.observe)
    tasks = [asyncio.ensure_future(each()) for each in (policy.run, calls.run)] if run else []
    try:
        yield OutcomeHouse(policy, calls)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
