from __future__ import annotations

from moothall.core.events.types import Word
from moothall_models.speech.seam import already_committed, cut_off
from support.sound.talking import said

COMMITTED = said("we hold these truths to be self-evident", 10_000)  # Ends at 12100.
THROUGH = 12_100


def count(text: str, t: int, start: int, committed: tuple[Word, ...] = COMMITTED) -> int:
    return already_committed(said(text, t), committed, start, THROUGH)


def test_words_heard_again_are_found_by_text_and_time() -> None:
    assert count("truths to be self-evident that all men", 10_900, 10_900) == 4


def test_wrong_times_are_outweighed_by_text() -> None:
    assert count("to be self-evident that all men", 11_400, 11_200) == 3
    assert count("to be self-evident that all men", 11_000, 10_900) == 3


def test_wrong_text_is_outweighed_by_time() -> None:
    assert count("two bee elephant that all men", 11_200, 11_200) == 3


def test_made_up_words_in_front_cost_nothing() -> None:
    assert count("so what then be self-evident that all", 10_600, 10_800) == 5


def test_a_word_may_be_heard_as_two_and_two_as_one() -> None:
    assert count("to be self evident that all", 11_000, 11_000) == 4
    two = (*said("it is open source", 10_900),)
    assert already_committed(said("is open-source software", 11_200), two, 11_200, 12_100) == 2


def test_a_number_may_be_written_in_digits_and_in_letters() -> None:
    committed = (Word(" a", 6_744, 6_804), Word(" second", 6_804, 7_040), *said("or two", 7_040, each=200))
    again = (
        Word(" 2nd", 6_624, 7_084),
        Word(" or", 7_084, 7_204),
        Word(" 2", 7_204, 7_464),
        Word(" after", 7_464, 7_644),
    )
    assert already_committed(again, committed, 6_624, 7_440) == 3


def test_a_word_that_the_window_cuts_off_may_be_missing() -> None:
    assert count("that all men", 12_100, 12_050) == 0
    fragment = (Word(" evident", 11_950, 12_090), *said("that all men", 12_090))
    assert already_committed(fragment, COMMITTED, 11_950, THROUGH) == 1


def test_the_same_word_said_again_is_new() -> None:
    committed = said("no", 10_000)
    again = (Word(" no", 10_900, 11_200),)
    assert already_committed(again, committed, 10_400, 10_300) == 0


def test_nothing_heard() -> None:
    assert already_committed((), COMMITTED, 10_900, THROUGH) == 0


def test_without_text_time_decides() -> None:
    assert already_committed(said("a b c", 0), (), 0, 500) == 2
    assert already_committed(said("a b c", 20_000), COMMITTED, 20_000, THROUGH) == 0


def test_what_begins_where_the_sound_was_cut_may_be_half_a_word() -> None:
    words = said("cess what we offer", 10_020, each=150)
    assert [cut_off(words, cut) for cut in (0, 9_000, 9_720, 9_721, 10_000)] == [0, 0, 0, 1, 2]
