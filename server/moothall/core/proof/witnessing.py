"""What a witness does with a checkpoint that it is given, and what a log does with the answer (c2sp.org/tlog-witness).

A witness keeps one checkpoint for each log. It cosigns another one only if that continues it. Whatever doesn't is kept
as evidence: both checkpoints together show a history that was rewritten, or shown in two ways.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec

from moothall.core.kernel.errors import ProofBroken
from moothall.core.proof.hashes import EMPTY_ROOT, MOST_PATH, is_consistent
from moothall.core.proof.notes import (
    SignedNote,
    TreeHead,
    VerifierKey,
    VerifyEd25519,
    encode64,
    read_hashes,
    read_head,
    read_note,
    read_number,
    text_of,
)

MOST_REQUEST_BYTES = 64 << 10


class WitnessStatus(IntEnum):
    """Why a witness doesn't cosign, as a status of HTTP."""

    UNREADABLE = 400
    """The request can't be read, or names an old size above that of the checkpoint."""
    NOT_SIGNED = 403
    """No known key of the log signed it."""
    UNKNOWN = 404
    """The log isn't known here."""
    OTHER_SIZE = 409
    """The witness has another checkpoint than the one that the request continues."""
    INCONSISTENT = 422
    """It doesn't continue what was cosigned before."""


class WitnessRequest(msgspec.Struct, frozen=True):
    """A request to cosign."""

    old: int
    """Size of the tree that the witness is thought to know."""
    path: tuple[bytes, ...]
    """Proof that the checkpoint continues it."""
    note: SignedNote

    def __bytes__(self) -> bytes:
        lines = (f"old {self.old}", *map(encode64, self.path))
        return "".join(f"{line}\n" for line in lines).encode() + b"\n" + bytes(self.note)


class Cosignable(msgspec.Struct, frozen=True):
    """A checkpoint that continues what the witness knows: to be stored, and then cosigned."""

    head: TreeHead
    note: SignedNote


class NotCosigned(msgspec.Struct, frozen=True):
    """Why a witness doesn't cosign."""

    status: WitnessStatus
    sentence: str
    size: int = 0
    """With `OTHER_SIZE`: the size that the witness knows."""
    conflict: tuple[SignedNote, SignedNote] | None = None
    """Two checkpoints, both signed by the log, of which the second doesn't continue the first, as far as was shown: the
    known one and the new one."""
    certain: bool = False
    """Whether they can't belong to one history, whatever proof is sent: they name two roots of one size."""


def read_request(data: bytes) -> WitnessRequest:
    """Read a request. Raises ProofBroken."""
    if len(data) > MOST_REQUEST_BYTES:
        raise ProofBroken(f"A request for a cosignature has {MOST_REQUEST_BYTES} bytes at most.")
    above, between, note = text_of(data, "The request").partition("\n\n")
    first, *lines = above.split("\n")
    if not between or not first.startswith("old "):
        raise ProofBroken("A request for a cosignature is a line 'old', a proof, an empty line and a checkpoint.")
    old = read_number(first.removeprefix("old "), "the old size")
    return WitnessRequest(old, read_hashes(lines, MOST_PATH), read_note(note.encode()))


def judge(
    request: WitnessRequest, known: SignedNote | None, logs: tuple[VerifierKey, ...], verify: VerifyEd25519
) -> Cosignable | NotCosigned:
    """Decide on a request. `known` is the checkpoint that this witness last cosigned for the origin, `logs` the keys of
    all logs that it knows.
    """
    try:
        head = read_head(request.note.text)
    except ProofBroken as error:
        return NotCosigned(WitnessStatus.UNREADABLE, str(error))
    keys = [key for key in logs if key.name == head.origin]
    if not keys:
        return NotCosigned(WitnessStatus.UNKNOWN, f"The log {head.origin} isn't known here.")
    try:
        signed = [key for key in keys if request.note.signed_by(key, verify) is not None]
    except ProofBroken as error:
        return NotCosigned(WitnessStatus.NOT_SIGNED, str(error))
    if not signed:
        return NotCosigned(WitnessStatus.NOT_SIGNED, f"No known key of {head.origin} signed the checkpoint.")
    if request.old > head.size:
        return NotCosigned(WitnessStatus.UNREADABLE, "The old size is above the size of the checkpoint.")
    before = TreeHead(head.origin, 0, EMPTY_ROOT) if known is None else read_head(known.text)
    certain = before.size == head.size and before.root != head.root
    conflict = None if known is None else (known, request.note)
    if request.old != before.size:
        sentence = f"The newest size that was cosigned is {before.size}."
        return NotCosigned(
            WitnessStatus.OTHER_SIZE, sentence, before.size, conflict if certain else None, certain=certain
        )
    if not is_consistent(before.size, head.size, before.root, head.root, request.path):
        what = "is another root than was cosigned" if certain else "isn't shown to continue what was cosigned"
        sentence = f"The checkpoint of size {head.size} {what} at size {before.size}."
        return NotCosigned(WitnessStatus.INCONSISTENT, sentence, before.size, conflict, certain=certain)
    return Cosignable(head, request.note)


class TreeStanding(msgspec.Struct, frozen=True):
    """How a log stands towards a witness."""

    behind: bool = False
    """Whether the witness has cosigned what this log doesn't have: the log may sign nothing more."""
    sentence: str = ""
    asks: bool = False
    """Whether nobody knows yet whether it is behind: a witness has to be asked."""


RESTORED = TreeStanding(
    behind=True,
    asks=True,
    sentence="It was restored from a backup, or a witness has said that it has seen more: nothing is signed until a "
    "witness says that it has seen nothing newer.",
)
"""How a log stands that had witnesses and was restored, or that was restarted while a witness had seen more."""


def standing(own: TreeHead, root_at: bytes | None, seen: TreeHead) -> TreeStanding:
    """Compare this log's newest checkpoint with one that a witness has cosigned. `root_at` is this log's root at the
    witness's size; None where that is larger.
    """
    if seen.size > own.size or root_at is None:
        sentence = f"A witness has cosigned size {seen.size}, and here the tree has {own.size} leaves."
        return TreeStanding(behind=True, sentence=sentence)
    if root_at != seen.root:
        return TreeStanding(
            behind=True, sentence=f"At size {seen.size} a witness has cosigned another root than is here."
        )
    return TreeStanding()
