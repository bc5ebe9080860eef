"""The centre's implementation of `LinkSource`: the logs of its public sessions, and which of them hubs may follow."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass

from moothall.core.chain import LogRecord
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import ChannelId, Lane, SessionId
from moothall.core.ports import Clock, EventLog
from moothall.core.programme.plan import Planned, RoomId
from moothall.core.rules.authority import may_read
from moothall.core.sessions.parts import Channel
from moothall.core.sessions.state import ON, State, Status
from moothall.services.hubs.ports import LogStatus, spoken_in
from moothall.services.log.publication import Publication
from moothall.services.sessions.catalogue import Entry, SessionCatalogue
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.services.supervision.waiting import Listeners
from moothall.wire.hubs.messages import Offered, OfferedText

logger = logging.getLogger(__name__)

PAST_MS = 12 * 3_600_000
"""Sessions that ended, or were to end, longer ago than this aren't offered; a hub that follows one already keeps it."""
AHEAD_MS = 36 * 3_600_000
"""Sessions that begin later than this from now aren't offered either: each change of the offer goes over slow links."""


@dataclass(eq=False, repr=False)
class CentreSource:
    """A `LinkSource` over the sessions of this server."""

    sessions: Sessions
    log: EventLog
    clock: Clock
    _: KW_ONLY
    catalogue: SessionCatalogue
    """Must receive publications before this source does."""
    planned: Callable[[], Sequence[Planned]] = tuple
    place: Callable[[RoomId], str] = str
    """Returns the name of a room."""

    def __post_init__(self) -> None:
        # Bound: the sessions that were loaded since the server started, some hundred bytes each.
        self._texts: dict[SessionId, tuple[OfferedText, ...]] = {}
        self._channels: dict[SessionId, Mapping[ChannelId, Channel]] = {}
        """The channels that `_texts` was made of. Most events leave a session's `channels` the identical object."""
        self._stood: dict[SessionId, LogStatus] = {}
        """The last status returned for each session that hubs follow. Bound: as above."""
        self.observe = Listeners[[SessionId, frozenset[Lane]]]()
        """Called with a session and its lanes that have new events (`LinkSource`)."""
        self.sessions.tell_loaded(self._loaded)
        self.sessions.observe(self._published)

    async def log_status(self, session: SessionId) -> LogStatus | None:
        """The status of a session's log; None where there is none (`LinkSource`).

        Loads the session only where the log's end has changed since the last call. Hubs ask for every followed session
        again and again, which must not keep sessions in memory that nobody else needs; the log of an unloaded session
        doesn't change.
        """
        live, known = self.sessions.loaded(session), self._stood.get(session)
        if live is None and known is not None:
            head = await self.log.head(session)
            if head is not None and (head.epoch, head.offset) == (known.epoch, known.offset):
                return known
        live = live or await self.sessions.find(session)
        head = await self.log.head(session)
        if live is None or head is None or live.state.status is Status.ABSENT:
            return None
        state = live.state
        self._stood[session] = status = LogStatus(
            epoch=head.epoch,
            offset=head.offset,
            heads=head.lanes,
            public=may_read(Role.HUB, state.access) and not state.rehearsal,
            channels=tuple(state.channels),
            spoken=spoken_in(state),
        )
        return status

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        """Records of a session after an offset, in order (`LinkSource`)."""
        return await self.log.read(session, after, limit, lanes)

    async def sign(self, session: SessionId, behind: int) -> None:
        """Request a checkpoint soon after this event (`LinkSource`)."""
        live = await self.sessions.find(session)
        if live is not None:
            live.writer.signing.ask(behind)

    async def offered(self) -> Sequence[Offered]:
        """Public sessions that are on, begin in the next 36 hours or ended in the last 12, sorted by time.

        Cancelled sessions are left out: there is nothing to prepare. A hub that follows one learns of it from the log.
        """
        plans = {each.session: each for each in self.planned()}
        entries = {entry.session: entry for entry in await self.catalogue.listed() if entry.cancelled is None}
        names = [*entries, *(name for name in plans if name not in entries and self._is_only_planned(plans[name]))]
        found = [
            await self._offer(name, entries.get(name), plans.get(name))
            for name in names
            if self._near(entries.get(name), plans.get(name))
        ]
        return sorted(found, key=lambda each: (each.begins is None, each.begins or 0, each.session))

    def _is_only_planned(self, plan: Planned) -> bool:
        """Whether the session has a plan and no log. One with a log that isn't listed is restricted or a rehearsal."""
        return not plan.rehearsal and self.catalogue.known(plan.session) is None

    def _near(self, entry: Entry | None, plan: Planned | None) -> bool:
        if entry is not None and entry.status in ON:
            return True
        now = self.clock.wall()
        times = [plan.starts, plan.ends] if plan is not None else []
        times += [entry.opened, entry.closed] if entry is not None else []
        known = [at for at in times if at is not None]
        return max(known, default=now) >= now - PAST_MS and min(known, default=now) <= now + AHEAD_MS

    async def _offer(self, session: SessionId, entry: Entry | None, plan: Planned | None) -> Offered:
        if entry is not None and session not in self._texts:
            try:
                await self.sessions.find(session)
            except RecordBroken:
                logger.error("session %s: the log can't be read, so no hub can follow it", session)
        plan = plan or Planned(session=session, title="")
        entry = entry or Entry(session=session, status=Status.CREATED)
        return Offered(
            session=session,
            title=entry.title or plan.title,
            place=self.place(plan.room) if plan.room is not None else "",
            begins=entry.opened if plan.starts is None else plan.starts,
            ends=plan.ends,
            status=entry.status,
            texts=self._texts.get(session, ()),
        )

    def _loaded(self, live: LiveSession) -> None:
        self._texts[live.id], self._channels[live.id] = _texts(live.state), live.state.channels

    def _published(self, live: LiveSession, publication: Publication) -> None:
        if self._channels.get(live.id) is not live.state.channels:
            self._loaded(live)
        if publication.records:
            self.observe.tell(live.id, frozenset(record.header.lane for record in publication.records))


def _texts(state: State) -> tuple[OfferedText, ...]:
    channels = state.channels.values()
    return tuple(OfferedText(channel=each.id, kind=each.kind, languages=each.languages) for each in channels)
