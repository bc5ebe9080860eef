from __future__ import annotations

import pytest

from moothall.adapters.http.form_guard import MOST_USED, FormGuard
from moothall.testing.clock import SeededRandomness


@pytest.fixture
def guard() -> FormGuard:
    return FormGuard(SeededRandomness())


def test_a_form_passes_in_the_browser_that_it_was_made_for(guard: FormGuard) -> None:
    token = guard.token("k")
    assert token != guard.token("k")
    assert guard.passes(token, "k")
    assert not guard.passes(token, "other")


@pytest.mark.parametrize("token", ["", ".", "x.y", "\ud800.\ud800"])
def test_what_is_no_token_does_not_pass(guard: FormGuard, token: str) -> None:
    assert not guard.passes(token, "k")


def test_a_token_of_another_start_does_not_pass(guard: FormGuard) -> None:
    later = FormGuard(SeededRandomness(1))
    assert not later.passes(guard.token("k"), "k")


def test_a_form_is_sent_for_the_first_time_once(guard: FormGuard) -> None:
    token = guard.token("k")
    assert [guard.first_time(token) for _ in range(3)] == [True, False, False]
    for n in range(MOST_USED):
        guard.first_time(f"{n}")
    assert guard.first_time(token)
