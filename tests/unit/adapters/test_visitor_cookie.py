from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from moothall.adapters.visitor_cookie import give, new_token, token_of
from moothall.testing.seeded import SeededRandomness


def test_a_token_that_was_given_is_known_again_at_its_place_alone() -> None:
    token = new_token(SeededRandomness())
    response = web.Response()
    give(response, "asker", token, path="/s/plenary", secure=True)
    assert response.cookies["asker"].OutputString() == (
        f"asker={token}; HttpOnly; Path=/s/plenary; SameSite=Lax; Secure"
    )
    request = make_mocked_request("GET", "/", headers={"Cookie": f"asker={token}"})
    assert token_of(request, "asker") == token
    assert token_of(request, "reporter") == ""


@pytest.mark.parametrize("token", ["", "short", "x" * 23, "é" * 22, "a" * 21 + "!"])
def test_what_we_could_not_have_made_is_none(token: str) -> None:
    request = make_mocked_request("GET", "/", headers={"Cookie": f"asker={token}"})
    assert token_of(request, "asker") == ""
