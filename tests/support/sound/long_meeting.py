"""A meeting of any length, made of the available recordings one after another, again and again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from moothall_models.ports import RATE
from recordings import FULL_SCALE, SAMPLE, Pair, load, pairs_in, utterances
from support.sound.hearing import Heard, plain


class LongMeeting(NamedTuple):
    """The sound of a meeting, and what is said in it."""

    names: tuple[str, ...]
    """Names of the recordings, in order."""
    languages: tuple[str, ...]
    pcm: bytes
    """PCM16 mono at 16 kHz."""
    said: list[Heard]

    @property
    def ms(self) -> int:
        """The length in ms."""
        return len(self.pcm) // 2 * 1000 // RATE


def long_meeting(folder: Path, ms: int, *, english: bool) -> LongMeeting:
    """Return at least `ms` of the pairs in `folder`, with `english` of English pairs only.

    If there is none, the sample session is used.
    """
    pairs = _fitting(folder, english=english) if folder.is_dir() else []
    pairs = pairs or pairs_in(SAMPLE)
    sounds = [np.round(np.clip(load(pair.sound), -1, 1) * FULL_SCALE).astype("<i2").tobytes() for pair in pairs]
    pcm, said = bytearray(), list[Heard]()
    while len(pcm) < ms * 2 * RATE // 1000:
        for pair, sound in zip(pairs, sounds, strict=True):
            said += _words(pair, len(pcm) // 2 * 1000 // RATE)
            pcm += sound
    languages = tuple(dict.fromkeys(language for pair in pairs for language in pair.languages))
    return LongMeeting(tuple(pair.name for pair in pairs), languages, bytes(pcm), said)


def _fitting(folder: Path, *, english: bool) -> Sequence[Pair]:
    if not any(folder.glob("*.jsonl")):
        return []
    return [pair for pair in pairs_in(folder) if not english or pair.languages == ("en",)]


def _words(pair: Pair, begins: int) -> Iterator[Heard]:
    """Yield the words of a recording that begins at media ms `begins`."""
    for line in utterances(pair.reference):
        words = line.get("words") or [[line["text"], line["start"], line["end"]]]
        for text, first, last in words:
            yield from (Heard(each, begins + round((first + last) * 500)) for each in plain(text))
