from __future__ import annotations

import numpy as np

from moothall_models.ports import VAD_FRAME
from moothall_models.speech.utterance import FRAME_MS, Frame, Utterance


def frame(t: int, p: float = 1.0) -> Frame:
    return Frame(t, np.full(VAD_FRAME, t, dtype=np.float32), p)


def utterance(*odds: float, before: int = 0) -> Utterance:
    """Frames of these probabilities from 0 ms on; the first `before` of them came before speech."""
    frames = [frame(number * FRAME_MS, p) for number, p in enumerate(odds)]
    spoken = Utterance(1, frames[: before + 1], 0.35)
    for later in frames[before + 1 :]:
        spoken.add(later)
    return spoken


def test_it_knows_where_speech_begins_and_ends() -> None:
    spoken = utterance(0.1, 0.1, 0.9, 0.5, 0.2, before=2)
    assert (spoken.start, spoken.speech_start, spoken.speech_end, spoken.heard) == (0, 64, 128, 160)
    assert spoken.speech_ms == 64


def test_its_audio_grows_and_is_cut_by_whole_frames() -> None:
    spoken = utterance(*[0.9] * 70)
    assert len(spoken.audio(spoken.heard)) == 70 * VAD_FRAME
    spoken.trim(10 * FRAME_MS + 5)
    assert spoken.start == 10 * FRAME_MS
    assert spoken.covered == spoken.start
    assert spoken.audio(12 * FRAME_MS).tolist() == [320.0] * VAD_FRAME + [352.0] * VAD_FRAME
    spoken.trim(5)
    assert spoken.start == 10 * FRAME_MS
    spoken.trim(99_999)
    assert spoken.start == spoken.heard == 70 * FRAME_MS


def test_the_longest_pause_is_found() -> None:
    spoken = utterance(0.9, 0.1, 0.9, 0.1, 0.1, 0.1, 0.9, 0.1, 0.1, 0.9)
    assert spoken.pause(0, 320) == 144
    assert spoken.pause(200, 320) == 256
    assert spoken.pause(0, 95) is None, "one frame is no pause"


def test_the_last_speech_is_found() -> None:
    spoken = utterance(0.9, 0.9, 0.1, 0.1, 0.9)
    assert spoken.last_speech(0, 120) == 64
    assert spoken.last_speech(0, 999) == 160
    assert spoken.last_speech(64, 128) is None


def test_speech_between_two_times() -> None:
    spoken = utterance(0.9, 0.9, 0.1, 0.9, 0.9)
    assert spoken.speech_between(1, 160) == 96
    assert spoken.speech_between(-50, 40) == 32
    assert spoken.speech_between(160, 100) == 0
