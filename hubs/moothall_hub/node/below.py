"""Serve the hubs below a hub: its copies, by the same code with which the centre serves hubs, and the way up for acts.

An act from a hub below is stored on this hub's disk before it is sent up, and answered only once the server above has
answered it. So its author learns of a late refusal, however many hubs are between. Until then the hub below sends the
act again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Protocol

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.events.types import Access
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import CommandId, Lane, SessionId
from moothall.core.ports import Clock
from moothall.core.sessions.state import State
from moothall.services.hubs.ports import LanesChanged, LogStatus, spoken_in
from moothall.services.supervision.waiting import until_set
from moothall.wire.hubs.messages import Act, ActDone, ActNotDone, Offered
from moothall_hub.mirror.copied import SessionCopy
from moothall_hub.outbox.outbox import ActState, ActStatus

logger = logging.getLogger(__name__)

PATIENCE_MS = 40_000
"""Milliseconds to wait for the answer to an act. Then the hub below is told that it is not done yet, and sends it
again."""


class CopyRecords(Protocol):
    """Reads copies and their records from the disk (`moothall_hub.mirror.mirror`)."""

    async def copy(self, session: SessionId) -> SessionCopy | None:
        """The copy of a session; None where there never was one."""
        ...

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        """The records of a session's copy after offset `after`, at most `limit`; only those of `lanes`, unless None."""
        ...


class ReadableSession(Protocol):
    """A session that readers can open (`moothall.services.reading.mirrored.MirroredSession`)."""

    @property
    def state(self) -> State:
        """The session's state."""
        ...


class ReadableSessions(Protocol):
    """The sessions that readers can open (`moothall.services.reading.mirrored.MirroredSessions`)."""

    async def find(self, session: SessionId) -> ReadableSession | None:
        """Return a session, loaded if need be; None where there is no copy. Raises StorageUnavailable, RecordBroken."""
        ...


@dataclass(eq=False, repr=False)
class CopySource:
    """A `LinkSource` that reads from the copies."""

    sessions: ReadableSessions
    records: CopyRecords
    _: KW_ONLY
    offers: Callable[[], Sequence[Offered]]
    """The sessions that the server above offers."""
    listen: Callable[[LanesChanged], None]
    """Register a listener for new events."""

    async def log_status(self, session: SessionId) -> LogStatus | None:
        """The status of a copy; None where there is no copy, or its first event is missing."""
        copy, live = await self.records.copy(session), await self.sessions.find(session)
        if copy is None or copy.known is None or copy.broken is not None or live is None:
            return None
        if not copy.known.offset:  # Only the first event says whether everybody may read the session.
            return None
        known, behind = copy.known, copy.live
        heads = dict(known.heads if behind is None else {**known.heads, **behind.heads})
        return LogStatus(
            epoch=known.epoch,
            offset=copy.offset,
            heads={**heads, **copy.own},
            public=live.state.access is Access.PUBLIC,
            channels=tuple(each for each in live.state.channels if each in copy.followed),
            spoken=spoken_in(live.state),
            begin=0 if behind is None else behind.begin,
            base={} if behind is None else dict(behind.base),
            complete_through=0 if behind is None else known.offset,
            copy=True,
        )

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        """Records of a session after an offset, in order (`LinkSource`)."""
        return await self.records.read(session, after, limit, lanes)

    async def sign(self, session: SessionId, behind: int) -> None:
        """Do nothing: only the centre has the key to sign with."""

    def observe(self, told: LanesChanged) -> None:
        """Call `told` for new events of any session (`LinkSource`)."""
        self.listen(told)

    async def offered(self) -> Sequence[Offered]:
        """The sessions that the server above offers; each is listed with those of its texts that are copied here."""
        found: list[Offered] = []
        for each in self.offers():
            copy = await self.records.copy(each.session)
            here = () if copy is None or copy.known is None else copy.followed
            found.append(
                msgspec.structs.replace(each, texts=tuple(text for text in each.texts if text.channel in here))
            )
        return found


class ActsFromBelow(Protocol):
    """The outbox in which acts wait (`moothall_hub.outbox.outbox`)."""

    async def pass_on(self, act: Act) -> None:
        """Store an act of a hub below unchanged. Raises StorageUnavailable."""
        ...

    async def state(self, act_id: CommandId) -> ActStatus | None:
        """The state of an act; None for one that was never stored."""
        ...

    def when_answered(self, told: Callable[[CommandId], None], /) -> None:
        """Call `told` with the id of each act once it has its answer. `told` must not block."""
        ...


class PassingOn:
    """An `ActTaker` that passes acts on to the server above."""

    def __init__(self, outbox: ActsFromBelow, clock: Clock, title_of: Callable[[str], str]) -> None:
        """`title_of` gives the title that people see of a hub below, by its name."""
        self._outbox = outbox
        self._clock = clock
        self._title_of = title_of
        # Bounded by the hubs below, each of which sends one act at a time.
        self._awaited: dict[CommandId, asyncio.Event] = {}
        outbox.when_answered(self._answered)

    def _answered(self, act_id: CommandId) -> None:
        awaited = self._awaited.pop(act_id, None)
        if awaited is not None:
            awaited.set()

    async def take(self, hub_path: str, act: Act, node: str) -> ActDone | ActNotDone:
        """Store an act of a hub below, and wait for its answer, at most PATIENCE_MS. Raises StorageUnavailable."""
        name, _, below = hub_path.partition(".")
        title = act.title if below else self._title_of(name)
        await self._outbox.pass_on(msgspec.structs.replace(act, hub=hub_path, title=title))
        answered = self._awaited.setdefault(act.id, asyncio.Event())
        try:
            answer = await self._answer(act)
            if answer is None:
                await until_set(answered, self._clock, PATIENCE_MS)
                answer = await self._answer(act)
        finally:
            self._awaited.pop(act.id, None)
        if answer is not None:
            return answer
        logger.info("session %s: an act of hub %s waits for the uplink", act.session, hub_path)
        message = "The hub above has no connection at the moment; this act waits there."
        return ActNotDone(id=act.id, code=RefusalCode.UNAVAILABLE, message=message)

    async def _answer(self, act: Act) -> ActDone | ActNotDone | None:
        standing = await self._outbox.state(act.id)
        if standing is None or standing.state in (ActState.WAITING, ActState.SENT):
            return None
        if standing.state is ActState.DONE:
            return ActDone(id=act.id)
        return ActNotDone(id=act.id, code=standing.code or RefusalCode.UNAVAILABLE, message=standing.message)
