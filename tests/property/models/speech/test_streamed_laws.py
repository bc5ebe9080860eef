"""Laws of a channel whose recogniser streams: as of any other, and whatever the steps, the words are the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.commands import CommitWords, EndSegment
from moothall.core.events.lines import Word
from moothall.wire.engine import Attach, ResumePoint
from moothall_models.engine.policies import ChannelPolicy
from moothall_models.ports import HeardWord, Hypothesis, RecognitionStream, StreamHypothesis
from moothall_models.speech.channel import Output, SpeechChannel
from moothall_models.speech.listening.streamed import StreamedChannel
from moothall_models.speech.passes import PassRequest
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.text import plain
from support.sound.speech_strategies import VOCABULARY, talks
from support.sound.streaming import TalkStream
from support.sound.talking import FRAME, Reader, attach, hear, probability, silence

SETTINGS = st.builds(
    SpeechSettings,
    stream_step=st.integers(32, 900),
    longest_step_of_stream=st.integers(1_000, 4_000),
    stream_divided_at=st.integers(1_500, 6_000),
    longest_window=st.integers(6_000, 9_000),
    longest_segment=st.integers(2_000, 12_000),
    clause_break=st.integers(1_000, 8_000),
)


class Life:
    """One engine, from its attachment on."""

    def __init__(self, attached: Attach, words: list[Word], settings: SpeechSettings) -> None:
        self._stream = TalkStream(words)
        self.channel = StreamedChannel(attached, self._stream, settings)
        self.reader = Reader(attached)
        self.resume_point: ResumePoint | None = attached.resume_point
        """As it went with the last act."""
        self.t = attached.audio_from
        self._words = words

    def frame(self, *, busy: bool = False) -> None:
        """Live through 32 ms; while it is `busy` no step is done."""
        self._take(self.channel.hear(self.t, silence(1), [probability(self._words, self.t)]))
        self.t += FRAME
        if not busy:
            self._settle()

    def end(self) -> None:
        """Come to the end of the audio."""
        self._take(self.channel.end_of_audio())
        self._settle()
        assert self.channel.done
        assert self.reader.open is None

    def _settle(self) -> None:
        while (request := self.channel.next_pass(self.t)) is not None:
            self._take(self.channel.passed(request, self._stream.hear(request), self.t))

    def _take(self, outputs: list[Output]) -> None:
        self.reader.read(outputs)
        if any(isinstance(output, CommitWords | EndSegment) for output in outputs):
            self.resume_point = self.channel.resume_point


def whole(words: list[Word], settings: SpeechSettings, busy: random.Random | None = None) -> Life:
    """The life of an engine that nobody kills."""
    life = Life(attach(), words, settings)
    while life.t < length_of(words):
        life.frame(busy=busy is not None and busy.random() < 0.9)
    life.end()
    return life


def length_of(words: list[Word]) -> int:
    end = (words[-1].t1 if words else 0) + 1_600
    return end - end % FRAME


@given(talks(distinct=True), SETTINGS, st.lists(st.integers(1, 6_000), max_size=6))
def test_killed_or_not_the_same_is_said(words: list[Word], settings: SpeechSettings, lives: list[int]) -> None:
    calm, end = whole(words, settings), length_of(words)
    committed: list[Word] = []
    lines: list[str] = []
    attached = attach()
    at = 0
    for generation, length in enumerate([*lives, end], 2):
        life = Life(attached, words, settings)
        at = min(end, at + length)
        while life.t < at:
            life.frame()
        if at == end:
            life.end()
        committed += life.reader.words
        lines += life.reader.lines
        if at == end:
            break
        point = life.resume_point
        attached = attach(
            generation=generation,
            through=life.reader.through,
            last_words=committed[-20:],
            open_segment=life.reader.open,
            audio_from=0 if point is None else point.audio_from,
            resume_point=point,
        )
    assert committed == calm.reader.words
    assert lines == calm.reader.lines


@given(talks(distinct=True), SETTINGS, st.randoms(use_true_random=False))
def test_a_busy_engine_says_the_same_words_later(
    words: list[Word], settings: SpeechSettings, chance: random.Random
) -> None:
    assert whole(words, settings, chance).reader.words == whole(words, settings).reader.words


@given(talks(distinct=True))
def test_no_word_is_lost_or_doubled(words: list[Word]) -> None:
    said = whole(words, SpeechSettings()).reader.words
    assert [plain(word.text) for word in said] == [plain(word.text) for word in words]


@given(talks(distinct=True), st.lists(st.integers(500, 9_000), min_size=1, max_size=6), st.booleans())
def test_engines_of_both_kinds_go_on_for_each_other(words: list[Word], lives: list[int], streams: bool) -> None:
    committed: list[Word] = []
    attached, at, end = attach(), 0, length_of(words)
    for generation, length in enumerate([*lives, end], 2):
        stream, reader = TalkStream(words), Reader(attached)
        channel = StreamedChannel(attached, stream) if streams else SpeechChannel(attached)
        answer = stream.hear if streams else partial(hear, words)
        point = attached.resume_point
        at = min(end, at + length)
        for t in range(attached.audio_from, at, FRAME):
            for outputs in lived(channel, answer, t, [probability(words, t)]):
                reader.read(outputs)
                if any(isinstance(output, CommitWords | EndSegment) for output in outputs):
                    point = channel.resume_point
        if at == end:
            reader.read(channel.end_of_audio())
            while (request := channel.next_pass(end)) is not None:
                reader.read(channel.passed(request, answer(request), end))
            assert channel.done
        committed += reader.words
        if at == end:
            break
        streams = not streams
        attached = attach(
            generation=generation,
            through=reader.through,
            last_words=committed[-20:],
            open_segment=reader.open,
            audio_from=0 if point is None else point.audio_from,
            resume_point=point,
        )
    assert [plain(word.text) for word in committed] == [plain(word.text) for word in words]


def lived(
    channel: ChannelPolicy, answer: Callable[[PassRequest], Hypothesis], t: int, odds: list[float]
) -> Iterator[list[Output]]:
    """What one frame brings, each pass done at once."""
    yield channel.hear(t, silence(1), odds)
    while (request := channel.next_pass(t + FRAME)) is not None:
        yield channel.passed(request, answer(request), t + FRAME)


class Unreliable(RecognitionStream):
    """A stream that keeps its contract and hears what it likes."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._begin = self._t = 0

    def hear(self, request: PassRequest) -> StreamHypothesis:
        chance = self._chance
        if getattr(request.window, "begins", False):
            self._begin, self._t = request.start, 0
        heard: list[HeardWord] = []
        t = self._t
        while chance.random() < 0.6 and t + 2 < request.edge - self._begin:
            t0 = chance.randint(t, request.edge - self._begin - 1)
            t = chance.randint(t0 + 1, request.edge - self._begin)
            heard.append(HeardWord(f" {chance.choice(VOCABULARY)}", t0, t, chance.random()))
        endpoint = chance.random() < 0.1
        final = len(heard) if request.last or endpoint else chance.randint(0, len(heard))
        if final:
            self._t = heard[final - 1].t1
        return StreamHypothesis(language="en", words=tuple(heard), final=final, endpoint=endpoint)


@given(talks(), SETTINGS, st.randoms(use_true_random=False))
def test_whatever_is_heard_the_protocol_holds(
    words: list[Word], settings: SpeechSettings, chance: random.Random
) -> None:
    attached = attach()
    stream = Unreliable(chance)
    channel, reader = StreamedChannel(attached, stream, settings), Reader(attached)
    running: PassRequest | None = None
    t, end = 0, (words[-1].t1 if words else 0) + chance.randint(0, 2_000)
    while t < end:
        if chance.random() < 0.01:
            t += FRAME * chance.randint(1, 200)
        frames = chance.choice([1, 1, 2, 5, 30])
        odds = [abs(probability(words, t + n * FRAME) - chance.random() * 0.7) for n in range(frames)]
        reader.read(channel.hear(t, silence(frames), odds))
        t += frames * FRAME
        if running is not None and chance.random() < 0.5:
            reader.read(channel.passed(running, stream.hear(running), t))
            running = None
        running = running or channel.next_pass(t)
    reader.read(channel.end_of_audio())
    for _ in range(1_000):
        if running is not None:
            reader.read(channel.passed(running, stream.hear(running), t))
        running = channel.next_pass(t)
        if running is None:
            break
    assert channel.done
    assert reader.open is None
