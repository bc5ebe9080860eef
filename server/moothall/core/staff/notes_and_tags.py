"""The staff's notes and the report's preparation as the session writer needs them: the fold of their events."""

from __future__ import annotations

from collections import Counter

import msgspec

from moothall.core.events import types as ev
from moothall.core.events.types import PolicyQuestion, Tag
from moothall.core.hubs.presence import way_to
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import NoteId, PolicyQuestionId, SegmentId
from moothall.core.kernel.persistent import PersistentMap

HUB_NOTES = 50
"""Notes to and from hubs that are at hand, all hubs together. Overflow: of the hub that has most of them the oldest is
in the log alone, so that none hides what the others have written.
"""


class HubNote(msgspec.Struct, frozen=True, kw_only=True):
    """A note between the centre and a hub."""

    note: NoteId
    hub: str
    by: Role
    """Who wrote it."""
    text: str
    at: int
    """Unix ms."""
    read: tuple[Role, ...] = ()
    """Who said that they have read it."""


class Tagged(msgspec.Struct, frozen=True):
    """A tag of a line."""

    question: PolicyQuestionId | None
    """Under which question; None for none."""
    tag: Tag


class NotesAndTags(msgspec.Struct, frozen=True, kw_only=True):
    """What the staff of a session work with beside its text."""

    notes: PersistentMap[NoteId, str] = msgspec.field(default_factory=PersistentMap)
    """The hub of each note that can be confirmed; empty for those among the staff."""
    hub_notes: tuple[HubNote, ...] = ()
    """The last ones, oldest first."""
    questions: tuple[PolicyQuestion, ...] = ()
    tags: PersistentMap[SegmentId, tuple[Tagged, ...]] = msgspec.field(default_factory=PersistentMap)
    """Of each line, at most one a question."""

    def tag(self, segment: SegmentId, question: PolicyQuestionId | None) -> Tag | None:
        """The tag of a line under a question."""
        found = self.tags.get(segment) or ()
        return next((each.tag for each in found if each.question == question), None)


def _at_hand(notes: tuple[HubNote, ...]) -> tuple[HubNote, ...]:
    if len(notes) <= HUB_NOTES:
        return notes
    each_has = Counter(way_to(note.hub)[0] for note in notes)
    most = max(each_has.values())
    gone = next(n for n, note in enumerate(notes) if each_has[way_to(note.hub)[0]] == most)
    return notes[:gone] + notes[gone + 1 :]


def evolve_notes_and_tags(notes_and_tags: NotesAndTags, event: ev.NoteOrTag, at: int) -> NotesAndTags:
    """What the staff work with after `event`, logged at Unix ms `at`; the same object where it changes nothing."""
    replace = msgspec.structs.replace
    match event:
        case ev.NoteLeft():
            return (
                replace(notes_and_tags, notes=notes_and_tags.notes.set(event.note, ""))
                if event.note
                else notes_and_tags
            )
        case ev.HubNoteLeft():
            left = HubNote(note=event.note, hub=event.hub, by=event.by, text=event.text, at=at)
            return replace(
                notes_and_tags,
                notes=notes_and_tags.notes.set(event.note, event.hub),
                hub_notes=_at_hand((*notes_and_tags.hub_notes, left)),
            )
        case ev.HubNoteRead():
            read = tuple(
                replace(each, read=(*each.read, event.by))
                if each.note == event.note and event.by not in each.read
                else each
                for each in notes_and_tags.hub_notes
            )
            return replace(notes_and_tags, hub_notes=read)
        case ev.PolicyQuestionsListed():
            return replace(notes_and_tags, questions=event.questions)
        case ev.SegmentTagged():
            others = tuple(
                each for each in notes_and_tags.tags.get(event.segment) or () if each.question != event.question
            )
            tags = others if event.tag is None else (*others, Tagged(event.question, event.tag))
            return replace(notes_and_tags, tags=notes_and_tags.tags.set(event.segment, tags))
        case _:
            return notes_and_tags  # Who has read a note stands in the header; it bears on nothing.
