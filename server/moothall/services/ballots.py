"""*I'd ask this too*: who would, counted once each, and nothing that leads to anybody.

A ballot is (session, intervention, keyed hash of a browser's random token), under a key of the session's own. Key and
ballots stand in the book until seven days after the close; then both are destroyed, and only the number in the log
stays. Addresses are keyed hashes in memory, to tell a flood from a hall (`moothall.core.floor.ballots`).

Ballots are written, and then counted in the log, at most once a second; a crash may forget those of the last second.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections import OrderedDict

import msgspec

from moothall.core.actors import SYSTEM
from moothall.core.commands import CountSupport
from moothall.core.errors import RecordBroken, Refusal, RefusalCode, StorageUnavailable
from moothall.core.floor.ballots import Newcomers
from moothall.core.floor.interventions import Floor, Intervention
from moothall.core.floor.parts import WAITING
from moothall.core.ids import CommandId, InterventionId, SessionId
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.session import Status
from moothall.services.sessions import LiveSession, Sessions

logger = logging.getLogger(__name__)

SHELF = "ballots"
"""Of the sessions that have any; each has a shelf of its own with this and its name."""
COUNT_MS = 1_000
KEPT_MS = 7 * 86_400_000
"""How long after the close key and ballots are kept."""
LOOK_MS = 600_000
MOST_BALLOTS = 500_000
"""Of a session: a hundred questions that 5,000 people would ask. One more is refused as busy."""
MOST_ADDRESSES = 10_000
"""Of all sessions. Overflow: the one that has been away longest is forgotten, and begins anew."""
NOBODY = "nobody"
"""All browsers together that keep no cookie."""
_ASIDE = ":aside"
"""Stands where an intervention's name would: none begins so."""
_KEY_BYTES = 32
_HASH_BYTES = 16


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What the book has of a session."""

    key: bytes
    before: dict[InterventionId, int] = {}
    """What was counted under an earlier key, and can't be told apart any more."""
    until: int | None = None
    """When it is to be destroyed, Unix ms; None while the session is not closed."""


class _Session:
    def __init__(self, kept: _Kept) -> None:
        self.kept = kept
        self.voters: set[str] = set()
        self.aside: set[str] = set()
        self.ballots: dict[InterventionId, set[str]] = {}
        self.held = 0
        self.unwritten: list[BookEntry] = []
        self.counted = False
        """Whether the log has the numbers as they are."""

    def add(self, name: InterventionId, voter: str) -> None:
        self.voters.add(voter)
        self.ballots.setdefault(name, set()).add(voter)
        self.held += 1

    def count(self, name: InterventionId) -> int:
        return self.kept.before.get(name, 0) + len(self.ballots.get(name, set()) - self.aside)


class Ballots:
    """See the module. `load` it first, and keep `run` going for anything to be counted."""

    def __init__(self, sessions: Sessions, *, book: Book, clock: Clock, randomness: Randomness) -> None:
        self._sessions = sessions
        self._book = book
        self._clock = clock
        self._randomness = randomness
        self._address_key = randomness.bytes(_KEY_BYTES)
        # Bound: the sessions of the last seven days in which somebody would ask the same, and MOST_BALLOTS in each.
        self._kept: dict[SessionId, _Session] = {}
        self._addresses: OrderedDict[tuple[SessionId, bytes], Newcomers] = OrderedDict()
        self._news = asyncio.Event()
        self._writing = asyncio.Lock()

    async def load(self) -> None:
        """Read the book; raises StorageUnavailable."""
        for session, body in (await self._book.read(SHELF)).items():
            name = SessionId(session)
            there = self._kept[name] = _Session(msgspec.msgpack.decode(body, type=_Kept))
            for key in await self._book.read(_shelf(name)):
                what, _, voter = key.partition("/")
                if what == _ASIDE:
                    there.voters.add(voter)
                    there.aside.add(voter)
                else:
                    there.add(InterventionId(what), voter)
            there.counted = True  # Until it is loaded: then it is held against the log.
        self._sessions.tell_loaded(self._loaded)

    async def support(self, session: SessionId, number: int, visitor: str, address: str) -> Refusal | None:
        """Somebody would ask number `number` too; the same again counts once. None: it was taken, if not counted.

        `visitor` is the browser's token, empty without one; `address` is where it comes from. Refused when that isn't
        waiting, when the meeting is closed, and when there are too many. Raises StorageUnavailable when the session
        can't be loaded.
        """
        live = await self._sessions.find(session)
        each = None if live is None else _numbered(live.state.floor, number)
        if live is None or each is None or not each.published:
            return Refusal(code=RefusalCode.UNKNOWN, message="The session has no such question or comment.")
        if live.state.status is Status.CLOSED or each.standing not in WAITING:
            return Refusal(code=RefusalCode.CONFLICT, message="It isn't waiting for its turn any more.")
        there = self._kept.get(session) or self._begin(live)
        voter = self._voter(there, visitor)
        if voter in there.ballots.get(each.id, ()):
            return None
        if there.held >= MOST_BALLOTS:
            return Refusal(code=RefusalCode.BUSY, message="So many would ask the same that no more are counted.")
        if voter not in there.voters and voter != NOBODY:
            self._judge(session, there, voter, address)
        there.add(each.id, voter)
        there.unwritten.append(BookEntry(_shelf(session), f"{each.id}/{voter}", b""))
        self._due(there)
        return None

    def supported(self, session: SessionId, visitor: str) -> frozenset[InterventionId]:
        """What a browser has said that it would ask too."""
        there = self._kept.get(session)
        if there is None or not visitor:
            return frozenset()
        voter = self._voter(there, visitor)
        return frozenset(name for name, voters in there.ballots.items() if voter in voters)

    def observe(self, live: LiveSession) -> None:
        """Something was published of a session: when it is closed its ballots get their time, reopened they lose it."""
        there = self._kept.get(live.id)
        if there is None:
            return
        closed = live.state.status is Status.CLOSED
        if closed != (there.kept.until is not None):
            self._keep(live.id, there, until=self._clock.wall() + KEPT_MS if closed else None)

    async def forget(self, session: SessionId) -> None:
        """Destroy what there is of a session. Raises StorageUnavailable."""
        there = self._kept.get(session)
        if there is None:
            return
        async with self._writing:
            shelf = await self._book.read(_shelf(session))
            entries = [BookEntry(_shelf(session), key, None) for key in shelf]
            await self._book.write([*entries, BookEntry(SHELF, session, None)])
            self._kept.pop(session, None)
        for key in [key for key in self._addresses if key[0] == session]:
            del self._addresses[key]

    async def run(self) -> None:
        """Write and count what is new, and destroy what is old, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._count_all())
            group.create_task(self._destroy_old())

    async def _count_all(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            for session, there in list(self._kept.items()):
                if not there.counted or there.unwritten:
                    await self._count(session, there)
            await self._clock.sleep(COUNT_MS)

    async def _count(self, session: SessionId, there: _Session) -> None:
        entries, there.unwritten = there.unwritten, []
        there.counted = True
        try:
            async with self._writing:
                if self._kept.get(session) is there:  # It may have been destroyed meanwhile.
                    await self._book.write(entries)
            entries = []
            live = await self._sessions.find(session)
            if live is None:
                return
            floor = live.state.floor
            known = [each for name in there.ballots if (each := floor.get(name)) is not None]
            counts = {each.id: count for each in known if (count := there.count(each.id)) != each.support}
            if not counts:
                return
            command_id = CommandId(f"support:{self._randomness.bytes(8).hex()}")
            answer = await live.writer.send(SYSTEM, command_id, CountSupport(counts=counts))
            again = isinstance(answer, Refusal)
        except (StorageUnavailable, RecordBroken):
            again = True
        if again:
            there.unwritten = [*entries, *there.unwritten]
            self._due(there)

    async def _destroy_old(self) -> None:
        while True:
            now = self._clock.wall()
            for session, there in list(self._kept.items()):
                if there.kept.until is not None and there.kept.until <= now:
                    try:
                        await self.forget(session)
                    except StorageUnavailable:
                        continue  # The next look tries again.
                    logger.info("session %s: its ballots and their key are destroyed", session)
            await self._clock.sleep(LOOK_MS)

    def _loaded(self, live: LiveSession) -> None:
        there = self._kept.get(live.id)
        if there is not None:
            self.observe(live)
            self._due(there)

    def _begin(self, live: LiveSession) -> _Session:
        """The first ballot of a session, or the first under a new key."""
        before = {name: each.support for name, each in live.state.floor.interventions.items() if each.support}
        there = _Session(_Kept(key=self._randomness.bytes(_KEY_BYTES), before=before))
        self._kept[live.id] = there
        self._keep(live.id, there, until=None)
        return there

    def _keep(self, session: SessionId, there: _Session, *, until: int | None) -> None:
        there.kept = msgspec.structs.replace(there.kept, until=until)
        there.unwritten.append(BookEntry(SHELF, session, msgspec.msgpack.encode(there.kept)))
        self._due(there)

    def _judge(self, session: SessionId, there: _Session, voter: str, address: str) -> None:
        """Whether a browser that wasn't seen before counts, and those before it still do."""
        where = (session, hmac.digest(self._address_key, address.encode("utf-8", "replace"), hashlib.sha256)[:8])
        known = self._addresses.pop(where, Newcomers())
        self._addresses[where], aside = known.come(voter, self._clock.monotonic())
        if len(self._addresses) > MOST_ADDRESSES:
            self._addresses.popitem(last=False)
        if aside and not known.flood:
            logger.warning("session %s: one address sends more browsers than a hall has", session)
        there.aside |= aside
        there.unwritten += [BookEntry(_shelf(session), f"{_ASIDE}/{each}", b"") for each in sorted(aside)]

    def _due(self, there: _Session) -> None:
        there.counted = False
        self._news.set()

    @staticmethod
    def _voter(there: _Session, visitor: str) -> str:
        if not visitor:
            return NOBODY
        return hmac.digest(there.kept.key, visitor.encode("utf-8", "replace"), hashlib.sha256)[:_HASH_BYTES].hex()


def _shelf(session: SessionId) -> str:
    return f"{SHELF}:{session}"


def _numbered(floor: Floor, number: int) -> Intervention | None:
    return next((each for _, each in floor.interventions.items() if each.number == number), None)
