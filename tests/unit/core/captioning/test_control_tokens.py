"""Who is on air next: the cases of handover in EBU-TT Live, and how far tokens and sound reach."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.captioning.control_tokens import (
    MACHINE,
    MOST_OTHERS,
    MOST_TOKEN,
    MOST_TOOLS,
    Hold,
    handed,
    most_token,
)
from moothall.core.kernel.actors import Role


def selected(*asked: tuple[str, int]) -> list[str]:
    """Who is on air after each of these, one after another, the machine being there first with token 0."""
    now, told = Hold(MACHINE, 0), []
    for each in asked:
        now = handed(now, Hold(*each))
        told.append(now.holder)
    return told


@pytest.mark.parametrize(
    ("asked", "on_air"),
    [
        ([("a", 1)], ["a"]),
        ([("a", 1), ("b", 2)], ["a", "b"]),
        ([("a", 2), ("b", 1)], ["a", "a"]),
        ([("a", 1), ("b", 1)], ["a", "a"]),  # An equal one changes nothing.
        ([("a", 0)], [MACHINE]),
        ([("a", 1), ("a", 3), ("b", 2)], ["a", "a", "a"]),  # Whoever is on air may raise theirs ...
        ([("a", 5), ("a", 1), ("b", 2)], ["a", "a", "b"]),  # ... and lower it after taking over.
        ([("a", 5), ("a", 0), ("b", 0), ("b", 1)], ["a", "a", "a", "b"]),
        ([("a", 1), ("b", 2), ("a", 2), ("a", 3)], ["a", "b", "b", "a"]),
        ([("a", 1), ("b", 2), ("a", 1)], ["a", "b", "b"]),  # A lower one of who was on air before.
        ([("a", 1), (MACHINE, 2)], ["a", MACHINE]),
        ([("a", 4), (MACHINE, 3)], ["a", "a"]),
    ],
)
def test_the_highest_token_is_on_air(asked: list[tuple[str, int]], on_air: list[str]) -> None:
    assert selected(*asked) == on_air


Sent = tuple[str, int | None]
"""A sequence sends a document with this control token; None: with none."""

PUBLISHED: list[tuple[list[Sent], list[str]]] = [
    # testing/bdd/features/handover/handover_algorithm.feature, in the order of its rows: from which sequences documents
    # are emitted. Its last row is left out (ADR 42).
    ([("seq1", 1), ("seq2", 2)], ["seq1", "seq2"]),
    ([("seq1", 2), ("seq2", 3)], ["seq1", "seq2"]),
    ([("seq1", None), ("seq2", 1)], ["seq2"]),
    ([("seq1", 2), ("seq1", 1)], ["seq1", "seq1"]),
    ([("seq1", 1), ("seq1", 1)], ["seq1", "seq1"]),
    ([("seq1", 1), ("seq1", 2)], ["seq1", "seq1"]),
    ([("seq1", 2), ("seq2", 1)], ["seq1"]),
    ([("seq1", 2), ("seq2", 2)], ["seq1"]),
    # testing/bdd/features/handover/handover.feature: its row of a right group without a token.
    ([("seq1", None)], []),
]
"""Of ebu/ebu-tt-live-toolkit at commit 8c67f83010d9fc0af5d3e270c70dce87674ad289."""


@pytest.mark.parametrize(("sent", "emitted"), PUBLISHED)
def test_the_published_cases_of_the_handover_manager(sent: list[Sent], emitted: list[str]) -> None:
    now, read = Hold(MACHINE, 0), []
    for source, token in sent:
        if token is not None:  # A line alone asks for nothing.
            now = handed(now, Hold(source, token))
        if now.holder == source:
            read.append(source)
    assert read == emitted


def test_behind_the_highest_token_an_equal_one_takes_over_for_those_whose_tokens_end_there() -> None:
    now = Hold("a", MOST_TOKEN)
    assert handed(now, Hold("b", MOST_TOKEN), last=True) == Hold("b", MOST_TOKEN)
    assert handed(now, Hold("b", MOST_TOKEN)) == now
    assert handed(now, Hold("b", MOST_OTHERS), last=True) == now
    lower = Hold("a", MOST_OTHERS)
    assert handed(lower, Hold("b", MOST_OTHERS), last=True) == lower


holds = st.builds(Hold, st.sampled_from([MACHINE, "a", "b", "c"]), st.integers(0, 5))


@given(holds, holds)
def test_another_one_is_on_air_only_by_a_higher_token(now: Hold, asked: Hold) -> None:
    then = handed(now, asked)
    assert then in (now, asked)
    assert (then.holder != now.holder) == (asked.holder != now.holder and asked.token > now.token)


@given(holds, st.lists(holds, max_size=8))
def test_who_asks_twice_changes_nothing_by_it(now: Hold, asked: list[Hold]) -> None:
    for each in asked:
        now = handed(now, each)
        assert handed(now, each) == now


def test_the_technician_can_take_over_from_anybody() -> None:
    assert most_token(Role.TOOL) == MOST_TOOLS < most_token(Role.CAPTIONER) == most_token(Role.INTERPRETER)
    assert MOST_OTHERS < most_token(Role.TECHNICIAN) == most_token(Role.SECRETARIAT) == MOST_TOKEN
