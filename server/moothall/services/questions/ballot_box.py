"""Stores ballots: each browser's choice, once, and nothing that leads to a person.

A ballot is (session, subject, keyed hash of a browser's random token, choice); the key belongs to the session. Key and
ballots are in the book until seven days after the close, and are then destroyed. Addresses are kept as keyed hashes in
memory, to tell a flood from a hall (`moothall.core.questions.limits`).

A ballot is acknowledged only once it is on the disk. All ballots that wait are written in one transaction, so that a
hundred at once cost as much as one. The log is another file: ballots are stored first, and the counts in the log are
derived from them, after a crash once more.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress

import msgspec

from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import InterventionId, PollId, SessionId
from moothall.core.opinions.groups import OpinionVotes
from moothall.core.opinions.rooms import RoomVotes
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.questions.floods import MOST_NEW
from moothall.services.questions.ballot_addresses import BallotAddresses
from moothall.services.questions.hub_ballots import IN_HUB, Counts, HubBallots, key_of, read_counts, read_key, written

logger = logging.getLogger(__name__)

NAMESPACE = "ballots"
"""Namespace of the sessions that have ballots; the ballots of each are in a namespace of their own, `ballots:` and its
id.
"""
KEPT_MS = 7 * 86_400_000
"""How long key and ballots are kept after the close."""
LOOK_MS = 600_000
AGAIN_MS = 1_000
"""The delay before a failed write is retried."""
MOST_BALLOTS = 500_000
"""Most ballots of a session and a kind (support, shows of hands, votes on comments), so that no kind takes the place
of another: 5,000 people and a hundred subjects. Overflow: refused as busy.
"""
MOST_WAITING = 5_000
"""Most ballots of all sessions that wait to be written. Overflow: refused as busy."""
NOBODY = "nobody"
"""The voter that all browsers without a cookie share."""
_ASIDE = ":aside"
"""Used in a key in place of the subject, for a voter that is set aside: no subject begins like this."""
_KEY_BYTES = 32
_HASH_BYTES = 16


class Before(msgspec.Struct, frozen=True, kw_only=True):
    """Counts from ballots under an earlier key, which can't be attributed to browsers any more."""

    support: dict[InterventionId, int] = {}
    polls: dict[PollId, tuple[int, ...]] = {}
    opinions: bool = False
    """Whether votes on comments were told that were destroyed since."""


class BallotState(msgspec.Struct, frozen=True, kw_only=True):
    """The entry of a session in the book, apart from its ballots."""

    key: bytes
    before: dict[InterventionId, int] = {}
    """See `Before.support`."""
    polls: dict[PollId, tuple[int, ...]] = {}
    """See `Before.polls`."""
    opinions: bool = False
    """See `Before.opinions`."""
    until: int | None = None
    """When the ballots have to be destroyed, Unix ms; None while the session is not closed."""


class Box:
    """The ballots of one session that are on the disk."""

    def __init__(self, kept: BallotState) -> None:
        self.kept = kept
        self.voters: set[str] = set()
        """All voters that were judged by their address."""
        self.aside: set[str] = set()
        """The voters among them whose ballots don't count."""
        self.given: dict[str, dict[str, int]] = {}
        """Choices by subject and voter."""
        self.of_hubs = HubBallots()
        self.held = Counter[str]()
        """The number of ballots on the disk, by kind."""
        self.waiting = 0
        """The number of further ballots that are not on the disk yet."""
        self.told: tuple[OpinionVotes, Mapping[str, RoomVotes]] | None = None
        """The votes on comments of which the log has the sums, here and by hub; None where that is not known."""
        self.uncounted: set[str] = set()
        """Subjects whose numbers may differ from those in the log."""
        self.unwritten: list[BookEntry] = []
        """Entries that are written together with the next ballots: the key, and the voters set aside."""

    def put(self, what: str, voter: str, choice: int) -> None:
        """Add a ballot that is on the disk, in place of the voter's earlier one on this subject."""
        there = self.given.setdefault(what, {})
        self.held[_kind(what)] += voter not in there
        there[voter] = choice
        self.uncounted.add(what)

    def voter(self, visitor: str) -> str:
        """The keyed hash of a browser's token; NOBODY for an empty token."""
        if not visitor:
            return NOBODY
        return hmac.digest(self.kept.key, visitor.encode("utf-8", "replace"), hashlib.sha256)[:_HASH_BYTES].hex()

    def chosen(self, visitor: str) -> Mapping[str, int]:
        """A browser's choices, by subject; empty for browsers without a token."""
        if not visitor:
            return {}
        voter = self.voter(visitor)
        return {what: there[voter] for what, there in self.given.items() if voter in there}

    def tally(self, what: str) -> Counter[int]:
        """The number of voters that count, by choice."""
        there = self.given.get(what, {})
        return Counter(choice for voter, choice in there.items() if voter not in self.aside)

    def set_aside(self) -> Mapping[str, int]:
        """The number of ballots that don't count, by subject."""
        if not self.aside:
            return {}  # Fast path: this is called at each act of a desk, and the loop below goes through all ballots.
        found = {what: len(there.keys() & self.aside) for what, there in self.given.items()}
        return {what: count for what, count in found.items() if count}


class _Waiting(msgspec.Struct, frozen=True):
    """A ballot that is not on the disk yet."""

    session: SessionId
    box: Box
    what: str
    voter: str
    choice: int
    written: asyncio.Future[None]

    @property
    def entry(self) -> BookEntry:
        return BookEntry(_namespace(self.session), f"{self.what}/{self.voter}", str(self.choice).encode())


class BallotBox:
    """The ballots of all sessions. Call `load` first; `run` must be running: without it no ballot is accepted."""

    def __init__(self, *, book: Book, clock: Clock, randomness: Randomness, most_new: int = MOST_NEW) -> None:
        """`most_new`: how many new browsers of one address count within five minutes."""
        self._book = book
        self._clock = clock
        self._randomness = randomness
        # Bound: the sessions of the last seven days with ballots, and MOST_BALLOTS of each kind in each.
        self.boxes: dict[SessionId, Box] = {}
        self.news = asyncio.Event()
        """Set when ballots have to be counted."""
        self.addresses = BallotAddresses(clock, randomness, most_new)
        self._waiting: list[_Waiting] = []  # Overflow: see MOST_WAITING.
        self._due = asyncio.Event()
        self._writing = asyncio.Lock()
        self._stopped = False

    async def load(self) -> None:
        """Read the book, and mark all of it as uncounted. Raises StorageUnavailable."""
        for session, body in (await self._book.read(NAMESPACE)).items():
            name = SessionId(session)
            box = self.boxes[name] = Box(msgspec.msgpack.decode(body, type=BallotState))
            for key, choice in (await self._book.read(_namespace(name))).items():
                what, _, voter = key.partition("/")
                if what == IN_HUB:
                    box.of_hubs.put(*read_key(voter), read_counts(choice))
                    continue
                box.voters.add(voter)
                if what == _ASIDE:
                    box.aside.add(voter)
                else:
                    box.put(what, voter, int(choice or b"0"))

    async def give(
        self,
        session: SessionId,
        what: str,
        choice: int,
        *,
        visitor: str,
        address: str,
        before: Callable[[], Before],
        hasty: bool = False,
    ) -> Refusal | None:
        """Store a ballot. Returns None once it is on the disk; there it counts once, or not at all if it belongs to a
        flood.

        `visitor` is the browser's token or empty; `address` the client's network; `before` returns the counts so far,
        for the first ballot under a new key; `hasty`: the choice was faster than anybody can read. Refused as busy when
        there are too many ballots. Raises StorageUnavailable when it can't be written: then it isn't stored, and may be
        sent again.
        """
        box = self.boxes.get(session) or self._begin(session, before())
        voter = box.voter(visitor)
        # While ballots wait, one of them may be this browser's with another choice, so the comparison isn't valid.
        if not box.waiting and box.given.get(what, {}).get(voter) == choice:
            return None
        if box.held[_kind(what)] + box.waiting >= MOST_BALLOTS or len(self._waiting) >= MOST_WAITING:
            return refuse(RefusalCode.BUSY, "Too many votes were given in this meeting: no more can be counted.")
        if self._stopped:
            raise _gone()
        if voter not in box.voters and voter != NOBODY:
            self._judge(session, box, voter, address, hasty=hasty)
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        box.waiting += 1
        self._waiting.append(_Waiting(session, box, what, voter, choice, written))
        self._due.set()
        await written
        self.addresses.note(session, what, address)
        return None

    async def count_in_hub(
        self, session: SessionId, counts: Mapping[str, Counts], *, hub: str, node: str, before: Callable[[], Before]
    ) -> Refusal | None:
        """Store the counts of one of a hub's machines, by subject, together; None once they are on the disk. Raises
        StorageUnavailable, as `give` does.
        """
        box = self.boxes.get(session) or self._begin(session, before())
        changed = box.of_hubs.changed(counts, hub, node)
        if not changed:
            return None
        more = sum(box.of_hubs.get(what, hub, node) is None for what in changed)
        if more and box.of_hubs.full_for(hub, more):
            # A final refusal: if the hub had to send it again, it would block all acts after it.
            return refuse(RefusalCode.CONFLICT, "Too many counts of hubs are stored; this one was not kept.")
        entries = [
            BookEntry(_namespace(session), key_of(what, hub, node), written(each)) for what, each in changed.items()
        ]
        async with self._writing:
            if self._stopped or self.boxes.get(session) is not box:
                raise _gone()
            # Together with the session's entry, if that isn't on the disk yet: it holds the counts from before.
            await self._book.write([*box.unwritten, *entries])
            for what, each in changed.items():
                box.of_hubs.put(what, hub, node, each)
        box.uncounted |= changed.keys()
        self.news.set()
        return None

    def close(self, session: SessionId, *, closed: bool) -> None:
        """Note that a session is closed or open: its close sets the time of destruction, reopening cancels it."""
        box = self.boxes.get(session)
        if box is not None and closed != (box.kept.until is not None):
            self._keep(session, box, until=self._clock.wall() + KEPT_MS if closed else None)

    async def forget(self, session: SessionId) -> None:
        """Destroy everything about a session. Raises StorageUnavailable."""
        if session not in self.boxes:
            return
        async with self._writing:
            namespace = await self._book.read(_namespace(session))
            entries = [BookEntry(_namespace(session), key, None) for key in namespace]
            await self._book.write([*entries, BookEntry(NAMESPACE, session, None)])
            self.boxes.pop(session, None)
        self.addresses.forget(session)

    async def run(self) -> None:
        """Write ballots and destroy old ones, until cancelled; afterwards no ballot is accepted."""
        self._stopped = False
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write_all())
                group.create_task(self._destroy_old())
        finally:
            self._stopped = True
            waiting, self._waiting = self._waiting, []
            _settle(waiting, _gone())

    async def _write_all(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            async with self._writing:
                kept = await self._write()
            if not kept:
                await self._clock.sleep(AGAIN_MS)
                self._due.set()

    async def _write(self) -> bool:
        """Write everything that waits now in one transaction. Return False when the write fails."""
        waiting, self._waiting = self._waiting, []
        marks = [(box, box.unwritten) for box in self.boxes.values() if box.unwritten]
        for box, _ in marks:
            box.unwritten = []
        # Ballots of a box that was destroyed meanwhile are dropped.
        there = [each for each in waiting if self.boxes.get(each.session) is each.box]
        error: StorageUnavailable | None = _gone()
        try:
            await self._book.write([*(mark for _, of_box in marks for mark in of_box), *(each.entry for each in there)])
            error = None
        except StorageUnavailable as refused:
            error = refused
        finally:  # In any case waiters are released, and marks are kept for the next write.
            if error is None:
                for each in there:
                    each.box.put(each.what, each.voter, each.choice)
            else:
                for box, of_box in marks:
                    box.unwritten = [*of_box, *box.unwritten]
            _settle(there, error)
            _settle([each for each in waiting if self.boxes.get(each.session) is not each.box], _gone())
        self.news.set()
        return error is None

    async def _destroy_old(self) -> None:
        while True:
            now = self._clock.wall()
            for session, box in list(self.boxes.items()):
                if box.kept.until is not None and box.kept.until <= now:
                    with suppress(StorageUnavailable):  # The next round tries again.
                        await self.forget(session)
                        logger.info("session %s: the ballots and their key are destroyed", session)
            await self._clock.sleep(LOOK_MS)

    def _begin(self, session: SessionId, before: Before) -> Box:
        """Begin a session's box, with a new key."""
        kept = BallotState(
            key=self._randomness.bytes(_KEY_BYTES),
            before=before.support,
            polls=before.polls,
            opinions=before.opinions,
        )
        box = self.boxes[session] = Box(kept)
        self._keep(session, box, until=None)
        return box

    def _keep(self, session: SessionId, box: Box, *, until: int | None) -> None:
        box.kept = msgspec.structs.replace(box.kept, until=until)
        box.unwritten.append(BookEntry(NAMESPACE, session, msgspec.msgpack.encode(box.kept)))
        self._due.set()

    def _judge(self, session: SessionId, box: Box, voter: str, address: str, *, hasty: bool) -> None:
        """Judge a voter seen for the first time: it, or earlier voters of its address, may be set aside."""
        aside = self.addresses.judge(session, voter, address, hasty=hasty)
        box.voters.add(voter)
        if aside:
            box.aside |= aside
            box.uncounted |= box.given.keys()
        box.unwritten += [BookEntry(_namespace(session), f"{_ASIDE}/{each}", b"") for each in sorted(aside)]


def _kind(what: str) -> str:
    """The kind of ballots on a subject: subjects of a kind begin with its name between colons, those of support with
    none.
    """
    return what[1:].partition(":")[0] if what.startswith(":") else ""


def _settle(waiting: list[_Waiting], error: StorageUnavailable | None) -> None:
    for each in waiting:
        each.box.waiting -= 1
        if each.written.done():
            continue  # The waiter was cancelled.
        if error is None:
            each.written.set_result(None)
        else:
            each.written.set_exception(error)


def _gone() -> StorageUnavailable:
    return StorageUnavailable("Ballots can't be kept at the moment: the server is stopping, or they were destroyed.")


def _namespace(session: SessionId) -> str:
    return f"{NAMESPACE}:{session}"
