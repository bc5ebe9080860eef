from __future__ import annotations

from asking import MODERATOR
from deciding import carry_out, events, speaking
from moothall.core import commands as do
from moothall.core.events.staff_parts import PolicyQuestion, Tag
from moothall.core.kernel.ids import NoteId, PolicyQuestionId, SegmentId
from moothall.core.rules.undo import Reading, read_act
from moothall.core.session.state import State

A = SegmentId("a")
Q1 = PolicyQuestion(id=PolicyQuestionId("q1"), text="Who pays?")


def said() -> State:
    return carry_out(speaking(), do.ListPolicyQuestions(questions=(Q1,)))


def read(state: State, command: do.AnyCommand) -> Reading:
    return read_act(state, events(state, command, actor=MODERATOR))


def test_a_tag_is_undone_by_the_one_before() -> None:
    agreed = do.TagLine(segment=A, tag=Tag.AGREED, question=Q1.id)
    option = do.TagLine(segment=A, tag=Tag.OPTION, question=Q1.id)
    untagged = do.TagLine(segment=A, tag=None, question=Q1.id)
    assert read(said(), agreed) == Reading((agreed,), (untagged,))
    state = carry_out(said(), agreed)
    assert read(state, option) == Reading((option,), (agreed,))
    assert read(state, untagged) == Reading((untagged,), (agreed,))


def test_a_list_of_questions_is_undone_by_the_one_before() -> None:
    none = do.ListPolicyQuestions(questions=())
    assert read(said(), none) == Reading((none,), (do.ListPolicyQuestions(questions=(Q1,)),))


def test_notes_stay_and_that_one_was_read_is_no_act() -> None:
    note = do.LeaveNote(text="x", note=NoteId("n"))
    to_hub = do.LeaveHubNote(hub="kisumu", note=NoteId("h"), text="x")
    assert read(said(), note) == Reading((note,), ())
    assert read(said(), to_hub) == Reading((to_hub,), ())
    state = carry_out(said(), note, to_hub, actor=MODERATOR)
    assert read(state, do.ReadNote(note=NoteId("n"))) == Reading((), ())
    assert read(state, do.ReadHubNote(hub="kisumu", note=NoteId("h"))) == Reading((), ())
