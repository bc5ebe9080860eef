"""The protocol between a command that transcribes a recording and the process that recognises it, over pipes.

The command writes one line of JSON, a `TranscriptionRequest`, then frames: the length in bytes (four bytes,
little-endian) and PCM16 mono 16 kHz. An empty frame marks the end of the sound; a stream that ends without it means
that the rest of the answer isn't wanted. The process writes one `TranscriberMessage` a line, as JSON.
"""

from __future__ import annotations

import msgspec

from moothall.core.events.lines import Word

FRAME_SAMPLES = 512
"""Pieces begin and end at multiples of this many samples (32 ms), except at the end of the sound."""
MOST_FRAME = 1 << 20
"""Most bytes of a frame."""


class HeardPiece(msgspec.Struct, frozen=True, kw_only=True, tag="heard", tag_field="is"):
    """A piece of the sound that has been recognised. Pieces are sent in order; the sound between them is silence."""

    first: int
    """Its first sample, counted from the sound's first."""
    last: int
    """One past its last sample."""
    cut: bool = False
    """Whether it was cut in the middle of speech, at the greatest length of a piece."""
    language: str
    """BCP-47 tag of the language in which it was decoded."""
    words: tuple[Word, ...]
    """Times in ms from the sound's first sample."""


class TranscriptionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The command's request: which model recognises the sound, and with which options."""

    model: str
    """Name of a model in the store, or `scripted:FILE`."""
    languages: tuple[str, ...]
    """BCP-47 tags of the languages that may be spoken; with a single language none is detected."""
    threads: int = 1
    """CPU threads that the process may use."""
    beam: int = 5
    """Beam width of the decoder: how many hypotheses it follows."""
    first: int = 0
    """Index of the first sample that will be sent; a multiple of `FRAME_SAMPLES`, not after the end of `known`."""
    known: tuple[HeardPiece, ...] = ()
    """Pieces that an earlier run has recognised, from the sound's beginning on."""


class Reached(msgspec.Struct, frozen=True, tag="reached", tag_field="is"):
    """Progress: everything before this sample has been recognised or is silence."""

    sample: int


class HeardLine(msgspec.Struct, frozen=True, kw_only=True, tag="line", tag_field="is"):
    """A finished line of the text; all lines are sent when the whole sound has been recognised."""

    t0: int
    """Start, ms from the sound's first sample."""
    t1: int
    """End, ms."""
    language: str
    """BCP-47 tag."""
    words: tuple[Word, ...]
    """Its words with their spaces; joined they are its text."""

    @property
    def text(self) -> str:
        """The whole text of the line."""
        return "".join(word.text for word in self.words)


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag="finished", tag_field="is"):
    """The last message of a successful run."""

    cpu_ms: int
    """CPU time of the run without that of loading the model, ms."""
    rough: tuple[str, ...] = ()
    """The languages (primary tags) in which the text of the model is rough."""


class TranscriptionFailed(msgspec.Struct, frozen=True, kw_only=True, tag="trouble", tag_field="is"):
    """The last message of a run that failed."""

    sentence: str
    """What went wrong, and what to do."""


TranscriberMessage = HeardPiece | Reached | HeardLine | Finished | TranscriptionFailed


def frame(pcm: bytes) -> bytes:
    """The frame of some samples; without samples the frame that marks the end. Raises ValueError for too many bytes."""
    if len(pcm) > MOST_FRAME:
        raise ValueError(f"A frame has at most {MOST_FRAME} bytes, not {len(pcm)}.")
    return len(pcm).to_bytes(4, "little") + pcm
