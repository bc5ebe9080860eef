"""Finds names and terms that people had to correct twice, since the recogniser will get them wrong again.

The text of a line after a person's correction is compared with what the machine first recognised, word by word, without
case and punctuation. If the same words were replaced by the same words in two lines, the new words are proposed as a
term. Long rewrites don't count, nor do other spellings of the same letters, small errors in ordinary words, and short
words.

Laws: a proposed term was written by a person in two lines that are still shown; a line that reads again as it was
recognised proposes nothing; folding a log in parts gives the same as folding it at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher

import msgspec

from moothall.core.events import lines as le
from moothall.core.kernel.ids import SegmentId
from moothall.core.sessions.state import State
from moothall.core.terms.terms import cleaned

OFTEN = 2
"""In how many lines the same correction has to occur."""
MOST_WORDS = 4
"""The most words that are replaced, and that replace them: more words are a rewrite."""
MOST_COMPARED = 200
"""The most words of a line that are compared. Overflow: the line proposes nothing."""
REMEMBERED = 500
"""Lines whose corrections are kept. Overflow: the line that was corrected first is dropped."""
LONG_WORD = 7
"""Letters from which on a word without a capital may be a term."""
SLIP = 0.8
"""The similarity (SequenceMatcher's ratio) from which on two words without capitals count as the same word, mistyped or
misheard.
"""
_SENTENCE_ENDS = ".?!…。？！؟।"  # noqa: RUF001

_Pair = tuple[str, str]
"""What was recognised and what was written, both as `_letters`."""


class _Written(msgspec.Struct, frozen=True):
    """A name or term that a person wrote where something else was recognised."""

    pair: _Pair
    text: str
    """The term in its spelling."""


class MendedNames(msgspec.Struct, frozen=True, kw_only=True):
    """The fold of people's corrections in a session. It is immutable."""

    lines: dict[SegmentId, tuple[_Written, ...]] = {}
    """The terms that were written in each line; the line that was corrected last comes last."""

    def corrected(self, before: State, event: le.SegmentCorrected) -> MendedNames:
        """Return the view after a person's correction, which was made in the state `before`."""
        line = before.segments.get(event.segment)
        if line is None or line.revision != event.base_revision:
            return self
        heard = "".join(word.text for word in line.words[: event.base_words])
        lines = {segment: written for segment, written in self.lines.items() if segment != event.segment}
        changes = _replacements(heard.split(), event.text.split())
        written = tuple(found for change in changes if (found := _as_term(change)) is not None)
        if written:
            lines[event.segment] = written
        while len(lines) > REMEMBERED:
            del lines[next(iter(lines))]
        return msgspec.structs.replace(self, lines=lines)

    def proposed(self, now: State) -> tuple[str, ...]:
        """The proposed terms, newest first, each once; struck lines don't count."""
        standing = [written for segment, written in reversed(self.lines.items()) if _stands(now, segment)]
        often = Counter(pair for written in standing for pair in {each.pair for each in written})
        found: dict[str, str] = {}
        for each in (each for written in standing for each in written):
            if often[each.pair] >= OFTEN:
                found.setdefault(each.text.casefold(), each.text)
        return tuple(found.values())


class _Change(msgspec.Struct, frozen=True):
    """Words that were replaced, and the new words."""

    stood: str
    written: str
    starts: bool
    """Whether the new words begin a sentence, so that a capital in front says nothing."""


def _as_term(change: _Change) -> _Written | None:
    term = cleaned(change.written)
    if term is None or not _may_be_a_term(change):
        return None
    return _Written((_letters(change.stood), _letters(change.written)), term)


def _replacements(old: list[str], new: list[str]) -> Iterator[_Change]:
    """Yield the short runs of words that were replaced by others."""
    if max(len(old), len(new)) > MOST_COMPARED:
        return
    matcher = SequenceMatcher(None, [_letters(word) for word in old], [_letters(word) for word in new], autojunk=False)
    for kind, first, last, begin, end in matcher.get_opcodes():
        if kind != "replace" or last - first > MOST_WORDS or end - begin > MOST_WORDS:
            continue
        stood, written = " ".join(old[first:last]), " ".join(new[begin:end]).strip(".,;:!?…\"'“”«»()")
        starts = begin == 0 or new[begin - 1][-1] in _SENTENCE_ENDS
        if _letters(stood) and _letters(written):
            yield _Change(stood, written, starts)


def _may_be_a_term(change: _Change) -> bool:
    """Whether the new words look like a name or term, and not like the old words spelled better."""
    stood, written = change.stood, change.written
    letters = _letters(written)
    if written.upper() == written.lower() or any(map(str.isdigit, written)):
        return any(map(str.isalpha, written))  # A script without capitals, or something like 5G; but no bare number.
    if any(map(str.isupper, written[1:] if change.starts else written)):
        return True
    if len(letters) < LONG_WORD:
        return False
    joined = written[0].isupper() and " " in stood
    return joined or SequenceMatcher(None, _letters(stood), letters, autojunk=False).ratio() < SLIP


def _letters(text: str) -> str:
    """The words without case and punctuation, but with spaces, so that `moot hall` is not `Moothall`."""
    plain = ("".join(filter(_is_sign, word)) for word in text.casefold().split())
    return " ".join(word for word in plain if word)


def _is_sign(sign: str) -> bool:
    return sign.isalnum() or not sign.isascii()


def _stands(now: State, segment: SegmentId) -> bool:
    line = now.segments.get(segment)
    return line is not None and not line.gone
