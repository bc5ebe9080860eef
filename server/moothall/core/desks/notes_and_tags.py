"""The staff's notes and the tags for the report, folded from their events, with the fields that the session writer
needs.
"""

from __future__ import annotations

from collections import Counter

import msgspec

from moothall.core.events import hubs as he
from moothall.core.events import notes_and_tags as ne
from moothall.core.events.notes_and_tags import PolicyQuestion, Tag
from moothall.core.hubs.presence import way_to
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import NoteId, PolicyQuestionId, SegmentId
from moothall.core.kernel.persistent import PersistentMap

HUB_NOTES = 50
"""Notes to and from hubs in the state, for all hubs together. Overflow: the oldest note of the hub that has most of
them is dropped from the state and stays in the log, so that no hub displaces the notes of others.
"""


class HubNote(msgspec.Struct, frozen=True, kw_only=True):
    """A note between the centre and a hub."""

    note: NoteId
    hub: str
    by: Role
    """The role of the author."""
    text: str
    at: int
    """Unix ms."""
    read: tuple[Role, ...] = ()
    """The roles that confirmed that they have read it."""


class Tagged(msgspec.Struct, frozen=True):
    """A tag of a line."""

    question: PolicyQuestionId | None
    """The policy question under which the line is tagged; None for none."""
    tag: Tag


class NotesAndTags(msgspec.Struct, frozen=True, kw_only=True):
    """What the staff of a session work with besides the text."""

    notes: PersistentMap[NoteId, str] = msgspec.field(default_factory=PersistentMap)
    """The hub of each note that can be confirmed; empty for a note among the staff."""
    hub_notes: tuple[HubNote, ...] = ()
    """The newest notes, oldest first."""
    questions: tuple[PolicyQuestion, ...] = ()
    tags: PersistentMap[SegmentId, tuple[Tagged, ...]] = msgspec.field(default_factory=PersistentMap)
    """The tags of each line, at most one for each question."""

    def tag(self, segment: SegmentId, question: PolicyQuestionId | None) -> Tag | None:
        """The tag of a line under a question, or None."""
        found = self.tags.get(segment) or ()
        return next((each.tag for each in found if each.question == question), None)


def _at_hand(notes: tuple[HubNote, ...]) -> tuple[HubNote, ...]:
    if len(notes) <= HUB_NOTES:
        return notes
    each_has = Counter(way_to(note.hub)[0] for note in notes)
    most = max(each_has.values())
    gone = next(n for n, note in enumerate(notes) if each_has[way_to(note.hub)[0]] == most)
    return notes[:gone] + notes[gone + 1 :]


def evolve_notes_and_tags(notes_and_tags: NotesAndTags, event: ne.NoteOrTag, at: int) -> NotesAndTags:
    """Return the notes and tags after `event`, logged at Unix ms `at`; the same object where nothing changes."""
    replace = msgspec.structs.replace
    match event:
        case ne.NoteLeft():
            return (
                replace(notes_and_tags, notes=notes_and_tags.notes.set(event.note, ""))
                if event.note
                else notes_and_tags
            )
        case he.HubNoteLeft():
            left = HubNote(note=event.note, hub=event.hub, by=event.by, text=event.text, at=at)
            return replace(
                notes_and_tags,
                notes=notes_and_tags.notes.set(event.note, event.hub),
                hub_notes=_at_hand((*notes_and_tags.hub_notes, left)),
            )
        case he.HubNoteRead():
            read = tuple(
                replace(each, read=(*each.read, event.by))
                if each.note == event.note and event.by not in each.read
                else each
                for each in notes_and_tags.hub_notes
            )
            return replace(notes_and_tags, hub_notes=read)
        case ne.PolicyQuestionsListed():
            return replace(notes_and_tags, questions=event.questions)
        case ne.SegmentTagged():
            others = tuple(
                each for each in notes_and_tags.tags.get(event.segment) or () if each.question != event.question
            )
            tags = others if event.tag is None else (*others, Tagged(event.question, event.tag))
            return replace(notes_and_tags, tags=notes_and_tags.tags.set(event.segment, tags))
        case _:
            return notes_and_tags  # Only the header says who has read a note, and nothing depends on it.
