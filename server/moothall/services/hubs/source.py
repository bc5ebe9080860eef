"""What the centre serves its hubs: the logs of its public sessions, and which of them may be followed."""

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
from moothall.core.session.parts import Channel
from moothall.core.session.state import ON, State, Status
from moothall.services.hubs.ports import LogStatus, spoken_in
from moothall.services.log.publication import Publication
from moothall.services.sessions.catalogue import Catalogue, Entry
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.services.supervision.waiting import Listeners
from moothall.wire.hub.messages import Offered, OfferedText

logger = logging.getLogger(__name__)

PAST_MS = 12 * 3_600_000
"""Meetings that ended or were to end longer ago than this aren't offered; a hub that follows one goes on with it."""
AHEAD_MS = 36 * 3_600_000
"""Nor those that are planned later than this: each change of what is offered goes over thin lines."""


@dataclass(eq=False, repr=False)
class CentreSource:
    """A `LinkSource` over the sessions of this server."""

    sessions: Sessions
    log: EventLog
    clock: Clock
    _: KW_ONLY
    catalogue: Catalogue
    """Has to be given what is published before this source is."""
    planned: Callable[[], Sequence[Planned]] = tuple
    place: Callable[[RoomId], str] = str
    """Names a room."""

    def __post_init__(self) -> None:
        # Bound: the sessions that were loaded since the server started, some hundred bytes each.
        self._texts: dict[SessionId, tuple[OfferedText, ...]] = {}
        self._channels: dict[SessionId, Mapping[ChannelId, Channel]] = {}
        """What they were made of: most events leave a session's channels as they are, the very same object."""
        self._stood: dict[SessionId, LogStatus] = {}
        """Where those stood that hubs follow, when that was asked last. Bound: as above."""
        self.observe = Listeners[[SessionId, frozenset[Lane]]]()
        """Told of what is new in any log (`LinkSource`)."""
        self.sessions.tell_loaded(self._loaded)
        self.sessions.observe(self._published)

    async def stand(self, session: SessionId) -> LogStatus | None:
        """Where a session's log stands; None where there is none (`LinkSource`).

        It loads the session where that isn't known. A hub asks for all that it follows again and again, which doesn't
        keep a session in memory that nobody else needs: while it isn't loaded nothing is written into its log.
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
        self._stood[session] = stands = LogStatus(
            epoch=head.epoch,
            offset=head.offset,
            heads=head.lanes,
            public=may_read(Role.HUB, state.access) and not state.rehearsal,
            channels=tuple(state.channels),
            spoken=spoken_in(state),
        )
        return stands

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        """Records of a session after an offset, in order (`LinkSource`)."""
        return await self.log.read(session, after, limit, lanes)

    async def sign(self, session: SessionId, behind: int) -> None:
        """Have a checkpoint made soon behind this event, where the server of the log can (`LinkSource`)."""
        live = await self.sessions.find(session)
        if live is not None:
            live.writer.signing.ask(behind)

    async def offered(self) -> Sequence[Offered]:
        """Public meetings that are on, come in the next 36 hours or ended in the last 12, in order of their times.

        Cancelled ones are not: there is nothing to prepare. A hub that follows one gets the news in its log.
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
        """Whether nothing is known of it but the plan: a log that isn't listed isn't public, or is a rehearsal's."""
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
