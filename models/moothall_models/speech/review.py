"""A better pass over lines that have ended, with their neighbours.

Words are committed as soon as they are likely to stay, and some are committed too early: at the end of a window, or
after a cut. When somebody pauses, all sound of the lines before is available, and nothing else has to be recognised. So
the last lines are recognised once more as a whole, in one window, and words of which this pass is surer than the live
passes were replace the committed ones (`revision`). This happens at most once a line, soon after its end, and only
where a word was in doubt.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import msgspec
import numpy as np

from moothall.core.commands import CommitWords, EndSegment, SplitSegment
from moothall.core.events.lines import Word
from moothall.core.kernel.ids import SegmentId
from moothall_models.ports import Hypothesis, Samples, Window
from moothall_models.speech.revision import EndedLine, better
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import FRAME_MS, SpeechFrame

BEAM = 5
"""Beam width that is requested, for a better text at the cost of time."""
LINES = 16
"""Lines that are remembered. Overflow: the oldest is forgotten and keeps its text."""


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """Lines that are recognised once more in one window."""

    lines: tuple[EndedLine, ...]
    """All lines in the window, in order."""
    waiting: int
    """How many of the last ones wait for their better pass; those before had theirs, and are there as context."""
    start: int
    """Media ms of the window's first sample."""
    edge: int
    """Media ms where the window ends."""
    after: int
    """Media ms up to which words belong to the line before, of which the window may have a little sound."""


class Reviewer:
    """Keeps recent sound and the lines that have ended, prepares their better passes, and evaluates the results."""

    def __init__(self, settings: SpeechSettings, through: int) -> None:
        """`through`: media ms where the last word of an earlier engine ends."""
        self._settings = settings
        self._through = through
        reach = settings.review_reach + settings.review_within
        self._frames: deque[SpeechFrame] = deque(maxlen=reach // FRAME_MS)  # Overflow: the oldest sound is forgotten.
        self._lines: deque[EndedLine] = deque(maxlen=LINES)
        self._waiting = 0
        """How many of the last lines wait."""
        self._split: deque[SegmentId] = deque(maxlen=LINES)
        """Lines that were split, and so keep their text. Overflow: the oldest, which isn't remembered any more."""
        self._open: tuple[SegmentId, str, list[Word]] | None = None

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
                    if output.start is not None:
                        self._open = (output.segment, output.start.language, [])
                    if self._open is not None:
                        self._open[2].extend(output.words)
                    else:
                        self._through = output.words[-1].t1
                case EndSegment() if self._open is not None:
                    segment, language, words = self._open
                    self._lines.append(EndedLine(segment, language, tuple(words), now))
                    self._waiting = min(LINES, self._waiting + 1)
                    self._open = None
                case SplitSegment() if output.into is not None:
                    self._split.append(output.segment)
                case _:
                    pass

    def next(self, now: int) -> Review | None:
        """The lines to be recognised again; None when there are none. `now` in media ms.

        A line that has waited for too long keeps its text.
        """
        waiting = [line for line in list(self._lines)[len(self._lines) - self._waiting :] if self._fresh(line, now)]
        self._waiting = len(waiting)
        if not any(word.p <= self._settings.review_doubt for line in waiting for word in line.words):
            return None
        edge = min(self._frames[-1].t + FRAME_MS, self._lines[-1].words[-1].t1 + self._settings.review_margin)
        lines: deque[EndedLine] = deque()
        for line in reversed(self._lines):
            begin = line.words[0].t0 - self._settings.review_margin
            if (
                line.language != waiting[-1].language
                or edge - begin > self._settings.review_reach
                or max(0, begin) < self._frames[0].t
            ):
                break
            lines.appendleft(line)
        if not lines:
            return None
        first = self._frames[0].t
        begin = max(0, lines[0].words[0].t0 - self._settings.review_margin - first) // FRAME_MS * FRAME_MS
        others = len(self._lines) - len(lines)
        return Review(
            lines=tuple(lines),
            waiting=min(len(lines), self._waiting),
            start=first + begin,
            edge=edge,
            after=self._lines[others - 1].words[-1].t1 if others else self._through,
        )

    def _fresh(self, line: EndedLine, now: int) -> bool:
        return now - line.ended <= self._settings.review_within

    def window(self, review: Review, glossary: tuple[str, ...]) -> Window:
        """The window of a better pass."""
        frames = [frame.samples for frame in self._frames if review.start <= frame.t < review.edge]
        audio: Samples = np.concatenate(frames)
        context = "".join(f" {line.text}" for line in review.lines[: len(review.lines) - review.waiting])
        draft = "".join(f" {line.text}" for line in review.lines)
        return Window(
            audio=audio,
            languages=(review.lines[-1].language,),
            glossary=glossary,
            draft=draft,
            committed_chars=len(context),
            beam=BEAM,
        )

    def heard(self, review: Review, hypothesis: Hypothesis) -> list[tuple[EndedLine, str]]:
        """The better texts of the waiting lines, from the hypothesis of their pass."""
        self._waiting = 0
        words = [
            Word(text=word.text, t0=review.start + word.t0, t1=review.start + word.t1, p=word.p)
            for word in hypothesis.words
            if review.start + (word.t0 + word.t1) // 2 >= review.after
        ]
        texts = better(review.lines, words, self._settings)
        told = list(zip(review.lines, texts, strict=True))[len(review.lines) - review.waiting :]
        return [(line, text) for line, text in told if text is not None and line.segment not in self._split]
