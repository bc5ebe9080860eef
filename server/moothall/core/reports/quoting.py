"""Says whether quoted words were said: where they are claimed to be, elsewhere, by somebody else, or not at all.

A quotation is found *exactly*, or *loosely*: other case, punctuation, spaces, marks and spelling of numbers. Then the
record's own words are shown in its place. Nothing else passes: a word more, less or other is another quotation. Words
may be left out by an ellipsis or put into brackets, but none that deny: a quotation that begins behind *not*, or leaves
it out of its sentence, has to be looked at.

*Found* says that the record reads so, not that it was heard rightly: `unchecked` names the lines that nobody has
checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cached_property
from itertools import islice, product
from typing import NamedTuple

import msgspec

from moothall.core.events.types import ChannelKind
from moothall.core.kernel.ids import ChannelId, SegmentId, SpeakerId
from moothall.core.kernel.languages import primary
from moothall.core.reports.negations import negations
from moothall.core.reports.normal_words import normal_words
from moothall.core.reports.numbers import numbered
from moothall.core.reports.quotable import (
    Extent,
    LaidWord,
    QuotableLine,
    QuotableText,
    QuotationGap,
    QuotedPart,
    laid_out,
)
from moothall.core.search.folding import EACH

MOST_LINES = 200
"""The most lines over which a quotation may run, a quarter of an hour."""
MOST_PARTS = 20
"""The most parts of a quotation; one of more isn't found."""
MOST_JUDGED = 200
"""The most places in which the same words are looked at. Overflow: the later ones are passed over."""
_DOTS = r"(?:\u2026+|\.{3,}|\.(?:\s\.){2,})"
_ELLIPSIS = re.compile(rf"\[\s*{_DOTS}\s*\]|\(\s*{_DOTS}\s*\)|{_DOTS}")
_LETTER = rf"[^\W{EACH}]"
_WITHIN_WORD = re.compile(rf"\[({_LETTER}+)\](?={_LETTER})|(?<={_LETTER})\[({_LETTER}+)\]")
"""A letter in brackets within a word, whose case was changed: `[T]he`."""
_BRACKETS = re.compile(r"[\[\uff3b]([^\[\]\uff3b\uff3d]*)[\]\uff3d]")


class QuotationClaim(msgspec.Struct, frozen=True, kw_only=True):
    """A quotation, and where it is said to stand."""

    text: str
    """The quoted words, without quotation marks."""
    first: SegmentId
    last: SegmentId
    start: int | None = None
    """The character of the first line (code points, without spaces at its ends) at which it begins; None: anywhere."""
    end: int | None = None
    """The character of the last line before which it ends; None: anywhere."""
    speaker: SpeakerId | None = None
    """Who is said to have said it; None: nobody is named."""


class QuotationVerdict(StrEnum):
    """What the record says of a quotation. Only the first two pass."""

    EXACT = "exact"
    LOOSE = "loose"
    """With other case, punctuation, spaces or spelling of numbers."""
    NEGATION_LEFT_OUT = "negation-left-out"
    """The words are there, but one that denies them isn't quoted, or was put into brackets."""
    ELSEWHERE = "elsewhere"
    """They stand elsewhere in the session."""
    OTHER_SPEAKER = "other-speaker"
    """Somebody else said them, or the record doesn't say who did."""
    TRANSLATION = "translation"
    """A machine translated them: nobody said them so."""
    NOT_FOUND = "not-found"


class QuotationPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a part of a quotation stands, and what the record reads there."""

    first: SegmentId
    start: int
    last: SegmentId
    end: int
    text: str


class QuotationCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What came of checking a quotation."""

    verdict: QuotationVerdict
    channel: ChannelId | None = None
    """None where it wasn't found."""
    places: tuple[QuotationPlace, ...] = ()
    """Those of its parts, one for each that an ellipsis or brackets part from the next."""
    speakers: tuple[SpeakerId | None, ...] = ()
    """Who said it, each once; None for lines of nobody named."""
    inserted: tuple[str, ...] = ()
    """The words in brackets, to be shown as inserted."""
    left_out: tuple[str, ...] = ()
    """What denies the quoted words and isn't quoted."""
    unchecked: tuple[SegmentId, ...] = ()
    """Those of its lines that nobody has checked."""
    revisions: tuple[int, ...] = ()
    """Of each line, in order, how many corrections it had."""

    @property
    def passes(self) -> bool:
        """Whether the words stand where they are claimed to, said by whom they are said to be."""
        return self.verdict in {QuotationVerdict.EXACT, QuotationVerdict.LOOSE}


NOT_FOUND = QuotationCheck(verdict=QuotationVerdict.NOT_FOUND)


class _Piece(NamedTuple):
    """A part of a quotation as it is written."""

    gap: QuotationGap
    text: str


class _Reading(NamedTuple):
    """A way to read a quotation: its parts, and what stands in brackets."""

    pieces: tuple[_Piece, ...]
    inserted: tuple[str, ...] = ()


class QuotableRecord:
    """The lines of a session, against which quotations are checked. Lines of one channel have to be in their order."""

    def __init__(self, lines: Sequence[QuotableLine]) -> None:
        by_channel: dict[ChannelId, list[QuotableLine]] = {}
        for line in lines:
            by_channel.setdefault(line.channel, []).append(line)
        self._texts = {channel: QuotableText(each) for channel, each in by_channel.items()}
        self._languages = tuple(dict.fromkeys(each for text in self._texts.values() for each in text.languages))

    def check(self, claim: QuotationClaim) -> QuotationCheck:
        """Check a quotation."""
        readings = tuple(_readings(claim.text))
        best, least = NOT_FOUND, len(_ORDER)
        for text in self._with_words(readings):
            claimed = text.extent(claim.first, claim.start, claim.last, claim.end)
            for within, here in ((claimed, True), (text.all, False)):
                if within is None or (not here and best.passes):
                    continue
                for reading in readings:
                    for found in _found(text, claim, reading, within, here=here):
                        if (rank := _ORDER.index((found.verdict, here))) < least:
                            best, least = found, rank
        return best

    @cached_property
    def _having(self) -> dict[tuple[str, int, str], set[ChannelId]]:
        """The channels that have a word, by language, by the number of the layout, and by the word's form."""
        found: dict[tuple[str, int, str], set[ChannelId]] = {}
        for channel, text in self._texts.items():
            for language, (n, layout) in product(text.languages, enumerate(text.layouts)):
                for form in layout.forms:
                    found.setdefault((language, n, form), set()).add(channel)
        return found

    def _with_words(self, readings: Sequence[_Reading]) -> Iterator[QuotableText]:
        """The texts that have all words of a reading, in some order: no other one can have the quotation. A record has
        a few, but what was removed from one may be hundreds.
        """
        found: set[ChannelId] = set()
        for language, reading in product(self._languages, readings):
            words = [(piece.text, normal_words(piece.text, language)) for piece in reading.pieces]
            written = {word.form for _, row in words for word in row}
            figures = {word.form for text, row in words for word in numbered(row, text, language)}
            for layout, forms in enumerate((written, figures)):
                # The rarest words first: most quotations are in no text of these.
                having = sorted((self._having.get((language, layout, form), _NOWHERE) for form in forms), key=len)
                if having:
                    found |= having[0].intersection(*having[1:])
        return (text for channel, text in self._texts.items() if channel in found)


_NOWHERE: frozenset[ChannelId] = frozenset()
_ORDER = (
    (QuotationVerdict.EXACT, True),
    (QuotationVerdict.LOOSE, True),
    (QuotationVerdict.NEGATION_LEFT_OUT, True),
    (QuotationVerdict.ELSEWHERE, False),
    (QuotationVerdict.OTHER_SPEAKER, True),
    (QuotationVerdict.NEGATION_LEFT_OUT, False),
    (QuotationVerdict.OTHER_SPEAKER, False),
    (QuotationVerdict.TRANSLATION, True),
    (QuotationVerdict.TRANSLATION, False),
)
"""What is found where it is claimed to be (True) and elsewhere: what is told first."""


def _readings(quoted: str) -> Iterator[_Reading]:
    """The ways to read a quotation: as it stands, since the record may have dots and brackets too, and by the
    conventions.
    """
    plain = quoted.strip()
    yield _Reading((_Piece(QuotationGap.NONE, plain),))
    by_convention = _WITHIN_WORD.sub(lambda found: found[1] or found[2], plain)
    pieces: list[_Piece] = []
    inserted: list[str] = []
    gap = QuotationGap.NONE
    at = 0
    marked = sorted(
        [(found.span(), None) for found in _ELLIPSIS.finditer(by_convention)]
        + [
            (found.span(), found[1]) for found in _BRACKETS.finditer(by_convention) if not _ELLIPSIS.fullmatch(found[0])
        ],
        key=lambda each: each[0],
    )
    for (start, end), words in [*marked, ((len(by_convention),) * 2, "")]:
        if piece := by_convention[at:start].strip():
            pieces.append(_Piece(gap, piece))
            gap = QuotationGap.NONE
        at = max(at, end)
        if words is None or not words.strip():
            gap = QuotationGap.ELLIPSIS
        else:
            inserted.append(words.strip())
            gap = gap if gap is QuotationGap.ELLIPSIS else QuotationGap.INSERTED
    if len(pieces) > 1 or inserted or by_convention != plain:
        yield _Reading(tuple(pieces), tuple(inserted))


def _found(
    text: QuotableText, claim: QuotationClaim, reading: _Reading, within: Extent, *, here: bool
) -> Iterator[QuotationCheck]:
    """What is found of a reading, where it is claimed to be (`here`) or anywhere."""
    for language in text.languages:
        for layout, figures in zip(text.layouts, (False, True), strict=True):
            parts = tuple(_part(piece, language, figures=figures) for piece in reading.pieces)
            parts = tuple(part for part in parts if part.words)
            if 0 < len(parts) <= MOST_PARTS:
                for chain in islice(layout.chains(parts, within), MOST_JUDGED):
                    if found := _judged(text, claim, reading, chain, language, here=here):
                        yield found


def _part(piece: _Piece, language: str, *, figures: bool) -> QuotedPart:
    words = normal_words(piece.text, language)
    if figures:
        return QuotedPart(piece.gap, tuple(word for word, _ in laid_out(words, piece.text, language)))
    return QuotedPart(piece.gap, tuple(LaidWord(word.form, "") for word in words))


def _judged(
    text: QuotableText,
    claim: QuotationClaim,
    reading: _Reading,
    chain: Sequence[Extent],
    language: str,
    *,
    here: bool,
) -> QuotationCheck | None:
    pieces = [piece for piece in reading.pieces if normal_words(piece.text, language)]
    exact, places = True, []
    for piece, extent in zip(pieces, chain, strict=True):
        words = normal_words(piece.text, language)
        wide = text.places(extent, words[0].start, len(piece.text) - words[-1].end)
        same = text.written(wide) == piece.text
        exact = exact and same
        places.append(wide if same else text.places(extent))
    if places[-1][2] - places[0][0] >= MOST_LINES:
        return None
    lines = [text.lines[at] for at in dict.fromkeys(n for place in places for n in range(place[0], place[2] + 1))]
    speakers = tuple(dict.fromkeys(line.speaker for line in lines))
    if all(primary(line.language) != language for line in lines):
        return None
    added = tuple(words for words in reading.inserted if negations(normal_words(words, language), words, language))
    left_out = (*text.left_out(chain), *added)
    if any(line.kind is ChannelKind.TRANSLATION for line in lines):
        verdict = QuotationVerdict.TRANSLATION
    elif claim.speaker is not None and speakers != (claim.speaker,):
        verdict = QuotationVerdict.OTHER_SPEAKER
    elif left_out:
        verdict = QuotationVerdict.NEGATION_LEFT_OUT
    elif not here:
        verdict = QuotationVerdict.ELSEWHERE
    else:
        verdict = QuotationVerdict.EXACT if exact else QuotationVerdict.LOOSE
    return QuotationCheck(
        verdict=verdict,
        channel=lines[0].channel,
        places=tuple(
            QuotationPlace(
                first=text.lines[place[0]].segment,
                start=place[1],
                last=text.lines[place[2]].segment,
                end=place[3],
                text=text.written(place),
            )
            for place in places
        ),
        speakers=speakers,
        inserted=reading.inserted,
        left_out=left_out,
        unchecked=tuple(line.segment for line in lines if not line.checked),
        revisions=tuple(line.revision for line in lines),
    )
