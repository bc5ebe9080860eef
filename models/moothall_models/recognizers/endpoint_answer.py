"""Converts a transcription in OpenAI's `verbose_json` format into words with times.

Services fill that format differently. Some give words without punctuation and segments with it, some the other way;
some give no times of words, some no segments. So the text is taken from the segments, and the times from the words, by
aligning the letters of both. Words without a match share the time between their neighbours in proportion to their
lengths.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

import msgspec

from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.languages import primary
from moothall_models.ports import HeardWord
from moothall_models.recognizers.endpoint import Unusable
from moothall_models.recognizers.whisper.whisper import LOW_LOGPROB, NO_SPEECH, UNSPACED
from moothall_models.recognizers.whisper.words import join_pieces

UNSURE = 0.65
"""Greatest probability of a word for which the service gives none. The mean of a segment says little about one word, so
this stays below what commits a word of a single pass (`SpeechSettings.alone_p`)."""

_SPACED = re.compile(r"\S+")
_UNSPACED = re.compile(r"\s*(?:[0-9A-Za-z\u00c0-\u024f]+|\S)")
"""Matches whole words and numbers in Latin script, and single characters of all else."""


class AnswerWord(msgspec.Struct, frozen=True):
    """A word of the answer; times are seconds from the sound's first sample."""

    word: str
    start: float
    end: float
    probability: float | None = None


class AnswerSegment(msgspec.Struct, frozen=True):
    """A segment of the answer's text; times are seconds from the sound's first sample."""

    text: str
    start: float
    end: float
    avg_logprob: float | None = None
    no_speech_prob: float | None = None
    words: tuple[AnswerWord, ...] | None = None


class EndpointAnswer(msgspec.Struct, frozen=True):
    """The fields of a service's answer that are used; all others are ignored."""

    text: str = ""
    language: str | None = None
    """A code such as `en` or an English name such as `english`."""
    segments: tuple[AnswerSegment, ...] | None = None
    words: tuple[AnswerWord, ...] | None = None


class _Letter(msgspec.Struct, frozen=True):
    """A letter or digit of a timed word, with its share of the word's time in ms, and the word's probability."""

    sign: str
    t0: float
    t1: float
    p: float | None


class _Piece(msgspec.Struct):
    """A word of the text, its probability, and its time in ms as far as it is known."""

    text: str
    segment: int
    p: float
    t0: float | None = None
    t1: float | None = None


def read_answer(data: bytes) -> EndpointAnswer:
    """Decode an answer. Raises Unusable, whose message quotes nothing of the answer."""
    try:
        return read_json(data, EndpointAnswer)
    except Unreadable:
        msg = f"The service's answer of {len(data)} bytes is no transcription in the form of verbose_json."
        raise Unusable(msg) from None


def heard_words(answer: EndpointAnswer, language: str, end: int) -> tuple[HeardWord, ...]:
    """The words of an answer, in order and without overlap.

    Args:
        answer: the service's answer.
        language: BCP-47 tag of the text; it decides whether words have spaces between them.
        end: length of the sound in ms; no word ends later.
    """
    said = list(_segments(answer, end))
    timed = [*(answer.words or ()), *(word for segment in said for word in segment.words or ())]
    pieces = list(_pieces(said, spaced=primary(language) not in UNSPACED))
    _take_times(pieces, [letter for word in timed for letter in _letters(word, end)])
    _spread([(_ms(segment.start, end), _ms(segment.end, end)) for segment in said], pieces)
    words: list[HeardWord] = []
    through = 0
    for piece in pieces:
        t0 = max(through, round(piece.t0 or 0.0))
        through = max(t0, round(piece.t1 or 0.0))
        words.append(HeardWord(text=piece.text, t0=t0, t1=through, p=round(piece.p, 3)))
    return tuple(words)


def says_each(answer: EndpointAnswer) -> bool:
    """Whether the answer has a probability for each word."""
    words = [*(answer.words or ()), *(word for segment in answer.segments or () for word in segment.words or ())]
    return bool(words) and all(word.probability is not None for word in words)


def _segments(answer: EndpointAnswer, end: int) -> Iterator[AnswerSegment]:
    """Yield the segments with speech, in order of time; if the service gives no segments, one with the whole text."""
    given = answer.segments or ()
    if not given:
        words = answer.words or ()
        start, stop = (words[0].start, words[-1].end) if words else (0.0, end / 1000)
        given = (AnswerSegment(text=answer.text, start=start, end=stop),)
    for segment in given:
        silent = (segment.no_speech_prob or 0.0) > NO_SPEECH and (segment.avg_logprob or 0.0) < LOW_LOGPROB
        if segment.text.strip() and not silent:
            yield segment


def _pieces(segments: Sequence[AnswerSegment], *, spaced: bool) -> Iterator[_Piece]:
    for number, segment in enumerate(segments):
        parts = [" " + part for part in _SPACED.findall(segment.text)] if spaced else list(_signs(segment.text))
        p = UNSURE if segment.avg_logprob is None else min(UNSURE, math.exp(min(0.0, segment.avg_logprob)))
        for text, _, _ in join_pieces(((part, 0, 0) for part in parts), spaced=spaced):
            yield _Piece(text=text, segment=number, p=p)


def _signs(text: str) -> Iterator[str]:
    """Split the text of an unspaced language into characters; a combining mark stays with its letter."""
    sign = ""
    for part in _UNSPACED.findall(text.strip()):
        if sign and not unicodedata.category(part[-1]).startswith("M"):
            yield sign
            sign = ""
        sign += part
    if sign:
        yield sign


def _letters(word: AnswerWord, end: int) -> Iterator[_Letter]:
    """Yield the letters of a word, each with an equal share of the word's time."""
    plain = _plain(word.word)
    t0, t1 = _ms(word.start, end), _ms(word.end, end)
    for index, sign in enumerate(plain):
        share = max(0.0, t1 - t0) / len(plain)
        yield _Letter(sign, t0 + index * share, t0 + (index + 1) * share, word.probability)


def _take_times(pieces: Sequence[_Piece], letters: Sequence[_Letter]) -> None:
    """Set the times and probabilities of the pieces from the letters that match theirs."""
    of_text = [(sign, piece) for piece in pieces for sign in _plain(piece.text)]
    matcher = SequenceMatcher(
        None, "".join(sign for sign, _ in of_text), "".join(letter.sign for letter in letters), autojunk=False
    )
    odds: dict[int, list[float]] = {}
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            piece, letter = of_text[block.a + step][1], letters[block.b + step]
            piece.t0 = letter.t0 if piece.t0 is None else piece.t0
            piece.t1 = letter.t1
            if letter.p is not None:
                odds.setdefault(id(piece), []).append(letter.p)
    for piece in pieces:
        if found := odds.get(id(piece)):
            piece.p = min(1.0, max(0.0, sum(found) / len(found)))


def _spread(times: Sequence[tuple[float, float]], pieces: Sequence[_Piece]) -> None:
    """Set the times of the remaining pieces, by sharing out the time between their neighbours in the segment.

    `times`: beginning and end of each segment, ms.
    """
    first = 0
    while first < len(pieces):
        if pieces[first].t0 is not None:
            first += 1
            continue
        segment = pieces[first].segment
        stop = first
        while stop < len(pieces) and pieces[stop].segment == segment and pieces[stop].t0 is None:
            stop += 1
        t0, t1 = times[segment]
        if first and pieces[first - 1].segment == segment:
            t0 = pieces[first - 1].t1 or t0
        if stop < len(pieces) and pieces[stop].segment == segment:
            t1 = pieces[stop].t0 or t0
        lengths = [len(piece.text) for piece in pieces[first:stop]]
        a_sign = max(0.0, t1 - t0) / sum(lengths)
        for piece, length in zip(pieces[first:stop], lengths, strict=True):
            piece.t0, t0 = t0, t0 + length * a_sign
            piece.t1 = t0
        first = stop


def _plain(text: str) -> str:
    """The letters and digits of a text, case folded; each character of it is compared separately."""
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _ms(seconds: float, end: int) -> float:
    return min(max(0.0, seconds * 1000), float(end))
