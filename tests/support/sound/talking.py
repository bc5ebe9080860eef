"""A channel of speech for tests: audio whose words are known, and an independent check of the output."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from operator import attrgetter

import numpy as np

from moothall.core.commands import CommitWords, EndSegment, ReviseSegment, SplitSegment
from moothall.core.events.lines import Word
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.signals import ChannelState, Partial
from moothall.wire.engine import Attach, OpenSegment, OtherReadings, ResumePoint
from moothall_models.ports import VAD_FRAME, HeardWord, Hypothesis, Samples
from moothall_models.speech.channel import Output, SpeechChannel
from moothall_models.speech.passes import PassRequest
from moothall_models.speech.turns.known import HeardVoice

FRAME = 32
CHANNEL = ChannelId("floor")


def attach(
    *,
    generation: int = 1,
    languages: tuple[str, ...] = ("en",),
    through: int = 0,
    last_words: Sequence[Word] = (),
    open_segment: OpenSegment | None = None,
    audio_from: int = 0,
    resume_point: ResumePoint | None = None,
    cut: int = 0,
    glossary: Sequence[str] = (),
    near: int = 0,
) -> Attach:
    return Attach(
        attachment=1,
        session=SessionId("plenary"),
        channel=CHANNEL,
        generation=generation,
        languages=languages,
        committed_through=through,
        last_words=tuple(last_words),
        open_segment=open_segment,
        audio_from=audio_from,
        resume_point=resume_point,
        cut=cut,
        glossary=tuple(glossary),
        near=near,
    )


def silence(frames: int) -> Samples:
    return np.zeros(frames * VAD_FRAME, dtype=np.float32)


def said(text: str, t: int = 0, each: int = 300) -> tuple[Word, ...]:
    """Return words one after another from media ms `t`, `each` ms long; words after the first have a leading space."""
    return tuple(
        Word(text=word if not number else f" {word}", t0=t + number * each, t1=t + (number + 1) * each)
        for number, word in enumerate(text.split())
    )


def probability(words: Sequence[Word], t: int) -> float:
    """Return 1.0 if a word sounds in the frame at `t`, else 0.0; each word must end before the next begins."""
    begun = bisect_left(words, t + FRAME, key=attrgetter("t0"))
    return 1.0 if begun and t < words[begun - 1].t1 else 0.0


def hear(
    words: Sequence[Word], request: PassRequest, *, language: str = "en", likeliest: str | None = None
) -> Hypothesis:
    """Return what a perfect recogniser hears in a window: the words that lie mostly within it."""
    heard = []
    for word in words[bisect_right(words, request.start, key=attrgetter("t1")) :]:
        if word.t0 >= request.edge:
            break
        t0, t1 = max(word.t0, request.start), min(word.t1, request.edge)
        if t1 - t0 > (word.t1 - word.t0) * 0.6:
            heard.append(HeardWord(f" {word.text.strip()}", t0 - request.start, t1 - request.start, word.p))
    return Hypothesis(language=language, words=tuple(heard), likeliest=likeliest)


def play(channel: SpeechChannel, words: Sequence[Word], begin: int, end: int, *, close: bool = False) -> list[Output]:
    """Play frames from media ms `begin` until `end`, each with the passes that it makes due, done at
    once; returns the outputs.
    """
    out: list[Output] = []
    for t in range(begin, end, FRAME):
        out += channel.hear(t, silence(1), [probability(words, t)])
        out += settle(channel, words, t + FRAME)
    if close:
        out += channel.end_of_audio()
        out += settle(channel, words, end)
    return out


def settle(channel: SpeechChannel, words: Sequence[Word], now: int) -> list[Output]:
    out: list[Output] = []
    while (request := channel.next_pass(now)) is not None:
        out += channel.passed(request, hear(words, request), now)
    return out


class Reader:
    """An independent session that checks each output against the protocol and keeps the text."""

    def __init__(self, attached: Attach) -> None:
        self._generation = attached.generation
        self._number = 1
        self._t0 = 0
        self._heard = 0
        self.through = attached.committed_through
        self.words: list[Word] = []
        self.open: OpenSegment | None = attached.open_segment
        self.lines: list[str] = []
        """Texts of ended lines, with their corrections."""
        self.said: list[str] = []
        """Texts of ended lines as they ended."""
        self._ended: dict[SegmentId, tuple[int, int]] = {}
        """Ended lines that may still be corrected: their index in `lines`, and their number of words."""

    def read(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            if isinstance(output, OtherReadings | HeardVoice | SplitSegment):
                continue  # These change no word.
            assert output.channel == CHANNEL
            match output:
                case CommitWords():
                    self._commit(output)
                case EndSegment():
                    self._end(output)
                case ReviseSegment():
                    self._revise(output)
                case Partial():
                    self._partial(output)
                case ChannelState():
                    assert output.lag >= 0
                    assert output.t >= self._heard
                    self._heard = output.t

    def _commit(self, command: CommitWords) -> None:
        assert command.generation == self._generation
        assert command.words
        if command.start is None:
            assert self.open is not None
        else:
            assert self.open is None
            assert command.segment == self._name()
            assert command.start.t0 == command.words[0].t0
            assert command.words[0].text == command.words[0].text.lstrip()
            self.open = OpenSegment(
                segment=command.segment, language=command.start.language, t0=command.start.t0, words=()
            )
        assert command.segment == self.open.segment
        assert command.first == len(self.open.words)
        assert command.words[0].t0 >= self.through - 200
        for word in command.words:
            assert self._t0 <= word.t0 <= word.t1
            self._t0 = word.t0
        self.through = command.words[-1].t1
        self.words.extend(command.words)
        self.open = OpenSegment(
            segment=self.open.segment,
            language=self.open.language,
            t0=self.open.t0,
            words=self.open.words + command.words,
        )

    def _end(self, command: EndSegment) -> None:
        assert command.generation == self._generation
        assert self.open is not None
        assert command.segment == self.open.segment
        assert command.t1 >= self.open.t0
        if command.segment == self._name():
            self._number += 1
        self._ended[command.segment] = (len(self.lines), len(self.open.words))
        self.said.append("".join(word.text for word in self.open.words))
        self.lines.append(self.said[-1])
        self.open = None

    def _revise(self, command: ReviseSegment) -> None:
        """Check a correction: after the line's end, only once, of all its words, and to another text."""
        assert command.generation == self._generation
        number, words = self._ended.pop(command.segment)
        assert command.base_words == words
        assert command.text.strip()
        assert command.text != self.lines[number]
        self.lines[number] = command.text

    def _partial(self, signal: Partial) -> None:
        if self.open is not None and signal.segment == self.open.segment:
            assert signal.first == len(self.open.words)
            return
        following = self._number + (self.open is not None and self.open.segment == self._name())
        assert signal.segment == f"{CHANNEL}-{self._generation}-{following}"
        assert signal.first == 0
        assert signal.text == signal.text.lstrip()

    def _name(self) -> SegmentId:
        return SegmentId(f"{CHANNEL}-{self._generation}-{self._number}")
