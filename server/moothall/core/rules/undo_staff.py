"""What undoes an act on policy questions and tags: they are brought back to what they were."""

from __future__ import annotations

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.staff.backstage import Backstage, BackstageFact

Step = tuple[do.AnyCommand | None, tuple[do.AnyCommand, ...] | None]


def backstage_step(backstage: Backstage, event: BackstageFact) -> Step:
    """The command behind an event and what undoes that, in the state before it.

    A note was read by somebody by the time that one could undo it: nothing does. That it was read is not an act.
    """
    match event:
        case ev.NoteLeft():
            return do.LeaveNote(text=event.text, note=event.note, to=event.to), None
        case ev.HubNoteLeft():
            return do.LeaveHubNote(hub=event.hub, note=event.note, text=event.text), None
        case ev.PolicyQuestionsListed():
            listed = do.ListPolicyQuestions(questions=event.questions)
            return listed, (do.ListPolicyQuestions(questions=backstage.questions),)
        case ev.LineTagged():
            before = backstage.tag(event.segment, event.question)
            tagged = do.TagLine(segment=event.segment, tag=event.tag, question=event.question)
            return tagged, (do.TagLine(segment=event.segment, tag=before, question=event.question),)
        case _:
            return None, None
