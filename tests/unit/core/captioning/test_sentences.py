"""Where sentences end: the cases of the script of the captioner's page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from moothall.core.captioning.sentences import LONGEST, TITLES, ends
from moothall.core.captioning.stream import Stream, take

TABLE: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "support" / "captioning" / "sentences.json").read_text(encoding="utf-8")
)


def pieces(text: str) -> tuple[list[str], str]:
    stream, _ = take(Stream(), text, 0)
    return [piece.text for piece in stream.lines if piece.text], stream.tail.text


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: case["text"])
def test_sentences_end_where_the_captioners_page_ends_them(case: dict[str, Any]) -> None:
    assert pieces(case["text"]) == (case["ended"], case["rest"])


@pytest.mark.parametrize("case", TABLE["long"], ids=lambda case: case["text"])
def test_what_has_no_end_is_cut_where_the_captioners_page_cuts_it(case: dict[str, Any]) -> None:
    ended, rest = pieces(case["text"] * case["times"])
    assert ([len(each) for each in ended], len(rest)) == (case["ended"], case["rest"])


def test_the_figures_and_titles_are_those_of_the_captioners_page() -> None:
    assert (TABLE["longest"], frozenset(TABLE["titles"])) == (LONGEST, TITLES)


def test_nothing_ends_nothing() -> None:
    assert not ends("", "a")
    assert not ends("  ", " ")
