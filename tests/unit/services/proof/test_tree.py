"""The tree grows from the logs, late enough, durably before it is signed, and never two ways."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from moothall.adapters.store.signing import ed25519
from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, Epoch, Lane, SessionId
from moothall.core.ports import BookEntry, LogHead
from moothall.core.proof.entries import ExportEntry, entry_of
from moothall.core.proof.hashes import is_consistent, leaf_hash, root_of_hashes
from moothall.core.proof.notes import read_head
from moothall.core.proof.tiles import ENTRIES, WIDTH, TileName
from moothall.services.log.publication import Publication
from moothall.services.proof.tree import DELAY_MS, EACH_MS, MOST_EXPORTS, MOST_LEAVES, ShownTree
from moothall.services.proof.tree_store import CONFLICTS, HEAD, STATE, SUCCESSIONS
from moothall.testing.log_memory import MemoryLog
from support.proof.grown import Grown, grown
from support.proof.keys import log_key
from support.sessions.recorder import SESSION, Recorder

OTHER = SessionId("workshop")


def export(n: int = 0, session: SessionId = SESSION) -> ExportEntry:
    return ExportEntry(
        session=session, epoch=Epoch("k3j9x2"), offset=1, channel=ChannelId("floor"), form="vtt", digest=f"{n:064x}"
    )


async def test_an_event_enters_a_minute_after_it_was_written() -> None:
    async with grown() as made:
        [record] = await made.say("Good morning.")
        made.clock.set_wall(record.header.at + DELAY_MS - 1)
        await made.tree.grow()
        assert made.tree.shown is None
        made.clock.set_wall(record.header.at + DELAY_MS)
        await made.tree.grow()
        assert await made.is_in(record)


async def test_its_root_is_that_of_the_public_events_in_order() -> None:
    async with grown() as made:
        records = await made.say("One.", "Two.", staff=True)
        records += await made.say("Three.", session=OTHER)
        tree = await made.later()
        assert tree.shown is not None
        public = [record for record in records if record.header.lane != "staff"]
        assert tree.shown.head.size == 3
        assert tree.shown.head.root == root_of_hashes([leaf_hash(entry_of(record)) for record in public])
        assert tree.shown.note.signed_by(log_key().key, ed25519) == 0
        assert [await made.is_in(record) for record in public] == [True] * 3
        assert not await made.is_in(records[0])


async def test_what_is_not_public_moves_the_place_in_the_log_alone() -> None:
    async with grown("One.") as made:
        recorder = made.recorders[SESSION]
        record = recorder.record(ev.SessionPaused(t=1), lane="staff")
        await made.log.append(SESSION, made.terms[SESSION], recorder.offset - 1, [record])
        made.tree.take(Publication(session=SESSION, records=(record,), events=(ev.SessionPaused(t=1),)))
        await made.later()
        assert made.tree.shown is not None
        assert made.tree.shown.head.size == 1
        [said] = await made.say("Two.")
        await made.later()
        assert await made.is_in(said)


async def test_rehearsals_stay_out() -> None:
    async with grown() as made:
        made.rehearsals.add(OTHER)
        await made.say("Can you hear me?", session=OTHER)
        tree = await made.later()
        assert tree.shown is None


async def test_each_growth_continues_the_one_before() -> None:
    async with grown() as made:
        shown: list[ShownTree] = []
        made.tree.when_shown(shown.append)
        for n in range(6):
            await made.say(*(f"{n}, {m}" for m in range(n * 40)))
            await made.later()
        sizes = [each.head.size for each in shown]
        assert sizes == sorted(set(sizes)) == [40, 120, 240, 400, 600]
        last = shown[-1].head
        for each in shown:
            request = await made.tree.request_for(each.head.size)
            assert request is not None
            assert is_consistent(each.head.size, last.size, each.head.root, last.root, request.path)
            assert await made.tree.root_at(each.head.size) == each.head.root
        assert await made.tree.request_for(last.size + 1) is None


async def test_a_restart_goes_on_where_it_was() -> None:
    async with grown("One.", "Two.") as made:
        before = made.tree.shown
        tree = await made.restart()
        assert tree.shown == before
        await made.later()
        assert made.signer.signed == []
        [record] = await made.say("Three.")
        await made.later()
        assert await made.is_in(record)
        assert made.tree.shown is not None
        assert made.tree.shown.head.size == 3


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("stores", [False, True])
@pytest.mark.parametrize("dies_at", [1, 2])
async def test_a_crash_at_any_write_signs_one_history(dies_at: int, *, stores: bool, restarts: bool) -> None:
    """Or a store that doesn't say what became of the write."""
    async with grown("One.") as made:
        first = made.tree.shown
        assert first is not None
        records = await made.say("Two.", "Three.")
        made.book.dies_at, made.book.stores = made.book.writes + dies_at, stores
        with pytest.raises(StorageUnavailable):
            await made.later()
        signed_before = list(made.signer.signed)
        assert made.tree.shown == first
        if restarts:
            await made.restart()
        records += await made.say("Four.")
        await made.later()
        last = made.tree.shown
        assert last is not None
        assert all([await made.is_in(record) for record in records])
        assert made.signer.signed
        for text in {*signed_before, *made.signer.signed}:
            head = read_head(text.decode())
            assert await made.tree.root_at(head.size) == head.root


async def test_nothing_is_signed_before_it_is_durable() -> None:
    async with grown() as made:
        await made.say("One.")
        made.book.full = True
        with pytest.raises(StorageUnavailable):
            await made.later()
        assert made.signer.signed == []
        assert made.tree.shown is None
        made.book.full = False
        assert (await made.later()).shown is not None


async def test_a_removal_keeps_every_proof() -> None:
    async with grown("One.", "Two.") as made:
        page = await made.log.read(SESSION, 0, 10)
        removal = Recorder()
        removal.go_on(await head(made.log))
        await made.log.remove(SESSION, made.terms[SESSION], 2, [1], [])
        assert (await made.log.read(SESSION, 0, 1))[0].body is None
        await made.restart()
        assert [await made.is_in(record) for record in page] == [True, True]
        entries = await made.tree.entries(TileName(ENTRIES, 0, 2), lambda _: True)
        assert entries == [entry_of(record) for record in page]


async def head(log: MemoryLog) -> LogHead:
    found = await log.head(SESSION)
    assert found is not None
    return found


async def test_a_log_that_was_set_back_enters_again_from_where_it_differs() -> None:
    async with grown("One.", "Two.", "Three.") as made:
        old = list(await made.log.read(SESSION, 0, 10))
        made.log = MemoryLog()
        made.recorders.clear()
        made.opened()
        new = await made.say("One.", "Two, otherwise.", "Three, otherwise.", "Four.")
        await made.tree.load()
        await made.later()
        assert made.tree.shown is not None
        assert made.tree.shown.head.size == 6
        assert [await made.is_in(record) for record in new] == [True] * 4
        assert new[0] == old[0]
        leaves = [leaf_hash(entry_of(record)) for record in (*old, *new[1:])]
        assert made.tree.shown.head.root == root_of_hashes(leaves)
        entries = await made.tree.entries(TileName(ENTRIES, 0, 6), lambda _: True, gaps=True)
        assert entries == [entry_of(new[0]), b"", b"", *(entry_of(record) for record in new[1:])]


async def test_a_log_that_lost_its_end_enters_again_while_the_server_runs() -> None:
    async with grown("One.", "Two.") as made:
        await made.log.forget(SESSION)
        made.recorders.clear()
        new = await made.say("Other.")
        await made.later()
        assert await made.is_in(new[0])


async def test_more_than_one_growth_takes_waits_for_the_next() -> None:
    async with grown() as made:
        await made.say(*(str(n) for n in range(MOST_LEAVES + 600)))
        made.clock.set_wall(made.clock.wall() + 10_000_000)
        assert await made.tree.grow()
        assert made.tree.shown is not None
        assert MOST_LEAVES <= made.tree.shown.head.size < MOST_LEAVES + 600
        while await made.tree.grow():
            pass
        assert made.tree.shown.head.size == MOST_LEAVES + 600


async def test_tiles_and_entries_are_those_of_the_checkpoint_that_is_shown() -> None:
    async with grown() as made:
        records = await made.say(*(str(n) for n in range(300)))
        await made.later(10 * DELAY_MS)
        first = await made.tree.tile_bytes(0, TileName(0, 0))
        assert first == b"".join(leaf_hash(entry_of(record)) for record in records[:WIDTH])
        assert await made.tree.tile_bytes(0, TileName(0, 1, 44)) is not None
        assert await made.tree.tile_bytes(0, TileName(0, 1, 45)) is None
        assert await made.tree.tile_bytes(0, TileName(0, 2, 1)) is None
        assert await made.tree.tile_bytes(0, TileName(1, 0, 1)) == root_of_hashes(
            [leaf_hash(entry_of(record)) for record in records[:WIDTH]]
        )
        assert await made.tree.tile_bytes(1, TileName(0, 0)) is None
        assert await made.tree.entries(TileName(ENTRIES, 1, 44), lambda _: True) == [
            entry_of(record) for record in records[WIDTH:]
        ]
        assert await made.tree.entries(TileName(ENTRIES, 1, 45), lambda _: True) is None


async def test_entries_are_given_out_only_of_what_anyone_may_read() -> None:
    async with grown() as made:
        mine = await made.say("Public.")
        await made.say("By link.", session=OTHER)
        await made.later()
        name = TileName(ENTRIES, 0, 2)
        assert await made.tree.entries(name, lambda session: session == SESSION) is None
        assert await made.tree.entries(name, lambda session: session == SESSION, gaps=True) == [entry_of(mine[0]), b""]


async def test_a_file_is_logged_once_and_found_again() -> None:
    async with grown("One.") as made:
        assert not made.tree.export_waits(export().digest)
        assert made.tree.log_export(export()) is None
        assert made.tree.export_waits(export().digest)
        await made.later()
        place = made.tree.log_export(export())
        assert place == 1
        assert await made.tree.export_at(place) == export()
        assert await made.tree.export_at(0) is None
        tree = await made.restart()
        assert tree.log_export(export()) == 1
        entries = await tree.entries(TileName(ENTRIES, 0, 2), lambda _: True)
        assert entries is not None
        assert entries[1] == export().entry


async def test_files_that_wait_are_bounded() -> None:
    async with grown("One.") as made:
        for n in range(MOST_EXPORTS + 1):
            made.tree.log_export(export(n))
        assert not made.tree.export_waits(export(MOST_EXPORTS).digest)
        await made.later()
        assert made.tree.shown is not None
        assert made.tree.shown.head.size == 1 + MOST_EXPORTS


async def test_it_runs_each_minute_and_waits_while_the_book_refuses() -> None:
    made = Grown()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(made.tree.run())
        await made.clock.advance(0)
        [record] = await made.say("One.")
        made.book.full = True
        await made.clock.advance(2 * EACH_MS)
        assert made.tree.shown is None
        made.book.full = False
        await made.clock.advance(EACH_MS)
        assert await made.is_in(record)
        running.cancel()


class ToldLog(MemoryLog):
    """A log that counts what is read of it, says something after a read, and has a session that can't be read."""

    def __init__(self) -> None:
        super().__init__()
        self.read_events = 0
        self.after: Callable[[], Awaitable[object]] | None = None
        self.damaged: SessionId | None = None

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        if session == self.damaged:
            raise RecordBroken("It is damaged.")
        page = await super().read(session, after, limit, lanes)
        self.read_events += len(page)
        says, self.after = self.after, None
        if says is not None:
            await says()
        return page


async def over(log: ToldLog) -> Grown:
    made = Grown()
    made.log = log
    await made.restart()
    return made


async def test_what_is_said_while_it_grows_enters_with_the_next_growth() -> None:
    log, later = ToldLog(), list[LogRecord]()
    made = await over(log)
    await made.say("One.")

    async def two() -> None:
        later.extend(await made.say("Two."))

    log.after = two
    await made.later()
    await made.later()
    assert await made.is_in(later[0])


async def test_after_a_restart_old_sessions_are_read_only_where_they_stopped() -> None:
    log, sessions = ToldLog(), [SessionId(f"session-{n}") for n in range(100)]
    made = await over(log)
    for session in sessions:
        await made.say("One.", "Two.", "Three.", session=session)
    await made.later()
    await made.restart()
    log.read_events = 0
    await made.later()
    assert log.read_events == len(sessions)
    await made.later()
    assert log.read_events == len(sessions)
    assert made.tree.shown is not None
    assert made.tree.shown.head.size == 3 * len(sessions)


async def test_damaged_entries_are_named() -> None:
    async with grown("One.") as made:
        await made.book.write([BookEntry(STATE, HEAD, b"x")])
        with pytest.raises(RecordBroken, match="state of the public tree"):
            await made.restart()
        for key, what in ((CONFLICTS, "evidence"), (SUCCESSIONS, "list of successions")):
            await made.book.write([BookEntry(STATE, HEAD, None), BookEntry(STATE, key, b"x")])
            with pytest.raises(RecordBroken, match=f"{what} of the public tree"):
                await made.restart()
            await made.book.write([BookEntry(STATE, key, None)])
        await made.book.write([BookEntry("tree-tile:0/0/0", "0", None)])
        made.tree.store._shards.clear()
        with pytest.raises(RecordBroken, match="Tile 0 of level 0"):
            await made.tree.store.tile(0, 0, 0)


async def test_a_log_that_cannot_be_read_does_not_keep_others_out() -> None:
    log = ToldLog()
    log.damaged = OTHER
    made = await over(log)
    await made.say("Damaged.", session=OTHER)
    [record] = await made.say("One.")
    await made.later()
    assert await made.is_in(record)


def test_before_it_is_loaded_it_is_not_there() -> None:
    with pytest.raises(StorageUnavailable):
        Grown().tree._state()
    assert not Grown().tree.standing.behind


async def test_a_tree_that_was_read_in_part_enters_nothing_again() -> None:
    async with grown("One.", "Two.") as made:
        made.opened()
        made.book.unread = "tree-tile"
        with pytest.raises(StorageUnavailable):
            await made.tree.grow()
        made.book.unread = "none"
        await made.later()
        assert made.tree.shown is not None
        assert made.tree.shown.head.size == 2


async def test_files_have_salts_of_their_own_that_stay() -> None:
    async with grown("One.") as made:
        salts = {
            made.tree.salt_of(session, ChannelId(channel), form, sha256)
            for session in (SESSION, OTHER)
            for channel in ("floor", "fr")
            for form in ("vtt", "txt")
            for sha256 in (bytes(32), bytes(31) + b"x")
        }
        assert len(salts) == 16
        tree = await made.restart()
        assert tree.salt_of(SESSION, ChannelId("floor"), "vtt", bytes(32)) in salts
