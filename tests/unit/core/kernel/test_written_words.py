# ruff: noqa: RUF001  # signs of other scripts are meant as such
from __future__ import annotations

import pytest

from moothall.core.kernel.written_words import written_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("   ", []),
        ("Good morning (all),  f(x) «é». ", ["Good", " morning", " (all),", "  f(x)", " «é». "]),
        ("صباح الخير", ["صباح", " الخير"]),
        ("안녕하세요 여러분", ["안녕하세요", " 여러분"]),
        # Punctuation stands with what is before it, and what opens with what is after it.
        ("我说：「你好」，他走了。", ["我", "说：", "「你", "好」，", "他", "走", "了。"]),
        ("第3条 Python 3.12发布 ", ["第", "3", "条", " Python", " 3.12", "发", "布 "]),
        ("はが゛ーガﾞ", ["は", "が゛", "ー", "ガﾞ"]),
        ("好👍🏽吧1️⃣", ["好👍🏽", "吧", "1️⃣"]),
        ("禰\U000e0100豆", ["禰\U000e0100", "豆"]),
        ("น้ำใจเก่า", ["น้ำ", "ใจ", "เก่", "า"]),
        ("ນ້ຳໃຈ", ["ນ້ຳ", "ໃຈ"]),
        ("ខ្មែរ ស្រី", ["ខ្មែ", "រ", " ស្រី"]),
        ("တက္ကသိုလ်", ["တ", "က္က", "သို", "လ်"]),
        ("((((你", ["(", "(((你"]),
    ],
)
def test_words_are_parted_by_spaces_or_into_characters(text: str, words: list[str]) -> None:
    assert written_words(text) == words


@pytest.mark.parametrize("text", ["(" * 10_000, "เ" * 10_000, " " * 10_000, "\u1039" * 10_000, "好" * 10_000])
def test_a_long_text_takes_no_longer_for_each_character(text: str) -> None:
    assert "".join(written_words(text)) == text.rstrip()
