"""Decodes an audio file to PCM16, 16 kHz, mono. It recognises formats by their content alone.

Nothing here limits the cost of a bad file; `decode_child` does.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from moothall.adapters.sound.audio_mixing import BYTES_PER_SAMPLE, MAX_CHANNELS, RATE, Mixer, Timeline
from moothall.adapters.sound.child_messages import (
    MOST_COUNTED,
    AudioEnded,
    AudioFailed,
    AudioFault,
    DecodeRequest,
    DecoderMessage,
    Opened,
)
from moothall.adapters.sound.truncation import is_cut_off, states_duration

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream
    from av.container import InputContainer

_WRITE = RATE * BYTES_PER_SAMPLE  # bytes that are gathered before they are written: a second
_GRANT = 60 * RATE  # samples between two grants of CPU time
# These formats name other files or addresses, or aren't files at all.
_PLAYLISTS = {"concat", "concatf", "dash", "hls", "image2", "imf", "sdp", "vobsub", "webm_dash_manifest"}
_LIVE = {"alsa", "fbdev", "kmsgrab", "lavfi", "oss", "rtp", "rtsp", "sap", "v4l2", "video4linux2", "x11grab", "xcbgrab"}


class _NoAudio(Exception):
    def __init__(self, trouble: AudioFault) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


class _Enough(Exception):
    pass


class _Nameless:
    """The file as FFmpeg sees it: bytes without a path, so that FFmpeg can't look for files beside it."""

    name = "audio"

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read
        self.seek = file.seek
        self.tell = file.tell


class _Output:
    """Skips the beginning, ends the output at its cap, and writes in pieces of a second."""

    def __init__(self, order: DecodeRequest, write: Callable[[bytes], None]) -> None:
        self._skip = order.first_sample
        self._most = order.most_samples
        self._write = write
        self._waiting = bytearray()
        self.samples = 0

    def put(self, pcm: bytes) -> None:
        taken = pcm[: (self._most - self.samples) * BYTES_PER_SAMPLE]
        self._waiting += taken[max(self._skip - self.samples, 0) * BYTES_PER_SAMPLE :]
        self.samples += len(taken) // BYTES_PER_SAMPLE
        if len(self._waiting) >= _WRITE:
            self.flush()
        if len(taken) < len(pcm):
            raise _Enough

    def silence(self, samples: int) -> None:
        while samples > 0:
            self.put(bytes(min(samples, RATE) * BYTES_PER_SAMPLE))
            samples -= RATE

    def flush(self) -> None:
        waiting, self._waiting = bytes(self._waiting), bytearray()
        self._write(waiting)


def decode(
    file: BinaryIO,
    order: DecodeRequest,
    write: Callable[[bytes], None],
    tell: Callable[[DecoderMessage], None],
    grant: Callable[[int], None] = lambda _samples: None,
) -> None:
    """Decode `file` as requested.

    Args:
        file: seekable.
        order: the request. The caller applies its limits on the process, see `decode_child.confine`.
        write: receives the samples, little-endian.
        tell: receives `Opened` before the first sample and `AudioEnded` after the last, or `AudioFailed` at any time.
        grant: receives, after each minute of audio, the number of samples decoded so far.
    """
    try:
        _decode(file, order, write, tell, grant)
    except _NoAudio as error:
        tell(AudioFailed(trouble=error.trouble))
    except MemoryError:
        tell(AudioFailed(trouble=AudioFault.MEMORY))


def _decode(
    file: BinaryIO,
    order: DecodeRequest,
    write: Callable[[bytes], None],
    tell: Callable[[DecoderMessage], None],
    grant: Callable[[int], None],
) -> None:
    started = _cpu_ms()
    with _open(file) as container:
        stream = best_stream(container)
        if stream is None:
            raise _NoAudio(AudioFault.NO_STREAM)
        frames = AudioFrames(container, stream)
        packets = iter(frames)
        first = next(packets, None)
        if first is None:
            raise _NoAudio(AudioFault.NOT_AUDIO)
        if len(first.layout.channels) > MAX_CHANNELS:
            raise _NoAudio(AudioFault.CHANNELS)
        if order.channel is not None and order.channel >= len(first.layout.channels):
            raise _NoAudio(AudioFault.NO_CHANNEL)
        tell(Opened(duration_ms=_duration_ms(container, stream)))
        output = _Output(order, write)
        mixer = Mixer(order.channel)
        timeline = Timeline()
        capped = False
        silence = 0
        granted = 0
        try:
            for frame in chain((first,), packets):
                missing = timeline.missing_before(frame)
                if missing:
                    silence += missing
                    for pcm in mixer.flush():
                        output.put(pcm)
                    output.silence(missing)
                for pcm in mixer.feed(frame):
                    output.put(pcm)
                if output.samples - granted >= _GRANT:
                    granted = output.samples
                    grant(granted)
            for pcm in mixer.flush():
                output.put(pcm)
        except _Enough:
            capped = True
        finally:
            output.flush()
        tell(
            AudioEnded(
                cpu_ms=_cpu_ms() - started,
                cut_off=not capped and (frames.broken or _is_cut_off(file, container, stream, output.samples)),
                capped=capped,
                damaged=frames.damaged,
                silence_ms=silence * 1000 // RATE,
            )
        )


def _open(file: BinaryIO) -> InputContainer:
    try:
        import av
    except ImportError:
        raise _NoAudio(AudioFault.NO_LIBRARY) from None
    try:
        return av.open(
            _Nameless(file),
            "r",
            metadata_errors="replace",
            options={"format_whitelist": allowed_formats(), "protocol_whitelist": "none"},
        )
    except av.error.ArgumentError:  # FFmpeg's answer to a format that isn't on the list
        raise _NoAudio(AudioFault.PLAYLIST) from None
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        raise _NoAudio(_why_unknown(file)) from None


def allowed_formats() -> str:
    """FFmpeg's list of the formats that may be read from strangers: those whose bytes name nothing else. Needs PyAV."""
    import av

    return ",".join(sorted(set(",".join(av.formats_available).split(",")) - _PLAYLISTS - _LIVE))


def _why_unknown(file: BinaryIO) -> AudioFault:
    file.seek(0)
    head = file.read(8)
    if head.startswith(b"#EXTM3U"):
        return AudioFault.PLAYLIST
    return AudioFault.UNFINISHED if head[4:] == b"ftyp" else AudioFault.NOT_AUDIO


def best_stream(container: InputContainer) -> AudioStream | None:
    """The audio stream to take of a container, set to be decoded by one thread; None when there is none."""
    from av import AudioStream

    best = container.streams.best("audio")
    if not isinstance(best, AudioStream):
        return None
    best.codec_context.thread_count = 1
    return best


class AudioFrames:
    """The decoded frames of a stream. Packets that can't be decoded are skipped and counted; `most_damaged` of them in
    a row end the stream, None for no limit.
    """

    def __init__(self, container: InputContainer, stream: AudioStream, most_damaged: int | None = None) -> None:
        self._container = container
        self._stream = stream
        self._most_damaged = most_damaged
        self.damaged = 0
        self.broken = False
        """Whether the container could not be read to its end."""

    def __iter__(self) -> Iterator[AudioFrame]:
        from av.error import FFmpegError

        packets = self._container.demux(self._stream)
        in_row = 0
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except FFmpegError as error:
                if isinstance(error, MemoryError):
                    raise
                self.broken = True
                return
            try:
                frames = packet.decode()
            except FFmpegError as error:
                if isinstance(error, MemoryError):
                    raise
                self.damaged += 1
                in_row += 1
                if in_row == self._most_damaged:
                    return
                continue
            in_row = 0 if frames else in_row
            yield from frames


def _duration_ms(container: InputContainer, stream: AudioStream) -> int | None:
    if stream.duration is not None and stream.time_base is not None:
        stated = round(stream.duration * stream.time_base * 1000)
    elif container.duration is not None:
        stated = container.duration // 1000
    else:
        return None
    return stated if 0 <= stated <= MOST_COUNTED else None


def _is_cut_off(file: BinaryIO, container: InputContainer, stream: AudioStream, samples: int) -> bool:
    name = container.format.name
    if is_cut_off(file, name):
        return True
    stated = _duration_ms(container, stream)
    # A film's own duration says nothing about the length of its sound.
    trusted = stream.duration is not None or len(container.streams) == 1
    if stated is None or not trusted or not states_duration(file, name):
        return False
    return samples * 1000 // RATE < stated - max(1000, stated // 100)


def _cpu_ms() -> int:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return round((usage.ru_utime + usage.ru_stime) * 1000)
