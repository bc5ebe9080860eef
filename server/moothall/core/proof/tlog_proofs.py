"""Proofs that something was logged, as files that can be checked without a network (c2sp.org/tlog-proof).

The `extra` line of ours is zlib-compressed MessagePack behind a check sum: what it takes to compute the leaf, and what
the server says about it. The words in it are proved by the leaf; what the server says besides (`Context`) is proved by
nothing. The check sum finds what was altered by accident: DEFLATE has bits that don't count.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence

import msgspec

from moothall.core.chain import SALT_BYTES, Header, LogRecord, body_digest
from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import ProofBroken
from moothall.core.proof.entries import ExportEntry, event_entry, file_digest, read_event_entry
from moothall.core.proof.hashes import MOST_PATH, inclusion_root, leaf_hash
from moothall.core.proof.notes import (
    SignedNote,
    TreeHead,
    decode64,
    encode64,
    read_hashes,
    read_head,
    read_note,
    read_number,
    text_of,
)

MAGIC = "c2sp.org/tlog-proof@v1"
SUFFIX = ".tlog-proof"
"""The ending of a proof's file, and of its address."""
MEDIA_TYPE = "text/plain; charset=utf-8"
MOST_PROOF_BYTES = 256 << 10
_SUM_BYTES = 4
MOST_EXTRA_BYTES = 128 << 10
"""The most bytes of the unpacked extra line: a body has 64 KiB at most."""


class Context(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the server says besides, when it gives out a proof. Nothing proves it."""

    at: int = 0
    """When the proof was given out, Unix ms."""
    version: str = ""
    """The newest seal of the record by then: `raw`, `checked`, `final`; empty before the first."""
    signed_at: int = 0
    """When the checkpoint was made, Unix ms."""
    title: str = ""
    """Title of the session."""
    origin: str = ""
    """How the line's text came about, as `moothall.core.events.lines.Origin` names it; empty for other things."""
    address: str = ""
    """Address at which the quotation can be read."""


class LoggedEvent(msgspec.Struct, frozen=True, kw_only=True, tag="event"):
    """An event with its words."""

    header: bytes
    """The header as it was first written."""
    salt: bytes
    body: bytes
    context: Context = Context()

    @classmethod
    def of(cls, record: LogRecord, context: Context) -> LoggedEvent | None:
        """An event of the log; None where its words were removed."""
        if record.body is None or record.salt is None:
            return None
        return cls(header=record.header_bytes, salt=record.salt, body=record.body, context=context)

    @property
    def entry(self) -> bytes:
        """The entry of the leaf."""
        return event_entry(self.header, body_digest(self.salt, self.body))

    @property
    def about(self) -> Header:
        """The decoded header. Raises ProofBroken."""
        return read_event_entry(self.entry)[0]


class LoggedExport(msgspec.Struct, frozen=True, kw_only=True, tag="export"):
    """A file that was taken home, which is beside its proof."""

    file: ExportEntry
    salt: bytes
    context: Context = Context()

    @property
    def entry(self) -> bytes:
        """The entry of the leaf."""
        return self.file.entry

    def is_of(self, data: bytes) -> bool:
        """Whether these are the bytes of the file."""
        return file_digest(self.salt, hashlib.sha256(data).digest()) == self.file.digest


LoggedThing = LoggedEvent | LoggedExport

_packer = msgspec.msgpack.Encoder()
_unpacker = msgspec.msgpack.Decoder(LoggedThing)


class InclusionProof(msgspec.Struct, frozen=True):
    """A proof, as its file has it."""

    extra: bytes | None
    index: int
    path: tuple[bytes, ...]
    note: SignedNote
    """The checkpoint with its signatures."""

    @property
    def head(self) -> TreeHead:
        """What the checkpoint says. Raises ProofBroken."""
        return read_head(self.note.text)

    def __bytes__(self) -> bytes:
        extra = () if self.extra is None else (f"extra {encode64(self.extra)}",)
        lines = (MAGIC, *extra, f"index {self.index}", *map(encode64, self.path))
        return "".join(f"{line}\n" for line in lines).encode() + b"\n" + bytes(self.note)

    def leads_to(self, entry: bytes) -> bool:
        """Whether the entry is at that index of the tree of the checkpoint. Raises ProofBroken."""
        head = self.head
        return inclusion_root(self.index, head.size, leaf_hash(entry), self.path) == head.root


def prove(thing: LoggedThing, index: int, path: Sequence[bytes], note: SignedNote) -> InclusionProof:
    """Make the file of a proof."""
    packed = zlib.compress(_packer.encode(thing), 9)
    return InclusionProof(_check_sum(packed) + packed, index, tuple(path), note)


def read_proof(data: bytes) -> InclusionProof:
    """Read the file of a proof, whoever made it. Raises ProofBroken, which names the part that can't be read."""
    if len(data) > MOST_PROOF_BYTES:
        raise ProofBroken(f"A proof has {MOST_PROOF_BYTES} bytes at most; this file has {len(data)}.")
    above, between, note = text_of(data, "The proof").partition("\n\n")
    if not between:
        raise ProofBroken("The proof has no empty line with a checkpoint behind it.")
    magic, *lines = above.split("\n")
    if magic != MAGIC:
        raise ProofBroken(f"Line 1 is not {MAGIC!r}: this is no proof of a log.")
    extra: bytes | None = None
    if lines and lines[0].startswith("extra "):
        extra = decode64(lines.pop(0).removeprefix("extra "), "the line 'extra' of the proof")
    if not lines or not lines[0].startswith("index "):
        raise ProofBroken("The proof has no line 'index' where it has to be.")
    index = read_number(lines[0].removeprefix("index "), "the index of the proof")
    return InclusionProof(extra, index, read_hashes(lines[1:], MOST_PATH), read_note(note.encode()))


def thing_of(proof: InclusionProof) -> LoggedThing:
    """What a proof of ours is about. Raises ProofBroken where its line `extra` isn't of Moothall, or was altered."""
    if proof.extra is None:
        raise ProofBroken("The proof has no line 'extra', and so doesn't say what was logged.")
    packed = proof.extra[_SUM_BYTES:]
    if _check_sum(packed) != proof.extra[:_SUM_BYTES]:
        raise ProofBroken("The line 'extra' of the proof was altered, or isn't of Moothall.")
    try:
        thing: LoggedThing = read(_unpacker, zlib.decompressobj().decompress(packed, MOST_EXTRA_BYTES))
    except (zlib.error, Unreadable) as error:
        raise ProofBroken("The line 'extra' of the proof isn't of a release that is known here.") from error
    if len(thing.salt) != SALT_BYTES:
        raise ProofBroken(f"The salt in the line 'extra' has {len(thing.salt)} bytes, and not {SALT_BYTES}.")
    return thing


def _check_sum(packed: bytes) -> bytes:
    return hashlib.sha256(packed).digest()[:_SUM_BYTES]
