"""The sessions as a reader without any role may see them."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.actors import Role
from moothall.core.authority import may_read
from moothall.core.errors import Refusal, RefusalCode
from moothall.core.ids import SessionId
from moothall.core.lanes import Feed
from moothall.core.session import Status
from moothall.core.views.captions import CaptionsView, Line, Session, Snapshot
from moothall.services.fanout import SessionFanout
from moothall.services.sessions import Sessions


class ReaderAccess:
    """What the readers' doors ask; a session that a reader may not see is as good as none."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def find(self, session: SessionId) -> SessionFanout | None:
        """The fan-out of a session that exists; `may_read` decides who gets it."""
        live = await self._sessions.find(session)
        return None if live is None else live.fanout

    def may_read(self, session: SessionId) -> Refusal | None:
        """Why a loaded session may not be read, None when it may."""
        live = self._sessions.loaded(session)
        if live is not None and may_read(Role.READER, live.state.access):
            return None
        return Refusal(code=RefusalCode.UNKNOWN, message="There is no such session here.")

    async def snapshot(self, session: SessionId, feed: Feed) -> Snapshot | None:
        """What a reader who comes now gets; None for an unknown session or channel."""
        view = await self._view(session, feed)
        return None if view is None else view.snapshot()

    async def page(self, session: SessionId, feed: Feed, before: int) -> tuple[Line, ...] | None:
        """The page of lines that ends before line number `before`; None for an unknown session or channel."""
        view = await self._view(session, feed)
        return None if view is None else view.page(before)

    async def listed(self) -> Sequence[Session]:
        """The sessions that anybody may read, in order of their names."""
        found = []
        for name in await self._sessions.names():
            live = await self._sessions.find(name)
            if live is None or live.state.status is Status.ABSENT:
                continue
            channel = next(iter(live.state.channels), None)
            view = None if channel is None else await self._view(name, Feed(channel))
            if view is not None:
                found.append(view.session)
        return found

    async def _view(self, session: SessionId, feed: Feed) -> CaptionsView | None:
        fanout = await self.find(session)
        if fanout is None or self.may_read(session) is not None:
            return None
        view = await fanout.view(feed)
        return None if isinstance(view, Refusal) else view
