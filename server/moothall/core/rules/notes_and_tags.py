"""The rules of the staff's notes, of a session's policy questions, and of the tags of its lines."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core import commands as do
from moothall.core.events import hubs as he
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import types as ev
from moothall.core.events.notes_and_tags import PolicyQuestion
from moothall.core.hubs.presence import is_or_is_below, way_to
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import PolicyQuestionId, is_name
from moothall.core.sessions.state import State

MAX_NOTE = 10_000
"""Characters of a note."""
MOST_NOTES = 5_000
"""Notes of a session that can be confirmed."""
MOST_OF_HUB = 300
"""Notes of a session from one top hub and the hubs below it, so that they leave room for the notes of others."""
MOST_OF_HUBS = 4_000
"""Notes of a session from all hubs, so that hubs always leave room for the notes of the staff."""
MAX_QUESTION = 500
"""Characters of a policy question."""
MOST_QUESTIONS = 20
"""Policy questions of a session. The forms of the IGF ask for three, and a day of them has fewer than twenty."""
MOST_TAGGED = 2_000
"""Lines of a session that have, or once had, a tag."""


_STRANGERS = frozenset({Role.ENGINE, Role.TRANSLATOR, Role.SYSTEM, Role.PARTICIPANT, Role.READER, Role.HUB})
"""Roles without a desk: a note can't be addressed to them."""


def decide_staff(state: State, command: do.StaffCommand, actor: Actor) -> Sequence[ev.AnyEvent] | Refusal:
    """The events of a command about notes, policy questions or tags, or a refusal."""
    match command:
        case do.LeaveNote():
            return _note(state, command)
        case do.LeaveHubNote():
            return _hub_note(state, command, actor)
        case do.ReadNote():
            if state.notes_and_tags.notes.get(command.note) != "":
                return _no_note()
            return [ne.NoteRead(note=command.note)]
        case do.ReadHubNote():
            if not command.hub or state.notes_and_tags.notes.get(command.note) != command.hub:
                return _no_note()
            return [he.HubNoteRead(hub=command.hub, note=command.note, by=actor.role)]
        case do.ListPolicyQuestions():
            return _questions(state, command)
        case _:
            return _tag(state, command)


def listed(texts: Sequence[str], before: Sequence[PolicyQuestion]) -> tuple[PolicyQuestion, ...]:
    """Policy questions with these texts, in this order. A text that was listed before keeps its id.

    A new text at the position of one that is missing now counts as an edit of that one, and takes over its id.
    """
    wanted = list(dict.fromkeys(each for text in texts if (each := " ".join(text.split()))))
    left = {question.text: question for question in before}
    kept = [left.pop(text, None) for text in wanted]
    taken = {question.id for question in before}
    made: list[PolicyQuestion] = []
    for n, (text, known) in enumerate(zip(wanted, kept, strict=True)):
        here = before[n].text if n < len(before) else ""
        same = known or left.pop(here, None)
        name = PolicyQuestionId(_free(taken)) if same is None else same.id
        taken.add(name)
        made.append(PolicyQuestion(id=name, text=text))
    return tuple(made)


def _free(taken: set[PolicyQuestionId]) -> str:
    return next(name for n in range(1, len(taken) + 2) if (name := f"q{n}") not in taken)


def _no_note() -> Refusal:
    return refuse(RefusalCode.UNKNOWN, "The session has no such note.")


def _unfit(state: State, note: str, text: str) -> Refusal | None:
    if not 0 < len(text.strip()) <= MAX_NOTE:
        return refuse(RefusalCode.INVALID, f"A note has 1 to {MAX_NOTE} characters.")
    if not note:
        return None
    if not is_name(note):
        return refuse(RefusalCode.INVALID, "A note needs an id.")
    if note in state.notes_and_tags.notes:
        return refuse(RefusalCode.CONFLICT, "A note with this id already exists.")
    if len(state.notes_and_tags.notes) >= MOST_NOTES:
        return refuse(RefusalCode.CONFLICT, f"The session has too many notes (limit {MOST_NOTES}).")
    return None


def _note(state: State, command: do.LeaveNote) -> Sequence[ev.AnyEvent] | Refusal:
    if command.to in _STRANGERS:
        return refuse(RefusalCode.INVALID, "A note must be for one role of the staff, or for all of them.")
    unfit = _unfit(state, command.note, command.text)
    return [ne.NoteLeft(text=command.text, note=command.note, to=command.to)] if unfit is None else unfit


def _hub_note(state: State, command: do.LeaveHubNote, actor: Actor) -> Sequence[ev.AnyEvent] | Refusal:
    if not is_name(command.hub) or not command.note:
        return refuse(RefusalCode.INVALID, "A note to or from a hub needs an id and the hub's id.")
    unfit = _unfit(state, command.note, command.text)
    if unfit is not None:
        return unfit
    if actor.role is Role.HUB:
        hubs, top = [hub for _, hub in state.notes_and_tags.notes.items() if hub], way_to(command.hub)[0]
        if len(hubs) >= MOST_OF_HUBS or sum(is_or_is_below(hub, top) for hub in hubs) >= MOST_OF_HUB:
            return refuse(
                RefusalCode.CONFLICT,
                f"The session has too many notes of hubs (limit {MOST_OF_HUB} for one hub, {MOST_OF_HUBS} for all).",
            )
    return [he.HubNoteLeft(hub=command.hub, note=command.note, text=command.text, by=actor.role)]


def _questions(state: State, command: do.ListPolicyQuestions) -> Sequence[ev.AnyEvent] | Refusal:
    names = [each.id for each in command.questions]
    if len(names) > MOST_QUESTIONS or len(set(names)) < len(names) or not all(map(is_name, names)):
        message = f"A session has up to {MOST_QUESTIONS} policy questions, each with a short name of its own."
        return refuse(RefusalCode.INVALID, message)
    if any(not 0 < len(each.text.strip()) <= MAX_QUESTION for each in command.questions):
        return refuse(RefusalCode.INVALID, f"A policy question has 1 to {MAX_QUESTION} characters.")
    if command.questions == state.notes_and_tags.questions:
        return refuse(RefusalCode.CONFLICT, "The policy questions are already listed in this way.")
    return [ne.PolicyQuestionsListed(questions=command.questions)]


def _tag(state: State, command: do.TagSegment) -> Sequence[ev.AnyEvent] | Refusal:
    before = state.notes_and_tags.tag(command.segment, command.question)
    if before == command.tag:
        return refuse(RefusalCode.CONFLICT, "The line already has this tag, or has no tag to take away.")
    tagged = ne.SegmentTagged(segment=command.segment, tag=command.tag, question=command.question)
    if command.tag is None:
        return [tagged]
    line = state.segments.get(command.segment)
    if line is None or line.gone:
        return refuse(RefusalCode.UNKNOWN, "The record has no such line.")
    known = {each.id for each in state.notes_and_tags.questions}
    # A line that is tagged already may change its tag, even when the question has been taken from the list since.
    if command.question is not None and command.question not in known and before is None:
        return refuse(RefusalCode.UNKNOWN, "The session has no such policy question.")
    if command.segment not in state.notes_and_tags.tags and len(state.notes_and_tags.tags) >= MOST_TAGGED:
        return refuse(RefusalCode.CONFLICT, f"Too many lines have tags (limit {MOST_TAGGED}).")
    return [tagged]
