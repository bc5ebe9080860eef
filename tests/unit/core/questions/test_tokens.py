from __future__ import annotations

import pytest

from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.core.questions.tokens import KEY_BYTES, Tokens

TOKENS = Tokens(bytes(KEY_BYTES))
SESSION = SessionId("meeting")
NAME = InterventionId("c0ffee")


def test_the_address_of_an_authors_page_names_the_intervention() -> None:
    token = TOKENS.page(SESSION, NAME)
    assert token.endswith(f".{NAME}")
    assert TOKENS.author_of(SESSION, token) == NAME


@pytest.mark.parametrize(
    "token",
    ["", "c0ffee", f"A.{NAME}", f"{TOKENS.code('page', SESSION, 'other')}.{NAME}", "ü.no name", "\udcff.c0ffee"],
)
def test_no_other_token_is_ours(token: str) -> None:
    assert TOKENS.author_of(SESSION, token) is None


def test_a_page_is_of_one_session_and_one_house() -> None:
    token = TOKENS.page(SESSION, NAME)
    assert TOKENS.author_of(SessionId("another"), token) is None
    assert Tokens(b"another".ljust(KEY_BYTES)).author_of(SESSION, token) is None


def test_parts_are_told_apart_where_one_ends_and_the_next_begins() -> None:
    assert TOKENS.code("a", "bc") != TOKENS.code("ab", "c")
    assert len(TOKENS.mac("a")) == 16
    assert TOKENS.code("asker", "meeting", "somebody") == "m5A4rjAgmv2ETXgFkP5XkA"


def test_the_key_of_cookies_is_none_of_the_codes() -> None:
    assert len(TOKENS.cookie_key) == 32
    assert TOKENS.cookie_key[:16] != TOKENS.mac("cookies")
