"""What leaves are: events, and files that were taken home.

The entry of an event is its header's bytes and, behind them, the digest of its body: what the chain hashes without what
was before (`moothall.core.chain`). A removal deletes body and salt, and neither is part of the entry. The entry of a
file has a salted digest too: whoever has all of a file but the words that were removed could else try them out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from moothall.core.chain import Header, LogRecord, body_digest, decode_header
from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import ProofBroken
from moothall.core.kernel.ids import ChannelId, Epoch, SessionId

DIGEST_BYTES = hashlib.sha256().digest_size
EXPORT_MARK = b"moothall-export-1\n"
"""The beginning of an entry of a file. No header begins with it, since headers are JSON objects."""
MOST_ENTRY_BYTES = 65_535
MANIFEST_FORM = "bundle"
"""The form of an entry that is of the list of a bundle's files (`manifest.json`): of no single text, and its session is
the first one in the bundle.
"""

_encoder = msgspec.json.Encoder()


class ExportEntry(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A file that was taken home, as it is logged."""

    session: SessionId
    epoch: Epoch
    """As readers see it (`reader_epoch`)."""
    offset: int
    """The position that the file shows."""
    channel: ChannelId
    form: str
    """The file's form, as in its address."""
    digest: str
    """SHA-256 of a salt and the file's own SHA-256, hexadecimal."""
    version: str = ""
    """The newest seal at that position: `raw`, `checked`, `final`; empty before the first."""

    @property
    def entry(self) -> bytes:
        """The entry of the leaf."""
        return EXPORT_MARK + _encoder.encode(self)


def file_digest(salt: bytes, sha256: bytes) -> str:
    """What the entry of a file says of its bytes, whose SHA-256 is given."""
    return body_digest(salt, sha256).hex()


def event_entry(header_bytes: bytes, body_digest: bytes) -> bytes:
    """The entry of an event."""
    return header_bytes + body_digest


def entry_of(record: LogRecord) -> bytes:
    """The entry of an event that is stored."""
    return event_entry(record.header_bytes, record.body_digest)


def read_event_entry(entry: bytes) -> tuple[Header, bytes]:
    """The header and the body's digest of an entry of an event. Raises ProofBroken."""
    try:
        return decode_header(entry[:-DIGEST_BYTES]), entry[-DIGEST_BYTES:]
    except Unreadable as error:
        raise ProofBroken("The entry is no event: its header can't be read.") from error


def read_export_entry(entry: bytes) -> ExportEntry | None:
    """The file of an entry; None for an entry of an event. Raises ProofBroken."""
    if not entry.startswith(EXPORT_MARK):
        return None
    try:
        return read_json(entry[len(EXPORT_MARK) :], ExportEntry)
    except Unreadable as error:
        raise ProofBroken("The entry is no file that was taken home: its description can't be read.") from error


def bundle(entries: Iterable[bytes]) -> bytes:
    """A bundle of entries, each behind its length (c2sp.org/tlog-tiles)."""
    return b"".join(len(each).to_bytes(2, "big") + each for each in entries)


def read_bundle(data: bytes) -> Sequence[bytes]:
    """The entries of a bundle. Raises ProofBroken."""
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 2], "big")
        at += 2 + size
        if at > len(data):
            raise ProofBroken(f"The bundle ends within entry {len(entries)}.")
        entries.append(data[at - size : at])
    return entries
