from __future__ import annotations

import numpy as np

from moothall.core.events.types import Word
from moothall_models.ports import VAD_FRAME
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.trimming import SLACK, cut, forced
from moothall_models.speech.utterance import FRAME_MS, Frame, Utterance
from support.sound.talking import said

SETTINGS = SpeechSettings(trim_at=3_000, trim_anywhere_at=5_000, kept=1_000, overlap=2)


def utterance(end: int, quiet: tuple[int, int] = (0, 0)) -> Utterance:
    """Speech from 0 to `end` but for the ms from `quiet[0]` to `quiet[1]`."""
    frames = [
        Frame(t, np.zeros(VAD_FRAME, dtype=np.float32), 0.1 if quiet[0] <= t < quiet[1] else 0.9)
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
