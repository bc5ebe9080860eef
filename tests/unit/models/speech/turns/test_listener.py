from __future__ import annotations

import msgspec
import numpy as np
import pytest

from moothall.core.kernel.ids import SegmentId
from moothall_models.ports import VAD_FRAME
from moothall_models.speech.settings import VoiceSettings
from moothall_models.speech.turns.known import HeardVoice
from moothall_models.speech.turns.lines import LineSplit
from moothall_models.speech.turns.listener import VoiceListener
from moothall_models.speech.utterance import FRAME_MS, SpeechFrame
from support.sound.numbered_voices import shares
from support.sound.talking import attach, said

SETTINGS = VoiceSettings(window=16, step=4, step_in_doubt=2, near=6, settled=320)


class Meeting:
    """Voices that speak one after the other, measured at once."""

    def __init__(self, *, turns: bool = True, voices: bool = True) -> None:
        asked = msgspec.structs.replace(attach(), turns=turns, voices=voices)
        self.listener = VoiceListener(asked, SETTINGS)
        self.t = 0
        self.splits: list[LineSplit] = []
        self.heard: list[HeardVoice] = []

    def say(self, voice: int, ms: int) -> None:
        for _ in range(ms // FRAME_MS):
            samples = np.full(VAD_FRAME, voice, dtype=np.float32)
            self.frame(SpeechFrame(self.t, samples, 0.9))

    def pause(self, ms: int) -> None:
        for _ in range(ms // FRAME_MS):
            self.frame(SpeechFrame(self.t, np.zeros(VAD_FRAME, dtype=np.float32), 0.0))

    def frame(self, frame: SpeechFrame) -> None:
        self.listener.hear(frame)
        self.t += FRAME_MS
        self.heard += self.listener.told()
        while (window := self.listener.next_window()) is not None:
            split, heard = self.listener.measured(window, shares(window))
            self.splits += [] if split is None else [split]
            self.heard += heard

    def line(self, number: int, t0: int, words: int) -> SegmentId:
        segment = SegmentId(f"l-{number}")
        self.listener.lines.committed(said("a " * words, t0))
        self.splits += self.listener.lines.ended(segment)
        return segment


def test_nothing_is_measured_unless_it_is_asked_for() -> None:
    meeting = Meeting(turns=False, voices=False)
    for number in range(50):
        meeting.listener.hear(SpeechFrame(number * FRAME_MS, np.ones(VAD_FRAME, dtype=np.float32), 0.9))
    assert meeting.listener.next_window() is None
    assert meeting.listener.learn(1, SegmentId("l-1")) == 0
    meeting.listener.forget(1)


def test_turns_without_voices_split_lines_and_name_nobody() -> None:
    meeting = Meeting(voices=False)
    meeting.say(1, 3_200)
    meeting.say(2, 320)
    segment = meeting.line(1, 2_000, 7)
    assert meeting.listener.learn(1, segment) == 0
    meeting.say(2, 640)
    assert meeting.splits == [LineSplit(segment, 4, SegmentId("l-1.2"))]
    assert meeting.heard == []


def test_voices_without_turns_split_nothing() -> None:
    meeting = Meeting(turns=False)
    meeting.say(1, 3_200)
    meeting.line(1, 2_000, 5)
    meeting.say(2, 1_280)
    assert meeting.splits == []


def test_later_lines_of_a_learnt_voice_are_told_of_at_their_end() -> None:
    meeting = Meeting()
    meeting.say(1, 3_200)
    first = meeting.line(1, 0, 10)
    assert meeting.listener.learn(7, first) == 3_200
    assert meeting.listener.learn(8, SegmentId("unknown")) == 0
    meeting.pause(640)
    assert [(each.segment, each.voice) for each in meeting.heard] == [(first, 7)]
    meeting.say(2, 3_200)
    other = meeting.line(2, 3_900, 10)
    meeting.pause(640)
    assert meeting.listener.learn(9, first) == 0, "its turn is over"
    meeting.say(1, 3_200)
    later = meeting.line(3, 7_700, 10)
    meeting.pause(640)
    assert [(each.segment, each.voice) for each in meeting.heard] == [(first, 7), (later, 7)]
    assert other not in {each.segment for each in meeting.heard}


def test_the_last_line_of_a_turn_is_told_of_when_the_next_turn_begins() -> None:
    meeting = Meeting()
    meeting.say(1, 3_200)
    meeting.listener.learn(7, meeting.line(1, 0, 5))
    meeting.heard.clear()
    last = meeting.line(2, 1_500, 5)
    meeting.say(2, 1_280)
    assert last in {each.segment for each in meeting.heard}


@pytest.mark.parametrize("text", ["a a a a a a a", "a a a a. Yes."])
def test_where_its_last_line_is_split_there_the_first_part_is_told_of(text: str) -> None:
    meeting = Meeting()
    meeting.say(1, 3_200)
    meeting.listener.learn(7, first := meeting.line(1, 0, 5))
    meeting.say(2, 320)
    meeting.listener.lines.committed(said(text, 2_000))
    meeting.listener.lines.ended(last := SegmentId("l-2"))
    meeting.say(2, 960)
    assert meeting.splits == [LineSplit(last, 4, SegmentId("l-2.2"))]
    assert [each.segment for each in meeting.heard] == [first, last]


def test_a_gap_ends_the_turn() -> None:
    meeting = Meeting()
    meeting.say(1, 3_200)
    segment = meeting.line(1, 0, 10)
    meeting.listener.break_off()
    assert meeting.listener.learn(7, segment) == 0
    meeting.say(2, 3_200)
    assert meeting.splits == []


def test_what_is_erased_is_known_no_more() -> None:
    meeting = Meeting()
    meeting.say(1, 3_200)
    meeting.listener.learn(7, meeting.line(1, 0, 10))
    meeting.heard.clear()
    meeting.listener.forget(7)
    meeting.say(1, 1_280)
    meeting.line(2, 3_200, 2)
    meeting.pause(640)
    assert meeting.heard == []
    meeting.listener.erase()
    meeting.say(1, 3_200)
    assert meeting.heard == []
