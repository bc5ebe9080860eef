"""What a hub serves the hubs below it: its own copies, by the code by which the centre serves it, and their acts.

An act of a hub below is on this one's disk before it goes on, and is answered once the server above has answered it: so
the one who asked learns of a late refusal, however many hubs are between. Until then it is not done, and comes again.
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
from moothall.core.session.state import State
from moothall.services.hubs.ports import LogStatus, Told, spoken_in
from moothall.services.supervision.waiting import until_set
from moothall.wire.hub.messages import Act, Done, NotDone, Offered
from moothall_hub.mirror.copied import Copy
from moothall_hub.outbox.outbox import ActState, ActStatus

logger = logging.getLogger(__name__)

PATIENCE_MS = 40_000
"""How long an act waits for it. Then the hub below is told that it isn't done yet, and sends it again."""


class CopyRecords(Protocol):
    """What is on the disk (`moothall_hub.mirror.mirror`)."""

    async def copy(self, session: SessionId) -> Copy | None:
        """How far the copy of a session is; None where there never was one."""
        ...

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        """What is there of a log."""
        ...


class ReadableSession(Protocol):
    """A session that is shown (`moothall.services.readers.mirrored.MirroredSession`)."""

    @property
    def state(self) -> State:
        """How it stands."""
        ...


class ReadableSessions(Protocol):
    """Those that are shown (`moothall.services.readers.mirrored.MirroredSessions`)."""

    async def find(self, session: SessionId) -> ReadableSession | None:
        """One of them, loaded if need be. Raises StorageUnavailable, and RecordBroken."""
        ...


@dataclass(eq=False, repr=False)
class CopySource:
    """A `LinkSource` over copies."""

    sessions: ReadableSessions
    records: CopyRecords
    _: KW_ONLY
    offers: Callable[[], Sequence[Offered]]
    """What the server above offers."""
    listen: Callable[[Told], None]
    """Registers a listener for new events."""

    async def stand(self, session: SessionId) -> LogStatus | None:
        """Where a copy stands; None where there is none, or no beginning of it yet."""
        copy, live = await self.records.copy(session), await self.sessions.find(session)
        if copy is None or copy.known is None or copy.broken is not None or live is None:
            return None
        if not copy.known.offset:  # Its first event says whether everybody may read it.
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
        """Nothing: only the centre has the key."""

    def observe(self, told: Told) -> None:
        """From now on tell of what is new in any log (`LinkSource`)."""
        self.listen(told)

    async def offered(self) -> Sequence[Offered]:
        """Of what the server above offers, all that is planned, and of what is copied the texts that are here."""
        found: list[Offered] = []
        for each in self.offers():
            copy = await self.records.copy(each.session)
            here = () if copy is None or copy.known is None else copy.followed
            found.append(
                msgspec.structs.replace(each, texts=tuple(text for text in each.texts if text.channel in here))
            )
        return found


class ActsFromBelow(Protocol):
    """Where acts wait (`moothall_hub.outbox.outbox`)."""

    async def pass_on(self, act: Act) -> None:
        """Keep an act as it came. Raises StorageUnavailable."""
        ...

    async def state(self, act_id: CommandId) -> ActStatus | None:
        """Where an act stands."""
        ...

    def when_answered(self, told: Callable[[CommandId], None], /) -> None:
        """From now on tell of each act that has its answer. It must not wait."""
        ...


class PassingOn:
    """An `ActTaker` that hands acts to the server above."""

    def __init__(self, outbox: ActsFromBelow, clock: Clock, title_of: Callable[[str], str]) -> None:
        """`title_of`: what people call a hub that is linked here, by its name."""
        self._outbox = outbox
        self._clock = clock
        self._title_of = title_of
        # Bound: the hubs below, each of which has one act done at a time.
        self._awaited: dict[CommandId, asyncio.Event] = {}
        outbox.when_answered(self._answered)

    def _answered(self, act_id: CommandId) -> None:
        awaited = self._awaited.pop(act_id, None)
        if awaited is not None:
            awaited.set()

    async def take(self, hub_path: str, act: Act, node: str) -> Done | NotDone:
        """Keep it, and wait for its answer. Raises StorageUnavailable."""
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
        return NotDone(id=act.id, code=RefusalCode.UNAVAILABLE, message=message)

    async def _answer(self, act: Act) -> Done | NotDone | None:
        standing = await self._outbox.state(act.id)
        if standing is None or standing.state in (ActState.WAITING, ActState.SENT):
            return None
        if standing.state is ActState.DONE:
            return Done(id=act.id)
        return NotDone(id=act.id, code=standing.code or RefusalCode.UNAVAILABLE, message=standing.message)
