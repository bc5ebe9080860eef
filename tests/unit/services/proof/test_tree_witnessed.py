"""What witnesses have cosigned stays with the tree, and stops it where it is behind them or leads elsewhere."""

from __future__ import annotations

import asyncio

import pytest

from moothall.adapters.store.signing import ed25519
from moothall.core.kernel.errors import ProofBroken
from moothall.core.proof.notes import SignedNote, read_head
from moothall.core.proof.witnessing import Cosignable, judge
from moothall.services.proof.tree import DELAY_MS
from support.proof.grown import Grown, grown
from support.proof.keys import log_key, witness_key


async def test_cosignatures_are_kept_with_the_checkpoint() -> None:
    async with grown("One.") as made:
        shown, witness = made.tree.shown, witness_key("w.example")
        assert shown is not None
        line = witness.sign(shown.note.text, 7)
        assert await made.tree.cosigned(shown.note.text, [line], [witness.key])
        assert not await made.tree.cosigned(shown.note.text, [line], [])
        assert not await made.tree.cosigned("another", [line], [witness.key])
        other = witness_key("v.example")
        with pytest.raises(ProofBroken):
            await made.tree.cosigned(shown.note.text, [other.sign("another")], [other.key])
        tree = await made.restart()
        assert tree.shown is not None
        assert tree.shown.note.signed_by(witness.key, ed25519) == 7
        assert tree.shown.note.signed_by(log_key().key, ed25519) == 0


async def test_behind_a_witness_nothing_more_is_signed() -> None:
    async with grown("One.", "Two.") as made:
        seen = made.tree.shown
        assert seen is not None
        restored = Grown()
        await restored.restart()
        await restored.say("One.")
        await restored.later()
        found = await restored.tree.seen_by_witness(seen.note, seen.head.size)
        assert found.sentence == "A witness has cosigned size 2, and here the tree has 1 leaves."
        assert restored.tree.shown is not None
        assert restored.tree.conflicts == [(bytes(seen.note), bytes(restored.tree.shown.note))]
        signed = len(restored.signer.signed)
        await restored.say("Two, otherwise.")
        await restored.later()
        assert len(restored.signer.signed) == signed


async def test_another_root_at_a_cosigned_size_is_kept_with_both_checkpoints() -> None:
    async with grown("One.", "Two.") as made:
        other = log_key().checkpoint(1, bytes(32))
        found = await made.tree.seen_by_witness(other, 1)
        assert found.behind
        tree = await made.restart()
        assert [read_head(SignedNote(a.decode().partition("\n\n")[0] + "\n").text).size for a, _ in tree.conflicts] == [
            1
        ]


async def test_what_a_witness_saw_of_this_history_is_no_fault() -> None:
    async with grown("One.") as made:
        first = made.tree.shown
        assert first is not None
        await made.say("Two.")
        await made.later()
        assert not (await made.tree.seen_by_witness(first.note, 1)).behind
        assert not (await made.tree.seen_by_witness(None, 1)).behind
        assert not (await made.tree.seen_by_witness(log_key("other/log").checkpoint(9, bytes(32)), 9)).behind
        assert (await made.tree.seen_by_witness(None, 3)).behind


async def test_a_witness_cosigns_what_it_is_sent() -> None:
    async with grown("One.") as made:
        known = None
        for text in ("Two.", "Three."):
            await made.say(text)
            await made.later()
            request = await made.tree.request_for(0 if known is None else read_head(known.text).size)
            assert request is not None
            found = judge(request, known, (log_key().key,), ed25519)
            assert isinstance(found, Cosignable)
            known = found.note


async def test_after_a_restart_it_still_stands_behind_a_witness() -> None:
    async with grown("One.", "Two.") as made:
        seen = made.tree.shown
        assert seen is not None
        restored = Grown()
        await restored.restart()
        await restored.say("One.")
        await restored.later()
        await restored.tree.seen_by_witness(seen.note, seen.head.size)
        await restored.restart()
        assert restored.tree.standing.sentence == "A witness has cosigned size 2, and here the tree has 1 leaves."
        await restored.say("Two, otherwise.")
        await restored.later()
        assert restored.signer.signed == []


async def test_after_a_restart_a_witness_that_named_a_larger_size_is_asked_first() -> None:
    async with grown("One.") as made:
        assert (await made.tree.seen_by_witness(None, 9)).behind
        made.opened().witnessed = True
        await made.tree.load()
        assert made.tree.standing.asks


async def settled() -> None:
    """Let tasks go on that wait for nothing."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_a_witness_stops_a_growth_that_goes_on() -> None:
    async with grown("One.") as made:
        await made.say("Two.")
        made.clock.set_wall(made.clock.wall() + 2 * DELAY_MS)
        made.book.goes_on = goes_on = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(made.tree.grow())
            await settled()
            assert (await made.tree.seen_by_witness(None, 9)).behind
            goes_on.set()
        assert made.tree.shown is not None
        assert made.tree.shown.head.size == 1
        assert len(made.signer.signed) == 1


async def test_a_checkpoint_that_this_server_never_signed_stops_nothing() -> None:
    async with grown("One.") as made:
        forged = log_key(seed="other").checkpoint(9, bytes(32))
        with pytest.raises(ProofBroken, match="isn't signed by this server"):
            await made.tree.seen_by_witness(forged, 9)
        assert not made.tree.standing.behind
        assert made.tree.conflicts == []


async def test_a_late_cosignature_does_not_bring_an_older_checkpoint_back() -> None:
    async with grown("One.") as made:
        witness = witness_key("w.example")
        assert made.tree.shown is not None
        text = made.tree.shown.note.text
        await made.say("Two.")
        made.clock.set_wall(made.clock.wall() + 2 * DELAY_MS)
        made.book.goes_on = goes_on = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(made.tree.cosigned(text, [witness.sign(text, 7)], [witness.key]))
            await settled()
            tasks.create_task(made.tree.grow())
            await settled()
            goes_on.set()
        assert made.tree.shown.head.size == 2
        assert read_head(made.tree.shown.note.text).size == 2
        tree = await made.restart()
        assert tree.shown is not None
        assert tree.shown.head.size == 2
