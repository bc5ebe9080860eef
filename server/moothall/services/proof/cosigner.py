"""A witness: it keeps the newest checkpoint of each tree, and signs only what continues it (c2sp.org/tlog-witness).

A checkpoint is durable here before it is signed. What doesn't continue the known one is kept beside it, as evidence
that history was rewritten, or shown in two ways. The time in a cosignature is this machine's own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import msgspec

from moothall.core.kernel.errors import ProofBroken
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.proof.notes import (
    SignatureKind,
    SignEd25519,
    SignedNote,
    VerifierKey,
    VerifyEd25519,
    read_head,
    read_note,
    sign,
)
from moothall.core.proof.witnessing import Cosignable, NotCosigned, WitnessStatus, judge, read_request

logger = logging.getLogger(__name__)

COSIGNED, CONFLICTING = "witness", "witness-conflict"
"""Namespaces of the newest checkpoint of each tree, and of evidence."""
KEY, SEED = "witness-key", "seed"
"""Namespace and key under which the book has the secret of this witness's key."""
SEED_BYTES = 32
MOST_TREES = 16
"""Trees of which a checkpoint is kept. Overflow: a further one is unknown here."""
MOST_CONFLICTS = 16
"""Pairs of checkpoints that are kept. Overflow: the oldest stay, since they show where it began."""


class CosignAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A witness's answer."""

    status: int
    """200: it cosigned; else `WitnessStatus`."""
    lines: str = ""
    """The lines of its signatures."""
    size: int = 0
    """The size that it has cosigned last."""
    known: bytes = b""
    """The checkpoint that it knows, where it didn't cosign."""
    sentence: str = ""
    """Why it didn't, for a person."""


class Cosigner:
    """The state of a witness, in a book."""

    def __init__(self, book: Book, by: SignEd25519, verify: VerifyEd25519, clock: Clock) -> None:
        self._book = book
        self._by = by
        self._verify = verify
        self._clock = clock
        self._judging = asyncio.Lock()

    async def cosign(
        self,
        body: bytes,
        key: VerifierKey,
        logs: Callable[[str], tuple[VerifierKey, ...]],
        *,
        doubtful: bool = True,
    ) -> CosignAnswer:
        """Judge a request, and cosign with `key`. `logs` returns the keys that are believed for the tree of that name.
        Without `doubtful` evidence is kept only of what is certain, since anybody may send a wrong proof.

        Raises StorageUnavailable; nothing was signed then.
        """
        async with self._judging:
            return await self._cosign(body, key, logs, doubtful=doubtful)

    async def _cosign(
        self, body: bytes, key: VerifierKey, logs: Callable[[str], tuple[VerifierKey, ...]], *, doubtful: bool
    ) -> CosignAnswer:
        try:
            request = read_request(body)
            origin = read_head(request.note.text).origin
        except ProofBroken as error:
            return CosignAnswer(status=WitnessStatus.UNREADABLE, sentence=str(error))
        trees = await self._book.read(COSIGNED)
        known = read_note(trees[origin]) if origin in trees else None
        full = origin not in trees and len(trees) >= MOST_TREES
        found = judge(request, known, () if full else logs(origin), self._verify)
        if isinstance(found, Cosignable):
            await self._book.write([BookEntry(COSIGNED, origin, bytes(found.note))])
            line = sign(key, found.note.text, self._by, self._clock.wall() // 1_000).line
            return CosignAnswer(status=200, lines=line, size=found.head.size)
        if found.conflict is not None and (doubtful or found.certain):
            await self._evidence(found, found.conflict)
        return CosignAnswer(
            status=found.status,
            size=found.size,
            known=b"" if known is None else bytes(known),
            sentence=found.sentence,
        )

    async def conflicts(self) -> list[tuple[SignedNote, SignedNote]]:
        """Pairs of checkpoints, both signed by their log, of which the second doesn't continue the first.

        Raises StorageUnavailable.
        """
        rows = await self._book.read(CONFLICTING)
        pairs = (msgspec.msgpack.decode(row, type=tuple[bytes, bytes]) for row in rows.values())
        return [(read_note(known), read_note(new)) for known, new in pairs]

    async def _evidence(self, found: NotCosigned, conflict: tuple[SignedNote, SignedNote]) -> None:
        row = msgspec.msgpack.encode((bytes(conflict[0]), bytes(conflict[1])))
        rows = await self._book.read(CONFLICTING)
        logger.error("a public tree doesn't continue what was cosigned here: %s", found.sentence)
        if row not in rows.values() and len(rows) < MOST_CONFLICTS:
            await self._book.write([BookEntry(CONFLICTING, str(len(rows)), row)])


async def cosigning_seed(book: Book, randomness: Randomness) -> bytes:
    """The secret of a witness's key, from the book, or made now. Raises StorageUnavailable."""
    seed = (await book.read(KEY)).get(SEED)
    if seed is None:
        seed = randomness.bytes(SEED_BYTES)
        await book.write([BookEntry(KEY, SEED, seed)])
    return seed


def cosigning_key(name: str, public: bytes) -> VerifierKey:
    """The key of a witness."""
    return VerifierKey(name, SignatureKind.COSIGNATURE, public)
