"""What stands on a hub's disk of questions beside the copies: the room's own, and those that wait for their answer."""

from __future__ import annotations

from moothall.core.kernel.ids import SessionId
from moothall.wire.hub import AskAct, Done
from moothall_hub.outbox.outbox import Outbox
from moothall_hub.room.ports import Meetings
from moothall_hub.room.questions import RoomFloor


class RoomWords:
    """Erases it (`moothall_hub.mirror.erasing.Room`)."""

    def __init__(self, floor: RoomFloor, outbox: Outbox, meetings: Meetings) -> None:
        self._floor = floor
        self._outbox = outbox
        self._meetings = meetings

    async def erase_removed(self, session: SessionId) -> None:
        """Erase what the meeting has removed (`Room`). What the meeting has removed it has had, so its act is done, of
        a hub below too.
        """
        state = await self._meetings.state(session)
        for waiting in await self._outbox.waiting(session) if state is not None else ():
            act = waiting.act
            there = state.floor.get(act.act.intervention) if state and isinstance(act.act, AskAct) else None
            if there is not None and there.removed:
                await self._outbox.answered(act.id, Done(id=act.id))
        await self._floor.erase_removed(session)

    async def forget(self, session: SessionId) -> None:
        """Erase all of a session that is no more (`Room`). Acts that wait are refused by the meeting, and go then."""
        await self._floor.forget(session)
