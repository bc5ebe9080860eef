"""Better passes over lines that have ended: with their neighbours, and by themselves.

Words are committed as soon as they are likely to stay, and some are committed too early: at the end of a window, or
after a cut. When somebody pauses, all sound of the lines before is available, and nothing else has to be recognised. So
the last lines are recognised once more as a whole, in one window. A line of which that pass hears other words is
recognised a second time in another window: by itself, or with the lines after it where the next pause comes first. What
both heard alike replaces the committed words (`revision`), at most once a line and soon after its end.
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
from moothall_models.speech.revision import EndedLine, Replacement, agreed, changes
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import FRAME_MS, SpeechFrame

BEAM = 5
"""Beam width that is requested, for a better text at the cost of time."""
LINES = 16
"""Lines that are remembered. Overflow: the oldest is forgotten and keeps its text."""


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """Lines that are recognised again in one window."""

    lines: tuple[EndedLine, ...]
    """All lines in the window, in order."""
    start: int
    """Media ms of the window's first sample."""
    edge: int
    """Media ms where the window ends."""
    after: int
    """Media ms up to which words belong to the line before, of which the window may have a little sound."""


class _Line(msgspec.Struct):
    """A line that has ended, and what better passes have heard of it. Mutable."""

    line: EndedLine
    waits: bool = True
    """Whether it waits for its first or second better pass."""
    first: tuple[Replacement, ...] | None = None
    """What its first better pass heard in the place of committed words; None before."""


class Reviewer:
    """Keeps recent sound and the lines that have ended, prepares their better passes, and evaluates the results."""

    def __init__(self, settings: SpeechSettings, through: int) -> None:
        """`through`: media ms where the last word of an earlier engine ends."""
        self._settings = settings
        self._through = through
        reach = settings.review_reach + settings.review_within
        self._frames: deque[SpeechFrame] = deque(maxlen=reach // FRAME_MS)  # Overflow: the oldest sound is forgotten.
        self._lines: deque[_Line] = deque(maxlen=LINES)
        self._last = (0, 0)
        """Where the window of the last better pass began and ended."""
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
                    self._lines.append(_Line(EndedLine(segment, language, tuple(words), now)))
                    self._open = None
                case SplitSegment() if output.into is not None:
                    self._split.append(output.segment)
                case _:
                    pass

    def next(self, now: int) -> Review | None:
        """The lines to be recognised again; None when there are none. `now` in media ms.

        A line that has waited for too long keeps its text.
        """
        for each in self._lines:
            each.waits = each.waits and now - each.line.ended <= self._settings.review_within
        waiting = [index for index, each in enumerate(self._lines) if each.waits]
        if not waiting:
            return None
        if any(self._lines[index].first is None for index in waiting):
            return self._over(0, waiting[-1])
        begin = self._lines[waiting[0]].line.words[0].t0
        reach = self._settings.review_reach - 2 * self._settings.review_margin
        near = [index for index in waiting if self._lines[index].line.words[-1].t1 - begin <= reach]
        found = self._over(waiting[0], max(near, default=waiting[0]))
        # The same window again would prove nothing: a line without neighbours waits for the next one.
        return None if found is None or (found.start, found.edge) == self._last else found

    def _over(self, first: int, last: int) -> Review | None:
        """The window over the lines with these indices, without the first of them where it would reach too far."""
        lines = list(self._lines)
        end = lines[last].line
        edge = min(self._frames[-1].t + FRAME_MS, end.words[-1].t1 + self._settings.review_margin)
        begin = last + 1
        for index in range(last, first - 1, -1):
            line = lines[index].line
            start = line.words[0].t0 - self._settings.review_margin
            far = edge - start > self._settings.review_reach or max(0, start) < self._frames[0].t
            if far or line.language != end.language:
                break
            begin = index
        taken = lines[begin : last + 1]
        if not taken:
            return None
        sound = self._frames[0].t
        ahead = max(0, taken[0].line.words[0].t0 - self._settings.review_margin - sound) // FRAME_MS * FRAME_MS
        return Review(
            lines=tuple(each.line for each in taken),
            start=sound + ahead,
            edge=edge,
            after=lines[begin - 1].line.words[-1].t1 if begin else self._through,
        )

    def window(self, review: Review, glossary: tuple[str, ...]) -> Window:
        """The window of a better pass."""
        frames = [frame.samples for frame in self._frames if review.start <= frame.t < review.edge]
        audio: Samples = np.concatenate(frames)
        draft = "".join(f" {line.text}" for line in review.lines)
        return Window(
            audio=audio,
            languages=(review.lines[-1].language,),
            glossary=glossary,
            draft=draft,
            beam=BEAM,
        )

    def heard(self, review: Review, hypothesis: Hypothesis) -> list[tuple[EndedLine, str]]:
        """The better texts of lines of which this was the second pass, from its hypothesis."""
        words = [
            Word(text=word.text, t0=review.start + word.t0, t1=review.start + word.t1, p=word.p)
            for word in hypothesis.words
            if review.start + (word.t0 + word.t1) // 2 >= review.after
        ]
        self._last = (review.start, review.edge)
        found = dict(zip((line.segment for line in review.lines), changes(review.lines, words), strict=True))
        texts: list[tuple[EndedLine, str]] = []
        for each in self._lines:
            if each.line.segment not in found:
                # It is too far back for the window, unless it ended since the pass was requested.
                later = each.line.words[0].t0 >= review.lines[-1].words[-1].t1
                each.waits = each.waits and (later or each.first is not None)
            elif each.waits and each.first is None:
                each.first = found[each.line.segment]
                each.waits = bool(each.first)
            elif each.waits and each.first is not None:
                each.waits = False
                text = agreed(each.line, each.first, found[each.line.segment], self._settings)
                if text is not None and each.line.segment not in self._split:
                    texts.append((each.line, text))
        return texts
