"""Where an event or a file is in the tree, and what is at a place."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.chain import LogRecord
from moothall.core.kernel.ids import ChannelId, Epoch, Lane, SessionId
from moothall.core.proof.entries import ExportEntry, entry_of
from moothall.services.proof.leaves import TreeLeaves
from moothall.testing.log_memory import MemoryLog
from support.proof.grown import grown
from support.sessions.recorder import SESSION

EPOCH = Epoch("k3j9x2")
EXPORT = ExportEntry(session=SESSION, epoch=EPOCH, offset=2, channel=ChannelId("floor"), form="vtt", digest="ab" * 32)


class ReadLog(MemoryLog):
    """A log that notes how many events it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[int, int]] = []

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        self.asked.append((after, limit))
        return await super().read(session, after, limit, lanes)


async def test_what_is_in_the_stored_tiles_is_found() -> None:
    async with grown("One.", "Two.") as made:
        made.tree.log_export(EXPORT)
        await made.later()
        leaves = TreeLeaves(made.tree.store, made.log, 0)
        assert await leaves.place_of(SESSION, EPOCH, 2) is None
        await leaves.read(3)
        assert [await leaves.place_of(SESSION, EPOCH, offset) for offset in (1, 2, 3)] == [0, 1, None]
        assert await leaves.place_of(SESSION, Epoch("other"), 2) is None
        assert await leaves.place_of(SessionId("other"), EPOCH, 2) is None
        assert leaves.place_of_export(EXPORT.digest) == 2
        assert leaves.place_of_export("") is None
        assert [await leaves.export_at(place) for place in range(3)] == [None, None, EXPORT]


async def test_entries_that_are_not_given_out_are_empty() -> None:
    async with grown("One.") as made:
        made.tree.log_export(EXPORT)
        await made.later()
        leaves = TreeLeaves(made.tree.store, made.log, 0)
        [record] = await made.log.read(SESSION, 0, 9)
        assert await leaves.entries(0, lambda _: True) == [entry_of(record), EXPORT.entry]
        assert await leaves.entries(0, lambda _: False) == [b"", b""]


async def test_no_more_of_a_log_is_read_than_entered() -> None:
    async with grown("One.", "Two.", "Three.") as made:
        log = ReadLog()
        made.log, records = log, await made.log.read(SESSION, 0, 9)
        await log.append(SESSION, (await log.acquire(SESSION, EPOCH)).term, 0, records)
        leaves = TreeLeaves(made.tree.store, log, 0)
        await leaves.entries(0, lambda _: True)
        assert log.asked == [(0, 3)]


async def test_a_log_that_differs_is_kept_up_to_there() -> None:
    async with grown("One.", "Two.", "Three.") as made:
        leaves = TreeLeaves(made.tree.store, made.log, 0)
        await leaves.read(3)
        whole = await leaves.kept(SESSION)
        assert whole is not None
        assert whole.offset == 3
        log = MemoryLog()
        await log.append(SESSION, (await log.acquire(SESSION, EPOCH)).term, 0, (await made.log.read(SESSION, 0, 9))[:2])
        shorter = TreeLeaves(made.tree.store, log, 0)
        await shorter.read(3)
        kept = await shorter.kept(SESSION)
        assert kept is not None
        assert kept.offset == 2
        assert await shorter.kept(SessionId("other")) is None
