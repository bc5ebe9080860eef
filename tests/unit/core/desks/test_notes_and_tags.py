"""What the staff's notes, policy questions and tags come to once they are folded."""

from __future__ import annotations

from moothall.core.desks.notes_and_tags import HUB_NOTES, NotesAndTags, Tagged, evolve_notes_and_tags
from moothall.core.events import hubs as he
from moothall.core.events import notes_and_tags as ne
from moothall.core.events.notes_and_tags import PolicyQuestion, Tag
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import NoteId, PolicyQuestionId, SegmentId

Q1, Q2, A = PolicyQuestionId("q1"), PolicyQuestionId("q2"), SegmentId("a")


def fold(*events: ne.NoteOrTag) -> NotesAndTags:
    found = NotesAndTags()
    for at, event in enumerate(events, 1):
        found = evolve_notes_and_tags(found, event, at)
    return found


def tagged(tag: Tag | None, question: PolicyQuestionId | None = Q1) -> ne.SegmentTagged:
    return ne.SegmentTagged(segment=A, tag=tag, question=question)


def to_hub(note: str, hub: str = "kisumu", by: Role = Role.MODERATOR) -> he.HubNoteLeft:
    return he.HubNoteLeft(hub=hub, note=NoteId(note), text=f"About {note}", by=by)


def test_notes_are_known_by_their_names_and_those_without_change_nothing() -> None:
    found = fold(ne.NoteLeft(text="x", note=NoteId("n")), to_hub("h"))
    assert dict(found.notes.items()) == {"n": "", "h": "kisumu"}
    before = fold(ne.NoteLeft(text="x", note=NoteId("n")))
    assert evolve_notes_and_tags(before, ne.NoteLeft(text="x"), 2) is before
    assert evolve_notes_and_tags(before, ne.NoteRead(note=NoteId("n")), 2) is before


def test_a_hubs_notes_say_who_has_read_them_each_once() -> None:
    read = he.HubNoteRead(hub="kisumu", note=NoteId("h"), by=Role.HUB)
    found = fold(to_hub("h"), to_hub("i", "lima", Role.HUB), read, read)
    assert [(each.note, each.hub, each.by, each.at, each.read) for each in found.hub_notes] == [
        ("h", "kisumu", Role.MODERATOR, 1, (Role.HUB,)),
        ("i", "lima", Role.HUB, 2, ()),
    ]


def test_of_hubs_notes_the_last_are_at_hand() -> None:
    found = fold(*(to_hub(f"h{n}") for n in range(HUB_NOTES + 2)))
    assert [each.note for each in found.hub_notes][:: HUB_NOTES - 1] == ["h2", f"h{HUB_NOTES + 1}"]
    assert len(found.notes) == HUB_NOTES + 2


def test_no_hub_hides_what_the_others_have_written() -> None:
    loud = (to_hub(f"h{n}", ("kisumu", "kisumu.ward")[n % 2]) for n in range(HUB_NOTES + 2))
    found = fold(to_hub("first", "lima"), *loud)
    assert [each.note for each in found.hub_notes][:2] == ["first", "h3"]
    assert len(found.hub_notes) == HUB_NOTES


def test_a_line_has_one_tag_under_each_question() -> None:
    found = fold(tagged(Tag.AGREED), tagged(Tag.OPTION, None), tagged(Tag.DIVERGING, Q2), tagged(Tag.OPTION))
    assert found.tags.get(A) == (Tagged(None, Tag.OPTION), Tagged(Q2, Tag.DIVERGING), Tagged(Q1, Tag.OPTION))
    assert found.tag(A, Q1) is Tag.OPTION
    assert found.tag(A, PolicyQuestionId("q3")) is None
    assert found.tag(SegmentId("b"), Q1) is None
    assert evolve_notes_and_tags(found, tagged(None, Q2), 9).tag(A, Q2) is None


def test_the_newest_list_counts() -> None:
    listed = (PolicyQuestion(id=Q1, text="Who pays?"),)
    assert fold(ne.PolicyQuestionsListed(questions=listed)).questions == listed
