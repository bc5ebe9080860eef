"""The ports through which pages read questions and send acts on them.

At the centre they are implemented over the sessions and their writers (`Asking`, `Ballots`, `Opinions`, `TurnTyping`),
at a hub over the room's own questions and ballots, the mirror and the outbox (`moothall_hub.room`). One test suite
checks both (`tests/contract/test_questions.py`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from moothall.core.events.question_parts import Opinion
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import InterventionId, PollId, SessionId
from moothall.core.questions.interventions import Questions
from moothall.core.questions.polls import Choice
from moothall.services.questions.asking import AskRequest, RejectedQuestion
from moothall.services.questions.author_view import Own, OwnAct
from moothall.services.questions.typing import InProgress, TypingReceived, TypingUpdate, Untyped

QuestionsOf = Callable[[SessionId], Awaitable[Questions | None]]
"""Returns the questions and comments of a session; None where there are none that the visitor may read."""


class AuthorQuestions(Protocol):
    """People's own questions, found by the tokens of their browsers and of their pages. All async methods raise
    StorageUnavailable.
    """

    async def ask(
        self, session: SessionId, request: AskRequest, visitor: str, address: str = ""
    ) -> InterventionId | RejectedQuestion:
        """Store a question, comment or request to speak; the same form with the same words again is the same
        intervention.
        """
        ...

    def token(self, session: SessionId, intervention: InterventionId, /) -> str:
        """The last part of the address of the author's page."""
        ...

    async def own(self, session: SessionId, token: str) -> Own | None:
        """An intervention as its author may see it; None for an unknown token."""
        ...

    async def mine(self, session: SessionId, visitor: str) -> tuple[tuple[str, Own], ...]:
        """The interventions that a browser asked, newest first, each with its author's token."""
        ...

    async def own_of(self, session: SessionId, visitor: str) -> frozenset[InterventionId]:
        """The ids of interventions that a browser asked, and of those that they were joined with."""
        ...

    async def bring(self, session: SessionId, token: str, act: OwnAct) -> Refusal | None:
        """Carry out an author's act on their intervention; None when it is done, or waits for the uplink."""
        ...


class Supports(Protocol):
    """Readers' support for questions of others."""

    async def support(
        self, session: SessionId, number: int, visitor: str, address: str, *, too: bool = True, hasty: bool = False
    ) -> Refusal | None:
        """Store that a browser would ask question `number` too, or withdraws that. See `Ballots.support`. Raises
        StorageUnavailable.
        """
        ...

    def supported(self, session: SessionId, visitor: str) -> frozenset[InterventionId]:
        """The interventions that a browser supports."""
        ...


class OpinionVoting(Protocol):
    """Votes on comments."""

    async def vote(
        self, session: SessionId, number: int, opinion: Opinion, visitor: str, address: str, *, hasty: bool = False
    ) -> Refusal | None:
        """Store a browser's vote on a comment. See `Opinions.vote`. Raises StorageUnavailable."""
        ...

    def voted(self, session: SessionId, visitor: str) -> Mapping[InterventionId, Opinion]:
        """A browser's votes, by comment."""
        ...


class Votes(Protocol):
    """Votes in shows of hands."""

    async def vote(
        self, session: SessionId, number: int, option: int, visitor: str, address: str, *, hasty: bool = False
    ) -> Refusal | None:
        """Store a vote; None: it is on the disk. See `Ballots.vote`. Raises StorageUnavailable."""
        ...

    def voted(self, session: SessionId, visitor: str, /) -> Mapping[PollId, Choice]:
        """The choices of a browser, by poll. `visitor`: its token."""
        ...


class TypedTurns(Protocol):
    """What authors type during their turn."""

    def in_progress(self, session: SessionId, name: InterventionId) -> InProgress | None:
        """The unfinished line that the author of an intervention is typing; None where there is none."""
        ...

    async def write(self, session: SessionId, name: InterventionId, written: TypingUpdate) -> TypingReceived | Untyped:
        """Take what the author of an intervention types in its turn. Raises StorageUnavailable."""
        ...
