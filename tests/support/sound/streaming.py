"""A streaming recogniser of known words for tests of the policy: it answers steps as a perfect stream would."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.events.lines import Word
from moothall_models.ports import HeardWord, RecognitionStream, StreamHypothesis, StreamStep
from moothall_models.speech.passes import PassRequest

SETTLES_MS = 40
"""Sound after a word from which on it is final."""


class TalkStream(RecognitionStream):
    """The stream of a channel in which these words are said."""

    def __init__(self, words: Sequence[Word], language: str = "en") -> None:
        self._words = words
        self._language = language
        self._begin = 0
        self._given = 0

    def hear(self, request: PassRequest) -> StreamHypothesis:
        """The answer to a step: words are heard when most of them has sounded since the utterance's beginning."""
        step = request.window
        assert isinstance(step, StreamStep)
        assert step.stream is self
        assert len(step.audio) == (request.edge - request.start) * 16
        if step.begins:
            self._begin, self._given = request.start, 0
        heard = [word for word in self._words if _sounds(word, self._begin, request.edge)]
        final = [word for word in heard if step.ends or word.t1 + SETTLES_MS <= request.edge]
        new = heard[self._given :]
        count = len(final) - self._given
        self._given = len(final)
        words = tuple(
            HeardWord(
                f" {word.text.strip()}",
                max(word.t0, self._begin) - self._begin,
                min(word.t1, request.edge) - self._begin,
                word.p,
            )
            for word in new
        )
        return StreamHypothesis(language=self._language, words=words, final=count)


def _sounds(word: Word, begin: int, edge: int) -> bool:
    return min(word.t1, edge) - max(word.t0, begin) > (word.t1 - word.t0) * 0.6
