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


class NamespaceBackup(StrEnum):
    """Where the entries of a namespace are stored."""

    IN_BACKUP = "in the backup"
    WITH_KEYS = "with the keys"
    LEFT_OUT = "left out"


NAMESPACES: dict[str, NamespaceBackup] = {
    "room": NamespaceBackup.IN_BACKUP,
    "planned": NamespaceBackup.IN_BACKUP,
    "conference": NamespaceBackup.IN_BACKUP,
    "look": NamespaceBackup.IN_BACKUP,
    "agenda-text": NamespaceBackup.IN_BACKUP,
    "agenda-note": NamespaceBackup.IN_BACKUP,
    "agenda-change": NamespaceBackup.IN_BACKUP,
    "link": NamespaceBackup.IN_BACKUP,  # digests of tokens of 160 random bits
    "tool-link": NamespaceBackup.IN_BACKUP,
    "program-token": NamespaceBackup.IN_BACKUP,  # digests of tokens, too
    "webhook": NamespaceBackup.WITH_KEYS,  # addresses, and the secrets that sign
    "webhook-told": NamespaceBackup.IN_BACKUP,  # what programs know; ids, no words
    "webhook-waiting": NamespaceBackup.IN_BACKUP,
    "webhook-lines": NamespaceBackup.LEFT_OUT,  # a list of attempts for those who look
    "outcome-waiting": NamespaceBackup.IN_BACKUP,  # documents that are still to be sent; ids, no words
    "outcome-secret": NamespaceBackup.WITH_KEYS,  # signs messages to the webhooks of bodies
    "hub": NamespaceBackup.IN_BACKUP,  # digests of machines' keys
    "abbreviations": NamespaceBackup.IN_BACKUP,
    "checked-lines": NamespaceBackup.IN_BACKUP,  # how far people have come with checking texts; no words
    "hub-held": NamespaceBackup.IN_BACKUP,
    "silenced": NamespaceBackup.IN_BACKUP,  # positions in sound; nodes that were away still have to silence them
    "balance-sums": NamespaceBackup.IN_BACKUP,
    "attendance": NamespaceBackup.IN_BACKUP,  # numbers of readers, without anything that leads to one
    "retention-period": NamespaceBackup.IN_BACKUP,  # what somebody has stated to be kept for longer must not go
    "retention": NamespaceBackup.IN_BACKUP,  # what is put off stays put off; what is due is found by the logs again
    "retention-time": NamespaceBackup.IN_BACKUP,  # for how long that was listed
    "person-removal": NamespaceBackup.IN_BACKUP,  # ordered and not done yet; places, no words and no name
    "tree": NamespaceBackup.IN_BACKUP,  # hashes and places, no words
    "tree-at": NamespaceBackup.IN_BACKUP,
    "tree-tile": NamespaceBackup.IN_BACKUP,
    "seal-wanted": NamespaceBackup.IN_BACKUP,  # offsets
    "seal-stamp": NamespaceBackup.IN_BACKUP,  # what authorities outside said of digests
    "witness": NamespaceBackup.LEFT_OUT,  # of other instances: an older one would cosign two histories
    "witness-conflict": NamespaceBackup.IN_BACKUP,
    "witness-key": NamespaceBackup.LEFT_OUT,  # a witness that lost what it had cosigned is another witness
    "asking": NamespaceBackup.WITH_KEYS,  # addresses of authors' pages and browsers' cookies are made with it
    "hub-secret": NamespaceBackup.WITH_KEYS,
    "sign-in": NamespaceBackup.WITH_KEYS,  # pseudonyms of accounts are made with it
    "hub-words": NamespaceBackup.LEFT_OUT,  # of a week at most; new ones are a click away
    "visitor": NamespaceBackup.LEFT_OUT,  # browsers of staff open their links again
    "ballots": NamespaceBackup.LEFT_OUT,  # destroyed seven days after the close; the numbers are in the log
    "balance": NamespaceBackup.LEFT_OUT,  # what people say of themselves, and its key
    "access-need": NamespaceBackup.LEFT_OUT,  # what people need, deleted a week after; a restore would bring it back
    "stream": NamespaceBackup.LEFT_OUT,  # addresses of streams, which may hold passwords
    "zoom": NamespaceBackup.LEFT_OUT,  # addresses by which captions go into Zoom meetings, each with its key
    "proposals": NamespaceBackup.LEFT_OUT,  # words that a second pass made; it can be made again
    "proposals-left": NamespaceBackup.LEFT_OUT,
    "own-words": NamespaceBackup.LEFT_OUT,  # words that speakers proposed; a restore could bring removed ones back
    "commitment": NamespaceBackup.IN_BACKUP,  # digests of secrets, no name and no words
    "rapporteur-address": NamespaceBackup.LEFT_OUT,  # a restore would bring back those of published reports
    "people": NamespaceBackup.LEFT_OUT,  # a restore would show pages again that speakers have switched off since
    "cluster": NamespaceBackup.LEFT_OUT,  # the change of the shared book that a node has; a restored folder has none
    "house": NamespaceBackup.LEFT_OUT,  # which key the nodes sign with; the first node says it anew
}
"""By namespace, or by the part of it before a colon: namespaces of single sessions have names such as
`ballots:NAME`.
"""

_Row = tuple[str, str, bytes]
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[_Row])


def chosen(entries: Iterable[BookEntry], kept: NamespaceBackup) -> list[BookEntry]:
    """The entries that are stored there, in order."""
    return [
        each for each in entries if NAMESPACES.get(each.namespace.partition(":")[0], NamespaceBackup.LEFT_OUT) is kept
    ]


def encode_entries(entries: Iterable[BookEntry]) -> bytes:
    """The bytes of entries in a backup: MessagePack."""
    return _encoder.encode([(each.namespace, each.key, each.body) for each in entries if each.body is not None])


def decode_entries(data: bytes) -> Sequence[BookEntry]:
    """Decode the entries of a backup. Raises RecordBroken."""
    try:
        return [BookEntry(*row) for row in read(_decoder, data)]
    except Unreadable as error:
        raise RecordBroken(f"The book of a backup, {len(data)} bytes, can't be read.") from error
