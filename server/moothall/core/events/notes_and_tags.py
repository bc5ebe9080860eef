"""Every fact about notes of the staff, and about tags of lines for the report."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from moothall.core.events.base import Event, StaffEvent
from moothall.core.events.hubs import HubNoteLeft, HubNoteRead
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import NoteId, PolicyQuestionId, SegmentId


class Tag(StrEnum):
    """A mark of a line for the report."""

    AGREED = "agreed"
    """All who spoke about the matter agree."""
    DIVERGING = "diverging"
    """A view that others don't share."""
    OPTION = "option"
    """Something that could be done."""


class PolicyQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question of the programme under which lines are tagged for the report."""

    id: PolicyQuestionId
    """Unique in the session; stays the same when the wording is edited."""
    text: str
    """The question's wording."""


class NoteLeft(StaffEvent, frozen=True, kw_only=True, tag="note.left"):
    """Somebody of the staff wrote a note to others of the staff."""

    text: str
    """The text of the note."""
    note: NoteId = NoteId("")
    """The note's id, unique in the session; empty for a note that can't be confirmed as read."""
    to: Role | None = None
    """The role to which the note is addressed; null for all. Other roles of the staff can read it too."""


class NoteRead(StaffEvent, frozen=True, kw_only=True, tag="note.read"):
    """Somebody of the staff, whom the header names, confirmed that they have read a note."""

    note: NoteId
    """The note that was read."""


class PolicyQuestionsListed(Event, frozen=True, kw_only=True, tag="policy-questions.listed"):
    """The policy questions of the session were set. They replace the previous list."""

    questions: tuple[PolicyQuestion, ...]
    """All policy questions, in their order."""


class SegmentTagged(StaffEvent, frozen=True, kw_only=True, tag="segment.tagged"):
    """A line was tagged for the report, or lost its tag."""

    segment: SegmentId
    """The line."""
    tag: Tag | None
    """`agreed`, `diverging` or `option`; null removes the tag."""
    question: PolicyQuestionId | None = None
    """The policy question under which the line is tagged; null for none. A line has at most one tag under each
    question.
    """


NoteOrTag = NoteLeft | NoteRead | HubNoteLeft | HubNoteRead | PolicyQuestionsListed | SegmentTagged
