"""What goes between a command that has a recording and the process that recognises it.

The command writes one line of JSON, a `TranscriptionRequest`, then frames: four bytes that say how many follow
(little-endian), and PCM16 mono 16 kHz; a frame of no bytes is the end, and an end without one means that nobody wants
the rest. The process answers with one `Answer` a line.
"""

from __future__ import annotations

import msgspec

from moothall.core.events.types import Word

FRAME_SAMPLES = 512
"""Pieces begin and end on multiples of this (32 ms), but for the end of the sound."""
MOST_FRAME = 1 << 20
"""Bytes of a frame at most."""


class HeardPiece(msgspec.Struct, frozen=True, kw_only=True, tag="heard", tag_field="is"):
    """A piece of the sound has been recognised. They come in order, and what lies between them is silence."""

    first: int
    """Its first sample, counted from the sound's first."""
    last: int
    """One past its last sample."""
    cut: bool = False
    """Whether it ends in the middle of speech, because it grew too long."""
    language: str
    """What it was decoded in."""
    words: tuple[Word, ...]
    """Times in ms from the sound's first sample."""


class TranscriptionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to recognise, and how."""

    model: str
    """Of the store, or `scripted:FILE`."""
    languages: tuple[str, ...]
    """What may be spoken; one: no detection."""
    threads: int = 1
    """Cores that it may use."""
    beam: int = 5
    """How many hypotheses the decoder follows."""
    first: int = 0
    """Number of the first sample that will come; a multiple of `FRAME_SAMPLES`, and before what is not yet known."""
    known: tuple[HeardPiece, ...] = ()
    """What an earlier run heard, from the sound's beginning on."""


class Reached(msgspec.Struct, frozen=True, tag="reached", tag_field="is"):
    """All before this sample has been recognised, or is silence."""

    sample: int


class HeardLine(msgspec.Struct, frozen=True, kw_only=True, tag="line", tag_field="is"):
    """A line of the whole text, which comes when all is recognised."""

    t0: int
    """Start, ms from the sound's first sample."""
    t1: int
    """End, ms."""
    language: str
    """BCP-47 tag."""
    words: tuple[Word, ...]
    """Joined they are its text."""

    @property
    def text(self) -> str:
        """All of its text."""
        return "".join(word.text for word in self.words)


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag="finished", tag_field="is"):
    """That was all."""

    cpu_ms: int
    """CPU time since the model was loaded."""


class Trouble(msgspec.Struct, frozen=True, kw_only=True, tag="trouble", tag_field="is"):
    """It can't be done."""

    sentence: str
    """Why, and what to do."""


Answer = HeardPiece | Reached | HeardLine | Finished | Trouble


def frame(pcm: bytes) -> bytes:
    """Samples as they are sent; none for the end. Raises ValueError when there are too many."""
    if len(pcm) > MOST_FRAME:
        raise ValueError(f"A frame has at most {MOST_FRAME} bytes, not {len(pcm)}.")
    return len(pcm).to_bytes(4, "little") + pcm
