"""Signed notes (c2sp.org/signed-note), checkpoints (tlog-checkpoint) and cosignatures of them (tlog-cosignature).

A note is text, an empty line, and signatures by names of keys. Signatures by keys that a reader doesn't know are passed
over. Only Ed25519 is known here, as a signature of the note (type 1) and as a cosignature with a time (type 4).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum

import msgspec

from moothall.core.kernel.errors import ProofBroken
from moothall.core.proof.hashes import EMPTY_ROOT, HASH_BYTES

VerifyEd25519 = Callable[[bytes, bytes, bytes], bool]
"""(raw public key, message, signature) → whether the key signed the message."""
SignEd25519 = Callable[[bytes], bytes]
"""Message → signature."""

MOST_NOTE_BYTES = 64 << 10
"""The most bytes of a note that is read."""
MOST_SIGNATURES = 64
"""The most signatures of a note that is read; the form demands 16 at least."""
MOST_SIZE = 1 << 62
"""No tree is said to be larger."""
_ID_BYTES, _TIME_BYTES, _KEY_BYTES, _SIGNATURE_BYTES = 4, 8, 32, 64
_DASH = "\u2014 "
_NUMBER = re.compile(r"(0|[1-9][0-9]{0,18})\Z")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_BLANK = re.compile(r"[\s+]")


class SignatureKind(IntEnum):
    """The kinds of signatures that are known here, by the byte that names them."""

    NOTE = 1
    """Ed25519 over the text."""
    COSIGNATURE = 4
    """A time, and Ed25519 over that time and the text."""


class VerifierKey(msgspec.Struct, frozen=True):
    """A public key with its name: a *vkey*."""

    name: str
    kind: SignatureKind
    public: bytes
    """The 32 bytes of an Ed25519 key."""

    @property
    def id(self) -> bytes:
        """The four bytes by which signatures name the key."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{encode64(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read a vkey. Raises ProofBroken for one of another kind too."""
        name, _, rest = text.partition("+")
        named, _, encoded = rest.partition("+")
        data = decode64(encoded, f"the key {text[:80]}")
        if not is_key_name(name) or len(data) != 1 + _KEY_BYTES or data[0] not in tuple(SignatureKind):
            raise ProofBroken(f"{text[:80]!r} is no Ed25519 key of a log or a witness (NAME+ID+KEY).")
        key = cls(name, SignatureKind(data[0]), data[1:])
        if named != key.id.hex():
            raise ProofBroken(f"The key {name} has the id {key.id.hex()}, and is said to have {named[:8]!r}.")
        return key


class NoteSignature(msgspec.Struct, frozen=True):
    """A signature of a note, by whatever key."""

    name: str
    id: bytes
    """The id of the key, four bytes."""
    data: bytes
    """The signature, as its kind has it."""

    @property
    def line(self) -> str:
        """The line of the note, with its line feed."""
        return f"{_DASH}{self.name} {encode64(self.id + self.data)}\n"

    def by(self, key: VerifierKey) -> bool:
        """Whether it says that it is by this key."""
        return (self.name, self.id) == (key.name, key.id)


class SignedNote(msgspec.Struct, frozen=True):
    """A text and its signatures."""

    text: str
    """Ends with a line feed."""
    signatures: tuple[NoteSignature, ...] = ()

    def __str__(self) -> str:
        return self.text + "\n" + "".join(each.line for each in self.signatures)

    def __bytes__(self) -> bytes:
        return str(self).encode()

    def signed_by(self, key: VerifierKey, verify: VerifyEd25519) -> int | None:
        """Whether the key signed it: the Unix time in seconds for a cosignature, 0 for a signature without a time; None
        where there is no signature by the key.

        Raises ProofBroken where there is one that doesn't fit.
        """
        found: int | None = None
        for each in self.signatures:
            if each.by(key):
                found = max(found or 0, _checked(each, key, self.text, verify))
        return found

    def with_signatures(self, more: Iterable[NoteSignature]) -> SignedNote:
        """The note with more signatures, of which each key has one: the newest."""
        kept = {(each.name, each.id): each for each in (*self.signatures, *more)}
        return SignedNote(self.text, tuple(kept.values()))


def _checked(signature: NoteSignature, key: VerifierKey, text: str, verify: VerifyEd25519) -> int:
    time, data, message = 0, signature.data, text.encode()
    if key.kind is SignatureKind.COSIGNATURE:
        time, data = int.from_bytes(data[:_TIME_BYTES], "big"), data[_TIME_BYTES:]
        message = cosigned_message(time, text)
    if len(data) != _SIGNATURE_BYTES or time >= 1 << 63 or not verify(key.public, message, data):
        raise ProofBroken(f"The signature by {key.name} isn't one of what stands above it.")
    return time


def cosigned_message(time: int, text: str) -> bytes:
    """What a witness signs: a Unix time in seconds and the text of a checkpoint."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def sign(key: VerifierKey, text: str, by: SignEd25519, time: int = 0) -> NoteSignature:
    """Sign the text of a note; for a cosignature at a Unix time in seconds."""
    if key.kind is SignatureKind.NOTE:
        return NoteSignature(key.name, key.id, by(text.encode()))
    return NoteSignature(key.name, key.id, time.to_bytes(_TIME_BYTES, "big") + by(cosigned_message(time, text)))


def read_note(data: bytes) -> SignedNote:
    """Read a note. Raises ProofBroken with a sentence."""
    if len(data) > MOST_NOTE_BYTES:
        raise ProofBroken(f"A signed note has {MOST_NOTE_BYTES} bytes at most; this one has {len(data)}.")
    written = text_of(data, "The signed note")
    text, between, signed = written.rpartition("\n\n")
    if not between or not signed.endswith("\n"):
        raise ProofBroken("A signed note is a text, an empty line and lines of signatures; this is none.")
    return SignedNote(text + "\n", read_signatures(signed))


def read_signatures(lines: str) -> tuple[NoteSignature, ...]:
    """Read lines of signatures, each with its line feed. Raises ProofBroken."""
    found: list[NoteSignature] = []
    for line in lines.removesuffix("\n").split("\n"):
        dash, name, encoded = line[: len(_DASH)], *line[len(_DASH) :].partition(" ")[::2]
        data = decode64(encoded, "a signature")
        if dash != _DASH or not is_key_name(name) or len(data) <= _ID_BYTES:
            raise ProofBroken(f"This line is no signature: {line[:80]!r}.")
        found.append(NoteSignature(name, data[:_ID_BYTES], data[_ID_BYTES:]))
    if len(found) > MOST_SIGNATURES:
        raise ProofBroken(f"A note has {MOST_SIGNATURES} signatures at most; this one has {len(found)}.")
    return tuple(found)


class TreeHead(msgspec.Struct, frozen=True):
    """What a checkpoint says: the state of a tree."""

    origin: str
    """The name of the tree."""
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()
    """Lines that a log may add and nobody here reads."""

    @property
    def text(self) -> str:
        """The text of the checkpoint."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, encode64(self.root), *self.extensions))


def read_head(text: str) -> TreeHead:
    """Read the text of a checkpoint. Raises ProofBroken."""
    origin, *rest = text.removesuffix("\n").split("\n")
    if len(rest) < 2 or not origin or not all(rest):
        raise ProofBroken("A checkpoint has a line each with its origin, size and root; this text hasn't.")
    root = decode64(rest[1], "the root of the checkpoint")
    size = read_number(rest[0], "the size of the checkpoint")
    if len(root) != HASH_BYTES or size > MOST_SIZE or (size == 0 and root != EMPTY_ROOT):
        raise ProofBroken(
            f"The checkpoint of {origin} names size {rest[0]} and root {rest[1][:60]}, which no tree has."
        )
    return TreeHead(origin, size, root, tuple(rest[2:]))


def read_number(text: str, what: str) -> int:
    """Read a decimal number without leading zeros. Raises ProofBroken."""
    if _NUMBER.match(text) is None:
        raise ProofBroken(f"{what[0].upper()}{what[1:]} is no number: {text[:40]!r}.")
    return int(text)


def text_of(data: bytes, what: str) -> str:
    """The text of a note or a proof. Raises ProofBroken where it isn't UTF-8, or has control characters."""
    try:
        written = data.decode()
    except UnicodeDecodeError as error:
        raise ProofBroken(f"{what} isn't UTF-8 at byte {error.start}.") from error
    found = _CONTROL.search(written)
    if found is not None:
        raise ProofBroken(f"{what} has a control character in line {written.count(chr(10), 0, found.start()) + 1}.")
    return written


def is_key_name(name: str) -> bool:
    """Whether a key may have this name: not empty, without blanks and plus signs."""
    return bool(name) and _BLANK.search(name) is None


def encode64(data: bytes) -> str:
    """Base64."""
    return base64.b64encode(data).decode("ascii")


def decode64(text: str, what: str) -> bytes:
    """Decode Base64, in the only way in which it is written. Raises ProofBroken."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProofBroken(f"{what[0].upper()}{what[1:]} isn't Base64.") from error
    if encode64(data) != text:  # Bits that don't count could be altered unseen.
        raise ProofBroken(f"{what[0].upper()}{what[1:]} isn't Base64 as it is written.")
    return data


def read_hashes(lines: Sequence[str], most: int) -> tuple[bytes, ...]:
    """Read the hashes of a proof, one a line. Raises ProofBroken."""
    if len(lines) > most:
        raise ProofBroken(f"A proof has {most} hashes at most; this one has {len(lines)}.")
    found = tuple(decode64(line, f"hash {n} of the proof") for n, line in enumerate(lines, 1))
    for n, each in enumerate(found, 1):
        if len(each) != HASH_BYTES:
            raise ProofBroken(f"Hash {n} of the proof has {len(each)} bytes, and not {HASH_BYTES}.")
    return found
