"""Recordings on the disk of a node that stands by, of which words are removed at the keeper."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from moothall.core.kernel.ids import SessionId, SourceId
from moothall.services.sound.former_recordings import NAMESPACE, FormerRecordings, SilencedSpans
from moothall.services.sound.live_audio import RATE
from moothall.services.sound.recording import RETRY_MS
from moothall.testing import loop
from moothall.testing.book import MemoryBook
from moothall.testing.clock import LoopClock
from support.memory.hall import FLOOR, MIC, SESSION
from support.memory.recordings import MemoryStore, scene

OTHER = SessionId("other")


class Node:
    """A node that stands by, with ten seconds of two sessions' sound, in parts of five seconds."""

    def __init__(self) -> None:
        self.book, self.store, self.clock = MemoryBook(), MemoryStore(), LoopClock()
        for session in (SESSION, OTHER):
            self.store.held[session] = {(MIC, first * RATE): bytearray(b"\x01" * 10 * RATE) for first in (0, 5)}
        self.former = FormerRecordings(self.store, self.clock)

    async def removed(self, session: SessionId, *spans: tuple[int, int], source: SourceId = MIC) -> None:
        """The keeper notes spans, in seconds, and this node's book has it."""
        await SilencedSpans(self.book).add(session, [(source, first * RATE, last * RATE) for first, last in spans])
        await self.former.look(self.book)

    def pattern(self, session: SessionId) -> str:
        """A letter for each second: `#` with sound, `.` without."""
        pcm = b"".join(bytes(part) for _, part in sorted(self.store.held[session].items()))
        return "".join("#" if any(pcm[at : at + 2 * RATE]) else "." for at in range(0, len(pcm), 2 * RATE))


def test_what_was_removed_is_silenced_once_and_confirmed_then() -> None:
    async def story() -> None:
        node = Node()
        assert not node.former.settled(SESSION), "nobody has looked yet"
        await node.removed(SESSION, (1, 2), (4, 7))
        await node.removed(SESSION, (8, 9), source=SourceId("another"))
        assert (node.former.settled(SESSION), node.former.settled(OTHER)) == (False, True)
        running = asyncio.ensure_future(node.former.run())
        await node.clock.sleep(10)
        assert (node.pattern(SESSION), node.pattern(OTHER)) == ("#.##...###", "##########")
        assert node.former.settled(SESSION)
        done = {*node.store.done[SESSION]}
        node.store.held[SESSION][MIC, 0][:] = b"\x01" * 10 * RATE
        await node.removed(SESSION, (9, 10))
        await node.clock.sleep(10)
        assert node.pattern(SESSION) == "#####..##.", "what is done isn't done again"
        assert node.store.done[SESSION] - done == {(MIC, 5 * RATE, (9 * RATE, 10 * RATE))}
        running.cancel()

    loop.run(story())


def test_what_the_disk_refuses_is_tried_again_and_named_once(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        node = Node()
        node.store.refuses = True
        await node.removed(SESSION, (0, 1))
        running = asyncio.ensure_future(node.former.run())
        await node.clock.sleep(3 * RETRY_MS)
        assert not node.former.settled(SESSION)
        node.store.refuses = False
        await node.clock.sleep(2 * RETRY_MS)
        assert (node.former.settled(SESSION), node.pattern(SESSION)) == (True, ".#########")
        running.cancel()

    loop.run(story())
    assert caplog.text.count("its recording here can't be silenced") == 1


def test_a_part_that_was_not_silenced_in_time_is_deleted_when_the_node_takes_the_house() -> None:
    async def story() -> None:
        node = Node()
        await node.removed(SESSION, (6, 7), (8, 9))
        await node.former.delete_due(node.book)
        assert (node.pattern(SESSION), node.pattern(OTHER)) == ("#####", "##########")
        await node.former.delete_due(node.book)
        assert node.pattern(SESSION) == "#####"

    loop.run(story())


def test_the_end_of_a_file_of_a_killed_keeper_is_not_counted_and_is_silenced_too() -> None:
    async def story() -> None:
        node = Node()
        await node.removed(OTHER, (11, 12))
        assert node.former.settled(OTHER)
        node.store.ended = False
        await node.removed(SESSION, (11, 12))
        assert not node.former.settled(SESSION)

    loop.run(story())


async def test_entries_are_written_once_and_go_with_their_session() -> None:
    book = MemoryBook()
    spans = SilencedSpans(book)
    for session in (SESSION, OTHER, SESSION):
        await spans.add(session, [(MIC, 1, 2)])
    assert len(await book.read(NAMESPACE)) == 2
    await spans.forget(SESSION)
    await spans.forget(SESSION)
    assert [kept.session for kept in (await spans.read()).values()] == [OTHER]


def test_a_keeper_notes_where_removed_words_are_before_it_silences_them() -> None:
    async def story() -> None:
        async with scene(60) as it:
            told: list[tuple[SessionId, Sequence[tuple[SourceId, int, int]], str]] = []

            async def tell(session: SessionId, spans: Sequence[tuple[SourceId, int, int]]) -> None:
                told.append((session, spans, it.pattern()))

            it.recordings.tell_silenced = tell
            await it.recording
            await it.recordings.silence(SESSION, [(FLOOR, 10_000, 12_000)])
            assert told == [(SESSION, [(MIC, 10 * RATE, 12 * RATE)], "#" * 60)]
            assert it.pattern() == "#" * 10 + ".." + "#" * 48

    loop.run(story())
