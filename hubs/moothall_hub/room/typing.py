"""What authors in a hub's room type in their turn: each finished line goes to the meeting by the outbox, once.

What is in progress stays on its author's page: four texts a second are too much for an uplink. While the meeting is not
recorded nothing is taken, since what waits for the uplink lies on a disk.
"""

from __future__ import annotations

from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.core.rules.turn_now import may_type
from moothall.core.session.state import Status
from moothall.services.questions.typing import Heard, InProgress, Untyped, Written, fits
from moothall_hub.room.ports import Meetings
from moothall_hub.room.questions import RoomFloor


class RoomTyping:
    """Takes the lines that authors in the room finish in their turn (`services.questions.ports.TypedTurns`)."""

    def __init__(self, floor: RoomFloor, meetings: Meetings) -> None:
        self._floor = floor
        self._meetings = meetings

    def in_progress(self, _session: SessionId, _name: InterventionId) -> InProgress | None:
        """Nothing: what is in progress is not sent."""
        return None

    async def write(self, session: SessionId, name: InterventionId, written: Written) -> Heard | Untyped:
        """Take the lines that the author of a question has finished. Raises StorageUnavailable."""
        state = await self._meetings.state(session)
        if state is None or not may_type(state, name) or name not in self._floor.floor(session).questions:
            return Untyped.TURN
        if not fits(written):
            return Untyped.TEXT
        if state.status is Status.PAUSED:
            return Untyped.BREAK
        if not state.recorded or any(done.unkept for done in written.done):
            return Untyped.RECORDED
        for done in written.done:
            await self._floor.type(session, name, done.line, done.text.strip())
        return Heard(kept=tuple(done.line for done in written.done), recorded=True)
