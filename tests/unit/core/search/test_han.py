"""Each traditional character has the simplified one that OpenCC gives it."""

from __future__ import annotations

import re

import opencc
import pytest

from moothall.core.search.folding import EACH
from moothall.core.search.han import SIMPLER, SIMPLIFIED, TRADITIONAL, simpler_in

BASIC_PLANE = 0x10000
HAN = ((0x3400, 0x4DC0), (0x4E00, 0xA000))
"""The blocks of Han characters in it."""


def test_the_pairs_are_those_of_opencc() -> None:
    convert = opencc.OpenCC("t2s").convert
    found: dict[str, str] = {}
    for first, end in HAN:
        for code in range(first, end):
            simple = convert(chr(code))
            if simple != chr(code) and ord(simple) < BASIC_PLANE:
                found[chr(code)] = simple
    assert "".join(found) == TRADITIONAL
    assert "".join(found.get(each, each) for each in found.values()) == SIMPLIFIED


def test_what_is_simplified_stays() -> None:
    assert SIMPLIFIED.translate(SIMPLER) == SIMPLIFIED
    assert not set(TRADITIONAL) & set(SIMPLIFIED)


def test_all_of_them_are_tokens_by_themselves() -> None:
    assert re.fullmatch(f"[{EACH}]+", TRADITIONAL + SIMPLIFIED)


@pytest.mark.parametrize("written", ["头发", "頭髮", "头發"])
def test_a_text_has_the_pairs_by_which_it_is_found_in_either_script(written: str) -> None:
    assert simpler_in(["Yes.", written]) == {"頭": "头", "發": "发", "髮": "发"}
