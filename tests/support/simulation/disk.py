"""A hub's disk in memory, for simulations: a write that was not finished when the hub was killed is not there.

A write takes a while; at its end all of it is there, or nothing. A hub that is killed right after that end has the data
on its disk without knowing, as a real hub may.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.kernel.lanes import is_public
from moothall.wire.hubs.messages import Act, ActDone, ActNotDone
from moothall_hub.mirror.copied import CopyStep, SessionCopy, dropped

WRITE_S = 0.03
"""The longest time until a write is durable, and again until the writer knows, in s."""


class KeptAct(msgspec.Struct):
    """An act of the room."""

    act: Act
    answer: ActDone | ActNotDone | None = None
    """None while the act waits for the uplink."""


class HubDisk:
    """Copies with their records, and the outbox; the same object for all runs of a hub."""

    def __init__(self, seed: int) -> None:
        self.copies: dict[SessionId, SessionCopy] = {}
        self.records: dict[SessionId, dict[int, LogRecord]] = {}
        self.acts: dict[CommandId, KeptAct] = {}
        """Acts in the order in which they were put."""
        self.writes = 0
        self._chance = random.Random(seed)  # noqa: S311  # repeatable is what it has to be

    def copy(self, session: SessionId) -> SessionCopy:
        """Return the copy of a session on the disk."""
        return self.copies.get(session) or SessionCopy(session=session)

    def begin(self) -> None:
        """Read everything, as a starting hub does."""

    async def keep(self, step: CopyStep) -> None:
        """Store one step's records and copy, in one transaction."""
        await self._write()
        self._keep(step)
        await self._written()

    def _keep(self, step: CopyStep) -> None:
        session = step.copy.session
        kept = {} if step.anew else self.records.get(session, {})
        if step.forget is not None:
            after, through = step.forget.after, step.forget.through
            kept = {
                offset: record
                for offset, record in kept.items()
                if not (is_public(record.header.lane) and after < offset <= through)
            }
        for record in step.records:
            kept[record.header.offset] = record
        for offset in step.erase:
            if offset in kept:
                kept[offset] = msgspec.structs.replace(kept[offset], body=None, salt=None)
        self.records[session] = kept
        self.copies[session] = step.copy

    async def drop(self, session: SessionId) -> SessionCopy:
        """Delete everything of a session."""
        left = dropped(self.copy(session))
        await self.keep(CopyStep(copy=left, anew=True))
        return left

    async def put(self, act: Act) -> None:
        """Store an act; a known id changes nothing."""
        await self._write()
        self._put(act)
        await self._written()

    def _put(self, act: Act) -> None:
        self.acts.setdefault(act.id, KeptAct(act))

    async def answered(self, answer: ActDone | ActNotDone) -> None:
        """Store the answer to an act."""
        await self._write()
        self._answered(answer)
        await self._written()

    def _answered(self, answer: ActDone | ActNotDone) -> None:
        self.acts[answer.id].answer = answer

    def unanswered(self) -> Sequence[Act]:
        """Return the acts without an answer, in the order in which they were put."""
        return [kept.act for kept in self.acts.values() if kept.answer is None]

    async def _write(self) -> None:
        await asyncio.sleep(self._chance.uniform(0, WRITE_S))

    async def _written(self) -> None:
        self.writes += 1
        await asyncio.sleep(self._chance.uniform(0, WRITE_S))
