"""Takes comments on the paragraphs of documents. They are interventions, with the rules of a meeting's questions: no
account, one browser one voice, held until somebody lets them through, answered in writing at the desk.
"""

from __future__ import annotations

import logging
from dataclasses import KW_ONLY, dataclass

from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import CommandId, InterventionId
from moothall.core.outcomes.commands import PlaceComment
from moothall.core.outcomes.document_rules import takes_comments
from moothall.core.ports import Clock
from moothall.services.outcomes.documents import Documents, ListedDocument
from moothall.services.questions.asking import AskRequest, RejectedQuestion
from moothall.services.questions.ports import AuthorQuestions

logger = logging.getLogger(__name__)


@dataclass(eq=False, repr=False)
class DocumentComments:
    """Takes comments."""

    documents: Documents
    asking: AuthorQuestions
    _: KW_ONLY
    clock: Clock

    def open(self, listed: ListedDocument) -> bool:
        """Whether a document takes comments now."""
        return takes_comments(listed.document, self.clock.wall())

    async def comment(
        self, listed: ListedDocument, paragraph: int, request: AskRequest, visitor: str, address: str
    ) -> InterventionId | RejectedQuestion:
        """Store a comment on a paragraph; the same form with the same words again is the same comment. The caller has
        checked that the newest version has the paragraph. The others as in `Asking.ask`. Raises StorageUnavailable.
        """
        if not self.open(listed):
            return RejectedQuestion.OVER
        answer = await self.asking.ask(listed.id, request, visitor, address)
        live = None if isinstance(answer, RejectedQuestion) else await self.documents.logs.sessions.find(listed.id)
        if isinstance(answer, RejectedQuestion) or live is None:
            return answer
        placed = await live.writer.send(
            SYSTEM, CommandId(f"place:{answer}"), PlaceComment(intervention=answer, paragraph=paragraph)
        )
        if isinstance(placed, Refusal):  # It stays a comment on the whole document.
            logger.warning("document %s: a comment can't be placed: %s", listed.id, placed.code)
        return answer
