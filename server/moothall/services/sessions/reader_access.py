"""Sessions as a visitor may read them: as a reader without a role, unless their browser has opened links.

The visitor's links are in the context variable `ASKER` while a request is answered
(`moothall.adapters.admin.staff_door`), so that no door has to pass them on, and none can forget to.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from moothall.core.events.lines import Word
from moothall.core.events.types import Access
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import NO_SESSION, Refusal
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.programme.plan import RoomId
from moothall.core.questions.interventions import Questions
from moothall.core.rules.authority import may_read
from moothall.core.sessions.state import State, Status
from moothall.core.views.captions import CaptionsView, Line, Snapshot
from moothall.services.reading.fanout import SessionFanout
from moothall.services.sessions.staff import Staff, covers, hub_of

ASKER: ContextVar[tuple[Staff, ...]] = ContextVar("asker", default=())
"""The links that the current visitor has opened."""


class ReadSession(Protocol):
    """A session for readers' doors: one that is written here, or a hub's copy."""

    @property
    def id(self) -> SessionId:
        """The session's id."""
        ...

    @property
    def state(self) -> State:
        """The state folded from its log."""
        ...

    @property
    def fanout(self) -> SessionFanout:
        """The fan-out that its readers follow."""
        ...


class ReadSessions(Protocol):
    """The sessions that exist here."""

    async def find(self, session: SessionId) -> ReadSession | None:
        """The session, loaded if needed; None when it doesn't exist.

        Raises StorageUnavailable, and RecordBroken when its log can't be read.
        """
        ...

    def loaded(self, session: SessionId) -> ReadSession | None:
        """The session if it is loaded; else None."""
        ...


class LoadedSessions(Protocol):
    """The sessions that are in memory here."""

    @property
    def all_loaded(self) -> Sequence[ReadSession]:
        """The loaded sessions, in the order of loading."""
        ...


def _nowhere(session: SessionId) -> RoomId | None:
    """Return None: for a house without rooms."""


async def _nothing_hidden(session: SessionId) -> bool:
    """Return False: for a house without hidden sessions."""
    return False


async def _without_a_look(session: SessionId) -> None:
    """Do nothing: for a house without hidden sessions."""


@dataclass(eq=False, repr=False)
class ReaderAccess:
    """Reads sessions for readers' doors. A session that the visitor may not read is treated as if it didn't exist."""

    sessions: ReadSessions
    room_of: Callable[[SessionId], RoomId | None] = _nowhere
    """Returns the room in which a session is planned, since links may cover a room."""
    look: Callable[[SessionId], Awaitable[object]] = _without_a_look
    """Does the work of looking for a missing session. Called for hidden sessions too, so that response times don't
    reveal that they exist.
    """
    hidden: Callable[[SessionId], Awaitable[bool]] = _nothing_hidden
    """Whether a session is hidden: for visitors without links it isn't loaded, for the same reason."""

    async def find(self, session: SessionId) -> SessionFanout | None:
        """The fan-out of a session that exists; the caller must check `may_read`. None where there is none."""
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
        """Why a loaded session may not be read; None when it may."""
        live = self.sessions.loaded(session)
        if live is not None and self._open(live):
            return None
        return NO_SESSION

    async def snapshot(self, session: SessionId, feed: Feed) -> Snapshot | None:
        """The snapshot for a reader who starts now; None for an unknown session or channel."""
        view = await self._view(session, feed)
        return None if view is None else view.snapshot()

    async def page(self, session: SessionId, feed: Feed, before: int) -> tuple[Line, ...] | None:
        """The page of lines that ends before line number `before`; None for an unknown session or channel."""
        view = await self._view(session, feed)
        return None if view is None else view.page(before)

    async def number(self, session: SessionId, feed: Feed, segment: SegmentId) -> int | None:
        """The number of lines before a line of a channel; None for an unknown line, session or channel."""
        view = await self._view(session, feed)
        return None if view is None else view.number(segment)

    async def questions(self, session: SessionId) -> Questions | None:
        """All questions and comments, unpublished ones too, which the caller has to filter; None for an unknown
        session.
        """
        fanout = await self.find(session)
        live = self.sessions.loaded(session)
        return None if fanout is None or live is None or self.may_read(session) is not None else live.state.questions

    def channel_of(self, session: SessionId, segment: SegmentId) -> str:
        """The id of the channel that has a line; empty where the line doesn't exist or the session isn't loaded."""
        live = self.sessions.loaded(session)
        line = None if live is None else live.state.segments.get(segment)
        return "" if line is None or line.gone else line.channel

    def words(self, session: SessionId, segments: Sequence[SegmentId]) -> dict[SegmentId, tuple[Word, ...]]:
        """The recognised words of lines, with their confidence. Lines written by hand, and sessions that aren't loaded,
        give none; in a corrected line the words that a person wrote count as certain.
        """
        live = self.sessions.loaded(session)
        lines = [] if live is None else [line for each in segments if (line := live.state.segments.get(each))]
        return {line.id: words for line in lines if not line.gone and (words := line.recognised)}

    def instead(self, session: SessionId, channel: ChannelId) -> ChannelId | None:
        """The channel to read in place of this one at the moment, if it may be read; None for this one itself."""
        live = self.sessions.loaded(session)
        if live is None or live.state.status is Status.CLOSED or not self._open(live):
            return None
        return live.fanout.instead(channel)

    def hubs(self, session: SessionId) -> dict[str, str]:
        """The hubs whose role links for this session the visitor has opened: their labels by their names."""
        room = self.room_of(session)
        good = (staff for staff in ASKER.get() if staff.role is Role.HUB and covers(staff.scope, session, room))
        return {hub_of(staff): staff.label or hub_of(staff) for staff in good}

    def opens(self, session: SessionId, access: Access) -> bool:
        """Whether the visitor may read a session of this access, with the links that they have opened."""
        if may_read(Role.READER, access):
            return True
        room = self.room_of(session)
        return any(
            may_read(staff.role, access, has_link=True) for staff in ASKER.get() if covers(staff.scope, session, room)
        )

    def _open(self, live: ReadSession) -> bool:
        return self.opens(live.id, live.state.access)

    async def _view(self, session: SessionId, feed: Feed) -> CaptionsView | None:
        fanout = await self.find(session)
        if fanout is None or self.may_read(session) is not None:
            return None
        view = await fanout.view(feed)
        return None if isinstance(view, Refusal) else view
