from __future__ import annotations

import numpy as np

from moothall_models.ports import VAD_FRAME
from moothall_models.speech.schedule import complete, next_step, window_end
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import FRAME_MS, Frame, Utterance

SETTINGS = SpeechSettings(first_pass=640, step=320, hesitation=64, settled=256, tail=288, longest_window=3_200)


def utterance(speech: int, quiet: int = 0, covered: int = 0) -> Utterance:
    """`speech` frames of speech, `quiet` frames of silence."""
    odds = [0.9] * speech + [0.1] * quiet
    frames = [Frame(n * FRAME_MS, np.zeros(VAD_FRAME, dtype=np.float32), p) for n, p in enumerate(odds)]
    spoken = Utterance(1, frames[:1], 0.35)
    for frame in frames[1:]:
        spoken.add(frame)
    spoken.covered = covered
    return spoken


def test_a_click_is_not_recognised() -> None:
    assert window_end(utterance(2, 20), SETTINGS, 320) is None


def test_the_first_pass_waits_for_enough_speech() -> None:
    assert window_end(utterance(19), SETTINGS, 320) is None
    assert window_end(utterance(20), SETTINGS, 320) == 640


def test_the_next_pass_waits_for_a_step() -> None:
    assert window_end(utterance(29, covered=640), SETTINGS, 320) is None
    assert window_end(utterance(30, covered=640), SETTINGS, 320) == 960


def test_it_waits_while_the_speaker_hesitates() -> None:
    assert window_end(utterance(29, 1, covered=640), SETTINGS, 320) == 960
    assert window_end(utterance(28, 2, covered=640), SETTINGS, 320) is None
    assert window_end(utterance(28, 7, covered=640), SETTINGS, 320) is None
    assert window_end(utterance(28, 8, covered=640), SETTINGS, 320) == 1_152


def test_silence_is_recognised_once() -> None:
    assert window_end(utterance(30, 12, covered=960), SETTINGS, 320) == 960 + 256, "as soon as it has settled"
    late = SpeechSettings(first_pass=640, step=320, hesitation=64, settled=320, tail=288)
    assert window_end(utterance(30, 12, covered=960), late, 320) == 960 + 288, "the tail and no more"
    assert complete(utterance(30, 12, covered=1_056))
    assert window_end(utterance(30, 12, covered=1_056), SETTINGS, 320) is None
    assert not complete(utterance(30, 12, covered=1_024))


def test_what_is_over_is_recognised_to_its_end() -> None:
    spoken = utterance(30, 1, covered=960)
    spoken.closed = True
    assert window_end(spoken, SETTINGS, 320) == 992
    spoken.covered = 992
    assert complete(spoken)
    assert window_end(spoken, SETTINGS, 320) is None


def test_no_window_is_longer_than_the_longest() -> None:
    assert window_end(utterance(200, covered=3_100), SETTINGS, 320) == 3_200


def test_a_backlog_is_heard_in_the_windows_of_a_live_pass() -> None:
    assert window_end(utterance(90), SETTINGS, 320) == 640
    assert window_end(utterance(90, covered=640), SETTINGS, 320) == 960


def test_a_long_backlog_is_heard_in_one_window() -> None:
    impatient = SpeechSettings(first_pass=640, step=320, catch_up=1_000)
    assert window_end(utterance(51), impatient, 320) == 640
    assert window_end(utterance(52), impatient, 320) == 1_664
    assert window_end(utterance(52, 3), impatient, 320) == 640, "where no pass is due at the end"


def test_what_is_heard_once_more_ends_where_it_did() -> None:
    spoken = utterance(90, covered=2_000)
    spoken.redo = 1_984
    assert window_end(spoken, SETTINGS, 320) == 1_984


def test_slow_passes_are_asked_for_less_often() -> None:
    assert next_step(SETTINGS, ()) == 320
    assert next_step(SETTINGS, (10, 10, 10)) == 320
    assert next_step(SETTINGS, (1_200, 1_000, 1_500)) == 1_600


def test_one_slow_pass_changes_no_window() -> None:
    assert next_step(SETTINGS, (1_000,)) == 320
    assert next_step(SETTINGS, (1_000, 10, 1_000)) == 320
