from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.ids import SegmentId
from moothall.record.citation.comparing import (
    MAX_TOKENS,
    ComparedLine,
    ComparedPart,
    VersionLine,
    WordChange,
    compare,
    compare_lines,
)
from support.sessions.record_maker import HOSTILE

SIGNS = {WordChange.SAME: "", WordChange.REMOVED: "-", WordChange.ADDED: "+"}


def told(before: str, after: str) -> list[str]:
    """The parts of a comparison, each with a sign for what became of it."""
    return [f"{SIGNS[part.change]}{part.text}" for part in compare(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "parts"),
    [
        ("", "", []),
        ("We go.", "We go.", ["We go."]),
        ("", "We go.", ["+We go."]),
        ("We go.", "", ["-We go."]),
        ("We where ready to go.", "We were ready to go.", ["We ", "-where", "+were", " ready to go."]),
        ("We go", "We go.", ["We go", "+."]),
        ("a b c d", "a x y d", ["a ", "-b c", "+x y", " d"]),
        ("go on", "on", ["-go ", "on"]),
        ("the a", "the b ", ["the ", "-a", "+b "]),
        ("the a ", "the b ", ["the ", "-a", "+b", " "]),
        ("don\u2019t go", "do not go", ["-don\u2019t", "+do not", " go"]),
        ("水资源管理", "水的资源管理", ["水", "+的", "资源管理"]),
        ("شكرا لكم", "شكرًا لكم", ["-شكرا", "+شكرًا", " لكم"]),
    ],
)
def test_words_are_compared(before: str, after: str, parts: list[str]) -> None:
    assert told(before, after) == parts


def test_a_text_too_long_to_be_compared_is_replaced() -> None:
    long = "a " * MAX_TOKENS
    assert told(long, "a") == [f"-{long}", "+a"]


@given(before=HOSTILE, after=HOSTILE)
def test_the_parts_give_both_texts(before: str, after: str) -> None:
    parts = compare(before, after)
    assert "".join(part.text for part in parts if part.change is not WordChange.ADDED) == before
    assert "".join(part.text for part in parts if part.change is not WordChange.REMOVED) == after
    assert all(part.text for part in parts)
    assert all(one.change is not other.change for one, other in itertools.pairwise(parts))


def lines(**texts: str) -> list[VersionLine]:
    return [VersionLine(segment=SegmentId(name), text=text) for name, text in texts.items()]


def test_only_lines_that_differ_are_listed_where_they_stand() -> None:
    before = lines(a="One.", b="Two.", c="Three.", d="Four.", e="Five.")
    after = [*lines(a="One!", x="New."), VersionLine(segment=SegmentId("d"), text="Four.", name="Ana")]
    assert compare_lines(before, after) == (
        ComparedLine(
            segment=SegmentId("a"),
            parts=(
                ComparedPart(WordChange.SAME, "One"),
                ComparedPart(WordChange.REMOVED, "."),
                ComparedPart(WordChange.ADDED, "!"),
            ),
        ),
        ComparedLine(segment=SegmentId("x"), parts=(ComparedPart(WordChange.ADDED, "New."),)),
        ComparedLine(segment=SegmentId("b"), parts=(ComparedPart(WordChange.REMOVED, "Two."),)),
        ComparedLine(segment=SegmentId("c"), parts=(ComparedPart(WordChange.REMOVED, "Three."),)),
        ComparedLine(segment=SegmentId("d"), parts=(ComparedPart(WordChange.SAME, "Four."),), named=("", "Ana")),
        ComparedLine(segment=SegmentId("e"), parts=(ComparedPart(WordChange.REMOVED, "Five."),)),
    )
    assert compare_lines(before, before) == ()


@given(st.lists(st.sampled_from("abcdef"), unique=True), st.lists(st.sampled_from("abcdef"), unique=True))
def test_each_line_that_only_one_version_has_is_listed_once(one: list[str], other: list[str]) -> None:
    found = compare_lines(lines(**dict.fromkeys(one, "x")), lines(**dict.fromkeys(other, "x")))
    assert sorted(line.segment for line in found) == sorted(set(one) ^ set(other))
