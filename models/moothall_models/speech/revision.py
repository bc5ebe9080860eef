"""Where a better pass hears other words than those that are committed, and the text of a line with some of these
changes. `review` decides which.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import msgspec

from moothall.core.events.lines import Word
from moothall.core.kernel.ids import SegmentId
from moothall_models.speech.text import plain


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

    first: int
    """Index of the first word of the line that is replaced."""
    old: tuple[Word, ...]
    new: tuple[Word, ...]

    def same(self, other: Replacement) -> bool:
        """Whether `other` has the same letters in the place of the same words."""
        place = (self.first, len(self.old)) == (other.first, len(other.old))
        return place and _letters(self.new) == _letters(other.new)

    def overlaps(self, other: Replacement) -> bool:
        """Whether both concern the same word of a line, or words side by side."""
        return self.first <= other.first + len(other.old) and other.first <= self.first + len(self.old)


def changes(lines: Sequence[EndedLine], new: Sequence[Word]) -> list[tuple[Replacement, ...]]:
    """For each line, where a pass over all of them heard other words than those that are committed.

    A number that is only written in digits instead of letters, or in letters instead of digits, stays.
    """
    old = [(number, index, word) for number, line in enumerate(lines) for index, word in enumerate(line.words)]
    before, after = [plain(word.text) for _, _, word in old], [plain(word.text) for word in new]
    found: list[list[Replacement]] = [[] for _ in lines]
    for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal" or "".join(before[a:b]) == "".join(after[c:d]):
            continue
        if a < b:
            number, first, _ = old[a]
            change = Replacement(first, tuple(word for _, _, word in old[a:b]), tuple(new[c:d]))
            if old[b - 1][0] == number and not _only_spelt(change):
                found[number].append(change)
            continue
        number, first = _place(old, a, (new[c].t0 + new[d - 1].t1) // 2)
        found[number].append(Replacement(first, (), tuple(new[c:d])))
    return [tuple(each) for each in found]


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


def _letters(words: Sequence[Word]) -> str:
    return "".join(plain(word.text) for word in words)


def _only_spelt(change: Replacement) -> bool:
    """Whether a number may only be written in digits instead of letters, or in letters instead of digits."""
    digits = [any(map(str.isdigit, _letters(words))) for words in (change.old, change.new)]
    return bool(change.old and change.new) and digits[0] is not digits[1]


def merged(line: EndedLine, taken: Sequence[Replacement]) -> str:
    """The text of a line with these changes, at least one, in order."""
    texts = [word.text for word in line.words]
    text, done = "", 0
    for change in taken:
        if not (change.first or change.old) and change.new[0].text.startswith(" "):
            texts[0] = f" {texts[0]}"  # The first word of a line is committed without its leading space.
        text += "".join(texts[done : change.first]) + "".join(word.text for word in change.new)
        done = change.first + len(change.old)
    text = (text + "".join(texts[done:])).strip()
    begins = taken[0].first == 0 and taken[0].old[:1]
    return text[:1].upper() + text[1:] if begins and begins[0].text[:1].isupper() else text
