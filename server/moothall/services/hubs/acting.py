"""The acts of one hub's rooms, done one after the other: those behind one that is to come again come again too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from moothall.core.kernel.errors import PASSING, ProtocolError, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import CommandId, is_command_id, is_name
from moothall.services.hubs.ports import ActTaker
from moothall.services.supervision.supervising import note_failure
from moothall.wire.hub.messages import MOST_ACTS, Act, Done, NotDone

FAILURES = 3
"""How often an act may fail in a way that nobody foresaw until it is refused: else it is in the way of all others."""

_TOO_MANY = f"More than {MOST_ACTS} acts are on their way."


class HubActing:
    """Queues the acts of one hub; `run` carries them out in their order."""

    def __init__(self, acts: ActTaker, hub: str, node: str, say: Callable[[Done | NotDone], None]) -> None:
        self._acts = acts
        self._hub = hub
        self._node = node
        self._say = say
        # Overflow: the hub has more on their way than it may; `put` raises.
        self._waiting: asyncio.Queue[Act] = asyncio.Queue(MOST_ACTS)
        # Overflow: as above.
        self._due: dict[CommandId, int] = {}
        """The acts that are to come again, in the order in which they came first, and how often each failed.

        Also those behind the one that could not be done: an answer may be so long on its way that the hub sends that
        one again, and a new act, before it knows of the others.
        """

    def put(self, act: Act) -> None:
        """Have an act done. Raises ProtocolError when it can't be one, or is one too many."""
        if len(self._due) >= MOST_ACTS and act.id not in self._due:
            raise ProtocolError(_TOO_MANY)
        if not is_command_id(act.id) or (act.hub and not is_name(act.hub)):
            raise ProtocolError("An act has an id that can't be one, or comes from no hub's name.")
        try:
            self._waiting.put_nowait(act)
        except asyncio.QueueFull:
            raise ProtocolError(_TOO_MANY) from None

    async def run(self) -> None:
        """Until cancelled. An act that is being done then has no answer, and comes again with the next link."""
        while True:
            act = await self._waiting.get()
            if self._due and act.id != next(iter(self._due)):
                self._due.setdefault(act.id, 0)
                message = "An earlier act has to be sent again first."
                self._say(NotDone(id=act.id, code=RefusalCode.BUSY, message=message))
                continue
            answer, failures = await self._done(act)
            if isinstance(answer, NotDone) and answer.code in PASSING:
                self._due[act.id] = failures
            else:
                self._due.pop(act.id, None)
            self._say(answer)

    async def _done(self, act: Act) -> tuple[Done | NotDone, int]:
        """The answer to an act, and how often it failed by now."""
        failures = self._due.get(act.id, 0)
        path = f"{self._hub}.{act.hub}" if act.hub else self._hub
        try:
            answer = await self._acts.take(path, act, self._node)
        except StorageUnavailable:
            message = "The server can't store this at the moment."
            return NotDone(id=act.id, code=RefusalCode.UNAVAILABLE, message=message), failures
        except Exception as error:  # whatever it was, the next act may be done
            note_failure(error, f"hub {path}: act {act.id} failed")
            failures += 1
            code = RefusalCode.UNAVAILABLE if failures < FAILURES else RefusalCode.INVALID
            return NotDone(id=act.id, code=code, message="The server failed to carry this out."), failures
        return answer, 0
