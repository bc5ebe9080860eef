from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.wire.hubs.pairing import COUNT, TELLING, WORDS, secret_of, words_of

SECRETS = st.binary(min_size=COUNT, max_size=COUNT)


def test_the_words_are_told_apart_by_their_first_letters() -> None:
    assert len(WORDS) == 256
    assert len({word[:TELLING] for word in WORDS}) == 256
    assert all(word.isascii() and word.isalpha() and word.islower() and 4 <= len(word) <= 8 for word in WORDS)


@given(SECRETS)
def test_the_words_are_the_secret(secret: bytes) -> None:
    words = words_of(secret)
    assert len(words) == COUNT
    for typed in (" ".join(words), "-".join(words), " - ".join(words).upper(), ", ".join(w[:TELLING] for w in words)):
        assert secret_of(typed) == secret
    assert secret_of(" ".join(words[:-1])) is None
    assert secret_of(" ".join((*words, words[0]))) is None


@pytest.mark.parametrize(
    "typed",
    ["", "six", "acorn acorn acorn acorn acorn nosuch", "acorn acorn acorn acorn acorn aco", "a" * 10_000,
     "acorn acorn acorn acorn acorn acornes", "\ud800", "acorn1acorn 2 acorn acorn acorn acor\u0438"],
)  # fmt: skip
def test_what_is_not_six_of_our_words_is_nothing(typed: str) -> None:
    assert secret_of(typed) is None or typed.startswith("acorn1")


@given(st.text())
def test_whatever_is_typed_is_read_or_refused(typed: str) -> None:
    secret = secret_of(typed)
    assert secret is None or len(secret) == COUNT


@pytest.mark.parametrize("length", [0, 5, 7])
def test_a_secret_has_six_bytes(length: int) -> None:
    with pytest.raises(ValueError, match="not of"):
        words_of(bytes(length))
