"""A hub cosigns what continues the checkpoint that it knows, and keeps what doesn't as evidence."""

from __future__ import annotations

from moothall.adapters.store.signing import ed25519, key_id
from moothall.core.proof.notes import (
    SignatureKind,
    SignedNote,
    VerifierKey,
    encode64,
    read_head,
    read_note,
    read_signatures,
)
from moothall.core.proof.witnessing import WitnessRequest
from moothall.services.proof.cosigner import MOST_CONFLICTS, MOST_TREES
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock, SeededRandomness
from moothall.wire.hubs.messages import AddCheckpoint, CheckpointAnswer
from moothall_hub.node.witness import HubWitness
from moothall_hub.pairing.pairing import Pairing
from support.proof.histories import FALSE, TRUE
from support.proof.keys import log_key

CLOCK_S = 1_764_000_000


def paired(public: bytes | None = None) -> Pairing:
    raw = log_key().key.public if public is None else public
    keys = {"keys": [{"id": key_id(raw), "alg": "Ed25519", "public_key": encode64(raw)}]}
    return Pairing(address="https://meeting.example", hub="kisumu", title="Kisumu", key="k", keys=keys)


class Hub:
    def __init__(self) -> None:
        self.book, self.pairing = MemoryBook(), paired()
        self.clock = ManualClock(wall=CLOCK_S * 1_000)
        self.paired: Pairing | None = self.pairing

    async def ask(self, request: WitnessRequest | bytes) -> CheckpointAnswer:
        """Have a hub that was just started answer."""
        witness = HubWitness(self.book, SeededRandomness(), lambda: self.paired, self.clock)
        return await witness.answer(AddCheckpoint(number=7, request=bytes(request)))

    async def conflicts(self) -> list[tuple[SignedNote, SignedNote]]:
        witness = HubWitness(self.book, SeededRandomness(), lambda: self.paired, self.clock)
        return await witness.conflicts()


async def test_it_cosigns_what_continues_what_it_knows() -> None:
    hub = Hub()
    for old, new in ((0, 3), (3, 8), (8, 8)):
        answer = await hub.ask(TRUE.request(old, new))
        assert (answer.number, answer.status, answer.size) == (7, 200, new)
        key = VerifierKey.parse(answer.key)
        assert (key.name, key.kind) == ("meeting.example/hub/kisumu", SignatureKind.COSIGNATURE)
        note = SignedNote(TRUE.note(new).text, read_signatures(answer.lines))
        assert note.signed_by(key, ed25519) == CLOCK_S
    assert await hub.conflicts() == []


async def test_its_key_stays() -> None:
    hub = Hub()
    first = await hub.ask(TRUE.request(0, 3))
    assert (await hub.ask(TRUE.request(3, 3))).key == first.key


async def test_a_history_that_was_rewritten_with_the_true_key_is_kept_as_evidence() -> None:
    hub = Hub()
    await hub.ask(TRUE.request(0, 3))
    answer = await hub.ask(FALSE.request(3, 8))
    assert (answer.status, answer.lines, answer.size) == (422, "", 3)
    assert read_note(answer.known) == TRUE.note(3)
    assert await hub.conflicts() == [(TRUE.note(3), FALSE.note(8))]
    await hub.ask(FALSE.request(3, 8))
    assert len(await hub.conflicts()) == 1
    assert (await hub.ask(TRUE.request(3, 8))).status == 200


async def test_it_says_what_it_knows_where_the_old_size_is_another() -> None:
    hub = Hub()
    await hub.ask(TRUE.request(0, 8))
    answer = await hub.ask(TRUE.request(0, 3))
    assert (answer.status, answer.size) == (409, 8)
    assert read_head(read_note(answer.known).text).size == 8
    assert await hub.conflicts() == []


async def test_it_signs_nothing_that_it_cannot_keep() -> None:
    hub = Hub()
    await hub.ask(TRUE.request(0, 3))
    hub.book.full = True
    answer = await hub.ask(TRUE.request(3, 8))
    assert (answer.status, answer.lines) == (503, "")
    hub.book.full = False
    assert (await hub.ask(TRUE.request(3, 8))).status == 200


async def test_a_hub_whose_disk_is_full_starts_and_makes_its_key_later() -> None:
    hub = Hub()
    hub.book.full = True
    witness = HubWitness(hub.book, SeededRandomness(), lambda: hub.paired, hub.clock)
    asked = AddCheckpoint(number=1, request=bytes(TRUE.request(0, 3)))
    assert (await witness.answer(asked)).status == 503
    hub.book.full = False
    assert (await witness.answer(asked)).status == 200


async def test_it_believes_the_keys_of_its_pairing_alone() -> None:
    hub = Hub()
    hub.paired = paired(log_key("other").key.public)
    assert (await hub.ask(TRUE.request(0, 3))).status == 403
    hub.paired = None
    answer = await hub.ask(TRUE.request(0, 3))
    assert (answer.status, answer.key) == (404, "")


async def test_what_is_no_request_is_refused() -> None:
    assert (await Hub().ask(b"x")).status == 400


async def test_trees_and_evidence_are_bounded() -> None:
    hub = Hub()
    for n in range(MOST_TREES):
        note = log_key(f"meeting.example/log/{n}", seed="meeting.example/log").checkpoint(1, bytes(32))
        assert (await hub.ask(WitnessRequest(0, (), note))).status == 200
    more = log_key("meeting.example/log/more", seed="meeting.example/log").checkpoint(1, bytes(32))
    assert (await hub.ask(WitnessRequest(0, (), more))).status == 404
    for n in range(MOST_CONFLICTS + 2):
        note = log_key("meeting.example/log/0", seed="meeting.example/log").checkpoint(1, bytes([n + 1]) * 32)
        await hub.ask(WitnessRequest(1, (), note))
    assert len(await hub.conflicts()) == MOST_CONFLICTS
