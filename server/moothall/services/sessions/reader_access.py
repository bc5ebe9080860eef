"""The sessions as the visitor may see them: a reader without any role, unless their browser has opened links.

Who asks is known to every door that is in the way of a request, but no door has to pass it on: it stands in `ASKER`
for as long as the request is answered (`moothall.adapters.admin.staff_door`), so that none can forget it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from moothall.core.events.types import Word
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.programme.plan import RoomId
from moothall.core.questions.interventions import Questions
from moothall.core.rules.authority import may_read
from moothall.core.session.state import State, Status
from moothall.core.views.captions import CaptionsView, Line, Snapshot
from moothall.services.readers.fanout import SessionFanout
from moothall.services.sessions.staff import Staff, covers, hub_of

ASKER: ContextVar[tuple[Staff, ...]] = ContextVar("asker", default=())
"""The links that the visitor has opened."""


class ReadSession(Protocol):
    """A session as readers' doors know it: written here, or a hub's copy."""

    @property
    def id(self) -> SessionId:
        """Its id."""
        ...

    @property
    def state(self) -> State:
        """How it stands."""
        ...

    @property
    def fanout(self) -> SessionFanout:
        """What its readers follow."""
        ...


class ReadSessions(Protocol):
    """The sessions that may be read here."""

    async def find(self, session: SessionId) -> ReadSession | None:
        """The session, loaded if need be; None when there is none.

        Raises StorageUnavailable, and RecordBroken when its log can't be read.
        """
        ...

    def loaded(self, session: SessionId) -> ReadSession | None:
        """The session if it is loaded."""
        ...


class LoadedSessions(Protocol):
    """The sessions that are in memory here."""

    @property
    def all_loaded(self) -> Sequence[ReadSession]:
        """In the order in which they were loaded."""
        ...


def _nowhere(session: SessionId) -> RoomId | None:
    """For a house without rooms."""


async def _nothing_hidden(session: SessionId) -> bool:
    """For a house that hides nothing."""
    return False


async def _without_a_look(session: SessionId) -> None:
    """For a house that hides nothing."""


@dataclass(eq=False, repr=False)
class ReaderAccess:
    """What the readers' doors ask; a session that a reader may not see is as good as none."""

    sessions: ReadSessions
    room_of: Callable[[SessionId], RoomId | None] = _nowhere
    """Where a session is planned: a link may be good for a room."""
    look: Callable[[SessionId], Awaitable[object]] = _without_a_look
    """What finding no session costs: it is paid for a hidden one too, so that time tells neither."""
    hidden: Callable[[SessionId], Awaitable[bool]] = _nothing_hidden
    """Such a session isn't loaded for a visitor without any link, for the same reason."""

    async def find(self, session: SessionId) -> SessionFanout | None:
        """The fan-out of a session that exists; `may_read` decides who gets it."""
        if not ASKER.get() and await self.hidden(session):
            await self.look(session)
            return None
        live = await self.sessions.find(session)
        if live is None:
            return None
        if not self._open(live):
            await self.look(session)
        return live.fanout

    def may_read(self, session: SessionId) -> Refusal | None:
        """Why a loaded session may not be read, None when it may."""
        live = self.sessions.loaded(session)
        if live is not None and self._open(live):
            return None
        return refuse(RefusalCode.UNKNOWN, "There is no such session here.")

    async def snapshot(self, session: SessionId, feed: Feed) -> Snapshot | None:
        """What a reader who comes now gets; None for an unknown session or channel."""
        view = await self._view(session, feed)
        return None if view is None else view.snapshot()

    async def page(self, session: SessionId, feed: Feed, before: int) -> tuple[Line, ...] | None:
        """The page of lines that ends before line number `before`; None for an unknown session or channel."""
        view = await self._view(session, feed)
        return None if view is None else view.page(before)

    async def number(self, session: SessionId, feed: Feed, segment: SegmentId) -> int | None:
        """How many lines come before a line of a text; None where there is no such line, or as for a page."""
        view = await self._view(session, feed)
        return None if view is None else view.number(segment)

    async def questions(self, session: SessionId) -> Questions | None:
        """Its questions and comments, unpublished ones too: the caller shows a part of them; None as for a page."""
        fanout = await self.find(session)
        live = self.sessions.loaded(session)
        return None if fanout is None or live is None or self.may_read(session) is not None else live.state.questions

    def channel_of(self, session: SessionId, segment: SegmentId) -> str:
        """The text that has a line; empty where there is no such line, or the session isn't loaded."""
        live = self.sessions.loaded(session)
        line = None if live is None else live.state.segments.get(segment)
        return "" if line is None or line.gone else line.channel

    def words(self, session: SessionId, segments: Sequence[SegmentId]) -> dict[SegmentId, tuple[Word, ...]]:
        """What was recognised of lines, by word: nothing of those written by hand, or while it isn't loaded. Of what a
        person has written in a corrected line somebody is sure.
        """
        live = self.sessions.loaded(session)
        lines = [] if live is None else [line for each in segments if (line := live.state.segments.get(each))]
        return {line.id: words for line in lines if not line.gone and (words := line.recognised)}

    def instead(self, session: SessionId, channel: ChannelId) -> ChannelId | None:
        """The text to read in place of this one at the moment, as far as it may be read; None for this one itself."""
        live = self.sessions.loaded(session)
        if live is None or live.state.status is Status.CLOSED or not self._open(live):
            return None
        return live.fanout.instead(channel)

    def hubs(self, session: SessionId) -> dict[str, str]:
        """The hubs whose links the visitor has opened for a session: what their coordinators call them, by name."""
        room = self.room_of(session)
        good = (staff for staff in ASKER.get() if staff.role is Role.HUB and covers(staff.scope, session, room))
        return {hub_of(staff): staff.label or hub_of(staff) for staff in good}

    def _open(self, live: ReadSession) -> bool:
        access = live.state.access
        if may_read(Role.READER, access):
            return True
        room = self.room_of(live.id)
        return any(
            may_read(staff.role, access, has_link=True) for staff in ASKER.get() if covers(staff.scope, live.id, room)
        )

    async def _view(self, session: SessionId, feed: Feed) -> CaptionsView | None:
        fanout = await self.find(session)
        if fanout is None or self.may_read(session) is not None:
            return None
        view = await fanout.view(feed)
        return None if isinstance(view, Refusal) else view
