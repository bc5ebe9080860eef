"""Has a service outside draft sentences of a report, of the lines that are suggested for it.

What young people said and what only the staff may read is sent to no service. What isn't recorded is in no log, so it
isn't there to be sent. Both are asked again once the lines are chosen, since that may take a while.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import ChannelId
from moothall.core.reports.drafting import MOST_LINES, DraftedSentence, drafting_request, read_draft
from moothall.core.reports.quotable import QuotableLine
from moothall.core.reports.suggestions import SuggestedLines, SuggestibleLine
from moothall.core.sessions.state import State
from moothall.core.translation.lines import stays_here
from moothall.services.reports.suggesting import NoSuggestions, SuggestionOrder
from moothall.services.sessions.live_session import LiveSession

logger = logging.getLogger(__name__)


class DraftingService(Protocol):
    """A service with OpenAI's interface."""

    @property
    def model(self) -> str:
        """The name of its model."""
        ...

    @property
    def name(self) -> str:
        """What people read of it."""
        ...

    async def ask(self, body: bytes) -> bytes:
        """Send a request; return the answer. Raises StorageUnavailable where there is none in time."""
        ...


@dataclass(eq=False, repr=False)
class Drafting:
    """Has sentences drafted. `suggest` chooses the lines (`Suggesting`)."""

    service: DraftingService
    suggest: Callable[[SuggestionOrder], Awaitable[SuggestedLines | NoSuggestions]]

    async def draft(
        self, session: LiveSession, channel: ChannelId, order: SuggestionOrder
    ) -> tuple[DraftedSentence, ...] | NoSuggestions:
        """The sentences that quote what was said, or why there are none now."""
        if stays_here(session.state):
            return NoSuggestions.FAILED
        with session.held():
            found = await self.suggest(order)
            state = session.state
        if isinstance(found, NoSuggestions):
            return found
        if stays_here(state):
            return NoSuggestions.FAILED
        chosen = dict.fromkeys(each.segment for group in (found.session, *found.questions.values()) for each in group)
        lines = [
            QuotableLine(segment=each.segment, text=each.text, language=each.language, channel=channel)
            for each in order.lines
            if each.segment in chosen and _reads(state, each)
        ][:MOST_LINES]
        if not lines:
            return ()
        try:
            answer = await self.service.ask(drafting_request(self.service.model, lines))
        except StorageUnavailable as error:
            logger.warning("reports: %s drafted nothing (%s)", self.service.name, error)
            return NoSuggestions.FAILED
        return read_draft(answer, lines)


def _reads(state: State, line: SuggestibleLine) -> bool:
    """Whether a line is in the text still, with the same words."""
    now = state.segments.get(line.segment)
    return now is not None and not now.gone and now.whole.strip() == line.text
