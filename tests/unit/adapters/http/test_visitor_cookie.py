from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from moothall.adapters.http.visitor_cookie import Visitors, give, new_form
from moothall.core.kernel.ids import SessionId
from moothall.core.questions.floods import HASTY_MS
from moothall.testing.clock import ManualClock, SeededRandomness

S, OTHER = SessionId("plenary"), SessionId("other")


def visitors(key: bytes = b"key", clock: ManualClock | None = None) -> Visitors:
    return Visitors(key, clock or ManualClock(), SeededRandomness())


def sent(token: str) -> web.Request:
    return make_mocked_request("GET", "/", headers={"Cookie": f"asker={token}"})


def test_a_token_that_was_given_is_known_again_at_its_place_alone() -> None:
    token = visitors().new(S)
    response = web.Response()
    give(response, "asker", token, path="/s/plenary", secure=True)
    assert response.cookies["asker"].OutputString() == (
        f"asker={token}; HttpOnly; Path=/s/plenary; SameSite=Lax; Secure"
    )
    assert visitors().token(sent(token), "asker", S) == token
    assert visitors().token(sent(token), "reporter", S) == ""
    assert visitors().token(sent(token), "asker", OTHER) == "", "another meeting's is not known here"
    assert visitors(b"other").token(sent(token), "asker", S) == "", "nor another house's"


def test_no_browser_can_be_made_up() -> None:
    token = visitors().new(S)
    for wrong in ("", "short", "x" * 40, "x" * 41, "é" * 40, "a" * 39 + "!", "A" * 22, token[:-1], token[::-1]):
        assert visitors().token(sent(wrong), "asker", S) == ""
    for place in (0, 9, 39):  # the time, the chance, the mac
        changed = token[:place] + ("B" if token[place] == "A" else "A") + token[place + 1 :]
        assert visitors().token(sent(changed), "asker", S) == ""


async def test_whoever_chooses_before_anybody_can_have_read_a_page_is_hasty() -> None:
    clock = ManualClock()
    made = visitors(clock=clock)
    token = made.new(S)
    assert made.hasty(token)
    assert not made.hasty(""), "of a browser without a cookie nobody knows"
    await clock.advance(HASTY_MS)
    assert not made.hasty(token)


@pytest.mark.parametrize("seed", range(3))
def test_each_form_has_a_name_of_its_own(seed: int) -> None:
    chance = SeededRandomness(seed)
    assert len({new_form(chance) for _ in range(9)}) == 9
