from __future__ import annotations

import numpy as np

from moothall.core.events.lines import Word
from moothall_models.ports import VAD_FRAME, HeardWord, Hypothesis
from moothall_models.speech.utterance import (
    FRAME_MS,
    SpeechFrame,
    SpeechProgress,
    UnheardSpan,
    Utterance,
    heard_words,
)


def frame(t: int, p: float = 1.0) -> SpeechFrame:
    return SpeechFrame(t, np.full(VAD_FRAME, t, dtype=np.float32), p)


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


def test_what_was_known_at_a_moment_survives_a_cut() -> None:
    spoken = utterance(0.4, 0.9, 0.9, 0.1, 0.9, before=1)
    assert spoken.known_at(64) == SpeechProgress(64, 32, 64)
    assert spoken.known_at(128) == SpeechProgress(128, 64, 96)
    spoken.trim(64)
    assert spoken.known_at(128) == SpeechProgress(128, 64, 96)
    assert [moment.t for moment in spoken.moments(96)] == [128, 160]
    assert spoken.now == SpeechProgress(160, 96, 160)


def test_another_engine_goes_on_in_it() -> None:
    spoken = utterance(0.4, *[0.9] * 20, 0.1, before=1)
    spoken.covered, spoken.again, spoken.redo, spoken.language = 640, False, 672, "en"
    spoken.spoken = Hypothesis(language="en", words=(), likeliest="de")
    spoken.unconfirmed = (Word(" so", 600, 640),)
    spoken.trim(320)
    again = Utterance.resumed(7, frame(320, 0.9), spoken.speaking(), 0.35)
    for t in range(352, spoken.heard, FRAME_MS):
        again.add(frame(t, 0.1 if t == 672 else 0.9))
    assert again.speaking() == spoken.speaking()
    assert again.now == spoken.now
    assert (again.number, again.start, again.speech_start) == (7, 320, 32)
    assert again.unconfirmed == spoken.unconfirmed
    assert again.spoken == spoken.spoken


def test_a_pre_roll_that_is_heard_again_is_no_speech() -> None:
    spoken = utterance(0.4, 0.9, 0.9, before=1)
    again = Utterance.resumed(1, frame(0, 0.4), spoken.speaking(), 0.35)
    assert again.now == SpeechProgress(32, 0, 32)
    again.add(frame(32, 0.9))
    again.add(frame(64, 0.9))
    assert again.now == spoken.now


def test_what_is_heard_later_is_not_missing() -> None:
    unheard = UnheardSpan()
    unheard.heard(0, 1_000)
    assert unheard.given_up(9_999) is None
    unheard.missed(500, 1_200)
    unheard.missed(1_200, 1_800)
    unheard.heard(0, 2_400)
    assert unheard.given_up(9_999) is None


def test_what_no_later_pass_looks_back_to_is_missing() -> None:
    unheard = UnheardSpan()
    unheard.missed(500, 1_800)
    unheard.heard(1_000, 2_400)
    assert unheard.given_up(9_999) == (500, 1_000)
    unheard.missed(500, 1_800)
    unheard.heard(2_000, 2_400)
    assert unheard.given_up(9_999) == (500, 1_800)
    unheard.missed(500, 1_800)
    unheard.heard(0, 1_000)
    assert unheard.given_up(9_999) == (1_000, 1_800)


def test_it_is_given_up_piece_by_piece() -> None:
    unheard = UnheardSpan()
    unheard.missed(500, 1_800)
    assert unheard.given_up(500) is None
    assert unheard.given_up(1_000) == (500, 1_000)
    assert unheard.given_up(1_000) is None
    assert unheard.given_up(1_800) == (1_000, 1_800)
    assert unheard.given_up(1_800) is None


def after_somebody() -> Utterance:
    """Begins at 960 ms; before it somebody spoke until 320 ms."""
    context = [frame(t, 0.9 if t < 320 else 0.1) for t in range(0, 960, FRAME_MS)]
    own = Utterance(1, (frame(960), frame(992)), 0.35, context)
    for t in range(1_024, 1_600, FRAME_MS):
        own.add(frame(t))
    return own


def test_its_context_is_what_was_said_right_before_its_first_sample() -> None:
    own = after_somebody()
    assert (own.context[0].t, len(own.context), own.start) == (0, 30, 960)
    alone = own.audio(1_024)
    own.in_context = True
    assert (own.window_start, own.audio(1_024).tolist()[960 * 16 :]) == (0, alone.tolist())
    assert (own.last_speech(100, 960), own.last_speech(320, 960)) == (320, None)
    speaking = own.speaking()
    assert Utterance.resumed(1, frame(960), speaking, 0.35, own.context).context == own.context
    own.trim(1_100)
    assert own.context == ()
    assert Utterance.resumed(1, frame(1_088), own.speaking(), 0.35, after_somebody().context).context == ()


START = 5_000


def spoken_then_quiet(speech: int, quiet: int) -> Utterance:
    odds = [0.9] * speech + [0.1] * quiet
    frames = [frame(START + number * FRAME_MS, p) for number, p in enumerate(odds)]
    spoken = Utterance(1, frames[:1], 0.35)
    for later in frames[1:]:
        spoken.add(later)
    return spoken


def heard(*words: HeardWord) -> list[Word]:
    return heard_words(spoken_then_quiet(10, 10), Hypothesis(language="en", words=words), START + 640)


def test_times_are_media_time_and_lie_in_the_window() -> None:
    assert heard(HeardWord(" a", 0, 200, 0.9), HeardWord(" b", 200, 300, 0.8)) == [
        Word(" a", 5_000, 5_200, 0.9),
        Word(" b", 5_200, 5_300, 0.8),
    ]


def test_a_stretched_word_ends_with_the_speech() -> None:
    assert heard(HeardWord(" a", 100, 900, 0.9)) == [Word(" a", 5_100, 5_320, 0.9)]
    assert heard(HeardWord(" a", 400, 600, 0.9)) == [Word(" a", 5_400, 5_600, 0.9)], "all of it in silence"


def test_words_without_time_at_the_edge_are_made_up() -> None:
    words = heard(HeardWord(" a", 0, 0, 0.9), HeardWord(" b", 0, 300, 0.9), *[HeardWord(" c", 630, 630, 0.9)] * 3)
    assert [word.text for word in words] == [" a", " b"]
    assert heard(HeardWord(" c", 700, 650, 0.9)) == []
