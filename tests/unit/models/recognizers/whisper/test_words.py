from __future__ import annotations

import pytest

from moothall_models.ports import HeardWord
from moothall_models.recognizers.whisper.words import join_pieces, loop_at_the_end, restart, without_foretold


@pytest.mark.parametrize(
    ("tokens", "length"),
    [
        ([], 0),
        ([1, 2, 3, 4], 0),
        ([1, 1, 1, 1], 0),
        ([9, 1, 2, 3, 1, 2, 3], 3),
        ([9, 1, 2, 3, 1, 2, 3, 1, 2, 3], 6),
        ([1, 2, 3, 1, 2, 3, 4], 0),
    ],
)
def test_loops_at_the_end_are_measured(tokens: list[int], length: int) -> None:
    assert loop_at_the_end(tokens) == length


def timed(text: str, *times: tuple[int, int]) -> list[HeardWord]:
    return [HeardWord(f" {word}", t0, t1, 0.9) for word, (t0, t1) in zip(text.split(), times, strict=True)]


ONCE = ((0, 800), (840, 1_000), (1_000, 1_400), (1_400, 1_900), (1_900, 2_100))


def test_a_text_that_begins_anew_in_no_time_is_cut_off() -> None:
    anew = timed("So if it is slow, so if it is slow.", *ONCE, *[(2_100, 2_100)] * 4, (2_100, 2_400))
    assert restart(anew) == 5
    assert restart(anew[:8]) == 5


@pytest.mark.parametrize(
    "words",
    [
        [],
        timed("So if it is slow,", *ONCE),
        timed("So if it is slow, so if", *ONCE, *[(2_100, 2_100)] * 2),  # alignment is no better than that
        timed("So if it is slow, you will wait", *ONCE, *[(2_100, 2_100)] * 3),  # nor is it where speech is fast
        timed(
            "So if it is slow, so if it is slow.", *ONCE, *((t0 + 2_100, t1 + 2_100) for t0, t1 in ONCE)
        ),  # said twice
        timed("so so so so", *[(0, 0)] * 4),
        timed("जो का में अब भी जो की में", *ONCE, *[(2_100, 2_100)] * 3),  # other words, by a vowel sign
    ],
)
def test_what_may_have_been_said_is_no_restart(words: list[HeardWord]) -> None:
    assert restart(words) == len(words)


NO_TIME = [(500, 500)] * 3


def test_what_was_written_before_it_is_heard_is_left_out() -> None:
    heard = timed("and so if your line is slow, or not", *[(n, n + 90) for n in range(1_000, 1_900, 100)])
    foretold = timed("it if your line is slow.", (0, 200), (200, 500), *NO_TIME, (500, 1_000))
    assert without_foretold([*foretold, *heard]) == (foretold[0], *heard)
    assert without_foretold([*foretold[1:], *heard[2:]]) == tuple(heard[2:])
    assert without_foretold([*foretold[1:5], *heard[2:6]]) == tuple(heard[2:6])


@pytest.mark.parametrize(
    "words",
    [
        [],
        timed("So if it is slow,", *ONCE),
        timed("if it is slow, if it is slow", *[(0, 0)] * 2, *[(0, 200)] * 2, *ONCE[1:]),  # alignment is no better
        timed("or it is so if it is slow", *[(500, 500)] * 3, *ONCE),  # nor is it where speech is fast
        timed("so so so so so", *[(0, 0)] * 5),
    ],
)
def test_what_may_have_been_said_is_not_foretold(words: list[HeardWord]) -> None:
    assert without_foretold(words) == tuple(words)


def joined(*pieces: str, spaced: bool = True) -> list[str]:
    numbered = [(piece, number, number + 1) for number, piece in enumerate(pieces)]
    words = join_pieces(numbered, spaced=spaced)
    assert "".join(text for text, _, _ in words) == "".join(pieces)
    return [text for text, _, _ in words]


def test_a_word_begins_at_a_space() -> None:
    assert joined(" real", "-", "time", ",", " text", ".") == [" real-time,", " text."]
    assert joined("We", " hold") == ["We", " hold"]


def test_punctuation_finds_its_word() -> None:
    assert joined(" he", " said", " “", "No", "”", ".") == [" he", " said", " “No”."]
    assert joined(" so", " ...", " yes") == [" so ...", " yes"]
    assert joined(" ¿", "Qué", "?") == [" ¿Qué?"]


def test_a_lone_space_belongs_to_what_follows() -> None:
    assert joined(" Genehmigung", " ", "erteilt", ",") == [" Genehmigung", " erteilt,"]


def test_without_spaces_each_piece_is_a_word() -> None:
    assert joined("今日", "は", "。", "「", "はい", "」", spaced=False) == ["今日", "は。", "「はい」"]


def test_words_know_their_tokens() -> None:
    assert join_pieces([(" a", 0, 2), ("b", 2, 3), (" c", 3, 4)], spaced=True) == [(" ab", 0, 3), (" c", 3, 4)]
