"""The sentences about proofs: what one shows, what it doesn't, and why there is none.

A module by itself: the page has them in the reader's language, `moothall verify` in English, without a web server.
"""

from __future__ import annotations

import msgspec

from moothall.core.events.codec import UnknownEvent
from moothall.core.events.lines import Origin, SegmentCorrected, SegmentEnded
from moothall.core.events.types import AnyEvent


class ProofText:
    """Keys of the sentences of these addresses."""

    NOWHERE = "There is no such line in this meeting, or it has no words yet."
    REHEARSAL = "A rehearsal has no proofs, since none of it stays."
    REMOVED = "These words were removed, and so was what it takes to prove them."
    LATER = "The proof is ready within two minutes. Please come back then."
    STILL = "No new proofs are made at the moment. Whoever runs this server knows why."
    BUSY = "Many proofs are wanted at the moment. Please try again in a minute."
    NO_STAMP = "No seal of this meeting has a time stamp."
    NOT_OVER = "While the meeting goes on, this file changes. Its proof can be had when the meeting is over."
    SINCE = "Unaltered since {since}; changes after {until} can't be seen offline."
    SINCE_VERSION = "Unaltered since {since}, version “{version}”; changes after {until} can't be seen offline."
    HEARD = "This doesn't say that the words were heard right: heard by a machine, unchecked."
    BETTERED = "This doesn't say that the words were heard right: heard by a machine, twice, unchecked."
    MENDED = "This doesn't say that the words were heard right: a person has mended them."
    WRITTEN = "This doesn't say that the words were heard right: a person has written them."
    TRANSLATED = "This doesn't say that the words were translated right: translated by a machine, unchecked."


_BY_ORIGIN = {
    Origin.MACHINE: ProofText.HEARD,
    Origin.PERSON: ProofText.WRITTEN,
    Origin.INTERPRETER: ProofText.WRITTEN,
    Origin.SPEAKER: ProofText.WRITTEN,
    Origin.TRANSLATED: ProofText.TRANSLATED,
}


def source_text(event: AnyEvent | UnknownEvent, origin: str) -> str:
    """The key of the sentence about how the words of a line came about; empty for other events, and where the server
    didn't say it.

    `origin` is what the server says of the line, since the event that ends a line doesn't: whoever ends it need not
    have written it. That a person has mended a line is in the event itself.
    """
    if isinstance(event, SegmentCorrected) and not event.machine:
        return ProofText.MENDED
    if isinstance(event, SegmentCorrected) and origin == Origin.MACHINE and event.made_from is msgspec.UNSET:
        # Where a line was split no word of it was bettered.
        return ProofText.BETTERED if event.text or event.base_words else ProofText.HEARD
    known = isinstance(event, SegmentEnded | SegmentCorrected) and origin in tuple(Origin)
    return _BY_ORIGIN[Origin(origin)] if known else ""
