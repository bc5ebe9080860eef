"""A tree that comes back from a backup asks first, takes what is missing from a copy, or is succeeded by another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from moothall.adapters.store.signing import ed25519
from moothall.core.kernel.errors import ProofBroken
from moothall.core.ports import BookEntry
from moothall.core.proof.notes import SignedNote, TreeHead
from moothall.core.proof.tiles import TileName
from moothall.services.proof.tree import DELAY_MS, SUCCESSION
from moothall.services.proof.tree_store import NOTE, STATE, WITNESSES, mark_restored
from support.proof.grown import Grown, TornBook, grown
from support.proof.keys import log_key


async def test_a_succession_is_signed_and_the_old_tree_stays() -> None:
    async with grown("One.", "Two.") as made:
        last = made.tree.shown
        assert last is not None
        note = await made.tree.succeed("meeting.example/log/1", TreeHead("meeting.example/log", 9, bytes(32)))
        lines = note.text.split("\n")
        assert (lines[0], lines[1], lines[2], lines[4], lines[6]) == (
            SUCCESSION,
            "meeting.example/log",
            "2",
            "9",
            "meeting.example/log/1",
        )
        assert note.signed_by(log_key().key, ed25519) == 0
        await made.later()
        assert made.tree.shown is not None
        assert (made.tree.shown.number, made.tree.shown.head.origin) == (1, "meeting.example/log/1")
        assert made.tree.shown.head.root == last.head.root
        tree = await made.restart()
        assert tree.checkpoint(0) == last.note
        assert tree.successions == [bytes(note)]
        assert tree.key.name == "meeting.example/log/1"
        assert await tree.tile_bytes(0, TileName(0, 0, 2)) == await tree.tile_bytes(1, TileName(0, 0, 2))


async def test_what_is_missing_is_taken_from_a_copy() -> None:
    async with grown() as made:
        lines = [f"Line {n}." for n in range(600)]
        await made.say(*lines[:300])
        await made.later(10 * DELAY_MS)
        restored = await restored_from(made)
        await made.say(*lines[300:])
        await made.later(10 * DELAY_MS)
        newest = made.tree.shown
        assert newest is not None
        assert restored.tree.standing.asks
        found = await restored.tree.seen_by_witness(newest.note, newest.head.size)
        assert found.behind
        assert not restored.tree.standing.asks
        taken = await restored.tree.adopt(newest.note, copy_of(made))
        assert taken == 300
        assert restored.tree.shown is not None
        assert restored.tree.shown.note.text == newest.note.text
        assert not restored.tree.standing.behind
        [record] = await restored.say("After the restore.")
        await restored.later(20 * DELAY_MS)
        assert await restored.is_in(record)
        assert await restored.tree.root_at(600) == newest.head.root


async def test_a_copy_that_does_not_lead_to_what_was_signed_is_refused() -> None:
    async with grown("One.") as made:
        restored = await restored_from(made)
        await made.say("Two.")
        await made.later()
        newest = made.tree.shown
        assert newest is not None

        async def altered(name: TileName) -> bytes:
            return bytes(name.width * 32)

        with pytest.raises(ProofBroken, match="don't lead to its root"):
            await restored.tree.adopt(newest.note, altered)
        unsigned = SignedNote(newest.note.text, (log_key("other").sign(newest.note.text),))
        with pytest.raises(ProofBroken, match="signed by this server's key"):
            await restored.tree.adopt(unsigned, copy_of(made))
        with pytest.raises(ProofBroken, match="nothing is missing"):
            await made.tree.adopt(newest.note, copy_of(made))
        assert restored.tree.shown is not None
        assert restored.tree.shown.head.size == 1


async def restored_from(made: Grown) -> Grown:
    """Another server from a backup of this one, which has had witnesses."""
    await made.tree.store.put([(WITNESSES, b"{}")])
    restored = Grown()
    restored.log, restored.clock = made.log, made.clock
    restored.recorders, restored.terms = made.recorders, made.terms
    for name in await made.book.namespaces():
        await restored.book.write([BookEntry(name, key, row) for key, row in (await made.book.read(name)).items()])
    await mark_restored(restored.book)
    await restored.restart()
    return restored


def copy_of(made: Grown) -> Callable[[TileName], Awaitable[bytes]]:
    async def tile(name: TileName) -> bytes:
        found = await made.tree.tile_bytes(0, name)
        assert found is not None
        return found

    return tile


async def test_a_restored_tree_signs_nothing_until_a_witness_was_asked() -> None:
    async with grown("One.") as made:
        restored = await restored_from(made)
        await restored.say("Two.")
        await restored.later()
        assert restored.signer.signed == []
        await restored.tree.vouched()
        await restored.later()
        assert restored.tree.shown is not None
        assert restored.tree.shown.head.size == 2
        await restored.restart()
        assert not restored.tree.standing.behind


async def test_a_restored_tree_without_witnesses_goes_on() -> None:
    async with grown("One.") as made:
        await mark_restored(made.book)
        await made.restart()
        assert not made.tree.standing.behind
        await mark_restored(TornBook())


async def test_a_restored_tree_with_witnesses_outside_waits_for_them() -> None:
    async with grown("One.") as made:
        await mark_restored(made.book)
        made.opened().witnessed = True
        await made.tree.load()
        assert made.tree.standing.asks


async def test_a_restored_tree_that_was_never_signed_goes_on() -> None:
    async with grown("One.") as made:
        await mark_restored(made.book)
        await made.book.write([BookEntry(STATE, NOTE, None)])
        made.opened().witnessed = True
        await made.tree.load()
        assert not made.tree.standing.behind
