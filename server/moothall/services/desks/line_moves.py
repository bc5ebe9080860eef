"""Moves lines between sessions on a desk's request, and back again, after a restart too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from moothall.core.events.codec import decode_event
from moothall.core.events.lines import SegmentsMovedHere
from moothall.core.kernel.errors import NO_MEETING, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.ports import Clock, EventLog
from moothall.core.removal.moves import arrived, commands_of
from moothall.core.rules.acts import DeskAct, undo_id
from moothall.services.desks.moving import move_back, move_lines
from moothall.services.desks.session_desks import DeskConnection
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.services.sessions.staff import Staff


class LineMoves:
    """Moves lines to another session and back. `busy` is held during each move."""

    def __init__(
        self,
        sessions: Sessions,
        *,
        log: EventLog,
        clock: Clock,
        may_act: Callable[[Staff, SessionId], bool],
        busy: asyncio.Lock | None = None,
    ) -> None:
        """`may_act`: whether a link is valid for a session. `busy`: a lock that others hold too; None: its own."""
        self._sessions = sessions
        self._log = log
        self._clock = clock
        self._may_act = may_act
        # A removal during a move could miss lines. Bound: the desks that wait for an answer.
        self.busy = busy or asyncio.Lock()

    async def move(
        self,
        desk: DeskConnection,
        command_id: CommandId,
        *,
        channel: ChannelId,
        segments: Sequence[SegmentId],
        session: SessionId,
    ) -> Receipt | Refusal:
        """Move lines to another session, for which the desk's link has to be valid. Raises as `Sessions.find` does."""
        other = await self._sessions.find(session)
        if other is None:
            return NO_MEETING
        async with self.busy:
            return await move_lines(
                desk.live.writer,
                other.writer,
                desk.actor,
                command_id,
                channel=channel,
                segments=segments,
                to_channel=_same_channel(other, channel),
                clock=self._clock,
            )

    async def undo(self, desk: DeskConnection, act: DeskAct) -> Receipt | Refusal:
        """Undo a move that was made at a desk of the desk's session. Raises as `Sessions.find` does."""
        moved = act.moved
        there = None if moved is None else await self._where(desk.live.id, act)
        if moved is None or there is None:
            return refuse(RefusalCode.UNKNOWN, "The meeting that has these lines now can't be found.")
        session, to_channel = there
        other = await self._sessions.find(session) if self._may_act(desk.staff, session) else None
        if other is None:
            return refuse(RefusalCode.FORBIDDEN, "Your link is not for the meeting that has these lines now.")
        async with self.busy:
            return await move_back(
                desk.live.writer,
                other.writer,
                desk.actor,
                undo_id(act.id),
                moved=act.id,
                channel=moved.channel,
                segments=moved.segments,
                to_channel=to_channel,
                clock=self._clock,
            )

    async def _where(self, left: SessionId, act: DeskAct) -> tuple[SessionId, ChannelId] | None:
        """The session and channel to which an act moved lines; None where they aren't found. Logs need not name each
        other's session, but both have the act's id.
        """
        here, _, _ = commands_of(act.id)
        moved = act.moved
        names = () if moved is None else tuple(arrived(here, segment) for segment in moved.segments)
        for record in await self._log.caused(here):
            event = None if record.body is None else decode_event(record.body)
            if not isinstance(event, SegmentsMovedHere) or record.header.cause != here or record.header.session == left:
                continue
            if set(event.segments) == set(names):
                return record.header.session, event.channel
        return None


def _same_channel(other: LiveSession, channel: ChannelId) -> ChannelId:
    """The channel of the same name in the other session, or its first."""
    return channel if channel in other.state.channels else next(iter(other.state.channels), channel)
