"""What goes between `AudioFile` or a recording's folder, and the process that decodes or encodes for it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from moothall.adapters.sound.audio_mixing import RATE

DAY = 24 * 3600 * RATE
"""Samples of the longest output, 24 h."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Within which a process decodes."""

    memory: int = 1 << 30
    """Bytes of address space."""
    cpu_seconds: int = 30
    """CPU time granted before anything has been decoded."""
    cpu_per_second: float = 1.0
    """CPU seconds granted for each decoded second of audio. The usual formats need 0.001 to 0.003."""

    def cpu_for(self, samples: int) -> int:
        """CPU seconds granted when `samples` have been decoded."""
        return self.cpu_seconds + int(samples / RATE * self.cpu_per_second)


class DecodeRequest(Limits, frozen=True, kw_only=True):
    """What to decode, and the limits."""

    first_sample: int = 0
    """Samples of the output that are left out at its beginning."""
    most_samples: int = DAY
    """Samples of the output at which it ends, those left out among them."""
    channel: int | None = None
    """Of the file's channels the one to hear, from 0; None for the mean of all."""


class Trouble(StrEnum):
    """Why there is no audio to be had, or no more of it."""

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

    duration_ms: int | None
    """Of the whole file, as FFmpeg gives it; None when it can't."""


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """There is no audio to be had, or no more of it."""

    trouble: Trouble


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """All samples have been written."""

    cpu_ms: int
    """Used for decoding, mixing and resampling, without the start of the process."""
    cut_off: bool
    """The file's end is missing."""
    capped: bool
    """It is longer than was ordered."""
    damaged: int
    """Packets that could not be decoded."""
    silence_ms: int
    """Silence that stands in for missing parts."""


Message = Opened | Failed | Ended


class EncodeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One file to be encoded."""

    bitrate: int
    """Bit/s."""
    again: bool = False
    """Whether the input is a recording, to be written again with silence in it; else it is samples."""
    silent: tuple[tuple[int, int], ...] = ()
    """From which sample up to which, where it is made again."""
