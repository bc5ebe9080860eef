"""The sentences of the agenda and of access needs. The keys are the English texts (agenda.po)."""

from __future__ import annotations

from moothall.services.programme.access_needs import RejectedNeed


class AgendaText:
    """Keys of the sentences that the doors say."""

    PART_LONG = "A part has at most {n} characters. Nothing was saved; what you wrote is still here."
    STATEMENT_LONG = "What is said of access has at most {n} characters. Nothing was saved."
    SLOW = "Much came from your network in a short time. Please wait a minute, then send it again: it is still here."


REJECTED = {
    RejectedNeed.TEXT: "Please write what you need, in at most {n} characters.",
    RejectedNeed.NAME: "That name is too long: at most {n} characters.",
    RejectedNeed.REACH: "How to reach you is too long: at most {n} characters.",
    RejectedNeed.FULL: "This form takes nothing more at the moment. Please tell the organisers in another way.",
    RejectedNeed.UNAVAILABLE: "It could not be stored at the moment. Please try again in a minute.",
}
"""Why a need was not taken."""
