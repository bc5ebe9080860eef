"""Where a change of voice falls among the words of lines, so that a line holds one voice.

A change that is known before the words behind it are committed ends the line there. One that is known later splits the
line once it has ended. A line or a sentence that ends close to the change holds one voice already.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import msgspec

from moothall.core.events.lines import Word
from moothall.core.kernel.ids import SegmentId
from moothall_models.speech.settings import VoiceSettings
from moothall_models.speech.text import ends_sentence

CHANGES = 8
"""Changes of voice that wait for the words around them. Overflow: the oldest is forgotten, and its line isn't split."""
LINES = 8
"""Lines that have ended and are remembered. Overflow: the oldest is forgotten."""


class SaidLine(msgspec.Struct, frozen=True):
    """A line that has ended, with its words as they were committed."""

    segment: SegmentId
    words: tuple[Word, ...]
    ended: int
    """Media ms at which its end was known."""
    final: bool = False
    """Whether its text was changed since, so that it can't be split any more."""
    apart: bool = False
    """Whether it was said that another voice begins after it."""

    @property
    def t0(self) -> int:
        """Beginning of its first word, media ms."""
        return self.words[0].t0

    @property
    def t1(self) -> int:
        """End of its last word, media ms."""
        return self.words[-1].t1


class LineSplit(msgspec.Struct, frozen=True):
    """A line that is to end before one of its words, or after which another voice begins."""

    segment: SegmentId
    word: int
    """Index of the first word of the second part, from 0; the number of words where there is no second part."""
    into: SegmentId | None
    """The line of the second part; None where there is none."""


class LineTurns:
    """The words of the open line and of the last lines, and the changes of voice that wait for words."""

    def __init__(self, settings: VoiceSettings) -> None:
        self._settings = settings
        self._changes: deque[int] = deque(maxlen=CHANGES)
        self._open: list[Word] = []
        self.now = 0
        """Media ms of the newest sound; the caller keeps it."""
        self._late: deque[int] = deque(maxlen=CHANGES)
        """Changes within the words of the open line."""
        self._followed: deque[LineSplit] = deque(maxlen=CHANGES)
        """Lines after which another voice begins, as was found with the words after them."""
        self.lines: deque[SaidLine] = deque(maxlen=LINES)
        """Lines that have ended."""

    def breaks_before(self, word: Word, taken: Sequence[Word]) -> bool:
        """Whether another voice begins with a word, which follows the open line and the words `taken`."""
        broken = False
        line = [*self._open, *taken] if self._changes else []
        while self._changes and self._changes[0] <= _middle(word):
            if ends_sentence(word.text) and word.t1 - self._changes[0] <= self._settings.margin:
                break  # `ends_turn` takes it.
            at = self._changes.popleft()
            if line and at - line[0].t0 > self._settings.margin:
                broken = True
            elif (
                self.lines
                and at - self.lines[-1].t0 > self._settings.margin
                and (last := self._apart(self.lines[-1])) is not None
            ):
                self._followed.append(last)
        return broken

    def followed(self) -> list[LineSplit]:
        """Take the lines after which another voice was found to begin, when words came that it says."""
        found = list(self._followed)
        self._followed.clear()
        return found

    def ends_turn(self, word: Word) -> bool:
        """Whether another voice begins about where a word ends, with which a sentence ends."""
        if not self._changes or self._changes[0] - word.t1 > self._settings.margin:
            return False
        self._changes.popleft()
        return True

    def committed(self, words: Iterable[Word]) -> None:
        """Take in words of the open line."""
        self._open += words

    def ended(self, segment: SegmentId, *, apart: bool = False) -> list[LineSplit]:
        """Take in the end of the open line; returns where it is to be split. `apart`: another voice ended it."""
        words, late = tuple(self._open), tuple(self._late)
        self._open = []
        self._late.clear()
        if words:
            self.lines.append(SaidLine(segment, words, self.now, apart=apart))
        return [split for t in late if (split := self._split(t)) is not None]

    def changed(self, t: int) -> LineSplit | None:
        """Take in a change of voice at media ms `t`; returns the ended line that is to be split, or that it follows."""
        last = self._open[-1] if self._open else self.lines[-1].words[-1] if self.lines else None
        if last is None or t >= _middle(last):
            self._changes.append(t)
        elif self._open and t >= self._open[0].t0:
            self._late.append(t)
        else:
            return self._split(t)
        return None

    def corrected(self, segment: SegmentId) -> None:
        """Take in that a line's text was corrected: it can't be split any more."""
        self._put(segment, lambda line: [msgspec.structs.replace(line, final=True)])

    def _split(self, t: int) -> LineSplit | None:
        begun = [line for line in self.lines if line.t0 <= t]
        if not begun:
            return None
        line, margin = begun[-1], self._settings.margin
        word = boundary(line.words, t, margin)
        if word is None:
            ended = begun if t - line.t0 > margin else begun[:-1]  # A line that begins about then is the other voice's.
            return self._apart(ended[-1]) if ended else None
        if not self._fresh(line):
            return None
        first = SaidLine(line.segment, line.words[:word], line.ended, final=True, apart=True)
        second = SaidLine(SegmentId(f"{line.segment}.2"), line.words[word:], line.ended, apart=line.apart)
        self._put(line.segment, lambda _: [first, second])
        return LineSplit(line.segment, word, second.segment)

    def _apart(self, line: SaidLine) -> LineSplit | None:
        """What says that another voice begins after an ended line; None where that was said, or it is too late."""
        if line.apart or not self._fresh(line):
            return None
        self._put(line.segment, lambda line: [msgspec.structs.replace(line, apart=True)])
        return LineSplit(line.segment, len(line.words), None)

    def _fresh(self, line: SaidLine) -> bool:
        """Whether a line may still be split, or be said to end a turn."""
        return not line.final and self.now - line.ended <= self._settings.split_within

    def _put(self, segment: SegmentId, made: Callable[[SaidLine], Sequence[SaidLine]]) -> None:
        parts = [made(line) if line.segment == segment else [line] for line in self.lines]
        self.lines = deque((line for part in parts for line in part), LINES)


def boundary(words: Sequence[Word], t: int, margin: int) -> int | None:
    """The word of a line with which the voice changes at media ms `t`; None when the line holds one voice.

    The end of a sentence within `margin` ms is preferred to the end of the nearest word.
    """
    places = [((before.t1 + word.t0) // 2, ends_sentence(before.text)) for before, word in pairwise(words)]
    sentences = [n for n, (at, ends) in enumerate(places, 1) if ends and abs(at - t) <= margin]
    if sentences:
        return min(sentences, key=lambda n: abs(places[n - 1][0] - t))
    if t - words[0].t0 <= margin or words[-1].t1 - t <= margin:
        return None
    return next((n for n, word in enumerate(words) if _middle(word) >= t and n), None)


def _middle(word: Word) -> int:
    return (word.t0 + word.t1) // 2
