"""Where questions come from and where acts on them go, as the pages ask for it.

At the centre that is the sessions and their writers (`Asking`, `Ballots`, `Typing`), at a hub the room's own questions
and ballots, the copies and the outbox (`moothall_hub.room`). One suite holds both to the same
(`tests/contract/test_questions.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import InterventionId, PollId, SessionId
from moothall.core.questions.polls import Choice
from moothall.services.questions.asking import AskRequest, RejectedQuestion
from moothall.services.questions.author_view import Own, OwnAct
from moothall.services.questions.typing import InProgress, TypingReceived, TypingUpdate, Untyped


class AuthorQuestions(Protocol):
    """What people ask, found again by the tokens of their browsers and of their pages. All raise StorageUnavailable."""

    async def ask(
        self, session: SessionId, request: AskRequest, visitor: str, address: str = ""
    ) -> InterventionId | RejectedQuestion:
        """Take a wish; the same form with the same words again is the same one."""
        ...

    def token(self, session: SessionId, intervention: InterventionId, /) -> str:
        """What the address of its author's page ends with."""
        ...

    async def own(self, session: SessionId, token: str) -> Own | None:
        """What the author of an intervention may see; None for a token that isn't ours."""
        ...

    async def mine(self, session: SessionId, visitor: str) -> tuple[tuple[str, Own], ...]:
        """What a browser has asked, newest first, each with what its author's page ends with."""
        ...

    async def own_of(self, session: SessionId, visitor: str) -> frozenset[InterventionId]:
        """What a browser has asked, and what that was joined with."""
        ...

    async def bring(self, session: SessionId, token: str, act: OwnAct) -> Refusal | None:
        """Do what an author wants with an intervention; None when it is done, or waits for the uplink."""
        ...


class Supports(Protocol):
    """Who would ask the same."""

    async def support(
        self, session: SessionId, number: int, visitor: str, address: str, *, too: bool = True, hasty: bool = False
    ) -> Refusal | None:
        """Somebody would ask number `number` too, or no more. Raises StorageUnavailable."""
        ...

    def supported(self, session: SessionId, visitor: str) -> frozenset[InterventionId]:
        """What a browser has said that it would ask too."""
        ...


class Votes(Protocol):
    """Where votes in shows of hands go."""

    async def vote(
        self, session: SessionId, number: int, option: int, visitor: str, address: str, *, hasty: bool = False
    ) -> Refusal | None:
        """Take a vote; None: it is on the disk. See `Ballots.vote`. Raises StorageUnavailable."""
        ...

    def voted(self, session: SessionId, visitor: str, /) -> Mapping[PollId, Choice]:
        """What a browser has chosen, by its token."""
        ...


class TypedTurns(Protocol):
    """What authors type in their turn."""

    def in_progress(self, session: SessionId, name: InterventionId) -> InProgress | None:
        """What the author of an intervention is writing, as far as it has come."""
        ...

    async def write(self, session: SessionId, name: InterventionId, written: TypingUpdate) -> TypingReceived | Untyped:
        """Take what the author of an intervention writes in its turn. Raises StorageUnavailable."""
        ...
