"""The sessions of a hub, for its desk and its room (`moothall_hub.room.ports.Meetings`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from moothall.core.desks.notes_and_tags import HubNote
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.sessions.state import State
from moothall.services.reading.mirrored import MirroredSessions
from moothall.wire.hubs.messages import Offered
from moothall_hub.mirror.offers import Offers
from moothall_hub.mirror.replication import Replication
from moothall_hub.room.ports import Stuck


class NodeMeetings:
    """Answers questions about the sessions that this hub copies: programme, state, notes, checks."""

    def __init__(self, sessions: MirroredSessions, following: Callable[[], Replication], offers: Offers) -> None:
        """`following` gives the replication; it is called each time, since `NodeUplink.show` makes it later."""
        self._sessions = sessions
        self._following = following
        self._offers = offers

    def programme(self) -> Sequence[Offered]:
        """What the server above offered last."""
        return self._offers.sessions

    async def state(self, session: SessionId, /) -> State | None:
        """The state of a session by its copied lanes; None where there is no copy. Raises StorageUnavailable."""
        try:
            found = await self._sessions.find(session)
        except RecordBroken as error:
            raise StorageUnavailable(f"The copy of session {session} can't be read.") from error
        return None if found is None else found.state

    async def notes(self, session: SessionId, /) -> Sequence[HubNote]:
        """The notes to and from this hub, oldest first. Raises StorageUnavailable."""
        state = await self.state(session)
        return () if state is None else state.notes_and_tags.hub_notes

    async def checked(self, session: SessionId, /) -> bool:
        """Whether the uplink has caught up with the copy, nothing differs, and a signature vouches for it. Events since
        the last signature do not count.
        """
        now, copy = self._following().now(session), self._following().copy(session)
        if now is None or copy is None or not copy.verified:
            return False  # Nothing is signed yet.
        return not (now.filling or now.checking or now.stopped)

    async def stuck(self) -> Sequence[Stuck]:
        """The copies that accept nothing more, and those that the server above has stopped."""
        found: list[Stuck] = []
        for copy in self._following().copies:
            if copy.broken is not None:
                broken = copy.broken
                found.append(Stuck(session=copy.session, lane=broken.lane, offset=broken.offset, reason=broken.reason))
            elif copy.stopped:
                found.append(Stuck(session=copy.session, lane=None, offset=None, reason=copy.stopped))
        return found

    async def fetch_again(self, session: SessionId, /) -> None:
        """Drop the copy and follow the session from its first event on. Raises StorageUnavailable."""
        await self._following().fetch_again(session)
