"""Which entries of the book a backup contains, by namespace.

This is a table and not a rule, so that whoever adds a namespace has to decide; a test checks that. A namespace that is
missing here is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec

from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import RecordBroken
from moothall.core.ports import BookEntry


class Kept(StrEnum):
    """Where the entries of a namespace are stored."""

    IN_BACKUP = "in the backup"
    WITH_KEYS = "with the keys"
    LEFT_OUT = "left out"


NAMESPACES: dict[str, Kept] = {
    "room": Kept.IN_BACKUP,
    "planned": Kept.IN_BACKUP,
    "conference": Kept.IN_BACKUP,
    "look": Kept.IN_BACKUP,
    "agenda-text": Kept.IN_BACKUP,
    "agenda-note": Kept.IN_BACKUP,
    "agenda-change": Kept.IN_BACKUP,
    "link": Kept.IN_BACKUP,  # digests of tokens of 160 random bits
    "tool-link": Kept.IN_BACKUP,
    "hub": Kept.IN_BACKUP,  # digests of machines' keys
    "abbreviations": Kept.IN_BACKUP,
    "hub-held": Kept.IN_BACKUP,
    "balance-sums": Kept.IN_BACKUP,
    "asking": Kept.WITH_KEYS,  # addresses of authors' pages and browsers' cookies are made with it
    "hub-secret": Kept.WITH_KEYS,
    "sign-in": Kept.WITH_KEYS,  # pseudonyms of accounts are made with it
    "hub-words": Kept.LEFT_OUT,  # of a week at most; new ones are a click away
    "visitor": Kept.LEFT_OUT,  # browsers of staff open their links again
    "ballots": Kept.LEFT_OUT,  # destroyed seven days after the close; the numbers are in the log
    "balance": Kept.LEFT_OUT,  # what people say of themselves, and its key
    "access-need": Kept.LEFT_OUT,  # what people need, deleted a week after; a restore would bring it back
    "stream": Kept.LEFT_OUT,  # addresses of streams, which may hold passwords
    "zoom": Kept.LEFT_OUT,  # addresses by which captions go into Zoom meetings, each with its key
    "proposals": Kept.LEFT_OUT,  # words that a second pass made; it can be made again
    "proposals-left": Kept.LEFT_OUT,
    "cluster": Kept.LEFT_OUT,  # which change of the shared book a node has: a restored folder is of no cluster
    "house": Kept.LEFT_OUT,  # which key the nodes sign with; the first node says it anew
}
"""By namespace, or by the part of it before a colon: namespaces of single sessions have names such as
`ballots:NAME`.
"""

_Row = tuple[str, str, bytes]
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[_Row])


def chosen(entries: Iterable[BookEntry], kept: Kept) -> list[BookEntry]:
    """The entries that are stored there, in order."""
    return [each for each in entries if NAMESPACES.get(each.namespace.partition(":")[0], Kept.LEFT_OUT) is kept]


def encode_entries(entries: Iterable[BookEntry]) -> bytes:
    """The bytes of entries in a backup: MessagePack."""
    return _encoder.encode([(each.namespace, each.key, each.body) for each in entries if each.body is not None])


def decode_entries(data: bytes) -> Sequence[BookEntry]:
    """Decode the entries of a backup. Raises RecordBroken."""
    try:
        return [BookEntry(*row) for row in read(_decoder, data)]
    except Unreadable as error:
        raise RecordBroken(f"The book of a backup, {len(data)} bytes, can't be read.") from error
