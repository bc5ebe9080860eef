from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from moothall_models.recognizers.whisper.beam import SPARED, WIDTH, first_doubt, search, search_from
from moothall_models.recognizers.whisper.drafting import DraftText, StepResult, write, write_all
from moothall_models.recognizers.whisper.timestamp_rules import ChosenToken
from support.models.token_tree import BEGIN, END, OPENS, RULES, STEPS, Tree


class Greedy:
    """One text of a tree at a time."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._text: list[int] = []

    def step(self, tokens: Sequence[int]) -> StepResult:
        logits = []
        for token in tokens:
            self._text.append(token)
            logits.append(self._tree.logits(tuple(self._text)))
        looks = np.stack([np.full((1, 4), n + 1, dtype=np.float32) for n in range(len(tokens))])
        return np.stack(logits), looks

    def cut(self, count: int) -> None:
        del self._text[max(0, count - 1) :]


def greedy(tree: Tree, closing: int = STEPS) -> DraftText:
    begun = np.full((1, BEGIN + STEPS), -30, dtype=np.float32)
    begun[0, OPENS] = 0
    text = write((begun, np.zeros((1, 1, 4), np.float32)), RULES, cap=30, draft=(), closing=closing)

    def nobody(those: Sequence[int], tokens: Sequence[int]) -> list[StepResult]:
        raise AssertionError(those, tokens)

    return write_all([Greedy(tree)], [text], nobody)[0]


def searched(tree: Tree, *, start: int = 1, width: int = WIDTH, cap: int = 30, closing: int = STEPS) -> DraftText:
    written = greedy(tree, closing)
    return search(tree.at(written.tokens[:start]), written, start, RULES, width=width, cap=cap, closing=closing)


TRAP = Tree(
    {
        (OPENS,): {1: 0.51, 2: 0.49},
        (OPENS, 1): {3: 0.3, 4: 0.3, 5: 0.4},
        (OPENS, 1, 5): {END: 1.0},
        (OPENS, 2): {6: 1.0},
        (OPENS, 2, 6): {END: 1.0},
    }
)
"""The likeliest first token leads to a text that is less likely as a whole."""


def test_a_text_that_is_likelier_as_a_whole_is_found() -> None:
    assert greedy(TRAP).tokens == (OPENS, 1, 5)
    found = searched(TRAP)
    assert found.tokens == (OPENS, 2, 6)
    assert found.ended
    assert found.log_p == pytest.approx(np.log(0.49) / 3, abs=1e-3)
    assert [choice.token for choice in found.choices] == [OPENS, 2, 6]
    assert found.choices[1].p == pytest.approx(0.49, abs=1e-3)


def test_where_it_looked_goes_with_the_text() -> None:
    assert searched(TRAP).attention[:, 0, 0].tolist() == [0, 1, 2, 3]


def test_where_nothing_is_likelier_what_was_written_stays() -> None:
    tree = Tree({(OPENS,): {1: 0.6, 2: 0.4}, (OPENS, 1): {3: 1.0}, (OPENS, 2): {4: 0.5, 5: 0.5}})
    written = greedy(tree)
    assert search(tree.at(written.tokens[:1]), written, 1, RULES, width=3, cap=30, closing=STEPS) is written


def test_what_stands_before_the_doubt_is_left_alone() -> None:
    tree = Tree(
        {
            (OPENS,): {1: 0.51, 7: 0.49},
            (OPENS, 7): {8: 1.0},
            (OPENS, 1): {2: 0.4, 3: 0.35, 9: 0.25},
            (OPENS, 1, 2): {4: 0.4, 5: 0.3, 6: 0.3},
        }
    )
    assert searched(tree, start=2).tokens == (OPENS, 1, 3)
    assert searched(tree, start=1).tokens == (OPENS, 7, 8)


def test_a_text_may_end_with_a_timestamp_at_the_end_of_the_audio() -> None:
    closes = BEGIN + 40
    tree = Tree(
        {
            (OPENS,): {1: 0.55, 2: 0.45},
            (OPENS, 1): {3: 0.5, 4: 0.5},
            (OPENS, 1, 3): {closes: 1.0},
            (OPENS, 2): {closes: 0.5, closes + 1: 0.5},
        }
    )
    assert greedy(tree, closing=40).tokens == (OPENS, 1, 3, closes)
    found = searched(tree, closing=40)
    # Which moment it was doesn't make it less likely.
    assert found.tokens == (OPENS, 2, closes)
    assert found.log_p == pytest.approx(np.log(0.45) / 3, abs=1e-3)
    assert len(found.attention) == 3


def test_a_text_that_runs_in_circles_is_not_followed() -> None:
    follow: dict[tuple[int, ...], dict[int, float]] = {
        (OPENS,): {1: 0.4, 2: 0.6},
        (OPENS, 2): {END: 0.1, 5: 0.1, 6: 0.1, 7: 0.1, 8: 0.1, 9: 0.1, 10: 0.2, 11: 0.2},
    }
    circle = [OPENS, 1]
    for _ in range(40):
        follow[tuple(circle)] = {1: 1.0}
        circle.append(1)
    tree = Tree(follow)
    assert 1 not in searched(tree).tokens


def test_it_follows_no_more_texts_than_it_may_and_none_past_the_cap() -> None:
    wide: dict[tuple[int, ...], dict[int, float]] = {(OPENS,): dict.fromkeys(range(1, 11), 0.1)}
    for first in range(1, 11):
        wide[OPENS, first] = dict.fromkeys(range(11, 16), 0.2)
    tree = Tree(wide)
    written = greedy(tree)
    for width in (1, 2, 4):
        rows = tree.at(written.tokens[:1])
        search(rows, written, 1, RULES, width=width, cap=30, closing=STEPS)
        assert max(rows.rows) == width
    rows = tree.at(written.tokens[:1])
    assert search(rows, written, 1, RULES, width=3, cap=2, closing=STEPS) is written
    assert len(rows.rows) == 2


def doubted(*odds: float, ended: bool = True) -> DraftText:
    """A text of the tokens 1, 2, 3, … with these probabilities, behind the timestamp that opens it."""
    tokens = [OPENS, *range(1, len(odds) + 1)]
    return DraftText(
        tokens=tuple(tokens),
        choices=tuple(ChosenToken(token, p, float(np.log(p))) for token, p in zip(tokens, [1.0, *odds], strict=True)),
        attention=np.zeros((len(tokens) + 1, 1, 4), np.float32),
        ended=ended,
        log_p=-1,
    )


def test_a_window_that_wants_no_search_gets_none_however_much_is_in_doubt() -> None:
    written = doubted(0.1, 0.1, 0.1, 0.1)
    assert search_from(written, RULES, beam=1, committed=()) == 1
    assert search_from(written, RULES, beam=0, committed=()) is None


def test_a_live_pass_spares_the_last_tokens_and_a_better_pass_none() -> None:
    written = doubted(0.9, 0.9, *[0.1] * SPARED)
    assert search_from(written, RULES, beam=1, committed=()) is None
    assert search_from(written, RULES, beam=5, committed=()) == 3


def test_what_is_committed_is_not_searched_for_as_far_as_it_was_heard_again() -> None:
    written = doubted(0.1, 0.9, 0.1, 0.9, 0.9)
    assert search_from(written, RULES, beam=1, committed=(1, 2)) == 3
    assert search_from(written, RULES, beam=1, committed=(7, 2)) == 1


def test_a_text_without_an_end_is_not_searched_for() -> None:
    assert search_from(doubted(0.1, 0.9, 0.9, 0.9, ended=False), RULES, beam=1, committed=()) is None


def test_doubt_is_looked_for_behind_what_stands_and_before_what_is_heard_again() -> None:
    odds = [1.0, 0.9, 0.1, 0.8, 0.2, 1.0, 0.3]
    tokens = [OPENS, 1, 2, 3, 4, BEGIN + 30, 5]
    written = DraftText(
        tokens=tuple(tokens),
        choices=tuple(ChosenToken(token, p, float(np.log(p))) for token, p in zip(tokens, odds, strict=True)),
        attention=np.zeros((8, 1, 4), np.float32),
        ended=True,
        log_p=-1,
    )
    assert first_doubt(written, RULES, behind=0, spared=0) == 2
    assert first_doubt(written, RULES, behind=2, spared=0) == 4
    assert first_doubt(written, RULES, behind=4, spared=0) == 6
    assert first_doubt(written, RULES, behind=4, spared=1) is None
    assert first_doubt(written, RULES, behind=9, spared=0) is None
