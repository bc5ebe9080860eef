"""A recording that goes round, for many rooms: each begins at another place, so that no two say the same at once.

Rooms begin between two utterances, at a whole frame of the detector of voices, and the recording's end is cut to one.
So the same utterance has the same frames in every room and every round.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from moothall_models.ports import RATE, VAD_FRAME
from recordings import load, moved, utterances

MS = RATE // 1_000
"""Samples in a ms."""


class Round(NamedTuple):
    """What one room hears, again and again."""

    pcm: bytes
    """PCM16 mono at 16 kHz."""
    lines: tuple[dict[str, Any], ...]
    """The utterances, as in a reference, in order."""

    @property
    def seconds(self) -> float:
        """The length of a round, in s."""
        return len(self.pcm) / 2 / RATE

    def sound(self, first: int, last: int) -> bytes:
        """PCM16 from media ms `first` to `last`, over as many rounds as there are between."""
        begin, size = 2 * MS * first % len(self.pcm), 2 * MS * (last - first)
        piece = self.pcm[begin : begin + size]
        while len(piece) < size:
            piece += self.pcm[: size - len(piece)]
        return piece

    def said(self, seconds: float) -> Iterator[dict[str, Any]]:
        """The utterances of so many seconds, with their times; the last one without words that end later."""
        for number in range(int(seconds // self.seconds) + 1):
            for line in self.lines:
                later = moved(line, number * self.seconds)
                words = [word for word in later["words"] if word[2] <= seconds]
                if len(words) == len(later["words"]):
                    yield later
                elif words:
                    yield {**later, "words": words, "text": " ".join(word[0] for word in words), "end": words[-1][2]}

    def write(self, path: Path, seconds: float) -> None:
        """Write the reference of so many seconds."""
        path.write_text("".join(f"{json.dumps(line)}\n" for line in self.said(seconds)), encoding="utf-8")


def longest_wait(said: Iterable[dict[str, Any]], shown: Sequence[float], until: float) -> float:
    """The longest time from the end of a word until anything new was shown, or until second `until`, in s."""
    ends = [min(end, until) for line in said for _, _, end in line["words"]]
    came = [*shown, until]
    return max((came[bisect_left(came, end)] - end for end in ends), default=0.0)


def rounds(recording: Path, rooms: int) -> list[Round]:
    """What each of so many rooms hears: the recording from places that are evenly apart."""
    samples, lines = load(recording), utterances(recording.with_suffix(".jsonl"))
    samples = samples[: len(samples) // VAD_FRAME * VAD_FRAME]
    pcm = np.rint(samples * 32_767).clip(-32_768, 32_767).astype("<i2").tobytes()
    return [_from(pcm, lines, room / rooms * len(samples) / RATE) for room in range(rooms)]


def _from(pcm: bytes, lines: Sequence[dict[str, Any]], near: float) -> Round:
    """A round that begins in the pause before the first utterance from second `near` on."""
    first = next((number for number, line in enumerate(lines) if line["start"] >= near), 0)
    before = lines[first - 1]["end"] if first else 0.0
    start = int((before + lines[first]["start"]) / 2 * RATE) // VAD_FRAME if first else 0
    begin, length = start * VAD_FRAME / RATE, len(pcm) / 2 / RATE
    cut = 2 * start * VAD_FRAME
    turned = [moved(line, -begin) for line in lines[first:]] + [moved(line, length - begin) for line in lines[:first]]
    return Round(pcm[cut:] + pcm[:cut], tuple(turned))
