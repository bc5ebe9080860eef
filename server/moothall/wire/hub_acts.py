"""What the room of a hub can do, as `moothall.wire.hub` sends it up and brings it along."""

from __future__ import annotations

import msgspec

from moothall.core.events.question_parts import Kind
from moothall.core.kernel.ids import InterventionId, NoteId


class AskAct(msgspec.Struct, frozen=True, kw_only=True, tag="ask"):
    """Somebody in the room asks or comments, or wants to speak."""

    intervention: InterventionId
    kind: Kind
    text: str
    language: str
    name: str = ""
    asker: str = ""
    """Tells those who ask apart, in this room alone; no name."""


class TakeBackAct(msgspec.Struct, frozen=True, kw_only=True, tag="take-back"):
    """Its author takes an intervention back."""

    intervention: InterventionId


class SupportAct(msgspec.Struct, frozen=True, kw_only=True, tag="support"):
    """How many in the room would ask this too, altogether."""

    intervention: InterventionId
    count: int


class HeadCountAct(msgspec.Struct, frozen=True, kw_only=True, tag="heads"):
    """How many are in the room."""

    people: int


class NoteAct(msgspec.Struct, frozen=True, kw_only=True, tag="note"):
    """The coordinator tells the moderator something."""

    note: NoteId
    text: str


class NoteReadAct(msgspec.Struct, frozen=True, kw_only=True, tag="note-read"):
    """The coordinator has read a note."""

    note: NoteId


AnyAct = AskAct | TakeBackAct | SupportAct | HeadCountAct | NoteAct | NoteReadAct
"""What a room can do."""
