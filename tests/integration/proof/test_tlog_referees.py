"""The public tree and its proofs by a program that isn't ours: `aics-tlog` and `aics-witness` (Apache-2.0, tests only).

They need Python 3.12; with 3.11 these tests are skipped, and `unit/core/proof` holds the same to published vectors.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from moothall.adapters.store.signing import ed25519
from moothall.core.proof.entries import bundle, entry_of
from moothall.core.proof.hashes import leaf_hash
from moothall.core.proof.notes import VerifierKey, read_head, read_note
from moothall.core.proof.tiles import ENTRIES, WIDTH, TileName, width_in
from moothall.core.proof.witnessing import Cosignable, WitnessStatus, judge, read_request
from moothall.services.proof.tree import DELAY_MS
from moothall.services.proof.witnesses import TreeWitness, Witnesses
from support.proof.grown import Grown, grown
from support.proof.keys import log_key, witness_key

WITNESS = "witness.example/w1"


async def files(made: Grown) -> dict[str, bytes]:
    """All static files of the tree that is shown, by their addresses."""
    shown = made.tree.shown
    assert shown is not None
    size, found, level = shown.head.size, dict[str, bytes](), 0
    while (hashes := size >> 8 * level) > 0:
        for n in range(-(-hashes // WIDTH)):
            name = TileName(level, n, width_in(size, level, n))
            tile = await made.tree.tile_bytes(0, name)
            assert tile is not None
            found[f"tile/{name.path}"] = tile
            if level == 0:
                name = TileName(ENTRIES, n, name.width)
                entries = await made.tree.entries(name, lambda _: True)
                assert entries is not None
                found[f"tile/{name.path}"] = bundle(entries)
        level += 1
    return found


async def test_every_tile_and_entry_of_the_tree_leads_to_its_root(tmp_path: Path) -> None:
    referee: Any = pytest.importorskip("aics_tlog")
    async with grown() as made:
        await made.say(*(f"Line {n}." for n in range(66_000)))
        await made.later(66_000 * 40 + 10 * DELAY_MS)
        shown = made.tree.shown
        assert shown is not None
        found = await files(made)
        assert "tile/2/000.p/1" in found
        reader = referee.MemoryTileReader(found)
        referee.audit_tiles(reader, shown.head.size, shown.head.root)
        path = "tile/0/007"
        reader.tiles[path] = bytes([reader.tiles[path][0] ^ 1]) + reader.tiles[path][1:]
        with pytest.raises(referee.TileVerificationError):
            referee.audit_tiles(reader, shown.head.size, shown.head.root)


async def test_checkpoints_and_proofs_are_true_to_others() -> None:
    referee: Any = pytest.importorskip("aics_tlog")
    key = referee.parse_vkey(str(log_key().key))
    async with grown() as made:
        records = await made.say(*(f"Line {n}." for n in range(700)))
        await made.later(10 * DELAY_MS)
        first = made.tree.shown
        await made.say("More.")
        await made.later()
        shown = made.tree.shown
        assert first is not None
        assert shown is not None
        witness = witness_key(WITNESS)
        note = shown.note.with_signatures([witness.sign(shown.note.text, 1_764_000_000)])
        checked = referee.verify_checkpoint(
            referee.parse_note(bytes(note)), key, [referee.parse_vkey(str(witness.key))], quorum=1
        )
        assert checked.ok, checked
        for place in (0, 255, 256, 511, 512, 699):
            record = records[place]
            path = await made.tree.path_to(place, shown.head.size)
            assert referee.verify_inclusion(
                leaf_hash(entry_of(record)), place, shown.head.size, list(path), shown.head.root
            )
        request = await made.tree.request_for(first.head.size)
        assert request is not None
        assert referee.verify_consistency(
            first.head.size, shown.head.size, first.head.root, shown.head.root, list(request.path)
        )


async def test_a_foreign_witness_cosigns_and_finds_what_was_rewritten(tmp_path: Path) -> None:
    referee: Any = pytest.importorskip("aics_tlog")
    service: Any = pytest.importorskip("aics_witness.service")
    store: Any = pytest.importorskip("aics_witness.store")
    config: Any = pytest.importorskip("aics_witness.config")
    book = store.WitnessStore(tmp_path / "witness.sqlite", create=True)
    try:
        private = witness_key(WITNESS).private
        log = config.LogConfig(log_key().key.name, (referee.parse_vkey(str(log_key().key)),))
        foreign = service.Witness(WITNESS, private, book, [log])
        vkey = foreign.vkey_text
        assert vkey == str(witness_key(WITNESS).key)
        async with grown("One.", "Two.") as made:
            of = Witnesses(made.tree, [TreeWitness(name="outside", key=vkey, own=False)])
            for _ in range(2):
                request = await of.request("outside")
                assert request is not None
                lines = foreign.add_checkpoint(request).decode()
                assert not await of.answered("outside", request, 200, lines, size=0, known=b"")
                assert await of.request("outside") is None
                await made.say("More.")
                await made.later()
            assert made.tree.shown is not None
            latest = foreign.latest_checkpoint(_hash(log_key().key.name))
            assert latest is not None
            seen = read_note(latest)
            assert seen.signed_by(VerifierKey.parse(vkey), ed25519) is not None
            assert read_head(seen.text).size == 3
        async with grown("One.", "Two, otherwise.", "Three.", "Four.") as forged:
            lie = await forged.tree.request_for(3)
            assert lie is not None
            with pytest.raises(service.WitnessError) as refused:
                foreign.add_checkpoint(bytes(lie))
            assert refused.value.status == WitnessStatus.INCONSISTENT
    finally:
        book.close()


def test_this_projects_witness_judges_what_a_foreign_log_asks() -> None:
    referee: Any = pytest.importorskip("aics_tlog")
    protocol: Any = pytest.importorskip("aics_witness.protocol")
    key, known = log_key(), None
    for old, new in ((0, 5), (5, 9)):
        tree = referee.MerkleTree([b"%d" % n for n in range(new)])
        note = referee.sign_checkpoint(referee.Checkpoint(key.key.name, new, tree.root()), key.private, key.key.name)
        proof = tree.consistency_proof(old, new) if old else []
        body = protocol.format_add_checkpoint_request(old, proof, note.serialise().encode())
        found = judge(read_request(body), known, (key.key,), ed25519)
        assert isinstance(found, Cosignable), found
        known = found.note


def _hash(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest()
