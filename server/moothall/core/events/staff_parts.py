"""What the events of the staff's notes and of the report's preparation are made of."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from moothall.core.kernel.ids import PolicyQuestionId


class Tag(StrEnum):
    """What a line is to whoever reports on the meeting."""

    AGREED = "agreed"
    """All who spoke of it agree."""
    DIVERGING = "diverging"
    """A view that others don't share."""
    OPTION = "option"
    """Something that could be done."""


class PolicyQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question that the meeting is to shed light on."""

    id: PolicyQuestionId
    """Unique in the session; it stays when the wording is mended."""
    text: str
    """What it asks."""
