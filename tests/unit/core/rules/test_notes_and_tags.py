from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core import commands as do
from moothall.core.events import hubs as he
from moothall.core.events import notes_and_tags as ne
from moothall.core.events.notes_and_tags import PolicyQuestion, Tag
from moothall.core.events.question_parts import InterventionKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import InterventionId, NoteId, PolicyQuestionId, SegmentId
from moothall.core.rules.authority import COMMANDS, STAFF_ROLES, may_send
from moothall.core.rules.notes_and_tags import (
    MAX_NOTE,
    MAX_QUESTION,
    MOST_NOTES,
    MOST_OF_HUB,
    MOST_OF_HUBS,
    MOST_QUESTIONS,
    MOST_TAGGED,
    listed,
)
from moothall.core.sessions.state import State
from support.sessions.deciding import FLOOR, carry_out, created, events, refused, speaking
from support.sessions.questions import MODERATOR

KISUMU = Actor(Role.HUB, "l1", hub="kisumu")
A = SegmentId("a")


def note(name: str = "n", text: str = "Water, please.", to: Role | None = None) -> do.LeaveNote:
    return do.LeaveNote(text=text, note=NoteId(name), to=to)


def to_hub(name: str = "h", text: str = "You are next.", hub: str = "kisumu") -> do.LeaveHubNote:
    return do.LeaveHubNote(hub=hub, note=NoteId(name), text=text)


def question(name: str, text: str = "Who pays?") -> PolicyQuestion:
    return PolicyQuestion(id=PolicyQuestionId(name), text=text)


def tag(what: Tag | None, under: str | None = "q1", segment: SegmentId = A) -> do.TagSegment:
    return do.TagSegment(segment=segment, tag=what, question=None if under is None else PolicyQuestionId(under))


def said(*names: str) -> State:
    """The lines a and b, and more of these names, under two questions."""
    lines = (do.TypeSegment(channel=FLOOR, segment=SegmentId(name), text="x", language="en") for name in names)
    return carry_out(speaking(), *lines, do.ListPolicyQuestions(questions=(question("q1"), question("q2", "When?"))))


def test_a_note_for_all_or_one_role_is_read_and_the_header_says_by_whom() -> None:
    assert events(created(), note(to=Role.CAPTIONER), actor=MODERATOR) == [
        ne.NoteLeft(text="Water, please.", note=NoteId("n"), to=Role.CAPTIONER)
    ]
    state = carry_out(created(), note(), actor=MODERATOR)
    read = do.ReadNote(note=NoteId("n"))
    assert events(state, read, actor=MODERATOR) == [ne.NoteRead(note=NoteId("n"))]
    assert events(carry_out(state, read), read) == [ne.NoteRead(note=NoteId("n"))]
    assert refused(state, do.ReadNote(note=NoteId("m"))).code is RefusalCode.UNKNOWN
    assert refused(state, do.ReadNote(note=NoteId(""))).code is RefusalCode.UNKNOWN


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (note(text=" "), RefusalCode.INVALID),
        (note(text="x" * (MAX_NOTE + 1)), RefusalCode.INVALID),
        (note("Not a name"), RefusalCode.INVALID),
        (note(to=Role.READER), RefusalCode.INVALID),
        (note("taken"), RefusalCode.CONFLICT),
        (to_hub("taken"), RefusalCode.CONFLICT),
        (to_hub(""), RefusalCode.INVALID),
        (to_hub(hub="No name"), RefusalCode.INVALID),
        (to_hub(text=""), RefusalCode.INVALID),
    ],
)
def test_what_is_no_note(command: do.AnyCommand, code: RefusalCode) -> None:
    assert refused(carry_out(created(), note("taken")), command, actor=MODERATOR).code is code


def test_a_session_takes_so_many_notes() -> None:
    state = carry_out(created(), *(note(f"n{n}") for n in range(MOST_NOTES)))
    assert refused(state, note()).code is RefusalCode.CONFLICT
    assert events(state, note("")) == [ne.NoteLeft(text="Water, please.")]


def test_no_hub_keeps_others_from_leaving_notes() -> None:
    full = carry_out(created(), *(to_hub(f"n{n}", hub=("kisumu", "kisumu.a")[n % 2]) for n in range(MOST_OF_HUB)))
    assert refused(full, to_hub(), actor=KISUMU).code is RefusalCode.CONFLICT
    assert refused(full, to_hub(hub="kisumu.b"), actor=KISUMU).code is RefusalCode.CONFLICT
    assert len(events(full, to_hub(), actor=MODERATOR)) == 1
    assert len(events(full, to_hub(hub="kisumuweni"), actor=Actor(Role.HUB, "l2", hub="kisumuweni"))) == 1
    others = carry_out(created(), *(to_hub(f"n{n}", hub=f"h{n}") for n in range(MOST_OF_HUBS)))
    assert refused(others, to_hub(), actor=KISUMU).code is RefusalCode.CONFLICT
    assert len(events(others, note(), actor=MODERATOR)) == 1


def test_a_hubs_note_goes_both_ways_in_the_hubs_own_lane() -> None:
    sent = events(created(), to_hub(), actor=MODERATOR)
    assert sent == [he.HubNoteLeft(hub="kisumu", note=NoteId("h"), text="You are next.", by=Role.MODERATOR)]
    assert sent[0].lane() == "hub:kisumu"
    state = carry_out(created(), to_hub(), actor=MODERATOR)
    read = do.ReadHubNote(hub="kisumu", note=NoteId("h"))
    assert events(state, read, actor=KISUMU) == [he.HubNoteRead(hub="kisumu", note=NoteId("h"), by=Role.HUB)]
    assert [each.read for each in carry_out(state, read, actor=KISUMU).notes_and_tags.hub_notes] == [(Role.HUB,)]
    answer = events(state, to_hub("i", "Ready."), actor=KISUMU)
    assert answer == [he.HubNoteLeft(hub="kisumu", note=NoteId("i"), text="Ready.", by=Role.HUB)]


def test_a_note_is_read_where_it_was_left() -> None:
    state = carry_out(created(), note(), to_hub(), actor=MODERATOR)
    for wrong in (
        do.ReadNote(note=NoteId("h")),
        do.ReadHubNote(hub="kisumu", note=NoteId("n")),
        do.ReadHubNote(hub="lima", note=NoteId("h")),
        do.ReadHubNote(hub="", note=NoteId("n")),
    ):
        assert refused(state, wrong, actor=MODERATOR).code is RefusalCode.UNKNOWN


def test_a_hub_acts_for_itself_alone() -> None:
    asked = do.Ask(
        intervention=InterventionId("q"), kind=InterventionKind.QUESTION, text="Why?", language="en", asker="a"
    )
    own = do.Ask(
        intervention=InterventionId("q"),
        kind=InterventionKind.QUESTION,
        text="Why?",
        language="en",
        asker="a",
        origin="hub:kisumu",
    )
    read = do.ReadHubNote(hub="kisumu", note=NoteId("h"))
    for command in (own, to_hub(), read):
        assert may_send(Role.HUB, command, hub="kisumu")
        assert not may_send(Role.HUB, command, hub="lima")
        assert not may_send(Role.HUB, command)
    assert not may_send(Role.HUB, asked, hub="kisumu")
    assert not may_send(Role.HUB, note(), hub="kisumu")
    assert may_send(Role.MODERATOR, to_hub())
    assert not may_send(Role.PARTICIPANT, to_hub())


def test_who_leaves_notes_and_who_reports() -> None:
    for kind in (do.LeaveNote, do.ReadNote):
        assert {role for role in Role if kind in COMMANDS[role]} == STAFF_ROLES
    reporting = {Role.RAPPORTEUR, Role.CHAIR, Role.MODERATOR, Role.TECHNICIAN, Role.SECRETARIAT}
    assert {role for role in Role if do.TagSegment in COMMANDS[role]} == reporting
    assert {role for role in Role if do.ListPolicyQuestions in COMMANDS[role]} == reporting | {Role.SYSTEM}


def test_policy_questions_are_few_and_differ() -> None:
    def lists(*questions: PolicyQuestion) -> do.ListPolicyQuestions:
        return do.ListPolicyQuestions(questions=questions)

    two = lists(question("q1"), question("q2"))
    assert events(created(), two) == [ne.PolicyQuestionsListed(questions=two.questions)]
    assert refused(carry_out(created(), two), two).code is RefusalCode.CONFLICT
    assert carry_out(created(), two, lists()).notes_and_tags.questions == ()
    for wrong in (
        lists(question("q1"), question("q1", "When?")),
        lists(question("No name")),
        lists(question("q1", "")),
        lists(question("q1", "x" * (MAX_QUESTION + 1))),
        lists(*(question(f"q{n}") for n in range(MOST_QUESTIONS + 1))),
    ):
        assert refused(created(), wrong).code is RefusalCode.INVALID


def test_a_line_is_tagged_and_untagged() -> None:
    state = said()
    assert events(state, tag(Tag.AGREED)) == [
        ne.SegmentTagged(segment=A, tag=Tag.AGREED, question=PolicyQuestionId("q1"))
    ]
    state = carry_out(state, tag(Tag.AGREED), tag(Tag.OPTION, None))
    assert refused(state, tag(Tag.AGREED)).code is RefusalCode.CONFLICT
    assert refused(state, tag(None, "q2")).code is RefusalCode.CONFLICT
    state = carry_out(state, tag(None))
    assert state.notes_and_tags.tag(A, PolicyQuestionId("q1")) is None
    assert state.notes_and_tags.tag(A, None) is Tag.OPTION


def test_a_line_is_tagged_under_what_is_listed_and_keeps_its_tag_when_that_goes() -> None:
    state = said()
    assert refused(state, tag(Tag.AGREED, "q3")).code is RefusalCode.UNKNOWN
    assert refused(state, tag(Tag.AGREED, segment=SegmentId("c"))).code is RefusalCode.UNKNOWN
    state = carry_out(state, tag(Tag.AGREED), do.ListPolicyQuestions(questions=()))
    assert state.notes_and_tags.tag(A, PolicyQuestionId("q1")) is Tag.AGREED
    assert carry_out(state, tag(Tag.OPTION)).notes_and_tags.tag(A, PolicyQuestionId("q1")) is Tag.OPTION
    assert carry_out(state, tag(None)).notes_and_tags.tags.get(A) == ()
    assert refused(state, tag(Tag.AGREED, segment=SegmentId("b"))).code is RefusalCode.UNKNOWN


def test_what_was_struck_is_not_tagged_and_can_be_untagged() -> None:
    state = carry_out(said(), tag(Tag.AGREED))
    state = carry_out(state, do.RewindChannel(channel=FLOOR, t=0))
    assert refused(state, tag(Tag.OPTION)).code is RefusalCode.UNKNOWN
    assert carry_out(state, tag(None)).notes_and_tags.tag(A, PolicyQuestionId("q1")) is None


def test_so_many_lines_are_tagged_and_no_more() -> None:
    state = said(*(f"l{n}" for n in range(MOST_TAGGED)))
    state = carry_out(state, *(tag(Tag.AGREED, segment=SegmentId(f"l{n}")) for n in range(MOST_TAGGED)))
    assert refused(state, tag(Tag.AGREED)).code is RefusalCode.CONFLICT
    assert carry_out(state, tag(Tag.OPTION, "q2", SegmentId("l0")))


def test_a_list_that_is_written_anew_keeps_the_names_of_what_stays_or_is_mended() -> None:
    before = listed(["Who pays?", " When  is it? ", "Who pays?", ""], ())
    assert before == (question("q1"), question("q2", "When is it?"))
    assert listed(["When is it?", "Who pays?"], before) == (question("q2", "When is it?"), question("q1"))
    assert listed(["Who pays?", "When will it be?"], before) == (question("q1"), question("q2", "When will it be?"))
    assert listed(["Who pays?", "How?", "When is it?"], before) == (
        question("q1"),
        question("q3", "How?"),
        question("q2", "When is it?"),
    )
    assert listed([], before) == ()


@given(st.lists(st.text(max_size=6), max_size=8), st.lists(st.text(max_size=6), max_size=8))
def test_names_of_questions_differ_whatever_was_listed_before(first: list[str], then: list[str]) -> None:
    before = listed(first, ())
    after = listed(then, before)
    assert len({each.id for each in after}) == len(after)
    assert [each.text for each in after] == list(dict.fromkeys(t for text in then if (t := " ".join(text.split()))))
    assert listed([each.text for each in after], after) == after


def test_nobody_is_asked_of_a_session_that_is_not_there() -> None:
    assert SYSTEM.hub == ""
