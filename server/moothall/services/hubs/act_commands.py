"""Carries out the acts of one hub's rooms in order. If one must be sent again, so must the acts after it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from moothall.core.kernel.errors import PASSING, ProtocolError, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import CommandId, is_command_id, is_name
from moothall.services.hubs.ports import ActTaker
from moothall.services.supervision.supervising import note_failure
from moothall.wire.hubs.messages import MOST_ACTS, Act, ActDone, ActNotDone

FAILURES = 3
"""An act that fails this often with an unforeseen exception is refused for good: otherwise it would block all others.
"""

_TOO_MANY = f"More than {MOST_ACTS} acts are on their way."


class HubActing:
    """Queues the acts of one hub; `run` carries them out in their order."""

    def __init__(self, acts: ActTaker, hub: str, node: str, say: Callable[[ActDone | ActNotDone], None]) -> None:
        self._acts = acts
        self._hub = hub
        self._node = node
        self._say = say
        # Overflow: the hub has more acts in flight than it may; `put` raises.
        self._waiting: asyncio.Queue[Act] = asyncio.Queue(MOST_ACTS)
        # Overflow: as above.
        self._due: dict[CommandId, int] = {}
        """The acts that the hub has to send again, in the order of their first arrival, with the number of failures of
        each.

        Acts that were queued after the failed one are in it too: the answer may be so late that the hub sends the
        failed act again, and then a new act, before it learns that the others have to be sent again.
        """

    def put(self, act: Act) -> None:
        """Queue an act. Raises ProtocolError when its id or hub name is malformed, or when more than `MOST_ACTS` are in
        flight.
        """
        if len(self._due) >= MOST_ACTS and act.id not in self._due:
            raise ProtocolError(_TOO_MANY)
        if not is_command_id(act.id) or (act.hub and not is_name(act.hub)):
            raise ProtocolError("An act has an invalid id or an invalid hub name.")
        try:
            self._waiting.put_nowait(act)
        except asyncio.QueueFull:
            raise ProtocolError(_TOO_MANY) from None

    async def run(self) -> None:
        """Carry out the queued acts until cancelled. An act that is cut off by the cancellation gets no answer; the hub
        sends it again over its next link.
        """
        while True:
            act = await self._waiting.get()
            if self._due and act.id != next(iter(self._due)):
                self._due.setdefault(act.id, 0)
                message = "An earlier act has to be sent again first."
                self._say(ActNotDone(id=act.id, code=RefusalCode.BUSY, message=message))
                continue
            answer, failures = await self._done(act)
            if isinstance(answer, ActNotDone) and answer.code in PASSING:
                self._due[act.id] = failures
            else:
                self._due.pop(act.id, None)
            self._say(answer)

    async def _done(self, act: Act) -> tuple[ActDone | ActNotDone, int]:
        """Carry out an act. Return the answer and the number of failures of this act so far."""
        failures = self._due.get(act.id, 0)
        path = f"{self._hub}.{act.hub}" if act.hub else self._hub
        try:
            answer = await self._acts.take(path, act, self._node)
        except StorageUnavailable:
            message = "The server can't store this at the moment."
            return ActNotDone(id=act.id, code=RefusalCode.UNAVAILABLE, message=message), failures
        except Exception as error:  # one act's failure must not stop those after it
            note_failure(error, f"hub {path}: act {act.id} failed")
            failures += 1
            code = RefusalCode.UNAVAILABLE if failures < FAILURES else RefusalCode.INVALID
            return ActNotDone(id=act.id, code=code, message="The server failed to carry this out."), failures
        return answer, 0
