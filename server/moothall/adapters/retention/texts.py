"""Sentences of the pages about keeping and forgetting. The English texts are the message keys (retention.po)."""

from __future__ import annotations

from moothall.core.retention.periods import DUE, STAFF_DUE, KeptKind


class RetentionText:
    """Message keys of the sentences that handlers show."""

    PERIOD = "Write how long as a number of days, from 1 to 99999."
    PUT_OFF = "To keep something for longer, say why, and for how many days."
    NOT_LISTED = "That is not in the list any more."
    NOBODY = "Choose a person, or paste the private address of a question. A name alone is not enough."
    NOTHING = "Nothing of this is in any meeting."
    MANY = "Too many removals are under way. Try again when one is done."


KINDS = {
    KeptKind.TEXT: "What was said and asked in public",
    KeptKind.SOUND: "Published sound",
    KeptKind.STAFF: "Notes and marks of those who work here",
    KeptKind.QUESTIONS: "Questions that nobody published, and who asked",
}
"""Message keys of the kinds."""
REASONS = {
    "request": "On request",
    "not-recorded": "It was not to be recorded",
    DUE: "Its time was over",
    STAFF_DUE: "Its time was over",
}
"""Message keys of the reasons of removals."""
OTHER_REASON = "Another reason"
SOUND_REASON = "The sound is kept no longer"
