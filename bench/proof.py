"""How long the public tree takes to grow, how large a proof is, and how long it takes to check.

    .venv/bin/python bench/proof.py [--leaves 1000000] [--grow 300]

It grows a tree of made-up events in a book on the disk (SQLite, synced), as a server does, and measures the growths
that follow: gathering, hashing, one durable write, the signature, and a second durable write. Then it makes proofs of
lines of usual length at random places, with two cosignatures, and checks them as `moothall verify FILE` does, from
bytes. Wall times depend on what else the machine does; CPU times are of all threads of the process.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

# The keys are part of the tests, which are no package, so their folder has to be on the path before the next imports.
sys.path.extend(str(Path(__file__).resolve().parents[1] / name) for name in ("server", "tests"))

from moothall.adapters.store.book_sqlite import SqliteBook
from moothall.adapters.store.signing import ed25519
from moothall.core.chain import SALT_BYTES, Header, LogRecord, seal
from moothall.core.events.codec import encode_event
from moothall.core.events.lines import EndReason, SegmentEnded
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import ChannelId, CommandId, Epoch, Lane, SegmentId, SessionId
from moothall.core.proof.checking import ProofVerdict, Trusted, check
from moothall.core.proof.tlog_proofs import Context, InclusionProof
from moothall.services.log.publication import Publication
from moothall.services.proof.quoting import Quoting
from moothall.services.proof.tree import DELAY_MS, PublicTree
from moothall.services.proof.tree_store import TreeStore
from moothall.testing.log_memory import MemoryLog
from support.proof.keys import SigningKey, log_key, witness_key
from support.proof.logged import policy_of

SESSION = SessionId("plenary-2026-11-30")
TEXT = "We need an Internet that is open, safe and affordable, and so I would like to ask the panel how they see it."
WITNESSES = ("witness.university.example", "witness.ministry.example")


class MadeUpLog(MemoryLog):
    """A log of one session with as many lines as it is told to have."""

    events = 0

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[int, LogRecord] = {}
        """Events that were made before they are read, so that making them isn't measured."""

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        last = min(after + limit, self.events)
        return [self.made.get(offset) or line(offset) for offset in range(after + 1, last + 1)]

    async def sessions(self) -> Sequence[SessionId]:
        return [SESSION]


class WaitingClock:
    """A clock far ahead of all events."""

    def wall(self) -> int:
        return 1_764_000_000_000 + 10 * DELAY_MS

    def monotonic(self) -> int:
        return 0

    async def sleep(self, ms: int) -> None:
        await asyncio.sleep(0)


class LogSigner:
    key_id = "bench"

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def sign(self, message: bytes) -> bytes:
        return self._key.private.sign(message)


def line(offset: int) -> LogRecord:
    header = Header(
        session=SESSION,
        epoch=Epoch("k3j9x2a7b1c5"),
        offset=offset,
        lane=Lane("ch:floor"),
        prev=max(0, offset - 3),
        type="segment.ended",
        at=1_764_000_000_000,
        role=Role.ENGINE,
        actor="engine-1",
        cause=CommandId(f"e:6b1f2c:{offset}:end"),
        n=0,
    )
    segment = SegmentId(f"floor-2-{offset}")
    event = SegmentEnded(
        channel=ChannelId("floor"), segment=segment, t1=90 * offset, reason=EndReason.SENTENCE, text=TEXT
    )
    return seal(bytes(32), header, offset.to_bytes(8, "big") * (SALT_BYTES // 8), encode_event(event))


def milliseconds(times: Sequence[float]) -> str:
    ordered = sorted(1_000 * each for each in times)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return f"median {statistics.median(ordered):.1f} ms, p95 {p95:.1f} ms, most {ordered[-1]:.1f} ms"


async def context_of(session: SessionId, line: SegmentId | None) -> Context:
    return Context(version="checked", title="Opening plenary", address=f"https://hall.example.org/s/{session}")


async def main(leaves: int, more: int, runs: int) -> None:
    key, log, clock = log_key("hall.example.org/log"), MadeUpLog(), WaitingClock()
    with tempfile.TemporaryDirectory() as folder:
        book = await SqliteBook.open(Path(folder) / "book.sqlite3")

        async def enters(_: SessionId) -> bool:
            return True

        tree = PublicTree(
            TreeStore(book),
            log,
            signer=LogSigner(key),
            public=key.key.public,
            origin=key.key.name,
            clock=clock,
            enters=enters,
            verify=ed25519,
        )
        log.events = leaves
        began = time.perf_counter()
        while await tree.grow():
            pass
        size = (Path(folder) / "book.sqlite3").stat().st_size
        print(f"{leaves:,} leaves: made in {time.perf_counter() - began:.0f} s, {size / 1e6:.1f} MB in the book")
        times, cpu = [], []
        for _ in range(runs):
            log.made = {offset: line(offset) for offset in range(log.events + 1, log.events + more + 1)}
            log.events += more
            tree.take(Publication(session=SESSION, records=(line(log.events),), events=(_event(),)))
            began, burnt = time.perf_counter(), time.process_time()
            await tree.grow()
            times.append(time.perf_counter() - began)
            cpu.append(time.process_time() - burnt)
        print(f"growth by {more} leaves and a checkpoint: {milliseconds(times)}; CPU {milliseconds(cpu)}")
        shown = tree.shown
        assert shown is not None
        cosigners = [witness_key(name) for name in WITNESSES]
        signatures = [each.sign(shown.note.text, 1_764_000_100) for each in cosigners]
        await tree.cosigned(shown.note.text, signatures, [each.key for each in cosigners])
        quoting = Quoting(tree, log, clock=clock, offsets_of=lambda *_: (), context_of=context_of)
        places = random.Random(22).sample(range(1, leaves), 200)  # noqa: S311  # the same in each run
        made, checked, burnt_for, sizes = [], [], [], []
        trusted = Trusted(verify=ed25519, publics=(key.key.public,), policy=policy_of(*WITNESSES))
        for place in places:
            began = time.perf_counter()
            proof = await quoting.event(SESSION, place)
            made.append(time.perf_counter() - began)
            assert isinstance(proof, InclusionProof), proof
            data = bytes(proof)
            sizes.append(len(data))
            began, burnt = time.perf_counter(), time.process_time()
            found = check(data, trusted)
            checked.append(time.perf_counter() - began)
            burnt_for.append(time.process_time() - burnt)
            assert found.verdict is ProofVerdict.PROVED, found
        print(f"a proof of a line of {len(TEXT)} characters: {statistics.median(sizes):.0f} bytes, most {max(sizes)}")
        print(f"made: {milliseconds(made)}")
        print(f"checked, with the key and {len(WITNESSES)} witnesses: {milliseconds(checked)}")
        print(f"the same, CPU: {milliseconds(burnt_for)}")
        await book.close()


def _event() -> SegmentEnded:
    return SegmentEnded(channel=ChannelId("floor"), segment=SegmentId("x"), t1=0, reason=EndReason.SENTENCE, text="")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--leaves", type=int, default=1_000_000)
    parser.add_argument("--grow", type=int, default=300, help="leaves of a growth")
    parser.add_argument("--runs", type=int, default=100)
    given = parser.parse_args()
    asyncio.run(main(given.leaves, given.grow, given.runs))
