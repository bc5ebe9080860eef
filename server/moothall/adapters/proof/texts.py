"""The sentences about proofs: what one shows, what it doesn't, and why there is none.

A module by itself: the page has them in the reader's language, `moothall verify` in English, without a web server.
"""

from __future__ import annotations

from moothall.core.chain import Header
from moothall.core.events.codec import decode_event
from moothall.core.events.types import SegmentCorrected
from moothall.core.kernel.actors import Role


class ProofText:
    """Keys of the sentences of these addresses."""

    NOWHERE = "There is no such line in this meeting, or it has no words yet."
    REHEARSAL = "A rehearsal has no proofs, since none of it stays."
    REMOVED = "These words were removed, and so was what it takes to prove them."
    LATER = "The proof is ready within two minutes. Please come back then."
    STILL = "No new proofs are made at the moment. Whoever runs this server knows why."
    BUSY = "Many proofs are wanted at the moment. Please try again in a minute."
    NOT_OVER = "While the meeting goes on, this file changes. Its proof can be had when the meeting is over."
    SINCE = "Unaltered since {since}; changes after {until} can't be seen offline."
    SINCE_VERSION = "Unaltered since {since}, version “{version}”; changes after {until} can't be seen offline."
    HEARD = "This doesn't say that the words were heard right: heard by a machine, unchecked."
    BETTERED = "This doesn't say that the words were heard right: heard by a machine, twice, unchecked."
    MENDED = "This doesn't say that the words were heard right: a person has mended them."
    WRITTEN = "This doesn't say that the words were heard right: a person has written them."
    TRANSLATED = "This doesn't say that the words were translated right: translated by a machine, unchecked."


def source_text(header: Header, body: bytes) -> str:
    """The key of the sentence about how the words came about, as far as the event itself proves it."""
    event = decode_event(body)
    if header.role is Role.TRANSLATOR:
        return ProofText.TRANSLATED
    if isinstance(event, SegmentCorrected) and not event.machine:
        return ProofText.MENDED
    if isinstance(event, SegmentCorrected):
        return ProofText.BETTERED
    return ProofText.HEARD if header.role is Role.ENGINE else ProofText.WRITTEN
