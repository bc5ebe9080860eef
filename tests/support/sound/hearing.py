"""Comparisons of what a real model heard: with the reference, with another run, and at the seams between engines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import jiwer
import msgspec
from whisper_normalizer.english import EnglishTextNormalizer

from moothall.adapters.sound.audio_file import AudioFile
from moothall.core.events import lines as le
from support.halls.process import Seam

SAMPLE = Path(__file__).parents[3] / "config" / "sample"
RATE = 16_000
AT_SEAM_MS = 2_500
"""How near to a seam a difference counts as caused by it, in ms; alignment is 0.2 s wrong, and
windows begin 2 s before.
"""

_normalise = EnglishTextNormalizer()


class Heard(msgspec.Struct, frozen=True):
    """A word in the form in which words are compared."""

    text: str
    t: int
    """The word's middle, in media ms."""


class Change(msgspec.Struct, frozen=True):
    """A word that is wrong, missing or superfluous."""

    kind: str
    """`substitute`, `delete` or `insert`."""
    text: str
    """The right word, or the superfluous one."""
    t: int
    """The word's position, in media ms."""


def heard(words: Sequence[le.Word]) -> list[Heard]:
    """Return committed words in comparable form; a word with a hyphen may become several."""
    return [Heard(text, (word.t0 + word.t1) // 2) for word in words for text in plain(word.text)]


def reference(first_ms: int, last_ms: int) -> list[Heard]:
    """Return the words of the sample session between two moments, with times in ms after the first moment."""
    words: list[Heard] = []
    for line in (SAMPLE / "session.jsonl").read_text(encoding="utf-8").splitlines():
        for text, begin, end in json.loads(line)["words"]:
            if first_ms <= begin * 1000 and end * 1000 <= last_ms:
                words += [Heard(each, round((begin + end) * 500) - first_ms) for each in plain(text)]
    return words


async def sample_sound(first_ms: int, last_ms: int) -> bytes:
    """Return the sample session's sound between two moments, PCM16 mono at 16 kHz."""
    if not _WHOLE:
        async with AudioFile(SAMPLE / "session.opus") as sound:
            while piece := await sound.read(RATE):
                _WHOLE.extend(piece)
    first, last = (2 * (ms * RATE // 1000) for ms in (first_ms, last_ms))
    return bytes(_WHOLE[first:last])


_WHOLE = bytearray()
"""The whole session as PCM, 2 MB, decoded once: otherwise each piece would start a decoder."""


def changes(said: Sequence[Heard], got: Sequence[Heard]) -> list[Change]:
    """Return the fewest changes of words that turn `said` into `got`."""
    return list(_changes(said, got))


def _changes(said: Sequence[Heard], got: Sequence[Heard]) -> Iterator[Change]:
    aligned = jiwer.process_words(" ".join(word.text for word in said), " ".join(word.text for word in got))
    for chunk in aligned.alignments[0]:
        if chunk.type == "insert":
            for word in got[chunk.hyp_start_idx : chunk.hyp_end_idx]:
                yield Change("insert", word.text, word.t)
        elif chunk.type != "equal":
            for word in said[chunk.ref_start_idx : chunk.ref_end_idx]:
                yield Change(chunk.type, word.text, word.t)


def at_seams(found: Sequence[Change], seams: Sequence[Seam]) -> list[Change]:
    """Return the changes that a seam may have caused: words doubled or missing near one."""
    return [
        change
        for change in found
        if change.kind != "substitute" and any(abs(change.t - seam.t) <= AT_SEAM_MS for seam in seams)
    ]


def only_in(said: Sequence[Heard], got: Sequence[Heard], other: Sequence[Heard]) -> list[Change]:
    """Return the errors of `got` that `other` hasn't made too."""
    known = {(change.kind, change.text) for change in changes(said, other)}
    return [change for change in changes(said, got) if (change.kind, change.text) not in known]


def require_as_good(said: Sequence[Heard], undisturbed: Sequence[Heard], got: Sequence[Heard]) -> None:
    """Assert that `got` has at most 1 % (at least one word) more errors than the undisturbed run.

    The two runs aren't compared with each other: after a kill the windows begin elsewhere, and a model with errors in
    other words is no worse. Undisturbed runs were equal to the word on a quiet machine, and differed in a word of a
    hundred on a busy one.
    """
    few = max(1, len(said) // 100)
    found = changes(said, got)
    assert len(found) <= len(changes(said, undisturbed)) + few, found


def require_whole_seams(
    said: Sequence[Heard], undisturbed: Sequence[Heard], got: Sequence[Heard], seams: Sequence[Seam]
) -> None:
    """Assert that no word near a seam is doubled or missing that the undisturbed run has right."""
    found = at_seams(only_in(said, got, undisturbed), seams)
    assert not found, found


def plain(text: str) -> list[str]:
    """Return the words of a text in comparable form."""
    return str(_normalise(text)).split()
