"""The ports of the speech policy: recognisers of windows and of streams, a voice activity detector, an encoder of
voices, and a converter of Chinese scripts.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import Protocol, runtime_checkable

import msgspec
import numpy as np
from numpy.typing import NDArray

RATE = 16_000
VAD_FRAME = 512
"""Samples in a frame, which the voice activity detector judges at a time (32 ms)."""

Samples = NDArray[np.float32]
"""Mono audio at 16 kHz, -1 to 1."""
Floats = NDArray[np.float32]
"""Numbers of a model: weights, activations, logits."""


class HeardWord(msgspec.Struct, frozen=True):
    """A word of a hypothesis."""

    text: str
    """The word with its leading space, if the language separates words by spaces."""
    t0: int
    """Start, ms after the window's first sample."""
    t1: int
    """End, ms after the window's first sample."""
    p: float
    """Probability, 0 to 1."""
    others: tuple[str, ...] = ()
    """Alternative readings, the likeliest first, at most three, without surrounding spaces; empty if none are known."""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Audio to be recognised in one pass."""

    audio: Samples
    languages: tuple[str, ...]
    """BCP-47 tags. With one language no detection is needed; of several the recogniser detects the spoken one, and
    keeps the first in doubt."""
    switch_p: float = 0.0
    """Probability among `languages` that another language than the first must reach to be chosen; 0: the likeliest is
    chosen."""
    prompt: str = ""
    """Preceding text, as context; empty for none."""
    glossary: tuple[str, ...] = ()
    """Terms to prefer."""
    beam: int = 1
    """Beam width. Above 1 a better pass is wanted, which may take longer. With 0 the recogniser takes the likeliest
    word each time and searches for nothing better, since its engine can't keep up."""
    draft: str = ""
    """Text that earlier passes heard in this audio. It changes how long a pass takes, not its result."""
    wider: bool = False
    """Whether another view of the same sound is wanted, if the recogniser has one: Whisper pads the window further than
    it has to, which takes longer."""
    rivals: tuple[str, ...] = ()
    """Texts of the whole window of which `Hypothesis.scores` are wanted; empty for none. From a recogniser that tells
    them no words are wanted besides, unless the window is `wider`."""
    tell_odds: bool = False
    """Whether `Hypothesis.odds` is wanted from a recogniser to which it costs extra."""
    committed_chars: int = 0
    """Leading characters of the draft that are committed, so that no better reading of them is searched for."""

    whole: int = 0
    """Ms from the window's beginning within which words that earlier passes heard too are likely to be committed; for
    the uncertain ones among them `HeardWord.others` is wanted. 0: for none."""
    settled: bool = False
    """Whether words are likely to be committed even if no earlier pass heard them, since nobody speaks at the end."""

    @property
    def context(self) -> str:
        """Glossary and prompt as one text, the prompt last; empty for none."""
        terms = ", ".join(self.glossary)
        return f"{terms}. {self.prompt}" if terms and self.prompt else terms or self.prompt


class Hypothesis(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a pass: the words heard in a window."""

    language: str
    """Language in which the words were decoded, BCP-47."""
    words: tuple[HeardWord, ...]
    likeliest: str | None = None
    """The language that was detected, which may differ from `language`; None when none was to be detected."""
    odds: tuple[tuple[str, float], ...] = ()
    """Probability (0 to 1) of each language that the recogniser distinguishes (BCP-47), without the improbable ones;
    empty when it can't tell, as a model for English only."""
    scores: tuple[float, ...] = ()
    """The log probability of each of `Window.rivals`; empty from a recogniser that can't tell, which returns words."""
    vague: bool = False
    """Whether the recogniser gave no probability of each word, so that those here are of longer spans, or assumed."""
    passed_over: bool = False
    """Whether the recogniser has no answer to this sound, however often it is asked; there are no words then."""


class Recognizer(Protocol):
    """Recognises the words in windows of audio. Called from as many threads at a time as the engine has workers.

    The default implementations are for a recogniser that runs in this process and takes windows one by one.
    """

    @property
    def model(self) -> str:
        """Name of the model for the record, such as `whisper-base`."""
        ...

    @property
    def languages(self) -> tuple[str, ...]:
        """BCP-47 tags of the languages that it recognises; empty for "any"."""
        ...

    @property
    def at_once(self) -> int:
        """How many windows it recognises together in less time than one by one; 1 when batches save no time."""
        return 1

    @property
    def limit_ms(self) -> int:
        """Time limit after which a pass over the network ends by itself, ms; 0 when this process computes it."""
        return 0

    def warm_up(self) -> None:
        """Run what makes the first passes slower than later ones, the longest window included; may be called again.

        Raises KeyRefused when the recogniser is a network service that refuses the key.
        """
        ...

    def recognise(self, window: Window) -> Hypothesis:
        """Recognise one window; blocks for as long as that takes.

        Raises RecognitionFailed when the recogniser is a network service that gives no usable answer; the same window
        may be tried again. For sound that it can't answer at all it returns a hypothesis with `passed_over`.
        """
        ...

    def recognise_all(self, windows: Sequence[Window]) -> list[Hypothesis]:
        """The hypotheses that `recognise` gives for these windows, in their order; raises as `recognise`."""
        return [self.recognise(window) for window in windows]


class RecognitionStream:
    """What a streaming recogniser remembers of one channel. Only the recogniser that opened it looks inside."""


class StreamStep(Window, frozen=True, kw_only=True):
    """Audio that a stream hears next; of a window's other fields it has the languages only.

    The steps of a stream run one after the other, in any thread.
    """

    stream: RecognitionStream
    begins: bool = False
    """Whether the stream forgets all that it heard before: this audio is the beginning of an utterance."""
    ends: bool = False
    """Whether the utterance is over after this audio, which may be empty then."""


class StreamHypothesis(Hypothesis, frozen=True, kw_only=True):
    """The result of a step: the words since the last word that was final.

    Times are ms after the first sample of the utterance. No word begins before the previous one ends, each lasts 1 ms
    at least, and none ends after the sound that was heard.
    """

    final: int
    """How many of the words, from the first on, will never change; they are not repeated. All after the utterance's
    last step."""
    endpoint: bool = False
    """Whether the recogniser takes what the speaker says to be over here; all words are final then."""


@runtime_checkable
class StreamingRecognizer(Recognizer, Protocol):
    """A recogniser that hears each sample once and goes on from what it remembers, such as a streaming transducer.

    `recognise` and `recognise_all` answer a `StreamStep` with a `StreamHypothesis`, without `passed_over`; how an
    utterance is divided into steps changes none of its words. Any other window is heard as an utterance of its own.
    """

    def open(self) -> RecognitionStream:
        """Make the stream of a channel; takes no time worth a thread."""
        ...


class VoiceActivity(Protocol):
    """A voice activity detector for one stream of audio; it keeps state between frames."""

    def state(self) -> bytes:
        """The state, for `resume`: at most some 2.4 KB."""
        ...

    def resume(self, state: bytes) -> None:
        """Continue from a state; the state of another kind of detector is ignored."""
        ...

    def probabilities(self, samples: Samples) -> list[float]:
        """Probability of speech in each of the next frames of 512 samples, of which `samples` is a whole number. They
        are the same for any division of the audio into calls.
        """
        ...


class VoiceEncoder(Protocol):
    """Turns speech into a vector of its voice. Called from as many threads at a time as the engine has workers."""

    def vector(self, speech: Samples) -> Floats:
        """The voice of 0.5 to 2 s of speech, as a vector of length 1; the same speech gives the same vector.

        The scalar product of two vectors is about 0 for two people, and the nearer to 1 the surer they are one. Raises
        ValueError for speech of another length.
        """
        ...


SHORTEST_VOICE, LONGEST_VOICE = RATE // 2, 2 * RATE
"""Fewest and most samples of speech of which a voice encoder makes a vector."""


class ChineseScript(Enum):
    """A way of writing Chinese."""

    SIMPLIFIED = auto()
    TRADITIONAL = auto()
    """As in Taiwan."""
    HONG_KONG = auto()
    """Traditional, as in Hong Kong and Macao."""


class ScriptConverter(Protocol):
    """Writes Chinese in another script."""

    def convert(self, text: str, script: ChineseScript) -> str:
        """The text in this script, whatever mixture of scripts it is in; the same text is always written the same."""
        ...
