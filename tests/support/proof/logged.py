"""A small tree with a real event in it, and its proof."""

from __future__ import annotations

import hashlib

from moothall.adapters.store.signing import ed25519
from moothall.core.chain import SALT_BYTES, LogRecord
from moothall.core.events import lines as le
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, Epoch, SegmentId, SessionId
from moothall.core.proof.checking import Trusted
from moothall.core.proof.entries import ExportEntry, file_digest
from moothall.core.proof.hashes import inclusion_proof, leaf_hash, root_of
from moothall.core.proof.notes import SignedNote
from moothall.core.proof.policy import TrustPolicy, read_policy
from moothall.core.proof.tiles import Edge, grown, perfect_from
from moothall.core.proof.tlog_proofs import Context, InclusionProof, LoggedEvent, LoggedExport, LoggedThing, prove
from support.proof.keys import SigningKey, log_key, witness_key
from support.sessions.recorder import Recorder

CONTEXT = Context(
    at=1_764_000_300_000, signed_at=1_764_000_200_000, version="checked", title="Plenary", origin="machine"
)


def line(text: str = "The floor is yours.") -> LogRecord:
    """A finished line as a machine heard it."""
    event = le.SegmentEnded(
        channel=ChannelId("floor"), segment=SegmentId("floor-1-1"), t1=900, reason=le.EndReason.SENTENCE, text=text
    )
    return Recorder().record(event, Actor(Role.ENGINE, "engine-1"))


def event(record: LogRecord) -> LoggedEvent:
    logged = LoggedEvent.of(record, CONTEXT)
    assert logged is not None
    return logged


def proved(thing: LoggedThing, *, at: int = 5, size: int = 9, by: SigningKey | None = None) -> InclusionProof:
    """The proof of a leaf of a tree of other leaves."""
    leaves = [leaf_hash(b"%d" % n) for n in range(size)]
    leaves[at] = leaf_hash(thing.entry)
    tiles = grown(Edge(), leaves).tiles
    perfect = perfect_from(lambda level, n: tiles[level, n])
    note = (by or log_key()).checkpoint(size, root_of(size, perfect))
    return prove(thing, at, inclusion_proof(at, size, perfect), note)


def cosigned(proof: InclusionProof, *names: str, at: int = 1_764_000_250) -> InclusionProof:
    more = [witness_key(name).sign(proof.note.text, at) for name in names]
    return InclusionProof(proof.extra, proof.index, proof.path, proof.note.with_signatures(more))


def policy_of(*names: str) -> TrustPolicy:
    """A policy by which all of these witnesses have to have cosigned."""
    lines = [f"log {log_key().key}", *(f"witness {name} {witness_key(name).key}" for name in names)]
    return read_policy("\n".join([*lines, f"group all-of-them all {' '.join(names)}", "quorum all-of-them"]).encode())


def trusting(policy: TrustPolicy | None = None, *seen: SignedNote) -> Trusted:
    return Trusted(verify=ed25519, publics=(log_key().key.public,), policy=policy, seen=seen)


FILE = b"WEBVTT\n\n00:00.000 --> 00:00.900\nThe floor is yours.\n"


SALT = bytes(range(SALT_BYTES))


def export(data: bytes = FILE) -> LoggedExport:
    file = ExportEntry(
        session=SessionId("plenary"),
        epoch=Epoch("k3j9x2"),
        offset=9,
        channel=ChannelId("floor"),
        form="vtt",
        digest=file_digest(SALT, hashlib.sha256(data).digest()),
    )
    return LoggedExport(file=file, salt=SALT, context=CONTEXT)
