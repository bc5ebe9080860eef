"""A better pass over each line that has ended, as a whole.

Words are committed as soon as they are likely to stay, and some are committed too early: at the end of a window, or
after a cut. When a line has ended, all its sound is available. So the line is recognised once more, with a little sound
on both sides, and words of which this pass is surer than the live passes were replace the committed ones. This happens
at most once a line, soon after its end, and for few words altogether, so that readers don't see the text change while
they read it.
"""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from moothall.core.commands import CommitWords, EndSegment
from moothall.core.events.lines import Word
from moothall.core.kernel.ids import SegmentId
from moothall_models.ports import Hypothesis, Samples, Window
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.text import plain
from moothall_models.speech.utterance import FRAME_MS, SpeechFrame

BEAM = 5
"""Beam width that is requested, for a better text at the cost of time."""
WAITING = 3
"""Lines that may wait for their better pass. Overflow: the oldest is dropped and keeps its text."""
APART = 150
"""How far outside the line the middle of a word may be that still belongs to it, ms: times are not exact."""


class EndedLine(msgspec.Struct, frozen=True):
    """A line that has ended, with its committed words."""

    segment: SegmentId
    language: str
    words: tuple[Word, ...]
    ended: int
    """Media ms at which its end was known."""

    @property
    def text(self) -> str:
        """The committed text."""
        return "".join(word.text for word in self.words)


class Reviewer:
    """Keeps recent sound and the lines that have ended, prepares their better passes, and evaluates the results."""

    def __init__(self, settings: SpeechSettings) -> None:
        self._settings = settings
        reach = settings.longest_segment + 2 * settings.review_margin + settings.review_within + settings.longest_step
        self._frames: deque[SpeechFrame] = deque(maxlen=reach // FRAME_MS)  # Overflow: the oldest sound is forgotten.
        self._lines: deque[EndedLine] = deque(maxlen=WAITING)
        self._open: tuple[SegmentId, str, list[Word]] | None = None
        self._committed = self._changed = 0

    def hear(self, frame: SpeechFrame) -> None:
        """Take in the next frame of the channel's sound. After a gap the sound before it is forgotten."""
        if self._frames and frame.t != self._frames[-1].t + FRAME_MS:
            self._frames.clear()
        self._frames.append(frame)

    def note(self, outputs: Iterable[object], now: int) -> None:
        """Take in the commands of the channel, at media ms `now`. A line that another engine began is ignored."""
        for output in outputs:
            match output:
                case CommitWords():
                    self._committed += len(output.words)
                    if output.start is not None:
                        self._open = (output.segment, output.start.language, [])
                    if self._open is not None:
                        self._open[2].extend(output.words)
                case EndSegment() if self._open is not None:
                    segment, language, words = self._open
                    self._lines.append(EndedLine(segment, language, tuple(words), now))
                    self._open = None
                case _:
                    pass

    def next(self, now: int) -> EndedLine | None:
        """Take the next line to be recognised again; None when there is none.

        A line that has waited for too long, or whose sound is incomplete, is dropped. `now` in media ms.
        """
        while self._lines:
            line = self._lines.popleft()
            begin = line.words[0].t0 - self._settings.review_margin
            heard = bool(self._frames) and self._frames[0].t <= max(0, begin)
            if heard and self._worth(line) and now - line.ended <= self._settings.review_within:
                return line
        return None

    def _worth(self, line: EndedLine) -> bool:
        doubted = min(word.p for word in line.words) <= self._settings.review_doubt
        return doubted and len(line.words) >= self._settings.review_words and self._allowed() >= 1

    def span(self, line: EndedLine) -> tuple[int, int]:
        """The beginning and end of a line's window, in media ms."""
        margin, first = self._settings.review_margin, self._frames[0].t
        begin = max(0, line.words[0].t0 - margin - first) // FRAME_MS * FRAME_MS
        return first + begin, min(self._frames[-1].t + FRAME_MS, line.words[-1].t1 + margin)

    def window(self, line: EndedLine, glossary: tuple[str, ...]) -> Window:
        """The window of the better pass over a line."""
        begin, end = self.span(line)
        audio: Samples = np.concatenate([frame.samples for frame in self._frames if begin <= frame.t < end])
        return Window(audio=audio, languages=(line.language,), glossary=glossary, draft=line.text, beam=BEAM)

    def heard(self, line: EndedLine, hypothesis: Hypothesis, start: int) -> str | None:
        """The better text of a line from the hypothesis of its pass, or None when no word is surely better.

        `start`: media ms of the window's first sample.
        """
        begin, end = line.words[0].t0 - APART, line.words[-1].t1 + APART
        inside = [word for word in hypothesis.words if begin <= start + (word.t0 + word.t1) // 2 <= end]
        new = [Word(text=word.text, t0=start + word.t0, t1=start + word.t1, p=word.p) for word in inside]
        text, changed = better(line.words, new, int(self._allowed()), self._settings)
        if not changed:
            return None
        self._changed += changed
        return text

    def _allowed(self) -> float:
        """How many more words of the channel may be changed."""
        return self._committed * self._settings.review_share - self._changed


def better(old: Sequence[Word], new: Sequence[Word], most: int, settings: SpeechSettings) -> tuple[str, int]:
    """Merge the words of a better pass of which it is surer into a line: returns the text, and how many words changed.

    At most `most` words are changed, the surest first. Words that differ only in case and punctuation stay as they
    were, and so do numbers that are written in digits in one pass and in letters in the other. At both ends of the line
    words are neither added nor removed, since they may belong to other lines.
    """
    before, after = [plain(word.text) for word in old], [plain(word.text) for word in new]
    blocks = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    gains: list[tuple[float, int, int]] = []
    for number, (kind, a, b, c, d) in enumerate(blocks):
        size = max(b - a, d - c)
        at_an_end = number in (0, len(blocks) - 1) and b - a != d - c
        respelled = _digits(before[a:b]) != _digits(after[c:d])
        if kind != "equal" and not at_an_end and not respelled:
            gains.append((_surer(old[a:b], new[c:d]), size, number))
    taken: set[int] = set()
    changed = 0
    for gain, size, number in sorted(gains, reverse=True):
        if gain >= settings.review_gain and changed + size <= most:
            taken.add(number)
            changed += size
    text = "".join(
        word.text
        for number, (_, a, b, c, d) in enumerate(blocks)
        for word in (new[c:d] if number in taken else old[a:b])
    )
    return text.strip(), changed


DOUBTED, CERTAIN = 0.4, 0.6
"""Thresholds for words that only one pass has: the better pass removes committed words whose mean probability is below
`DOUBTED`, and adds words whose mean probability is above `CERTAIN`, in both cases by `review_gain` at least."""


def _surer(old: Sequence[Word], new: Sequence[Word]) -> float:
    """By how much the mean probability of the better pass's words exceeds that of the committed words."""
    return (_mean(new) if new else DOUBTED) - (_mean(old) if old else CERTAIN)


def _digits(words: Sequence[str]) -> bool:
    return any(char.isdigit() for word in words for char in word)


def _mean(words: Sequence[Word]) -> float:
    return sum(word.p for word in words) / len(words)
