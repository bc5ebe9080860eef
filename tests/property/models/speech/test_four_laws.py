"""Promises of the policy, whatever its numbers: agreement never retracts, time never runs back, every sample of speech
is decoded at least once, and memory is bounded.

The tests use only the public interface of `SpeechChannel`: audio, hypotheses and the time go in, outputs come out.
"""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Iterator
from itertools import groupby

import numpy as np
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from moothall.core.commands import CommitWords, EndSegment
from moothall.core.events.lines import Word
from moothall.core.kernel.ids import SegmentId
from moothall.core.signals import ChannelState, Partial
from moothall_models.engine.session import AHEAD_FRAMES, BACKLOG_MS
from moothall_models.ports import RATE, VAD_FRAME, HeardWord, Hypothesis, Samples
from moothall_models.speech.channel import Output, SpeechChannel
from moothall_models.speech.passes import PassRequest
from moothall_models.speech.schedule import Stage
from moothall_models.speech.settings import SpeechSettings
from support.sound.speech_strategies import SETTINGS, VOCABULARY, talks
from support.sound.talking import FRAME, attach, hear, probability

Recognise = Callable[[list[Word], PassRequest, random.Random], Hypothesis]


def right(words: list[Word], request: PassRequest, _: random.Random) -> Hypothesis:
    return hear(words, request, language=request.window.languages[0])


def never_the_same(words: list[Word], request: PassRequest, chance: random.Random) -> Hypothesis:
    """Something else each time, some of it made up, at times that are wrong: no two passes agree for long."""
    heard = []
    for word in hear(words, request).words:
        text = word.text if chance.random() < 0.4 else f" {chance.choice(VOCABULARY)}"
        t0 = max(0, word.t0 + chance.randint(-300, 300))
        heard.append(HeardWord(text, t0, t0 + chance.randint(0, 500), chance.random()))
    language = chance.choice(request.window.languages)
    return Hypothesis(language=language, words=tuple(heard), likeliest=chance.choice(["en", "de", None]))


def deaf(_: list[Word], request: PassRequest, __: random.Random) -> Hypothesis:
    return Hypothesis(language=request.window.languages[0], words=())


def in_circles(_: list[Word], request: PassRequest, chance: random.Random) -> Hypothesis:
    """The same word over and over, and no word of it where it belongs."""
    heard = [HeardWord(" again", at, at + 90, chance.random()) for at in range(0, request.edge - request.start, 90)]
    return Hypothesis(language=request.window.languages[0], words=tuple(heard))


LONGEST_WINDOW = 28_000
"""What a recogniser takes with the silence behind, ms."""
RECOGNISERS = st.sampled_from([right, never_the_same, deaf, in_circles])


MOST_PASSES = 1_000
"""What is left at the end takes far fewer."""


class Life:
    """A channel that is heard as an engine hears it: in pieces, with passes that begin and end late, and with gaps.

    Each frame of sound says in its samples which one it is, so that windows show what was decoded.
    """

    def __init__(
        self,
        words: list[Word],
        policy: SpeechSettings,
        recognise: Recognise,
        chance: random.Random,
        *,
        hurry: float = 0.5,
    ) -> None:
        """`hurry`: how likely it is that a pass is back after a piece of sound."""
        self.channel = SpeechChannel(attach(languages=chance.choice([("en",), ("en", "de")])), policy)
        self.decoded: set[int] = set()
        """Numbers of the frames that some finished pass had in its window."""
        self.heard: list[tuple[int, float]] = []
        """Number and probability of speech of each frame that came."""
        self.windows: list[int] = []
        """Samples of each window."""
        self._words = words
        self._recognise = recognise
        self._chance = chance
        self._hurry = hurry
        self._ahead = 0
        self._asked: PassRequest | None = None
        self._begun = False

    def live(self, end: int, *, gaps: bool) -> Iterator[list[Output]]:
        """Until media ms `end`, and then until all is done."""
        frame = 0
        while frame * FRAME < end:
            if gaps and self._chance.random() < 0.01:
                frame += self._chance.randint(1, 60)
            frames = min(self._chance.choice([1, 1, 2, 5, 30]), self._room())
            yield self._hear(frame, frames)
            frame += frames
            if self._chance.random() < self._hurry or not self._room():
                yield self._settle(frame * FRAME)
            self._ask(frame * FRAME)
        yield self.channel.end_of_audio()
        for _ in range(MOST_PASSES):
            self._ask(frame * FRAME)
            if self._asked is None:
                break
            yield self._settle(frame * FRAME)
        assert self.channel.done

    def _room(self) -> int:
        """Frames that may be heard before a pass is done, as in `moothall_models.engine.session`."""
        ahead = AHEAD_FRAMES if self.channel.stage < Stage.WIDER_WINDOWS else BACKLOG_MS // FRAME
        backlog = (BACKLOG_MS - self.channel.waiting) // FRAME if self._asked is not None else ahead
        return max(0, min(ahead - self._ahead, backlog))

    def _hear(self, first: int, frames: int) -> list[Output]:
        odds = [probability(self._words, (first + n) * FRAME) for n in range(frames)]
        self.heard += enumerate(odds, first)
        self._ahead += frames if self._asked is not None else 0
        return self.channel.hear(first * FRAME, numbered(first, frames), odds)

    def _ask(self, now: int) -> None:
        if self._asked is None:
            self._asked, self._ahead = self.channel.next_pass(now), 0
            self._begun = False
        self._begin(0.3)

    def _begin(self, odds: float) -> None:
        if self._asked is not None and not self._begun and self._chance.random() < odds:
            self._asked, self._begun = self.channel.begin(self._asked), True

    def _settle(self, now: int) -> list[Output]:
        self._begin(1.0)
        request, self._asked, self._ahead = self._asked, None, 0
        if request is None:
            return []
        audio = request.window.audio
        self.windows.append(len(audio))
        self.decoded |= {int(number) - 1 for number in np.unique(audio) if number}
        return self.channel.passed(request, self._recognise(self._words, request, self._chance), now)


def numbered(first: int, frames: int) -> Samples:
    """Frames whose samples are all their number and one."""
    return np.repeat(np.arange(first + 1, first + frames + 1, dtype=np.float32), VAD_FRAME)


def end_of(words: list[Word]) -> int:
    return (words[-1].t1 if words else 0) + 1_000


CHANCE = st.randoms(use_true_random=False)


# A talk of a minute is long for an example.
FEWER = settings(max_examples=max(20, settings().max_examples // 3))


@FEWER
@given(talks(), SETTINGS, RECOGNISERS, CHANCE)
def test_agreement_never_retracts(
    words: list[Word], policy: SpeechSettings, recognise: Recognise, chance: random.Random
) -> None:
    """Words only join: behind those that stand, in the one line that is open; and a line that ended is left alone."""
    stands: dict[SegmentId, int] = {}
    ended: set[SegmentId] = set()
    for outputs in Life(words, policy, recognise, chance).live(end_of(words), gaps=True):
        for output in outputs:
            if isinstance(output, CommitWords):
                assert output.segment not in ended
                assert output.first == stands.get(output.segment, 0)
                assert (output.start is not None) == (output.first == 0)
                stands[output.segment] = output.first + len(output.words)
                assert not [segment for segment in stands if segment not in ended and segment != output.segment]
            elif isinstance(output, EndSegment):
                assert output.segment in stands
                assert output.segment not in ended
                ended.add(output.segment)
            elif isinstance(output, Partial):
                assert output.segment not in ended
                assert output.first == stands.get(output.segment, 0)
    assert ended == set(stands)


@FEWER
@given(talks(), SETTINGS, RECOGNISERS, CHANCE)
def test_time_never_runs_back(
    words: list[Word], policy: SpeechSettings, recognise: Recognise, chance: random.Random
) -> None:
    spoken = reported = begun = 0
    for outputs in Life(words, policy, recognise, chance).live(end_of(words), gaps=True):
        for output in outputs:
            if isinstance(output, CommitWords):
                for word in output.words:
                    assert spoken <= word.t0 <= word.t1
                    spoken = word.t0
                begun = output.words[0].t0 if output.start is None else output.start.t0
            elif isinstance(output, EndSegment):
                assert output.t1 >= begun
            elif isinstance(output, ChannelState):
                assert output.t >= reported
                assert output.lag >= 0
                reported = output.t


@FEWER
@given(talks(), SETTINGS, RECOGNISERS, CHANCE, st.booleans())
def test_every_sample_of_speech_is_decoded_at_least_once(
    words: list[Word], policy: SpeechSettings, recognise: Recognise, chance: random.Random, gaps: bool
) -> None:
    """Whatever is made of it, and however late: no cut, no gap and no end leaves out a frame in which somebody speaks.

    A sound that is shorter than a click, which is all that a gap may leave of a word, is none.
    """
    life = Life(words, policy, recognise, chance)
    for _ in life.live(end_of(words), gaps=gaps):
        pass
    for speech, run in groupby(enumerate(life.heard), key=lambda item: (item[1][1], item[1][0] - item[0])):
        frames = [frame for _, (frame, _) in run]
        if speech[0] and len(frames) * FRAME >= policy.shortest_speech:
            assert set(frames) <= life.decoded
    assert all(size <= LONGEST_WINDOW * RATE // 1_000 for size in life.windows)


def held(root: object) -> tuple[int, int]:
    """Bytes of sound and number of objects that can be reached from `root`."""
    seen: dict[int, object] = {}
    waiting = [root]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type):
            continue
        seen[id(one)] = one
        waiting += [one.base] if isinstance(one, np.ndarray) else gc.get_referents(one)
    sound = sum(one.nbytes for one in seen.values() if isinstance(one, np.ndarray) and one.base is None)
    return sound, len(seen)


LONG_MS = 300_000
OBJECTS = 4
"""For each frame of sound that may be there."""
KEPT_MS = 40_000
"""What is kept of sound beside windows at most, so that a line may be heard once more."""


# Its examples are long, so none is made smaller.
@settings(max_examples=max(2, settings().max_examples // 75), phases=[Phase.explicit, Phase.generate])
@given(
    SETTINGS,
    RECOGNISERS,
    st.integers(0),
    st.sampled_from([[0], [0, 0, 40, 150], [0, 0, 0, 0, 1_600]]),
    st.sampled_from([0.5, 0.01]),
)
def test_memory_is_bounded(
    policy: SpeechSettings, recognise: Recognise, seed: int, pauses: list[int], hurry: float
) -> None:
    """Minutes of speech, be it in one breath, and be passes late or not: what is held is that of a window, of what may
    wait for one, and of a line that may be heard once more.
    """
    chance = random.Random(seed)  # noqa: S311  # too many draws for hypothesis
    words: list[Word] = []
    while end_of(words) < LONG_MS:
        t = (words[-1].t1 if words else 0) + chance.choice(pauses)
        words.append(Word(text=chance.choice(VOCABULARY), t0=t, t1=t + chance.randint(120, 600)))
    # A buffer that grows has twice the room, and copies once more.
    most = 4 * (policy.longest_window + BACKLOG_MS) + KEPT_MS
    life = Life(words, policy, recognise, chance, hurry=hurry)
    for number, _ in enumerate(life.live(LONG_MS, gaps=False)):
        if number % 50 == 0:
            sound, objects = held(life.channel)
            assert sound <= most * RATE // 1_000 * 4
            assert objects <= OBJECTS * most // FRAME
