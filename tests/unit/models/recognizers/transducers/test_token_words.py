from __future__ import annotations

import pytest

from moothall_models.recognizers.transducers.token_words import UNKNOWN_P, HeardToken, only_capitals, words_of


def tokens(*texts: str, step: int = 100) -> list[HeardToken]:
    return [HeardToken(text, 100 + number * step, -0.1) for number, text in enumerate(texts)]


def texts(*given: str, lower: bool = False) -> list[str]:
    return [word.text for word, _ in words_of(tokens(*given), 10_000, lower=lower)]


def test_tokens_join_into_words() -> None:
    assert texts("▁We", "l", "come", ",", "▁all", ".") == [" Welcome,", " all."]
    assert texts(" We", "l", " come") == [" Wel", " come"]
    assert texts("wel", "come") == [" welcome"]
    assert texts() == []


def test_capitals_alone_become_small_letters() -> None:
    assert only_capitals(["<blk>", "▁THE", "S"])
    assert not only_capitals(["<blk>", "▁The", "S"])
    assert not only_capitals(["<unk>", "我"])
    assert texts("▁THE", "▁HALL", lower=True) == [" the", " hall"]


def test_each_letter_of_a_script_without_spaces_is_a_word() -> None:
    assert texts("我", "们", "。", "OK", "▁go") == ["我", "们。", " OK", " go"]
    assert texts("▁go", "我") == [" go", "我"]


def test_bytes_become_letters() -> None:
    assert texts("▁caf", "<0xC3>", "<0xA9>", "▁x") == [" café", " x"]
    assert texts("<0xE6>", "<0x88>") == [" \ufffd"]


def test_a_word_lasts_until_the_next_or_a_little_after_its_last_token() -> None:
    heard = words_of(tokens("▁a", "▁b", "c", step=500), 1_150)
    assert [(word.t0, word.t1, stop) for word, stop in heard] == [(100, 340, 1), (600, 1_150, 3)]


def test_times_stay_in_order_within_the_sound() -> None:
    late = [HeardToken("▁a", 990, -0.1), HeardToken("▁b", 1_200, -0.1), HeardToken("▁c", 1_200, -0.1)]
    spans = [(word.t0, word.t1) for word, _ in words_of(late, 1_000, after=900)]
    assert spans == [(990, 998), (998, 999), (999, 1_000)]
    crowded = [(word.t0, word.t1) for word, _ in words_of(late, 1_000, after=1_000)]
    assert crowded == [(1_000, 1_000)] * 3  # There is no sound left, so they have no length.


def test_the_probability_is_the_mean_over_the_tokens() -> None:
    (word, _) = words_of([HeardToken("▁a", 0, -0.2), HeardToken("b", 100, -0.4)], 1_000)[0]
    assert word.p == pytest.approx(0.7408, abs=1e-4)
    assert words_of([HeardToken("▁a", 0, None)], 1_000)[0][0].p == UNKNOWN_P
    assert words_of([HeardToken("▁a", 0, -1_000.0)], 1_000)[0][0].p > 0
    assert words_of([HeardToken("▁a", 0, 0.3)], 1_000)[0][0].p == 1
