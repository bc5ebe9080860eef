from __future__ import annotations

import asyncio

import msgspec
import pytest

from moothall.core.cluster.nodes import QUIET_MS, NodeNote
from moothall.core.kernel.errors import ConfigurationError, StorageUnavailable
from moothall.services.cluster.node_notes import TELL_MS, Others
from moothall.testing.clock import ManualClock
from moothall.testing.house_memory import MemoryNotes


def node(notes: MemoryNotes, clock: ManualClock, number: int, reach: int = 0, *, fit: bool = True) -> Others:
    said = NodeNote(number=number, address="", release="0.3.0", reach=reach, fit=fit, beat=0)
    return Others(notes, clock, node=f"n{number}", note=lambda: said)


async def test_nodes_know_who_lives_and_whose_copies_reach_further() -> None:
    notes, clock = MemoryNotes(), ManualClock()
    first, second, third = node(notes, clock, 1, 5), node(notes, clock, 2, 9), node(notes, clock, 3, 5)
    tasks = [asyncio.ensure_future(each.run()) for each in (first, second, third)]
    await clock.advance(2 * TELL_MS)
    assert sorted(first.living) == ["n1", "n2", "n3"]
    assert (first.before, second.before, third.before) == (1, 0, 2)
    tasks[1].cancel()
    await clock.advance(QUIET_MS + TELL_MS)
    assert sorted(first.living) == ["n1", "n3"]
    assert (first.before, third.before) == (0, 1)
    await third.leave()
    tasks[2].cancel()
    await clock.advance(TELL_MS)
    assert sorted(first.living) == ["n1"]
    assert sorted(first.all) == ["n1", "n2", "n3"], "their disks are still there"
    assert first.all["n3"].left
    await third.exchange()
    await clock.advance(TELL_MS)
    assert sorted(first.living) == ["n1", "n3"]
    tasks[0].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_node_that_is_not_fit_is_waited_for_by_nobody() -> None:
    notes, clock = MemoryNotes(), ManualClock()
    first, second = node(notes, clock, 1, 5), node(notes, clock, 2, 9, fit=False)
    await second.exchange()
    await first.exchange()
    assert first.before == 0


async def test_a_node_that_has_not_looked_of_late_knows_of_nobody_who_lives() -> None:
    notes, clock = MemoryNotes(), ManualClock()
    first, second = node(notes, clock, 1), node(notes, clock, 2, 9)
    await second.exchange()
    assert not first.heard
    await first.exchange()
    assert first.heard
    assert first.awaited == "n2"
    await clock.advance(QUIET_MS)
    assert not first.heard


async def test_two_nodes_of_one_number_are_found() -> None:
    notes, clock = MemoryNotes(), ManualClock()
    first = node(notes, clock, 1)
    other = Others(notes, clock, node="other", note=first.note)
    await first.exchange()
    assert first.same_number is None
    await other.exchange()
    assert other.same_number == "n1"


async def test_a_node_that_has_told_nothing_yet_comes_last(caplog: pytest.LogCaptureFixture) -> None:
    notes, clock = MemoryNotes(), ManualClock()
    first, second = node(notes, clock, 1), node(notes, clock, 2, 9)
    notes.away = True
    running = asyncio.ensure_future(first.run())
    await clock.advance(TELL_MS)
    await first.leave()
    assert (first.living, first.before) == ({}, 0)
    notes.away = False
    await second.exchange()
    await clock.advance(TELL_MS)
    assert first.before == 1
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert not caplog.records


async def test_a_node_that_another_one_s_list_lacks_is_told_and_the_last_that_lived_are_remembered() -> None:
    notes, clock = MemoryNotes(), ManualClock()
    first, second = node(notes, clock, 1), node(notes, clock, 2)
    said = msgspec.structs.replace(first.note(), nodes=("n1", "n3"))
    first.note = lambda: said
    await second.exchange()
    assert second.unlisted("n1") is None
    await first.exchange()
    await second.exchange()
    assert first.unlisted("n1") is None
    assert second.unlisted(None) == "n1"
    assert (first.last_living, second.last_living) == (frozenset({"n2"}), frozenset({"n1"}))
    notes.away = True
    await clock.advance(QUIET_MS)
    with pytest.raises(StorageUnavailable):
        await first.exchange()
    assert sorted(first.living) == []
    assert first.last_living == frozenset({"n2"})
    assert second.unlisted(None) is None  # The first is gone, for good for all that it knows,
    assert second.unlisted("n1") == "n1"  # unless it has the lease.


class Awake(MemoryNotes):
    """Notes of which one is written again between the look and the act."""

    async def drop(self, node: str, note: NodeNote) -> bool:
        await self.tell(node, msgspec.structs.replace(note, beat=note.beat + 1))
        return await super().drop(node, note)


async def test_a_node_that_is_gone_for_good_is_taken_out_and_none_that_lives() -> None:
    notes, clock = MemoryNotes(), ManualClock()
    first, second, third = node(notes, clock, 1), node(notes, clock, 2), node(notes, clock, 3)
    said = msgspec.structs.replace(third.note(), nodes=("n1", "n2", "n3"))
    third.note = lambda: said
    for each in (first, second, third):
        await each.exchange()
    for name, sentence in (
        ("n1", "Node n1 is this one, and keeps the house"),
        ("n2", "Node n2 lives"),
        ("west", "The house has no node west. Other nodes that it knows: n2, n3"),
    ):
        with pytest.raises(ConfigurationError, match=sentence):
            await first.retire(name)
    await clock.advance(QUIET_MS)
    await third.exchange()
    assert await first.retire("n2") == ("n3",)
    assert (sorted(first.all), sorted(notes.notes)) == (["n1", "n3"], ["n1", "n3"])
    await third.leave()
    assert await first.retire("n3") == (), "one that was stopped needs no wait"
    with pytest.raises(ConfigurationError, match="Other nodes that it knows: none"):
        await first.retire("n3")
    await second.exchange()
    await first.exchange()
    assert sorted(first.living) == ["n1", "n2"], "one that was only away is in again"


async def test_a_node_that_wakes_while_it_is_taken_out_stays() -> None:
    notes, clock = Awake(), ManualClock()
    first, second = node(notes, clock, 1), node(notes, clock, 2)
    await second.exchange()
    await first.exchange()
    await clock.advance(QUIET_MS)
    with pytest.raises(ConfigurationError, match="Node n2 lives"):
        await first.retire("n2")
    assert sorted(first.all) == ["n1", "n2"]
