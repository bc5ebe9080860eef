from __future__ import annotations

from msgspec.structs import replace

from moothall.core.events.outcome_parts import DocumentForm
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.ids import SessionId
from moothall.services.outcomes.comments import DocumentComments
from moothall.services.questions.asking import Asking, AskRequest, RejectedQuestion
from moothall.testing import loop
from moothall.testing.book import MemoryBook
from moothall.testing.clock import SeededRandomness
from support.reports.documented_session import DOCUMENT, STAFF, STATED, WORDS, House, house, message

HOUR = 3_600_000


def request(text: str = "Not all.") -> AskRequest:
    return AskRequest(kind=InterventionKind.COMMENT, text=text, language="en", form=f"form of {text}")


async def commented(here: House, *, hours: int = 1, young_people: bool = False) -> DocumentComments:
    """A published document with a period for comments."""
    await here.report(await here.session(), message())
    stated = replace(STATED, form=DocumentForm.CHAIR, comments_until=here.hall.clock.wall() + hours * HOUR)
    assert await here.documents.state(DOCUMENT, "Outcomes", stated, STAFF, young_people=young_people) is None
    assert await here.documents.publish(DOCUMENT, WORDS) is None
    asking = Asking(here.hall.sessions, book=MemoryBook(), clock=here.hall.clock, randomness=SeededRandomness())
    await asking.load()
    return DocumentComments(here.documents, asking, clock=here.hall.clock)


def test_a_comment_is_held_with_the_number_of_its_paragraph() -> None:
    async def story() -> None:
        async with house() as here:
            comments = await commented(here, young_people=True)
            listed = await here.documents.find(DOCUMENT)
            assert listed is not None
            assert listed.young_people
            assert comments.open(listed)
            sent = [await comments.comment(listed, 2, request(), "token", "net") for _ in range(2)]
            assert sent[0] == sent[1], "the same form is the same comment"
            assert not isinstance(sent[0], RejectedQuestion)
            listed = await here.documents.find(DOCUMENT)
            assert listed is not None
            assert listed.comments == ()
            [held] = listed.waiting
            assert (held.paragraph, held.intervention.text) == (2, "Not all.")
            assert held.intervention.status is InterventionStatus.CHECKED

    loop.run(story())


def test_a_document_takes_comments_in_its_period_only_and_those_of_one_browser_are_limited() -> None:
    async def story() -> None:
        async with house() as here:
            comments = await commented(here)
            listed = await here.documents.find(DOCUMENT)
            assert listed is not None
            some = [await comments.comment(listed, 1, request(f"No. {n}"), "token", "net") for n in range(12)]
            assert some[-1] is RejectedQuestion.MANY
            over = replace(listed.document, comments_until=here.hall.clock.wall())
            late = await comments.comment(listed._replace(document=over), 1, request("Late."), "other", "net")
            assert late is RejectedQuestion.OVER
            gone = listed._replace(id=SessionId("nowhere"))
            assert await comments.comment(gone, 1, request(), "other", "net") is RejectedQuestion.UNAVAILABLE

    loop.run(story())
