"""Utterances: beginning and end, audio, progress of recognition, and the words of a pass in media time."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

import msgspec
import numpy as np

from moothall.core.events.lines import Word
from moothall.wire.engine import Speaking
from moothall_models.ports import RATE, VAD_FRAME, Hypothesis, Samples
from moothall_models.speech.settings import SpeechSettings

SAMPLES_A_MS = RATE // 1000
FRAME_MS = VAD_FRAME // SAMPLES_A_MS
EDGE = 100
"""Distance from the window's end within which the decoder's invented words are found, ms."""
SHORTEST = 20
"""Shortest duration of a real word, ms: one step of the encoder. A shorter word has no sound of its own."""


class SpeechFrame:
    """32 ms of audio and the probability that somebody speaks in it."""

    __slots__ = ("p", "samples", "t")

    def __init__(self, t: int, samples: Samples, p: float) -> None:
        self.t = t
        self.samples = samples
        self.p = p


class SpeechProgress(msgspec.Struct, frozen=True):
    """The state of an utterance after one frame."""

    t: int
    """Media ms where the frame ended."""
    speech_ms: int
    """Duration of speech so far, ms."""
    speech_end: int
    """Media ms where the last frame of speech so far ended."""


class Utterance:
    """Speech from a little before its first sound to a little after its last, with the audio of its window. Mutable."""

    def __init__(
        self, number: int, before: Sequence[SpeechFrame], silence_p: float, context: Sequence[SpeechFrame] = ()
    ) -> None:
        """Begin with `before`: the frames of the pre-roll, if any, and the first frame of speech.

        A frame whose probability of speech is below `silence_p` counts as silence. `context`: the frames before those.
        """
        self.number = number
        self.context = tuple(context)
        """The frames before `start`; none when `start` has moved."""
        self.in_context = False
        """Whether the next pass, a second one over the same sound (`redo`), begins with the context."""
        self._silence_p = silence_p
        self._samples = np.zeros(RATE, dtype=np.float32)
        self._p: list[float] = []
        self.start = before[0].t
        """Media ms of the first sample that is still held: the beginning of the window."""
        self.speech_start = before[-1].t
        """Media ms of the first frame of speech."""
        self._moments = [SpeechProgress(self.start, 0, self.speech_start)]
        """The states at the window's first sample, and at the end of each frame since."""
        self.closed = False
        """Whether the utterance has ended, so that no frames will be added."""
        self.divided = False
        """Whether it was ended although somebody spoke on, since it had become long."""
        self.covered = self.start
        """Media ms where the window of the last finished pass ended."""
        self.again = True
        """Whether its end may be recognised a second time if the decoder stopped early."""
        self.redo: int | None = None
        """Media ms where the next window ends, when the end is to be recognised a second time; None otherwise."""
        self.unheard = UnheardSpan()
        """The span for which the recogniser had no answer."""
        self.language: str | None = None
        """BCP-47 tag, fixed once words are committed; None before."""
        self.spoken = Hypothesis(language="", words=())
        """The hypothesis of the last pass; empty before the first."""
        self.unconfirmed: tuple[Word, ...] = ()
        """Words of the last pass that are not committed."""
        self.parroted = False
        """Whether a pass only repeated the terms that it was given; later passes then get no terms."""
        for frame in before:
            self.add(frame)

    @classmethod
    def resumed(
        cls, number: int, frame: SpeechFrame, speaking: Speaking, silence_p: float, context: Sequence[SpeechFrame] = ()
    ) -> Utterance:
        """Restore an utterance that another engine had begun, from its window's first `frame` on; `context`: the frames
        before that.
        """
        utterance = cls(number, (frame,), silence_p, context if frame.t <= speaking.speech_start else ())
        utterance.speech_start = speaking.speech_start
        utterance._moments = [SpeechProgress(frame.t, speaking.speech_ms, speaking.speech_end)]
        utterance._know(frame)
        utterance.covered, utterance.again, utterance.redo = speaking.covered, speaking.again, speaking.redo
        utterance.language, utterance.unconfirmed = speaking.language, speaking.unconfirmed
        utterance.parroted = speaking.parroted
        utterance.in_context = speaking.in_context and bool(utterance.context)
        utterance.spoken = Hypothesis(language=speaking.heard_language, words=(), likeliest=speaking.likeliest)
        return utterance

    def speaking(self) -> Speaking:
        """The state that another engine needs besides the audio from `start` on."""
        return Speaking(
            speech_start=self.speech_start,
            speech_ms=self._moments[0].speech_ms,
            speech_end=self._moments[0].speech_end,
            covered=self.covered,
            again=self.again,
            redo=self.redo,
            language=self.language,
            heard_language=self.spoken.language,
            likeliest=self.spoken.likeliest,
            unconfirmed=self.unconfirmed,
            parroted=self.parroted,
            in_context=self.in_context,
        )

    @property
    def now(self) -> SpeechProgress:
        """The newest state."""
        return self._moments[-1]

    @property
    def heard(self) -> int:
        """Media ms where the audio so far ends."""
        return self.now.t

    @property
    def speech_end(self) -> int:
        """Media ms where the last frame of speech so far ends."""
        return self.now.speech_end

    @property
    def speech_ms(self) -> int:
        """Duration of its speech so far, ms."""
        return self.now.speech_ms

    def moments(self, after: int) -> Sequence[SpeechProgress]:
        """The states at the end of each frame that ends later than media ms `after`."""
        return self._moments[max(1, (after - self.start) // FRAME_MS + 1) :]

    def known_at(self, t: int) -> SpeechProgress:
        """The state at media ms `t`."""
        return self._moments[max(0, min((t - self.start) // FRAME_MS, len(self._p)))]

    def add(self, frame: SpeechFrame) -> None:
        """Append the next frame."""
        end = (len(self._p) + 1) * VAD_FRAME
        if end > len(self._samples):
            self._samples = np.concatenate([self._samples, np.zeros_like(self._samples)])
        self._samples[end - VAD_FRAME : end] = frame.samples
        self._p.append(frame.p)
        self._know(frame)

    def _know(self, frame: SpeechFrame) -> None:
        before, t = self.now, frame.t + FRAME_MS
        speech = frame.p >= self._silence_p and frame.t >= self.speech_start  # Not in the pre-roll.
        self._moments.append(
            SpeechProgress(t, before.speech_ms + FRAME_MS, t)
            if speech
            else SpeechProgress(t, before.speech_ms, before.speech_end)
        )

    @property
    def window_start(self) -> int:
        """Media ms where the window of the next pass begins."""
        return self.context[0].t if self.in_context else self.start

    def audio(self, until: int) -> Samples:
        """A copy of the audio from `window_start` to media ms `until`."""
        own = self.audio_between(self.start, until)
        return np.concatenate([*(frame.samples for frame in self.context), own]) if self.in_context else own

    def audio_between(self, t0: int, t1: int) -> Samples:
        """A copy of the audio from media ms `t0` to `t1`, both between `start` and `heard`."""
        return self._samples[(t0 - self.start) * SAMPLES_A_MS : (t1 - self.start) * SAMPLES_A_MS].copy()

    def spoken_frames(self, until: int) -> Samples:
        """The frames from the first of speech to the last of speech that ends at or before media ms `until`.

        Shape [frames, 512]; a view of the buffer and no copy.
        """
        first = max(0, (self.speech_start - self.start) // FRAME_MS)
        last = self.last_speech(self.start, until)
        end = first if last is None else max(first, (min(last, until) - self.start) // FRAME_MS)
        return self._samples[first * VAD_FRAME : end * VAD_FRAME].reshape(-1, VAD_FRAME)

    def trim(self, t: int) -> None:
        """Forget the frames that end at or before `t`."""
        frames = min((t - self.start) // FRAME_MS, len(self._p))
        if frames <= 0:
            return
        kept = len(self._p) - frames
        self._samples[: kept * VAD_FRAME] = self._samples[frames * VAD_FRAME : len(self._p) * VAD_FRAME].copy()
        del self._p[:frames], self._moments[:frames]
        self.context = ()
        self.start += frames * FRAME_MS
        self.covered = max(self.covered, self.start)

    def pause(self, t0: int, t1: int) -> int | None:
        """The middle of the longest silence of two frames or more between `t0` and `t1`, or None; all in media ms."""
        best, run, middle = 1, 0, None
        first = max(0, (t0 - self.start) // FRAME_MS)
        for index in range(first, min(len(self._p), (t1 - self.start) // FRAME_MS + 1)):
            run = run + 1 if self._p[index] < self._silence_p else 0
            if run > best:
                best, middle = run, self.start + (index + 1) * FRAME_MS - run * FRAME_MS // 2
        return middle

    def last_speech(self, t0: int, t1: int) -> int | None:
        """Media ms where the last frame of speech between `t0` and `t1` ends, or None when there is only silence.

        It may lie in the context.
        """
        last = min(len(self._p), -((self.start - t1) // FRAME_MS)) - 1
        for index in range(last, max(-1, (t0 - self.start) // FRAME_MS - 1), -1):
            if self._p[index] >= self._silence_p:
                return self.start + (index + 1) * FRAME_MS
        spoken = (frame.t for frame in reversed(self.context) if frame.p >= self._silence_p and frame.t < t1)
        t = next((t for t in spoken if t + FRAME_MS > t0), None)
        return None if t is None else t + FRAME_MS

    def speech_between(self, t0: int, t1: int) -> int:
        """Duration in ms of the frames of speech that lie whole between media ms `t0` and `t1`."""
        first, last = max(0, -((self.start - t0) // FRAME_MS)), max(0, (t1 - self.start) // FRAME_MS)
        return FRAME_MS * sum(p >= self._silence_p for p in self._p[first:last])


class UnheardSpan:
    """The span of an utterance, in media ms, for which the recogniser has had no answer yet.

    A later pass may still cover it; otherwise it becomes a gap.
    """

    def __init__(self) -> None:
        self._span: tuple[int, int] | None = None

    def missed(self, t0: int, t1: int) -> None:
        """Add the sound from `t0` to `t1`, for which a pass had no answer."""
        before = self._span
        self._span = (t0, t1) if before is None else (min(before[0], t0), max(before[1], t1))

    def heard(self, start: int, edge: int) -> None:
        """Remove the sound from `start` to `edge`, for which a pass had an answer.

        No later pass begins before `start`, so sound before it stays unheard.
        """
        if self._span is None:
            return
        t0, t1 = self._span
        left = (t0, min(t1, start)) if t0 < start else (max(t0, edge), t1)
        self._span = left if left[0] < left[1] else None

    def given_up(self, before: int) -> tuple[int, int] | None:
        """Take the part before media ms `before`, which no later pass will cover; None when there is none."""
        if self._span is None or self._span[0] >= before:
            return None
        t0, t1 = self._span
        self._span = (before, t1) if before < t1 else None
        return t0, min(t1, before)


def heard_words(utterance: Utterance, hypothesis: Hypothesis, edge: int) -> list[Word]:
    """The words of a pass over `utterance` up to media ms `edge`, in media time.

    Alignment stretches a word over the silence after it, so its end is moved back to the last frame of speech. A
    decoder that continues into the silence after the window invents words, which alignment places at the end without
    any duration; they are dropped.
    """
    words: list[Word] = []
    for word in hypothesis.words:
        t0 = min(edge, utterance.window_start + word.t0)
        t1 = min(edge, utterance.window_start + word.t1)
        words.append(Word(text=word.text, t0=t0, t1=max(t0, t1), p=word.p))
    while words and words[-1].t1 - words[-1].t0 < SHORTEST and words[-1].t0 >= edge - EDGE:
        words.pop()
    return [unstretched(word, utterance) for word in words]


def unstretched(word: Word, utterance: Utterance) -> Word:
    """The word with its end moved back to the last frame of speech in it, if it has any."""
    end = utterance.last_speech(word.t0, word.t1)
    if end is None or end >= word.t1:
        return word
    return Word(text=word.text, t0=word.t0, t1=max(word.t0, end), p=word.p)


class FrameEffect(Enum):
    """The effect of a frame on the gate."""

    NONE = auto()
    BEGINS = auto()
    ENDS = auto()


class Gate:
    """A gate that is open while somebody speaks. It opens and closes at different thresholds (hysteresis)."""

    def __init__(self, settings: SpeechSettings) -> None:
        self._settings = settings
        self._silence = 0
        self.open = False

    def hear(self, p: float, ms: int) -> FrameEffect:
        """Take in a frame of `ms` with probability `p` of speech, and return its effect."""
        if not self.open:
            if p < self._settings.speech_p:
                return FrameEffect.NONE
            self.open = True
            self._silence = 0
            return FrameEffect.BEGINS
        if p >= self._settings.silence_p:
            self._silence = 0
            return FrameEffect.NONE
        self._silence += ms
        if self._silence < self._settings.utterance_end:
            return FrameEffect.NONE
        self.open = False
        return FrameEffect.ENDS

    def reopen(self, silence: int) -> None:
        """Open the gate in the middle of an utterance, after a pause of `silence` ms so far."""
        self.open = True
        self._silence = silence

    def shut(self) -> None:
        """Close the gate where the audio breaks off."""
        self.open = False
