from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple, cast

import pytest

from moothall.adapters.cluster.book_redis import RedisBook
from moothall.adapters.cluster.log_redis import RedisLog
from moothall.app.cluster.house import MEND_MS, House, joined, redis_server
from moothall.core.cluster.lease import AWAY_MS, BEAT_MS, Lease
from moothall.core.cluster.nodes import NodeNote
from moothall.core.kernel.errors import ConfigurationError, OutcomeUnknown
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import BookEntry, EventLog, LogHead
from moothall.services.cluster.following import LogFollower
from moothall.services.cluster.keeping import LOOK_MS
from moothall.services.cluster.two_copies import PATIENCE_MS
from moothall.settings.sections import Cluster, Server, Settings
from moothall.testing.book import MemoryBook, MemorySharedBook, SharedBookStore
from moothall.testing.clock import ManualClock
from moothall.testing.house_memory import MemoryLease, MemoryNotes
from moothall.testing.log_memory import MemoryLog
from moothall.testing.log_shared import MemorySharedLog, SharedLogStore
from support.sessions.recorder import EPOCH, SESSION


@pytest.mark.parametrize("nodes", [(), ("north",), ("south", "west")])
async def test_one_copy_needs_the_names_of_all_nodes(tmp_path: Path, nodes: tuple[str, ...]) -> None:
    own = Cluster(
        redis="redis://127.0.0.1:1",
        node="north",
        number=1,
        address="http://127.0.0.1:1",
        key_file=str(tmp_path / "nodes.key"),
        one_copy="allow",
        nodes=nodes,
    )
    with pytest.raises(ConfigurationError, match="`nodes` has to name all nodes"):
        async with joined(Settings(server=Server(data=str(tmp_path)), cluster=own), ManualClock()):
            raise AssertionError("It took part.")


class SharedHouse(NamedTuple):
    """A node of it, with all that is shared in memory."""

    house: House
    notes: MemoryNotes
    store: SharedLogStore
    shared: MemorySharedLog
    book: MemoryBook
    """Its own."""

    async def stands_by(self) -> None:
        house = self.house
        house.following = LogFollower(self.shared, MemoryLog(), house.clock)
        await house.check_key(self.book)
        await house.follow_book(self.book)


@pytest.fixture
def node(tmp_path: Path) -> SharedHouse:
    own = Cluster(
        redis="redis://127.0.0.1:1",
        node="south",
        number=2,
        address="http://127.0.0.1:1",
        key_file=str(tmp_path / "nodes.key"),
    )
    settings, notes, store = Settings(server=Server(data=str(tmp_path)), cluster=own), MemoryNotes(), SharedLogStore()
    server = redis_server(settings)
    house = House(settings, ManualClock(), server, RedisLog(server, own.node), RedisBook(server, own.node))
    house.others.notes = notes
    return SharedHouse(house, notes, store, MemorySharedLog(store, own.node), MemoryBook())


async def test_a_node_keeps_the_house_once_it_knows_its_own_copies_and_who_lives(node: SharedHouse) -> None:
    fit = node.house.keeping.fit
    assert not fit()
    await node.stands_by()
    assert not fit()
    await node.house.others.exchange()
    assert not fit()
    assert node.house.following is not None
    await node.house.following.catch_up()
    assert fit()
    node.house.stand_by_no_more()
    assert not fit(), "it is just giving the house up, or taking it"


async def test_a_node_whose_disk_hangs_does_not_keep_the_house(node: SharedHouse) -> None:
    await node.stands_by()
    await node.house.others.exchange()
    assert node.house.following is not None
    await node.house.following.catch_up()
    clock, answers = node.house.clock, asyncio.Event()
    assert isinstance(clock, ManualClock)
    writing = asyncio.ensure_future(node.house.disk.watch(answers.wait()))
    await clock.advance(PATIENCE_MS)
    await node.house.others.exchange()
    assert not node.house.keeping.fit()
    answers.set()
    await writing
    assert node.house.keeping.fit()


class Hanging(MemoryLog):
    """A log on a disk that may hang."""

    hangs = False

    async def acquire(self, session: SessionId, epoch: Epoch, term: int | None = None, *, new: bool = True) -> LogHead:
        if self.hangs:
            await asyncio.Event().wait()
        return await super().acquire(session, epoch, term, new=new)


@asynccontextmanager
async def kept(node: SharedHouse, leases: MemoryLease, log: MemoryLog) -> AsyncIterator[EventLog]:
    """The house with this node as its keeper, with `log` as its own, and all of it in Redis."""
    house, clock = node.house, node.house.clock
    assert isinstance(clock, ManualClock)
    house.keeping.leases = leases
    running = [asyncio.ensure_future(run()) for run in (house.keeping.run, house.others.run)]
    await node.stands_by()
    assert house.following is not None
    await house.following.catch_up()
    await clock.advance(3 * AWAY_MS)
    house.stand_by_no_more()
    house.log = cast("RedisLog", node.shared)
    house.book = cast("RedisBook", MemorySharedBook(SharedBookStore(), "south"))
    logs, _ = await house.kept(log, MemoryBook())
    assert house.refilling is not None
    await house.refilling.look()  # Redis has all that is here, or whoever comes next would be left in doubt.
    yield logs
    for each in running:
        each.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def test_a_keeper_whose_disk_hangs_gives_the_house_up(node: SharedHouse) -> None:
    house, clock, leases, log = node.house, node.house.clock, MemoryLease(), Hanging()
    assert isinstance(clock, ManualClock)
    async with kept(node, leases, log) as logs:
        log.hangs = True
        acquiring = asyncio.ensure_future(logs.acquire(SESSION, EPOCH))
        await clock.advance(PATIENCE_MS - 1)
        assert house.keeping.answers
        await clock.advance(1)
        assert (house.keeping.term, house.disk.hangs) == (None, True)
        assert leases.lease is not None
        assert leases.lease.node == "", "whoever saw it keep the house goes on at once"
        with pytest.raises(OutcomeUnknown):
            await acquiring


async def test_a_house_whose_redis_was_emptied_just_now_is_given_up_in_doubt(node: SharedHouse) -> None:
    """The lease is there again, and nobody has looked yet what else Redis lacks."""
    clock, leases = node.house.clock, MemoryLease()
    assert isinstance(clock, ManualClock)
    async with kept(node, leases, MemoryLog()):
        node.store.lose_all()
        leases.lease = None
        await clock.advance(2 * BEAT_MS)
        assert leases.lease is not None
        await node.house.keeping.give_up()
        assert leases.lease is None, "whoever comes next asks this node"


async def test_a_node_that_has_nothing_leaves_an_empty_redis_to_who_has_something(
    node: SharedHouse, caplog: pytest.LogCaptureFixture
) -> None:
    await node.stands_by()
    assert node.house.following is not None
    await node.house.following.catch_up()
    await node.notes.tell("north", NodeNote(number=1, address="", release="0.2.0", reach=7, fit=False, beat=1))
    await node.house.others.exchange()
    assert not node.house.keeping.fit()
    assert not node.house.keeping.fit()
    (said,) = [each.getMessage() for each in caplog.records]
    assert "Redis and this node are empty, and node north may have the data: waiting for it" in said
    await node.book.write([BookEntry("rooms", "hall", b"{}")])
    await node.house.follow_book(node.book)
    assert node.house.keeping.fit(), "its programme is of this house"


async def test_a_term_is_above_those_that_all_others_have_had_also_where_redis_has_lost_their_notes(
    node: SharedHouse,
) -> None:
    known_term = node.house.keeping.known_term
    await node.stands_by()
    assert await known_term() == 0
    await node.notes.tell(
        "north", NodeNote(number=1, address="", release="0.3.0", reach=7, fit=True, beat=1, term=4_001)
    )
    await node.house.others.exchange()
    node.notes.notes.clear()
    await node.house.others.exchange()
    assert await known_term() == 4_001
    assert node.house.following is not None
    node.house.following.copies[SESSION] = LogHead(epoch=EPOCH, term=7_002_000, offset=3, lanes={})
    assert await known_term() == 7_002
    node.house.stand_by_no_more()
    assert await known_term() == 7_002
    assert node.house.others.note().term == 7_002
    assert node.house.others.note().reach == 3


async def test_a_keeper_knows_which_nodes_lived_and_which_are_linked_to_it(node: SharedHouse) -> None:
    keeping, elsewhere = node.house.keeping, node.house.nodes.elsewhere
    assert (keeping.lived(), keeping.links()) == (frozenset(), frozenset())
    await node.notes.tell("north", NodeNote(number=1, address="", release="0.2.0", reach=7, fit=True, beat=1))
    await node.house.others.exchange()
    link = elsewhere.begin("north")
    north = frozenset({"north"})
    assert (keeping.lived(), keeping.links()) == (north, north)
    elsewhere.end(link)
    assert (keeping.lived(), keeping.links()) == (north, frozenset())


async def test_what_was_opened_in_an_earlier_term_mends_nothing_in_the_next(
    node: SharedHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its book would be filled beside the one that is just being opened, and from what this node had then."""
    house, leases, store = node.house, MemoryLease(), SharedBookStore()
    clock = house.clock
    assert isinstance(clock, ManualClock)
    monkeypatch.setattr(house, "log", node.shared)
    monkeypatch.setattr(house, "book", MemorySharedBook(store, "south"))
    house.keeping.leases, house.keeping.fit = leases, lambda: True
    runs = [asyncio.ensure_future(run()) for run in (house.keeping.run, house.mend)]
    try:
        await clock.advance(2 * AWAY_MS + LOOK_MS)
        await house.kept(MemoryLog(), node.book)
        await node.book.write([BookEntry("room", "hall", b"{}")])
        store.lose_all()
        await clock.advance(MEND_MS)
        assert store.there, "in its own term it is filled"
        leases.lease = Lease(node="north", address="", term=9_001, beat=0)
        await clock.advance(BEAT_MS)
        store.lose_all()
        leases.lease = None
        await clock.advance(3 * AWAY_MS)
        assert house.keeping.answers
        assert not store.there, "nothing was opened in this term"
    finally:
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
