from __future__ import annotations

import msgspec
import pytest

from moothall.adapters.reports.drafting_service import HttpDrafting
from moothall.core.events.types import Access
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.reports.suggestions import SuggestedLines
from moothall.services.reports.drafting import Drafting
from moothall.services.reports.suggesting import NoSuggestions, SuggestionOrder
from support.sessions.deciding import FLOOR, speaking

ORDER = SuggestionOrder(lines=())


async def test_what_young_people_said_and_what_only_the_staff_may_read_is_not_even_chosen() -> None:
    asked: list[SuggestionOrder] = []

    async def suggest(order: SuggestionOrder) -> SuggestedLines | NoSuggestions:
        asked.append(order)
        return SuggestedLines() if len(asked) == 1 else NoSuggestions.MEETING_ON

    drafting = Drafting(HttpDrafting("openai:m@https://api.example.org/v1", "", ()), suggest)
    state = msgspec.structs.replace(speaking(), access=Access.PUBLIC)
    for closed in (
        msgspec.structs.replace(state, young_people=True),
        msgspec.structs.replace(state, access=Access.STAFF),
    ):
        assert await drafting.draft(closed, FLOOR, ORDER) is NoSuggestions.FAILED
    assert not asked
    # Without lines there is nothing to ask a service for, and while a meeting is on nothing is chosen.
    assert await drafting.draft(state, FLOOR, ORDER) == ()
    assert await drafting.draft(state, FLOOR, ORDER) is NoSuggestions.MEETING_ON


@pytest.mark.parametrize("address", ["http://api.example.org/v1", "https://10.0.0.1/v1", "http://127.0.0.1/v1"])
def test_a_service_in_a_private_network_has_to_be_allowed(address: str) -> None:
    with pytest.raises(ConfigurationError, match="write an address of https, or name its network there"):
        HttpDrafting(f"openai:m@{address}", "", ())
