"""Has an authority outside say when each seal existed (RFC 3161): of the proof of the seal, whose signed checkpoint
stands for all that was said before.

A seal waits for nobody: what is to be stamped is put into the book, and asked for until it is there.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import msgspec

from moothall.core.events.types import RecordSealed
from moothall.core.kernel.backoff import Backoff
from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import ProofBroken, RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.proof.time_stamps import TimeStamp, read_stamp, stamp_request
from moothall.core.proof.tlog_proofs import InclusionProof
from moothall.services.log.publication import Publication
from moothall.services.proof.quoting import NoProof

logger = logging.getLogger(__name__)

WANTED, STAMPS = "seal-wanted", "seal-stamp"
"""Namespaces: the newest seal that waits, by session; the newest that is stamped, in one for each session, since it is
read for each page of a proof that strangers ask for."""
LOOK_MS = 5_000
"""How often is looked for what waits."""
AGAIN = Backoff(first_ms=60_000, last_ms=3_600_000)
MISSED_MS = 86_400_000
"""Seals of the last day (ms) are looked for in the logs at a start: a crash may come between a seal and its note."""
NONCE_BYTES = 8
NEWEST = "newest"
"""Key in the namespace of a session's stamp."""
_SEALED = str(RecordSealed.__struct_config__.tag)
_NEVER = (NoProof.NOWHERE, NoProof.REMOVED, NoProof.REHEARSAL)


class StampedSeal(msgspec.Struct, frozen=True, array_like=True):
    """A seal with its time stamp."""

    offset: int
    """Offset of the seal's event."""
    proof: bytes
    """The proof of that event, as a file."""
    answer: bytes
    """What the authority answered."""
    at: int
    """The time that it says, Unix ms."""


class StampClient(Protocol):
    """Asks an authority (`moothall.adapters.proof.stamp_http`)."""

    async def ask(self, request: bytes) -> bytes:
        """The answer; empty where nobody answers."""
        ...


_stamped = msgspec.msgpack.Decoder(StampedSeal)


class SealStamps:
    """Gets time stamps for seals, and gives them out. `run` has to be running."""

    def __init__(
        self,
        prove: Callable[[SessionId, int], Awaitable[InclusionProof | NoProof]],
        book: Book,
        client: StampClient,
        *,
        clock: Clock,
        randomness: Randomness,
        signer_of: Callable[[TimeStamp], str],
        sealed_since: Callable[[int], Awaitable[Mapping[SessionId, int]]],
    ) -> None:
        """`prove` proves the event at an offset (`Quoting.event`). `signer_of` returns the authority's name, or raises
        ProofBroken where the signature doesn't fit. `sealed_since` returns, by session, the offset of its newest seal
        if that is no older than a moment (Unix ms); it may raise StorageUnavailable.
        """
        self._prove = prove
        self._book = book
        self._client = client
        self._clock = clock
        self._randomness = randomness
        self._signer_of = signer_of
        self._sealed_since = sealed_since
        self._sealed: dict[SessionId, int] = {}
        self._wanted: dict[SessionId, int] = {}
        self._due = 0
        """When the authority may be asked again, monotonic ms; also where what it answers can't be stored, or `run` is
        started again."""
        self.failures = 0
        """How often in a row the authority gave no time stamp."""

    def take(self, publication: Publication) -> None:
        """Note that a session was sealed."""
        for record in publication.records:
            if record.header.type == _SEALED:
                self._sealed[publication.session] = record.header.offset

    async def find(self, session: SessionId) -> StampedSeal | None:
        """The newest seal of a session that is stamped. Raises StorageUnavailable, RecordBroken."""
        row = (await self._book.read(stamps_of(session))).get(NEWEST)
        try:
            return None if row is None else read(_stamped, row)
        except Unreadable as error:
            raise RecordBroken(f"The time stamp of {session} in the book can't be read.") from error

    async def run(self) -> None:
        """Have what is sealed stamped, until cancelled."""
        loaded = False
        while True:
            try:
                if not loaded:
                    await self._load()
                    loaded = True
                await self.note()
                if self._clock.monotonic() >= self._due and not await self.step():
                    self.failures += 1
                    logger.warning("the time-stamping authority gave no time stamp, %d times", self.failures)
            except (StorageUnavailable, RecordBroken) as error:
                logger.warning("seals can't be stamped now: %s", error)
            await self._clock.sleep(LOOK_MS)

    async def _load(self) -> None:
        self._wanted = {SessionId(name): int(row) for name, row in (await self._book.read(WANTED)).items()}
        for session, offset in (await self._sealed_since(self._clock.wall() - MISSED_MS)).items():
            try:
                found = await self.find(session)
            except RecordBroken:
                found = None  # A new one takes its place.
            if found is None or found.offset < offset:
                self._wanted[session] = offset

    async def note(self) -> None:
        """Store which sessions were sealed, so that a restart loses none. Raises StorageUnavailable."""
        if not self._sealed:
            return
        noted = dict(self._sealed)
        await self._book.write([BookEntry(WANTED, name, b"%d" % offset) for name, offset in noted.items()])
        self._wanted |= noted
        self._sealed = {name: offset for name, offset in self._sealed.items() if noted.get(name) != offset}

    async def step(self) -> bool:
        """Have all that waits stamped. Return False where the authority gives none. Raises StorageUnavailable,
        RecordBroken.
        """
        for session, offset in tuple(self._wanted.items()):
            proof = await self._prove(session, offset)
            if isinstance(proof, InclusionProof):
                self._due = self._clock.monotonic() + AGAIN.wait_ms(self.failures)
                found = await self._stamp(bytes(proof), offset)
                if found is None:
                    return False
                self.failures = 0
                entries = [BookEntry(stamps_of(session), NEWEST, msgspec.msgpack.encode(found))]
            elif proof in _NEVER:
                entries = []
            else:
                continue
            await self._book.write([*entries, BookEntry(WANTED, session, None)])
            del self._wanted[session]
            self._due = 0
        return True

    async def _stamp(self, proof: bytes, offset: int) -> StampedSeal | None:
        nonce = int.from_bytes(self._randomness.bytes(NONCE_BYTES), "big")
        answer = await self._client.ask(stamp_request(hashlib.sha256(proof).digest(), nonce))
        if not answer:
            return None
        try:
            stamp = read_stamp(answer)
            self._signer_of(stamp)
        except ProofBroken as error:
            logger.warning("the answer of the time-stamping authority is of no use: %s", error)
            return None
        if stamp.nonce != nonce or not stamp.is_of(proof):
            logger.warning("the time-stamping authority stamped something else")
            return None
        return StampedSeal(offset, proof, answer, stamp.at)


def stamps_of(session: SessionId) -> str:
    """The namespace of a session's stamp."""
    return f"{STAMPS}:{session}"
