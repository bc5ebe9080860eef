from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from moothall.adapters.reports.drafting_service import HttpDrafting
from moothall.core import commands as do
from moothall.core.commands import AnyCommand
from moothall.core.events.types import Access
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import SessionId
from moothall.core.reports.drafting import DraftedSentence
from moothall.core.reports.suggestions import SuggestedLines, SuggestibleLine, Suggestion, SuggestionReason
from moothall.services.reports.drafting import Drafting
from moothall.services.reports.suggesting import NoSuggestions, SuggestionOrder
from moothall.services.sessions.live_session import LiveSession
from support.memory.hall import FLOOR, memory_hall
from support.reports.documented_session import CAPTIONER, S1, house

ORDER = SuggestionOrder(lines=(SuggestibleLine(S1, "Nobody may be left out.", "en"),))
CHOSEN = SuggestedLines(session=(Suggestion(segment=S1, score=1.0, reasons=(SuggestionReason.CENTRAL,)),))


class Service:
    """A service that quotes its first line."""

    model = name = "m"

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    async def ask(self, body: bytes) -> bytes:
        self.asked.append(body)
        return msgspec.json.encode({"choices": [{"message": {"content": "[1] Some said “nobody may be left out”."}}]})


async def test_what_young_people_said_and_what_only_the_staff_may_read_is_not_even_chosen() -> None:
    asked: list[SuggestionOrder] = []

    async def suggest(order: SuggestionOrder) -> SuggestedLines | NoSuggestions:
        asked.append(order)
        return SuggestedLines() if len(asked) == 1 else NoSuggestions.MEETING_ON

    drafting = Drafting(HttpDrafting("openai:m@https://api.example.org/v1", "", ()), suggest)
    async with memory_hall() as hall:
        young = await hall.session(SessionId("young"), young_people=True)
        for closed in (young, await hall.session(SessionId("staff"), access=Access.STAFF)):
            assert await drafting.draft(closed, FLOOR, ORDER) is NoSuggestions.FAILED
        assert not asked
        # Without lines there is nothing to ask a service for, and while a meeting is on nothing is chosen.
        live = await hall.session()
        assert await drafting.draft(live, FLOOR, ORDER) == ()
        assert await drafting.draft(live, FLOOR, ORDER) is NoSuggestions.MEETING_ON


async def test_what_changes_while_lines_are_chosen_counts() -> None:
    async with house() as here:
        live, service = await here.session(), Service()
        meanwhile: list[AnyCommand] = []

        async def suggest(_: SuggestionOrder) -> SuggestedLines | NoSuggestions:
            if meanwhile:
                await here.send(live, CAPTIONER if len(service.asked) == 1 else SYSTEM, meanwhile.pop())
            return CHOSEN

        drafting = Drafting(service, suggest)
        [sentence] = await drafted(drafting, live)
        assert [each.segment for each in sentence.lines] == [S1]
        meanwhile.append(
            do.CorrectSegment(channel=FLOOR, segment=S1, base_revision=0, base_words=0, text="All may come.")
        )
        assert await drafted(drafting, live) == (), "the line reads otherwise now"
        assert len(service.asked) == 1
        now = replace(ORDER, lines=(SuggestibleLine(S1, "All may come.", "en"),))
        assert await drafted(drafting, live, now) == (), "the service has quoted what isn't there"
        meanwhile.append(do.ArrangeSession(access=Access.STAFF, sound=live.state.sound))
        assert await drafting.draft(live, FLOOR, now) is NoSuggestions.FAILED
        assert len(service.asked) == 2


async def drafted(drafting: Drafting, live: LiveSession, order: SuggestionOrder = ORDER) -> tuple[DraftedSentence, ...]:
    found = await drafting.draft(live, FLOOR, order)
    assert not isinstance(found, NoSuggestions)
    return found


@pytest.mark.parametrize("address", ["http://api.example.org/v1", "https://10.0.0.1/v1", "http://127.0.0.1/v1"])
def test_a_service_in_a_private_network_has_to_be_allowed(address: str) -> None:
    with pytest.raises(ConfigurationError, match="write an address of https, or name its network there"):
        HttpDrafting(f"openai:m@{address}", "", ())
