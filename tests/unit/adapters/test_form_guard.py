from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request

from moothall.adapters.form_guard import MOST_USED, FormGuard
from moothall.testing.seeded import SeededRandomness

ORIGIN = "https://hall.example"


@pytest.fixture
def guard() -> FormGuard:
    return FormGuard(origins=frozenset({ORIGIN}), randomness=SeededRandomness())


def passes(guard: FormGuard, token: str, key: str = "k", origin: str | None = ORIGIN) -> bool:
    headers = {} if origin is None else {"Origin": origin}
    return guard.passes(make_mocked_request("POST", "/", headers=headers), token, key)


def test_a_form_passes_from_our_page_in_the_browser_that_it_was_made_for(guard: FormGuard) -> None:
    token = guard.token("k")
    assert token != guard.token("k")
    assert passes(guard, token)
    assert not passes(guard, token, key="other")


@pytest.mark.parametrize("origin", [None, "null", "https://hall.example:443", "http://hall.example", ORIGIN.upper()])
def test_it_passes_from_no_other_page(guard: FormGuard, origin: str | None) -> None:
    assert not passes(guard, guard.token("k"), origin=origin)


@pytest.mark.parametrize("token", ["", ".", "x.y", "\ud800.\ud800"])
def test_what_is_no_token_does_not_pass(guard: FormGuard, token: str) -> None:
    assert not passes(guard, token)


def test_a_token_of_another_start_does_not_pass(guard: FormGuard) -> None:
    later = FormGuard(origins=frozenset({ORIGIN}), randomness=SeededRandomness(1))
    assert not passes(later, guard.token("k"))


def test_a_form_is_sent_for_the_first_time_once(guard: FormGuard) -> None:
    token = guard.token("k")
    assert [guard.first_time(token) for _ in range(3)] == [True, False, False]
    for n in range(MOST_USED):
        guard.first_time(f"{n}")
    assert guard.first_time(token)
