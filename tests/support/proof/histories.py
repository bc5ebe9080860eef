"""Two histories of one log that begin alike, both signed with its key."""

from __future__ import annotations

from moothall.core.proof.hashes import consistency_proof, leaf_hash, root_of
from moothall.core.proof.notes import SignedNote
from moothall.core.proof.tiles import Edge, grown, perfect_from
from moothall.core.proof.witnessing import WitnessRequest
from support.proof.keys import log_key


class History:
    """A log's tree, in which each leaf is a word."""

    def __init__(self, *words: str) -> None:
        self.tiles = grown(Edge(), [leaf_hash(word.encode()) for word in words]).tiles
        self.perfect = perfect_from(lambda level, n: self.tiles[level, n])

    def note(self, size: int) -> SignedNote:
        return log_key().checkpoint(size, root_of(size, self.perfect))

    def request(self, old: int, new: int) -> WitnessRequest:
        return WitnessRequest(old, tuple(consistency_proof(old, new, self.perfect)), self.note(new))


TRUE = History(*["the", "whole", "truth", "and", "nothing", "but", "the", "truth"])
FALSE = History(*["the", "whole", "lie", "and", "nothing", "but", "the", "lie"])
