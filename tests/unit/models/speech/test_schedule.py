from __future__ import annotations

import numpy as np

from moothall_models.ports import VAD_FRAME
from moothall_models.speech.schedule import (
    LONGEST_PAUSE,
    LONGEST_STEP,
    UNSEARCHED,
    PassRate,
    Stage,
    complete,
    next_pace,
    stage,
    usual,
    widest,
    window_end,
)
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import FRAME_MS, SpeechFrame, Utterance

SETTINGS = SpeechSettings(first_pass=640, step=320, hesitation=64, settled=256, tail=288, longest_window=3_200)
PACE = usual(SETTINGS)


def utterance(speech: int, quiet: int = 0, covered: int = 0, begins: int = 0) -> Utterance:
    """`speech` frames of speech, `quiet` frames of silence, from frame `begins` on."""
    odds = [0.9] * speech + [0.1] * quiet
    silence = np.zeros(VAD_FRAME, dtype=np.float32)
    frames = [SpeechFrame(n * FRAME_MS, silence, p) for n, p in enumerate(odds, begins)]
    spoken = Utterance(1, frames[:1], 0.35)
    for frame in frames[1:]:
        spoken.add(frame)
    spoken.covered = covered
    return spoken


def test_a_click_is_not_recognised() -> None:
    assert window_end(utterance(2, 20), SETTINGS, PACE) is None


def test_the_first_pass_waits_for_enough_speech() -> None:
    assert window_end(utterance(19), SETTINGS, PACE) is None
    assert window_end(utterance(20), SETTINGS, PACE) == 640


def test_the_next_pass_waits_for_a_step() -> None:
    assert window_end(utterance(29, covered=640), SETTINGS, PACE) is None
    assert window_end(utterance(30, covered=640), SETTINGS, PACE) == 960


def test_it_waits_while_the_speaker_hesitates() -> None:
    assert window_end(utterance(29, 1, covered=640), SETTINGS, PACE) == 960
    assert window_end(utterance(28, 2, covered=640), SETTINGS, PACE) is None
    assert window_end(utterance(28, 7, covered=640), SETTINGS, PACE) is None
    assert window_end(utterance(28, 8, covered=640), SETTINGS, PACE) == 1_152


def test_silence_is_recognised_once() -> None:
    assert window_end(utterance(30, 12, covered=960), SETTINGS, PACE) == 960 + 256, "as soon as it has settled"
    late = SpeechSettings(first_pass=640, step=320, hesitation=64, settled=320, tail=288)
    assert window_end(utterance(30, 12, covered=960), late, usual(late)) == 960 + 288, "the tail and no more"
    assert complete(utterance(30, 12, covered=1_056))
    assert window_end(utterance(30, 12, covered=1_056), SETTINGS, PACE) is None
    assert not complete(utterance(30, 12, covered=1_024))


def test_what_is_over_is_recognised_to_its_end() -> None:
    spoken = utterance(30, 1, covered=960)
    spoken.closed = True
    assert window_end(spoken, SETTINGS, PACE) == 992
    spoken.covered = 992
    assert complete(spoken)
    assert window_end(spoken, SETTINGS, PACE) is None


def test_no_window_is_longer_than_the_longest() -> None:
    assert window_end(utterance(200, covered=3_100), SETTINGS, PACE) == 3_200


def test_a_backlog_is_heard_in_the_windows_of_a_live_pass() -> None:
    assert window_end(utterance(90), SETTINGS, PACE) == 640
    assert window_end(utterance(90, covered=640), SETTINGS, PACE) == 960


def test_a_long_backlog_is_heard_in_one_window() -> None:
    impatient = SpeechSettings(first_pass=640, step=320, catch_up=1_000)
    assert window_end(utterance(51), impatient, usual(impatient)) == 640
    assert window_end(utterance(52), impatient, usual(impatient)) == 1_664
    assert window_end(utterance(52, 3), impatient, usual(impatient)) == 640, "where no pass is due at the end"


def test_sound_that_has_come_and_was_not_heard_yet_counts_as_backlog_where_it_is_to() -> None:
    impatient = SpeechSettings(first_pass=640, step=320, catch_up=1_000)
    pace = usual(impatient)
    assert window_end(utterance(40), impatient, pace, newest=1_640) == 640
    assert window_end(utterance(40), impatient, pace, newest=1_641) == 1_280, "all of it that was heard"


def test_what_is_heard_once_more_ends_where_it_did() -> None:
    spoken = utterance(90, covered=2_000)
    spoken.redo = 1_984
    assert window_end(spoken, SETTINGS, PACE) == 1_984


def test_when_passes_are_slow_those_that_commit_nothing_go_first_and_then_there_are_fewer() -> None:
    assert next_pace(SETTINGS, ()) == PACE == PassRate(first=640, step=320)
    assert next_pace(SETTINGS, (200,) * 6) == PACE
    assert next_pace(SETTINGS, (201,) * 3) == PassRate(first=1_320, step=320)
    assert next_pace(SETTINGS, (325,) * 6) == PassRate(first=1_320, step=320)
    assert next_pace(SETTINGS, (326,) * 3) == PassRate(first=1_320, step=522)


def test_the_pace_is_steady_where_quick_and_slow_passes_take_turns() -> None:
    assert next_pace(SETTINGS, (10, 300, 300, 1_200, 1_000, 1_500)) == PassRate(first=1_320, step=899)
    assert next_pace(SETTINGS, (300, 1_200, 1_000, 10, 1_500, 300)) == PassRate(first=1_320, step=899)


def test_the_pace_follows_a_pass_that_is_much_quicker_than_those_before() -> None:
    assert next_pace(SETTINGS, (3_000,) * 5 + (300,)) == PassRate(first=1_320, step=960)
    assert next_pace(SETTINGS, (3_000,) * 5 + (100,)) == PACE


def test_passes_that_are_much_too_slow_are_fewer_and_yet_not_ever_fewer() -> None:
    assert next_pace(SETTINGS, (20_000,) * 6) == PassRate(first=1_320, step=LONGEST_STEP)
    assert stage(SETTINGS, next_pace(SETTINGS, (20_000,) * 6)) is Stage.NO_SEARCH


def over(speech: int, begins: int) -> Utterance:
    """So many frames of speech from frame `begins` on, and the pause after them."""
    ended = utterance(speech, 15, begins=begins)
    ended.covered, ended.closed = ended.start, True
    return ended


WIDE = PassRate(first=1_320, step=640)


def found(*waiting: Utterance, edge: int = 640, together: bool = True) -> tuple[list[Utterance], int]:
    return widest(waiting, edge, SETTINGS, WIDE, together=together)


def test_the_widest_window_has_all_sound_of_the_oldest_utterance() -> None:
    spoken = utterance(90)
    assert found(spoken) == ([spoken], 2_880)
    hesitating = utterance(88, 2)
    assert found(hesitating) == ([hesitating], 89 * FRAME_MS), "as far as a pass could be due"
    assert found(utterance(200))[1] == 3_200, "no longer than the longest"
    nothing_new = utterance(20, covered=640)
    assert found(nothing_new) == ([nothing_new], 640)
    once_more = utterance(90, covered=2_000)
    once_more.redo = 1_984
    assert found(once_more, over(10, 100), edge=1_984) == ([once_more], 1_984)


def test_the_widest_window_goes_on_over_pauses() -> None:
    first, second, third = over(20, 0), over(20, 40), utterance(30, begins=75)
    assert found(first, second, third) == ([first, second], 60 * FRAME_MS + SETTINGS.tail), "no longer than the longest"
    assert found(first, second, together=False) == ([first], 20 * FRAME_MS + SETTINGS.tail)
    begun = utterance(30, begins=40)
    assert found(first, begun) == ([first, begun], 70 * FRAME_MS), "somebody speaks"
    assert found(first, utterance(19, begins=40))[0] == [first], "it has just begun"
    click = over(2, 30)
    assert found(first, click, begun) == ([first, begun], 70 * FRAME_MS)
    beginning = utterance(2, begins=30)
    assert found(first, beginning)[0] == [first]


def test_the_widest_window_ends_before_a_long_pause() -> None:
    long = SpeechSettings(first_pass=640, step=320, hesitation=64, settled=256, tail=288)
    frames = LONGEST_PAUSE // FRAME_MS
    near, far = over(20, 20 + frames), over(20, 21 + frames)
    assert widest((over(20, 0), near), 640, long, WIDE, together=True)[1] > 3_000
    assert widest((over(20, 0), far), 640, long, WIDE, together=True)[1] < 1_000


def test_what_an_engine_that_cannot_keep_up_does_without_has_an_order() -> None:
    slower = [(), (300,) * 3, (400,) * 3, (2_000,) * 6]
    assert [stage(SETTINGS, next_pace(SETTINGS, took)) for took in slower] == list(Stage)
    assert stage(SETTINGS, PassRate(first=1_320, step=UNSEARCHED)) is Stage.WIDER_WINDOWS


def test_what_no_pass_shows_is_heard_in_the_pause() -> None:
    shed = PassRate(first=1_320, step=320)
    assert window_end(utterance(41), SETTINGS, shed) is None
    assert window_end(utterance(42), SETTINGS, shed) == 42 * FRAME_MS
    assert window_end(utterance(20, 8), SETTINGS, shed) == 28 * FRAME_MS


def test_one_slow_pass_changes_no_window() -> None:
    assert next_pace(SETTINGS, (1_000,)) == PACE
    assert next_pace(SETTINGS, (1_000, 1_000)) == PACE, "two passes may be those of a new engine"
    assert next_pace(SETTINGS, (10, 1_000, 10)) == PACE
    assert next_pace(SETTINGS, (10, 10, 10, 10, 10, 20_000)) == PACE
