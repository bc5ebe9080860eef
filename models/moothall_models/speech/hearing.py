"""A hypothesis made honest: in media time, without the words that nobody can have said."""

from __future__ import annotations

from moothall.core.events.types import Word
from moothall_models.ports import Hypothesis
from moothall_models.speech.utterance import Utterance

EDGE = 100
"""How near the window's edge made-up words stand, ms."""
SHORTEST = 20
"""A word with less time than this has none: it is one step of the encoder."""


def heard_words(utterance: Utterance, hypothesis: Hypothesis, edge: int) -> list[Word]:
    """The words of a pass over `utterance` up to the media ms `edge`.

    Alignment stretches a word over the silence behind it: its end is pulled back to the last frame of speech. A decoder
    that runs on into the silence behind the window makes up words, and alignment crowds them at the edge without any
    time; those are left out.
    """
    words: list[Word] = []
    for word in hypothesis.words:
        t0 = min(edge, utterance.start + word.t0)
        t1 = min(edge, utterance.start + word.t1)
        words.append(Word(text=word.text, t0=t0, t1=max(t0, t1), p=word.p))
    while words and words[-1].t1 - words[-1].t0 < SHORTEST and words[-1].t0 >= edge - EDGE:
        words.pop()
    return [_unstretched(word, utterance) for word in words]


def _unstretched(word: Word, utterance: Utterance) -> Word:
    end = utterance.last_speech(word.t0, word.t1)
    if end is None or end >= word.t1:
        return word
    return Word(text=word.text, t0=word.t0, t1=max(word.t0, end), p=word.p)
