"""Notes, policy questions and marked lines, for the pages that show them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from moothall.core import commands as do
from moothall.core.events.notes_and_tags import PolicyQuestion, Tag
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import NoteId, PolicyQuestionId, SegmentId

HUB = "kisumu-library"
QUESTIONS = (
    PolicyQuestion(id=PolicyQuestionId("q1"), text="How is meaningful access <measured>, and by whom?"),
    PolicyQuestion(id=PolicyQuestionId("q2"), text="كيف نقيس الوصول؟"),
)


async def every_note(told: Callable[..., Awaitable[None]]) -> None:
    """Leave notes, read and unread, for all, for one role and for a hub; mark lines with every mark,
    with and without a question.
    """
    captioner, hub = Actor(Role.CAPTIONER, "c1"), Actor(Role.HUB, "h1", hub=HUB)
    chair = Actor(Role.CHAIR, "k1")
    await told(chair, "note-all", do.LeaveNote(note=NoteId("n1"), text="Two more minutes & <then> the break"))
    await told(captioner, "note-one", do.LeaveNote(note=NoteId("n2"), text="من يتكلم الآن؟", to=Role.TECHNICIAN))
    await told(captioner, "read", do.ReadNote(note=NoteId("n1")))
    await told(chair, "hub-note", do.LeaveHubNote(hub=HUB, note=NoteId("h1"), text="You are next"))
    await told(hub, "hub-read", do.ReadHubNote(hub=HUB, note=NoteId("h1")))
    await told(hub, "hub-answer", do.LeaveHubNote(hub=HUB, note=NoteId("h2"), text="We are <ready>"))
    marks = ((1, Tag.AGREED, "q1"), (2, Tag.DIVERGING, "q2"), (3, Tag.OPTION, None), (1, Tag.OPTION, "q2"))
    lines = tuple(
        do.TagSegment(
            segment=SegmentId(f"line-{number}"),
            tag=tag,
            question=None if question is None else PolicyQuestionId(question),
        )
        for number, tag, question in marks
    )
    await told(chair, "policy", do.ListPolicyQuestions(questions=QUESTIONS), *lines)
