"""Messages between `AudioFile` or a recording's folder and the child process that decodes or encodes for it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from moothall.adapters.sound.audio_mixing import RATE

DAY = 24 * 3600 * RATE
"""Samples of the longest output, 24 h."""


MOST_COUNTED = 2**53
Count = Annotated[int, msgspec.Meta(ge=0, le=MOST_COUNTED)]
"""A number in a child's message. A file that has taken over the child may have it write one of a thousand digits, which
is no time of anything and fits into no float.
"""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits within which a child decodes."""

    memory: int = 1 << 30
    """Bytes of address space."""
    cpu_seconds: int = 30
    """CPU seconds granted before anything has been decoded."""
    cpu_per_second: float = 1.0
    """CPU seconds granted for each decoded second of audio. The usual formats need 0.001 to 0.003."""

    def cpu_for(self, samples: int) -> int:
        """CPU seconds granted when `samples` have been decoded."""
        return self.cpu_seconds + int(samples / RATE * self.cpu_per_second)


class DecodeRequest(Limits, frozen=True, kw_only=True):
    """The request of one decoding, with its limits."""

    first_sample: int = 0
    """Samples of the output that are skipped at its beginning."""
    most_samples: int = DAY
    """Samples after which the output ends, the skipped samples included."""
    channel: int | None = None
    """The channel of the file to hear, from 0; None for the mean of all."""


class AudioFault(StrEnum):
    """Why a file has no audio that can be decoded, or why decoding stopped."""

    NOT_AUDIO = "not audio"
    NO_STREAM = "no stream"
    PLAYLIST = "playlist"
    UNFINISHED = "unfinished"
    """An MP4 file without its index, which is written last."""
    CHANNELS = "channels"
    NO_CHANNEL = "no such channel"
    MEMORY = "memory"
    NO_LIBRARY = "no library"


class Opened(msgspec.Struct, frozen=True, kw_only=True, tag="opened"):
    """The first audio has been decoded; samples follow."""

    duration_ms: Count | None
    """Duration of the whole file as FFmpeg reports it, ms; None when it can't."""


class AudioFailed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """There is no audio to decode, or decoding stopped."""

    trouble: AudioFault


class AudioEnded(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """All samples have been written."""

    cpu_ms: Count
    """CPU ms of decoding, mixing and resampling, without the start of the process."""
    cut_off: bool
    """Whether the file's end is missing."""
    capped: bool
    """Whether the file is longer than the most samples requested."""
    damaged: Count
    """How many packets could not be decoded."""
    silence_ms: Count
    """Ms of silence that replace missing parts."""


DecoderMessage = Opened | AudioFailed | AudioEnded


class EncodeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The request to encode one file."""

    bitrate: int
    """Bit/s."""
    again: bool = False
    """Whether the input is a recording that is encoded once more with silent spans; else it is samples."""
    silent: tuple[tuple[int, int], ...] = ()
    """Spans that become silence when the input is a recording: first sample, and the sample after the last."""
