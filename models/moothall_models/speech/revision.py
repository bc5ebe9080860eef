"""Which words of a better pass replace those of lines that have ended.

The better pass has the sound around the line, and searches for the likeliest text. Where it hears other words than
those that are committed, three cases behave differently (figures: `docs/why/speech.md`). Several words in a row that
nobody had committed were said: live passes stop early, or skip what was said fast. Words that it doesn't hear had
nearly always been said all the same. Of other words neither pass is always right: the surer one is taken, but for a
single short word in the place of another.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import msgspec

from moothall.core.events.lines import Word
from moothall.core.kernel.ids import SegmentId
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.text import plain

MISSING = 2
"""Fewest words in a row that are added; a single one is often a part of its neighbour, or nothing."""

LITTLE = 4
"""Letters of a short word: one such word for another ("and", "in") was right as often as wrong, so it stays."""


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


class Replacement(msgspec.Struct, frozen=True):
    """Words of a line, and what a better pass heard in their place."""

    line: int
    """Index of the line."""
    first: int
    """Index of the first word of the line that is replaced."""
    old: tuple[Word, ...]
    new: tuple[Word, ...]


def changes(lines: Sequence[EndedLine], new: Sequence[Word]) -> list[Replacement]:
    """Where a pass over lines heard other words than those that are committed."""
    old = [(number, index, word) for number, line in enumerate(lines) for index, word in enumerate(line.words)]
    before, after = [plain(word.text) for _, _, word in old], [plain(word.text) for word in new]
    found = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal" or "".join(before[a:b]) == "".join(after[c:d]):
            continue
        if a < b:
            number, first, _ = old[a]
            if old[b - 1][0] == number:
                found.append(Replacement(number, first, tuple(word for _, _, word in old[a:b]), tuple(new[c:d])))
            continue
        number, first = _place(old, a, (new[c].t0 + new[d - 1].t1) // 2)
        found.append(Replacement(number, first, (), tuple(new[c:d])))
    return found


def _place(old: Sequence[tuple[int, int, Word]], index: int, at: int) -> tuple[int, int]:
    """The line and the word in it before which words at media ms `at` belong, which were heard before word `index`.

    Between two lines they belong to the nearer one.
    """
    if index < len(old):
        number, first, after = old[index]
        if first or not index or at - old[index - 1][2].t1 > after.t0 - at:
            return number, first
    number, last, _ = old[index - 1]
    return number, last + 1


def better(lines: Sequence[EndedLine], new: Sequence[Word], settings: SpeechSettings) -> list[str | None]:
    """The better text of each line from the words of a pass over all of them; None for a line that stays."""
    taken: list[list[Replacement]] = [[] for _ in lines]
    for change in changes(lines, new):
        if surely_better(change, settings):
            taken[change.line].append(change)
    return [_merged(line, of_it) if of_it else None for line, of_it in zip(lines, taken, strict=True)]


def surely_better(change: Replacement, settings: SpeechSettings) -> bool:
    """Whether what a better pass heard is likely to have been said."""
    if not change.old:
        return len(change.new) >= MISSING and _mean(change.new) >= settings.review_adds
    single = len(change.old) == len(change.new) == 1 and len(plain(change.old[0].text)) <= LITTLE
    if single or not change.new or _has_digits(change.old) is not _has_digits(change.new):
        return False
    return _mean(change.new) >= _mean(change.old)


def _mean(words: Sequence[Word]) -> float:
    return sum(word.p for word in words) / len(words)


def _has_digits(words: Sequence[Word]) -> bool:
    """Whether a number is written in digits; in letters it may be the same number."""
    return any(char.isdigit() for word in words for char in word.text)


def _merged(line: EndedLine, taken: Sequence[Replacement]) -> str:
    texts = [word.text for word in line.words]
    text, done = "", 0
    for change in taken:
        if not (change.first or change.old) and change.new[0].text.startswith(" "):
            texts[0] = f" {texts[0]}"  # The first word of a line is committed without its leading space.
        text += "".join(texts[done : change.first]) + "".join(word.text for word in change.new)
        done = change.first + len(change.old)
    return (text + "".join(texts[done:])).strip()
