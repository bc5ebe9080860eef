from __future__ import annotations

import pytest

from moothall.adapters.store.signing import ed25519
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.ports import BookEntry
from moothall.core.proof.notes import SignedNote, VerifierKey, read_note, read_signatures
from moothall.core.proof.witnessing import WitnessRequest
from moothall.services.proof.cosigner import COSIGNED, MOST_TREES, CosignAnswer, Cosigner, cosigning_key, cosigning_seed
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock, SeededRandomness
from support.proof.histories import FALSE, TRUE
from support.proof.keys import log_key, witness_key

WITNESS = witness_key("other.example/witness")


class Server:
    def __init__(self) -> None:
        self.book = MemoryBook()
        self.cosigner = Cosigner(self.book, WITNESS.private.sign, ed25519, ManualClock(wall=7_000))

    async def ask(self, request: WitnessRequest | bytes, *, doubtful: bool = False) -> CosignAnswer:
        def logs(origin: str) -> tuple[VerifierKey, ...]:
            return (log_key().key,) if origin == log_key().key.name else ()

        return await self.cosigner.cosign(bytes(request), WITNESS.key, logs, doubtful=doubtful)


async def test_it_keeps_a_checkpoint_and_signs_what_continues_it() -> None:
    server = Server()
    for old, new in ((0, 3), (3, 8)):
        found = await server.ask(TRUE.request(old, new))
        note = SignedNote(TRUE.note(new).text, read_signatures(found.lines))
        assert (found.status, found.size, note.signed_by(WITNESS.key, ed25519)) == (200, new, 7)


async def test_evidence_by_a_stranger_has_to_be_certain() -> None:
    server = Server()
    await server.ask(TRUE.request(0, 3))
    found = await server.ask(FALSE.request(3, 8))
    assert (found.status, read_note(found.known)) == (422, TRUE.note(3))
    assert await server.cosigner.conflicts() == []
    await server.ask(FALSE.request(3, 3))
    assert await server.cosigner.conflicts() == [(TRUE.note(3), FALSE.note(3))]
    await server.ask(FALSE.request(3, 8), doubtful=True)
    assert len(await server.cosigner.conflicts()) == 2


async def test_nothing_is_signed_that_is_not_kept() -> None:
    server = Server()
    server.book.full = True
    with pytest.raises(StorageUnavailable):
        await server.ask(TRUE.request(0, 3))
    server.book.full = False
    assert (await server.ask(TRUE.request(0, 3))).status == 200


async def test_what_is_no_request_and_other_trees_are_refused() -> None:
    server = Server()
    assert (await server.ask(b"x")).status == 400
    other = WitnessRequest(0, (), log_key("other/log").checkpoint(1, bytes(32)))
    assert (await server.ask(other)).status == 404
    await server.book.write([BookEntry(COSIGNED, str(n), bytes(TRUE.note(3))) for n in range(MOST_TREES)])
    assert (await server.ask(TRUE.request(0, 3))).status == 404


async def test_its_key_stays() -> None:
    book = MemoryBook()
    seed = await cosigning_seed(book, SeededRandomness())
    assert await cosigning_seed(book, SeededRandomness(7)) == seed
    assert cosigning_key("w.example", bytes(32)).name == "w.example"
