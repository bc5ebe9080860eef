from __future__ import annotations

import numpy as np
import pytest

from moothall.core.events.lines import Word
from moothall_models.ports import VAD_FRAME
from moothall_models.speech.overlap import SLACK, already_committed, cut, cut_off, forced, unsaid
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import FRAME_MS, SpeechFrame, Utterance
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


@pytest.mark.parametrize(
    ("committed", "again", "new"),
    [
        ("33", " 33-4-692", "-4-692"),
        ("4 6", " 692.", "92."),
        ("1", " 1-0-0-0-1.", "-0-0-0-1."),
        ("10", " 10,000", ",000"),
        ("is 3 3", " 33-4", "-4"),
        ("4 6", " 792", " 792"),
        ("33", " 33", " 33"),
        ("3", " 3rd", " 3rd"),
    ],
)
def test_digits_that_are_joined_with_the_next_ones_are_not_said_again(committed: str, again: str, new: str) -> None:
    before = said(committed, 1_000, each=600)
    through = before[-1].t1
    joined = (Word(again, through - 500, through + 900), *said("please", through + 900))
    fresh = unsaid(joined, 0, before, through)
    assert "".join(word.text for word in fresh) == f"{new}please"
    assert all(word.t0 >= through for word in fresh) or new == again


def test_digits_that_begin_where_the_committed_ones_end_are_new() -> None:
    committed = (Word("1", 1_000, 1_600),)
    ten = Word(" 10", 1_600 - SLACK + 1, 2_000)
    assert unsaid((Word(" 1", 1_000, 1_450), Word(" 10", 1_450, 2_000)), 1, committed, 1_600)[0].text == " 10"
    assert unsaid((ten,), 0, committed, 1_600) == (ten,)
    assert unsaid((ten,), 0, (), 0) == (ten,)
    assert unsaid((ten,), 1, committed, 1_600) == ()


def test_nothing_heard() -> None:
    assert already_committed((), COMMITTED, 10_900, THROUGH) == 0


def test_without_text_time_decides() -> None:
    assert already_committed(said("a b c", 0), (), 0, 500) == 2
    assert already_committed(said("a b c", 20_000), COMMITTED, 20_000, THROUGH) == 0


def test_what_begins_where_the_sound_was_cut_may_be_half_a_word() -> None:
    words = said("cess what we offer", 10_020, each=150)
    assert [cut_off(words, cut) for cut in (0, 9_000, 9_720, 9_721, 10_000)] == [0, 0, 0, 1, 2]


SETTINGS = SpeechSettings(trim_at=3_000, trim_anywhere_at=5_000, kept=1_000, overlap=2)


def utterance(end: int, quiet: tuple[int, int] = (0, 0)) -> Utterance:
    """Speech from 0 to `end` but for the ms from `quiet[0]` to `quiet[1]`."""
    frames = [
        SpeechFrame(t, np.zeros(VAD_FRAME, dtype=np.float32), 0.1 if quiet[0] <= t < quiet[1] else 0.9)
        for t in range(0, end, FRAME_MS)
    ]
    spoken = Utterance(1, frames[:1], 0.35)
    for frame in frames[1:]:
        spoken.add(frame)
    return spoken


def at(spoken: Utterance, committed: tuple[Word, ...], *, missed: bool = False) -> int | None:
    return cut(spoken, committed, spoken.heard, missed=missed, settings=SETTINGS)


def test_a_short_window_is_left_alone() -> None:
    assert at(utterance(2_900), said("one, two, three, four, five")) is None


def test_it_is_cut_where_a_clause_ends_with_the_overlap_in_front() -> None:
    assert at(utterance(3_200), said("one two, three four, five six")) == 1_200 - SLACK
    assert at(utterance(3_200), said("one two three, four, five")) == 900 - SLACK


def test_it_is_cut_in_a_pause_between_words() -> None:
    assert at(utterance(3_200, (1_184, 1_280)), said("one two three four") + said("five", 1_300)) == 1_232
    assert at(utterance(3_200, (1_184, 1_280)), said("one two three four")) == 1_232


def test_a_cut_leaves_enough_and_takes_enough() -> None:
    late = said("one two three four five six seven eight nine ten, eleven twelve")
    assert at(utterance(3_200), late) is None, "the clause ends 200 ms before the edge"
    assert at(utterance(3_200), said("one, two three four")) is None, "the clause is at the very beginning"


def test_a_long_window_is_cut_anywhere() -> None:
    words = said("one two three four five six")
    assert at(utterance(4_000), words) is None
    assert at(utterance(5_024), words) == 900 - SLACK
    assert at(utterance(5_024), words[:2]) is None


def test_so_is_one_in_which_the_decoder_stopped() -> None:
    assert at(utterance(2_400), said("one two three four five six"), missed=True) == 900 - SLACK


def test_a_word_that_is_not_whole_yet_stays_in_one_piece_where_the_longest_window_is_cut() -> None:
    spoken = utterance(4_000)
    assert forced(spoken, 3_750) == 3_750
    spoken.unconfirmed = said("long", 3_400)
    assert forced(spoken, 3_750) == 3_400 - SLACK
    spoken.unconfirmed = said("late", 3_900)
    assert forced(spoken, 3_750) == 3_750
    # It would be as long again, and so would the one after that.
    spoken.unconfirmed = said("endless", 200)
    assert forced(spoken, 3_750) == 3_750
