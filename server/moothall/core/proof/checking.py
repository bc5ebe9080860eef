"""Checks a proof with what the person who checks it has: keys, a policy, checkpoints that were seen before.

Nothing is asked of the server whose proof it is. What the person doesn't have is said, and then the proof isn't whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from moothall.core.kernel.errors import ProofBroken
from moothall.core.proof.notes import SignatureKind, SignedNote, TreeHead, VerifierKey, VerifyEd25519, read_head
from moothall.core.proof.policy import TrustPolicy
from moothall.core.proof.tlog_proofs import InclusionProof, LoggedExport, LoggedThing, read_proof, thing_of


class ProofVerdict(StrEnum):
    """The result, worst first."""

    BROKEN = "broken"
    """Something isn't what was logged."""
    UNPROVED = "not proved"
    """All of it fits together, and something is missing that would prove it."""
    PROVED = "proved"


class Cosigned(msgspec.Struct, frozen=True):
    """A cosignature that was verified."""

    witness: str
    at: int
    """Unix seconds."""


class ProofCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    faults: tuple[str, ...] = ()
    """What is wrong, as sentences that name the part."""
    lacks: tuple[str, ...] = ()
    """What is missing for a proof that the server said so, as sentences."""
    notes: tuple[str, ...] = ()
    """What wasn't looked for, since nothing was given to compare with: a proof that others saw the same."""
    thing: LoggedThing | None = None
    head: TreeHead | None = None
    key: str = ""
    """Name of the key that signed the checkpoint; empty where none is known to."""
    cosigned: tuple[Cosigned, ...] = ()
    split: tuple[SignedNote, SignedNote] | None = None
    """Two checkpoints of one tree and one size with two roots: one that was seen elsewhere, and the proof's."""

    @property
    def verdict(self) -> ProofVerdict:
        """The overall result."""
        if self.faults:
            return ProofVerdict.BROKEN
        return ProofVerdict.UNPROVED if self.lacks else ProofVerdict.PROVED


class Trusted(msgspec.Struct, frozen=True, kw_only=True):
    """What the person who checks has."""

    verify: VerifyEd25519
    publics: tuple[bytes, ...] = ()
    """Raw public keys of servers, as `/.well-known/moothall.json` publishes them: keys of any tree."""
    keys: tuple[VerifierKey, ...] = ()
    """Keys of single trees."""
    policy: TrustPolicy | None = None
    seen: tuple[SignedNote, ...] = ()
    """Checkpoints that were seen elsewhere."""

    def logs(self, origin: str) -> tuple[VerifierKey, ...]:
        """The keys that may sign checkpoints of this tree."""
        named = (*self.keys, *(() if self.policy is None else self.policy.logs))
        of_any = tuple(VerifierKey(origin, SignatureKind.NOTE, public) for public in self.publics)
        return (*of_any, *(key for key in named if key.name == origin))


def check(data: bytes, trusted: Trusted, *, file: bytes | None = None) -> ProofCheck:
    """Check a proof. `file` has the bytes of the file that it is about, if it is about one and the file is there."""
    try:
        proof = read_proof(data)
        head = proof.head
        thing = thing_of(proof)
        inside = proof.leads_to(thing.entry)
        about = thing.file.session if isinstance(thing, LoggedExport) else thing.about.session
    except ProofBroken as error:
        return ProofCheck(faults=(str(error),))
    faults: list[str] = []
    lacks: list[str] = []
    notes: list[str] = []
    key = _signed(proof.note, head, trusted, faults, lacks)
    if not inside:
        faults.append(
            f"What it says of session {about} isn't at place {proof.index} of the tree: the words, the place or the "
            "hashes between them and the root were altered."
        )
    if isinstance(thing, LoggedExport):
        _same_file(thing, file, faults, lacks)
    cosigned = _cosigned(proof.note, trusted.policy, trusted.verify, faults, notes)
    split = _split(head, proof, trusted.seen, faults, notes)
    return ProofCheck(
        faults=tuple(faults),
        lacks=tuple(lacks),
        notes=tuple(notes),
        thing=thing,
        head=head,
        key=key,
        cosigned=tuple(cosigned),
        split=split,
    )


def _signed(note: SignedNote, head: TreeHead, trusted: Trusted, faults: list[str], lacks: list[str]) -> str:
    """The name of the key that signed the checkpoint; empty where none is known to."""
    keys = trusted.logs(head.origin)
    if not keys:
        given = trusted.keys or (trusted.policy is not None and trusted.policy.logs)
        which = f"No key that was given is one of {head.origin}" if given else "No key was given"
        lacks.append(f"{which}: whether the server signed it wasn't checked. Use --key.")
        return ""
    try:
        signed = [key for key in keys if note.signed_by(key, trusted.verify) is not None]
    except ProofBroken as error:
        faults.append(f"The checkpoint was altered. {error}")
        return ""
    if not signed:
        faults.append(f"No key that was given has signed the checkpoint of {head.origin}.")
        return ""
    return signed[0].name


def _same_file(thing: LoggedExport, file: bytes | None, faults: list[str], lacks: list[str]) -> None:
    if file is None:
        lacks.append("The file isn't here, so it wasn't compared with what was logged.")
    elif not thing.is_of(file):
        faults.append("The file was altered: it isn't the one that was logged.")


def _cosigned(
    note: SignedNote, policy: TrustPolicy | None, verify: VerifyEd25519, faults: list[str], notes: list[str]
) -> Sequence[Cosigned]:
    if policy is None:
        notes.append("No policy was given: who else has seen this history wasn't checked. Use --policy.")
        return ()
    found: list[Cosigned] = []
    for name, key in policy.witnesses.items():
        try:
            at = note.signed_by(key, verify)
        except ProofBroken as error:
            faults.append(f"The checkpoint, or what {name} signed of it, was altered. {error}")
            continue
        if at is not None:
            found.append(Cosigned(name, at))
    by = [each.witness for each in found]
    if not policy.cosigned(by):
        faults.append(f"Too few have cosigned the checkpoint: by the policy it lacks {policy.lacking(by)}.")
    return found


def _split(
    head: TreeHead, proof: InclusionProof, seen: Sequence[SignedNote], faults: list[str], notes: list[str]
) -> tuple[SignedNote, SignedNote] | None:
    of_tree = [(note, read_head(note.text)) for note in seen]
    of_tree = [(note, other) for note, other in of_tree if other.origin == head.origin]
    if not of_tree:
        notes.append("No checkpoint that was seen elsewhere was given: a split view wasn't looked for. Use --heads.")
    for note, other in of_tree:
        if other.size == head.size and other.root != head.root:
            faults.append(f"Elsewhere another history was shown: two roots of {head.origin} at size {head.size}.")
            return note, proof.note
    return None
