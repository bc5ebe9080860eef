"""Sound that stops coming although nobody has ended it: what was said is recognised all the same, at every stage."""

from __future__ import annotations

import pytest

from moothall.core.commands import CommitWords, EndSegment
from moothall.core.events.lines import EndReason, Word
from moothall.core.signals import Partial
from moothall_models.speech.channel import Output, SpeechChannel
from moothall_models.speech.passes import PassRequest
from moothall_models.speech.schedule import Stage
from support.sound.talking import FRAME, Reader, attach, hear, probability, said, silence

SPEECH = said(" ".join(f"w{number}" for number in range(60)))
"""18 s without a pause."""


class Room:
    """A channel whose passes take `took` ms, with what its readers have."""

    def __init__(self, took: int, speech: tuple[Word, ...]) -> None:
        self.took = took
        self.speech = speech
        self.channel = SpeechChannel(attach())
        self.reader = Reader(attach())
        self.t = 0
        self.passes = 0
        self.shown = ""
        self.out: list[Output] = []
        self._running: PassRequest | None = None
        self._done = 0

    def speak(self, until: int) -> None:
        """The sound up to media ms `until`."""
        while self.t < until:
            self._take(self.channel.hear(self.t, silence(1), [probability(self.speech, self.t)]))
            self.t += FRAME
            self._passes(self.t)

    def wait(self, ms: int, *, stalled: bool = True) -> None:
        """No sound comes for `ms`; `stalled`: the engine says so after a second."""
        for gone in range(0, ms, FRAME):
            self._passes(self.t + gone, stalled=stalled and gone >= 1_000)

    def end(self) -> None:
        self._take(self.channel.end_of_audio())
        while not self.channel.done:
            self._done = 0
            self._passes(self.t)

    @property
    def words(self) -> list[str]:
        return [word.text.strip() for word in self.reader.words]

    def _passes(self, now: int, *, stalled: bool = False) -> None:
        if self._running is not None and now >= self._done:
            self._take(self.channel.passed(self._running, hear(self.speech, self._running), now))
            self._running = None
        if self._running is None and (request := self.channel.next_pass(now, spare=False, stalled=stalled)) is not None:
            self._running, self._done = self.channel.begin(request), now + self.took
            self.passes += 1

    def _take(self, outputs: list[Output]) -> None:
        self.reader.read(outputs)
        self.out += outputs
        for output in outputs:
            if isinstance(output, CommitWords):
                self.shown = output.rest
            elif isinstance(output, Partial):
                self.shown = output.text


def in_stage(stage: Stage, stops: int, speech: tuple[Word, ...] = SPEECH) -> Room:
    """A room whose sound stops at media ms `stops`, while its channel is at this stage."""
    room = Room({Stage.USUAL: 50, Stage.FEWER_PARTIALS: 300, Stage.WIDER_WINDOWS: 900}.get(stage, 2_000), speech)
    room.speak(stops)
    assert room.channel.stage is stage
    return room


def words(until: int) -> list[str]:
    """The words of which more than half was said before media ms `until`."""
    return [word.text.strip() for word in SPEECH if until - word.t0 > 0.6 * (word.t1 - word.t0)]


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("stops", range(12_000, 15_000, 10 * FRAME))
def test_where_sound_stops_in_the_middle_of_a_word_all_that_was_said_is_recognised(stage: Stage, stops: int) -> None:
    room = in_stage(stage, stops)
    room.wait(1_000 + 3 * room.took + 2 * FRAME)
    *whole, cut = words(room.t)
    assert room.channel.waiting == 0
    assert room.words == whole, "all but the last word, which may go on"
    assert room.shown.strip() == cut
    passes = room.passes
    room.wait(60_000)
    assert room.passes == passes, "and nothing is heard again"
    room.end()
    assert room.words == [*whole, cut]


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("stops", range(12_000, 14_000, 10 * FRAME))
def test_where_it_goes_on_no_word_is_lost_or_doubled_and_no_line_ends(stage: Stage, stops: int) -> None:
    room = in_stage(stage, stops)
    room.wait(30_000)
    room.speak(18_000)
    assert not [output for output in room.out if isinstance(output, EndSegment) and output.reason is EndReason.PAUSE]
    room.end()
    assert room.words == [word.text.strip() for word in SPEECH]


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("silence_ms", [256, 320, 448])
def test_where_it_stops_in_a_pause_the_last_word_is_final_and_its_line_ends(stage: Stage, silence_ms: int) -> None:
    room = in_stage(stage, 12_000 + silence_ms, SPEECH[:40])
    room.wait(1_000 + 3 * room.took + 2 * FRAME)
    assert room.words == words(12_000)
    assert room.reader.open is None
    room.speak(13_500)
    room.end()
    assert room.words == words(12_000)


def test_where_sound_comes_no_pass_is_added() -> None:
    room = in_stage(Stage.USUAL, 12_000)
    other = in_stage(Stage.USUAL, 12_000)
    room.wait(900)
    assert room.passes == other.passes
    room.speak(18_000)
    other.speak(18_000)
    assert room.passes == other.passes


def test_a_click_is_not_recognised_where_sound_stops() -> None:
    room = Room(50, SPEECH)
    room.speak(64)
    room.wait(5_000)
    assert room.passes == 0
