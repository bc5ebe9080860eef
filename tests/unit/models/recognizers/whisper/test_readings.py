from __future__ import annotations

import numpy as np
import pytest

from moothall_models.ports import HeardWord, Window
from moothall_models.recognizers.whisper.readings import LONGEST, MOST_WORDS, other_tokens, unsure
from support.models.token_tree import END, OPENS, RULES, Tree


def window(draft: str, committed_chars: int = 0, *, whole: int = 10_000, settled: bool = False) -> Window:
    audio = np.zeros(160_000, dtype=np.float32)
    return Window(
        audio=audio, languages=("en",), draft=draft, committed_chars=committed_chars, whole=whole, settled=settled
    )


def words(text: str, *doubted: str) -> list[HeardWord]:
    return [
        HeardWord(f" {word}", n * 500, n * 500 + 400, 0.3 if word in doubted else 0.9)
        for n, word in enumerate(text.split())
    ]


@pytest.mark.parametrize(
    ("heard", "found"),
    [
        (window("We thank the fond that pays"), [3]),
        (window("We thank a fond that pays"), []),  # What stands before it was another word.
        (window("We thank the fond that pays", len("We thank the fond")), []),  # It is committed.
        (window(""), []),
        (window("", settled=True), [3]),
        (window("We thank the fond that pays", whole=1_800), []),  # More sound may change it.
        (window("We thank the fond that pays", whole=0, settled=True), []),
    ],
)
def test_words_in_doubt_that_are_about_to_stay_get_other_readings(heard: Window, found: list[int]) -> None:
    assert unsure(words("We thank the fond that pays", "fond"), heard) == found


def test_a_word_that_is_hardly_more_than_a_guess_gets_none() -> None:
    guess = [HeardWord(" fond", 0, 400, 0.19), HeardWord(" pays", 500, 900, 0.2)]
    assert unsure(guess, window("", settled=True)) == [1]


def test_a_pass_looks_for_a_few_only() -> None:
    many = words("a b c d e f", *"abcdef")
    assert unsure(many, window("", settled=True)) == list(range(MOST_WORDS))


def test_the_likeliest_others_are_written_to_the_end_of_their_word() -> None:
    # 1 was written; 2 goes on with 12, 3 is a word, and 4 never ends. From 10 on a token goes on with a word.
    follow = {(OPENS, 5): {1: 0.4, 2: 0.3, 3: 0.2, 4: 0.1}, (OPENS, 5, 2): {12: 1.0}, (OPENS, 5, 3): {6: 1.0}}
    follow |= {(OPENS, 5, 2, 12): {7: 1.0}}
    follow |= {(OPENS, 5, 4, *[11] * count): {11: 1.0} for count in range(LONGEST)}
    tree = Tree(follow).at([OPENS, 5])
    found = other_tokens(tree, [OPENS, 5], 1, RULES, lambda token: 10 <= token < END)
    assert found == [(2, 12), (3,)]


def test_where_nothing_else_is_likely_there_is_nothing() -> None:
    assert other_tokens(Tree({(OPENS,): {END: 1.0}}).at([OPENS]), [OPENS], 1, RULES, lambda _: False)[3:] == []
