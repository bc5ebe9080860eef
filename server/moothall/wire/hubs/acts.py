"""The acts of the people in a hub's room, which a hub sends to the server above (`messages.Act`)."""

from __future__ import annotations

import msgspec

from moothall.core.events.question_parts import InterventionKind, InterventionStatus, OpinionSums
from moothall.core.kernel.ids import InterventionId, NoteId, PollId


class AskAct(msgspec.Struct, frozen=True, kw_only=True, tag="ask"):
    """Somebody in the room submits an intervention: a question, a comment or a request to speak."""

    intervention: InterventionId
    kind: InterventionKind
    text: str
    language: str
    name: str = ""
    """The author's name; empty when none was given."""
    asker: str = ""
    """A pseudonym by which authors within this room are distinguished; it has no meaning in other rooms."""


class StandAct(msgspec.Struct, frozen=True, kw_only=True, tag="stand"):
    """The author of an intervention withdraws or postpones it, or returns it to the queue or the check."""

    intervention: InterventionId
    status: InterventionStatus


class HoldAct(msgspec.Struct, frozen=True, kw_only=True, tag="hold"):
    """The author of a called intervention needs longer to begin."""

    intervention: InterventionId


class TypeAct(msgspec.Struct, frozen=True, kw_only=True, tag="type"):
    """The author of a called intervention has typed a line of text."""

    intervention: InterventionId
    line: str
    """Id of the line, chosen by the author's page: up to 24 lower-case letters and digits."""
    text: str


class ReportAct(msgspec.Struct, frozen=True, kw_only=True, tag="report"):
    """Somebody in the room reports an intervention as rude."""

    intervention: InterventionId


class SupportAct(msgspec.Struct, frozen=True, kw_only=True, tag="support"):
    """The total number of people in the room who support an intervention."""

    intervention: InterventionId
    count: int


class HandsAct(msgspec.Struct, frozen=True, kw_only=True, tag="hands"):
    """The total votes of the room for each option of a show of hands; single ballots never leave the room."""

    poll: PollId
    counts: tuple[int, ...]


class OpinionsAct(msgspec.Struct, frozen=True, kw_only=True, tag="opinions"):
    """The total votes of the room on comments; single votes never leave the room."""

    people: int
    """How many people of the room have voted."""
    sums: dict[InterventionId, OpinionSums]


class HeadCountAct(msgspec.Struct, frozen=True, kw_only=True, tag="heads"):
    """The number of people in the room."""

    people: int


class NoteAct(msgspec.Struct, frozen=True, kw_only=True, tag="note"):
    """The hub's coordinator sends a note to the moderator."""

    note: NoteId
    text: str


class NoteReadAct(msgspec.Struct, frozen=True, kw_only=True, tag="note-read"):
    """The coordinator has read a note."""

    note: NoteId


AnyAct = (
    AskAct
    | StandAct
    | HoldAct
    | TypeAct
    | ReportAct
    | SupportAct
    | HandsAct
    | OpinionsAct
    | HeadCountAct
    | NoteAct
    | NoteReadAct
)
"""All acts of the people in a hub's room."""
