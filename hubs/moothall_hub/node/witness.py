"""A hub as a witness of the centre's public tree: it keeps the newest checkpoint, and signs only what continues it.

A checkpoint is durable here before it is signed. What doesn't continue the known one is kept beside it, as evidence
that history was rewritten, or shown in two ways. The time in a cosignature is this machine's own, not the centre's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

from moothall.adapters.store.signing import Ed25519Signer, ed25519, public_keys
from moothall.core.kernel.errors import ConfigurationError, ProofBroken, RecordBroken, StorageUnavailable
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.proof.notes import SignatureKind, SignedNote, VerifierKey, read_head, read_note, sign
from moothall.core.proof.witnessing import Cosignable, NotCosigned, WitnessRequest, WitnessStatus, judge, read_request
from moothall.wire.hubs.messages import AddCheckpoint, CheckpointAnswer
from moothall_hub.pairing.pairing import Pairing

logger = logging.getLogger(__name__)

NAMESPACE, CONFLICTS = "witness", "witness-conflict"
"""Namespaces of the newest checkpoint of each tree, and of evidence, in the hub's book."""
MOST_TREES = 16
"""Trees of which a checkpoint is kept: a centre has one, and another after each succession. Overflow: a further one is
unknown here."""
MOST_CONFLICTS = 16
"""Pairs of checkpoints that are kept. Overflow: the oldest stay, since they show where it began."""
KEY, SEED = "witness-key", "seed"
"""Namespace and key under which the book has the secret of this witness's key."""
SEED_BYTES = 32


class HubWitness:
    """Answers the centre's requests. Made by `load`."""

    def __init__(self, book: Book, signer: Ed25519Signer, pairing: Callable[[], Pairing | None], clock: Clock) -> None:
        self._book = book
        self._signer = signer
        self._pairing = pairing
        self._clock = clock
        self._judging = asyncio.Lock()

    @classmethod
    async def load(
        cls, book: Book, randomness: Randomness, pairing: Callable[[], Pairing | None], clock: Clock
    ) -> HubWitness:
        """Read the key from the hub's book, or make one. `pairing` returns the present pairing, whose keys are
        believed. `clock` is this machine's. Raises StorageUnavailable.
        """
        seed = (await book.read(KEY)).get(SEED)
        if seed is None:
            seed = randomness.bytes(SEED_BYTES)
            await book.write([BookEntry(KEY, SEED, seed)])
        return cls(book, Ed25519Signer.of_seed(seed), pairing, clock)

    async def answer(self, asked: AddCheckpoint) -> CheckpointAnswer:
        """Judge a checkpoint, and cosign it if it continues the known one."""
        async with self._judging:
            try:
                return await self._answer(asked)
            except (StorageUnavailable, RecordBroken, ConfigurationError) as error:
                logger.warning("a checkpoint of the centre's tree can't be cosigned now: %s", error)
                return CheckpointAnswer(number=asked.number, status=503)

    async def _answer(self, asked: AddCheckpoint) -> CheckpointAnswer:
        pairing = self._pairing()
        if pairing is None:
            return CheckpointAnswer(number=asked.number, status=WitnessStatus.UNKNOWN)
        key = VerifierKey(_name(pairing), SignatureKind.COSIGNATURE, self._signer.public)
        try:
            request = read_request(asked.request)
            origin = read_head(request.note.text).origin
        except ProofBroken as error:
            logger.warning("the centre sent a checkpoint that can't be read: %s", error)
            return CheckpointAnswer(number=asked.number, status=WitnessStatus.UNREADABLE, key=str(key))
        trees = await self._book.read(NAMESPACE)
        known = read_note(trees[origin]) if origin in trees else None
        full = origin not in trees and len(trees) >= MOST_TREES
        publics = () if full else public_keys(pairing.keys)
        logs = tuple(VerifierKey(origin, SignatureKind.NOTE, public) for public in publics)
        found = judge(request, known, logs, ed25519)
        if isinstance(found, Cosignable):
            await self._book.write([BookEntry(NAMESPACE, origin, bytes(found.note))])
            line = sign(key, found.note.text, self._signer.sign, self._clock.wall() // 1_000).line
            return CheckpointAnswer(number=asked.number, status=200, lines=line, size=found.head.size, key=str(key))
        await self._evidence(found, request)
        return CheckpointAnswer(
            number=asked.number,
            status=found.status,
            size=found.size,
            known=b"" if known is None else bytes(known),
            key=str(key),
        )

    async def conflicts(self) -> list[tuple[SignedNote, SignedNote]]:
        """Pairs of checkpoints, both signed by the centre, of which the second doesn't continue the first."""
        rows = await self._book.read(CONFLICTS)
        pairs = (msgspec.msgpack.decode(row, type=tuple[bytes, bytes]) for row in rows.values())
        return [(read_note(known), read_note(new)) for known, new in pairs]

    async def _evidence(self, found: NotCosigned, request: WitnessRequest) -> None:
        if found.conflict is None:
            return
        known, new = map(bytes, found.conflict)
        row = msgspec.msgpack.encode((known, new))
        rows = await self._book.read(CONFLICTS)
        logger.error("the centre's public tree doesn't continue what was cosigned here: %s", found.sentence)
        if row not in rows.values() and len(rows) < MOST_CONFLICTS:
            await self._book.write([BookEntry(CONFLICTS, str(len(rows)), row)])


def _name(pairing: Pairing) -> str:
    """The name of this witness: the centre's address and the hub's name there."""
    return f"{urlsplit(pairing.public or pairing.address).netloc}/hub/{pairing.hub}"
