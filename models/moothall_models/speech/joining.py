"""Joins the recognised pieces of a recording into lines, segmented by the same rules as live text."""

from __future__ import annotations

from collections.abc import Iterable

from moothall.core.commands import CommitWords
from moothall.core.events.lines import EndReason, Word
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.wire.engine import Attach
from moothall.wire.transcribing import HeardLine, HeardPiece
from moothall_models.ports import Hypothesis
from moothall_models.speech.segmentation import Segmenter, SegmentOutput
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import EDGE, SHORTEST


def words_of(hypothesis: Hypothesis, start: int, length: int, spoken: int, settings: SpeechSettings) -> list[Word]:
    """The words of a piece, in ms from the recording's first sample.

    The piece begins at `start` and has `length`, of which `spoken` is speech; all in ms. As in live text, words without
    duration at its end are dropped, and so are all words of a piece with little speech and improbable words.
    """
    words: list[Word] = []
    for word in hypothesis.words:
        t0, t1 = min(length, word.t0), min(length, word.t1)
        words.append(Word(text=word.text, t0=start + t0, t1=start + max(t0, t1), p=word.p))
    while words and words[-1].t1 - words[-1].t0 < SHORTEST and words[-1].t0 >= start + length - EDGE:
        words.pop()
    doubtful = spoken < settings.doubtful_speech and sum(word.p for word in words) < settings.doubtful_p * len(words)
    return [] if doubtful else words


def lines_of(pieces: Iterable[HeardPiece], settings: SpeechSettings) -> list[HeardLine]:
    """The lines of all pieces, in order; every word of every piece is in exactly one line."""
    found = _Lines(settings)
    for piece in pieces:
        for word in piece.words:
            found.add(word, piece.language)
    return found.end()


class _Lines:
    def __init__(self, settings: SpeechSettings) -> None:
        self._segmenter = Segmenter(_WHOLE, settings)
        self._pause = settings.pause
        self._spoken: dict[SegmentId, tuple[str, list[Word]]] = {}

    def add(self, word: Word, language: str) -> None:
        if word.t0 - self._segmenter.through >= self._pause:
            self._segmenter.end(EndReason.PAUSE)
        self._take(self._segmenter.commit([word], language, ""), language)

    def end(self) -> list[HeardLine]:
        return [
            HeardLine(t0=words[0].t0, t1=words[-1].t1, language=language, words=tuple(words))
            for language, words in self._spoken.values()
        ]

    def _take(self, commands: Iterable[SegmentOutput], language: str) -> None:
        for command in commands:
            if isinstance(command, CommitWords):
                self._spoken.setdefault(command.segment, (language, []))[1].extend(command.words)


_WHOLE = Attach(
    attachment=0,
    session=SessionId("file"),
    channel=ChannelId("floor"),
    generation=1,
    languages=(),
    committed_through=0,
    last_words=(),
    open_segment=None,
    audio_from=0,
)
"""The attachment for a segmenter that begins at the start of a recording."""
