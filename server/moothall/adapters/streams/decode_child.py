"""Decodes one stream to PCM16, 16 kHz, mono. Runs as a process of its own, because streams come from strangers.

    python -m moothall.adapters.streams.decode_child ORDER

The stream's bytes arrive on descriptor 0, samples go to 1, messages to 2. The bytes on 0 were fetched over checked
connections: this process can open no file and no socket at all. For RTSP and RTMP (`dials`) it may have one socket at a
time until its stream is open; it connects to a relay on this machine, whose address it reads from descriptor 0, and,
where Linux can enforce that, to no other port.

It ends when descriptor 0 or the reader of its pipes ends, so it never outlives its parent. The pipe blocks it when
nobody reads.
"""

from __future__ import annotations

import errno
import os
import resource
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from moothall.adapters.sound.audio_mixing import MAX_CHANNELS, RATE, Mixer, Timeline
from moothall.adapters.sound.decode_child import Pipes, confine, limit, load_library
from moothall.adapters.sound.decoding import AudioFrames, allowed_formats, best_stream
from moothall.adapters.streams.child_messages import Began, FetchMessage, StreamFailed, StreamRequest
from moothall.adapters.streams.landlock import connect_only_to
from moothall.core.streams.addresses import read_address
from moothall.core.streams.watching import StreamFault, StreamProperties

if TYPE_CHECKING:
    from av.container import InputContainer

BYTES = 2
_GRANT = 10 * RATE
_LONGEST_HOLE = 5 * RATE
"""The most samples of silence that fill a gap in the time stamps; a longer gap is a jump of the time stamps."""
_ADDRESS = 4_096
_PROBE = {"probesize": "500000", "analyzeduration": "2000000"}
"""How much is analysed before the first sound: bytes, and µs."""
_DIALLED = {"protocol_whitelist": "rtmp,tcp,rtp", "rtsp_transport": "tcp", "allowed_media_types": "audio"}
NO_TCP = 461
"""The status by which an RTSP server says that it sends no sound over TCP ("Unsupported transport", RFC 2326)."""
_DAMAGED = 200
"""How many packets in a row may fail to decode before the stream no longer counts as sound."""


class _NoSound(Exception):
    def __init__(self, trouble: StreamFault, number: int = 0) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble
        self.number = number


class _Bytes:
    """The stream as FFmpeg reads it: bytes as they arrive, without seeking."""

    name = "stream"

    def read(self, size: int) -> bytes:
        return os.read(0, size)


def decode(
    order: StreamRequest,
    address: str | None,
    write: Callable[[bytes], None],
    tell: Callable[[FetchMessage], None],
    grant: Callable[[int], None],
) -> None:
    """Decode until the stream ends. `address`: of the relay; None when the bytes arrive on descriptor 0."""
    try:
        _decode(order, address, write, tell, grant)
    except _NoSound as error:
        tell(StreamFailed(trouble=error.trouble, number=error.number))
    except MemoryError:
        tell(StreamFailed(trouble=StreamFault.BROKE))


def _decode(
    order: StreamRequest,
    address: str | None,
    write: Callable[[bytes], None],
    tell: Callable[[FetchMessage], None],
    grant: Callable[[int], None],
) -> None:
    with _open(address) as container:
        if order.dials:
            limit(resource.RLIMIT_NOFILE, 3, 3)  # The open socket stays; no other can be opened.
        stream = best_stream(container)
        if stream is None:
            raise _NoSound(StreamFault.NO_STREAM)
        mixer, timeline = Mixer(), Timeline()
        samples, granted, began = 0, 0, False
        for frame in AudioFrames(container, stream, _DAMAGED):
            if not began:
                if len(frame.layout.channels) > MAX_CHANNELS:
                    raise _NoSound(StreamFault.NOT_AUDIO)
                codec = stream.codec_context.name
                found = StreamProperties(codec=codec, channels=len(frame.layout.channels), rate=frame.sample_rate)
                tell(Began(found=found))
                began = True
            missing = timeline.missing_before(frame)
            if 0 < missing <= _LONGEST_HOLE:
                for pcm in mixer.flush():
                    write(pcm)
                write(bytes(missing * BYTES))
                samples += missing
            for pcm in mixer.feed(frame):
                write(pcm)
                samples += len(pcm) // BYTES
            if samples - granted >= _GRANT:
                granted = samples
                grant(samples)
        for pcm in mixer.flush():
            write(pcm)
        if not began:
            raise _NoSound(StreamFault.NOT_AUDIO)


def _open(address: str | None) -> InputContainer:
    try:
        import av
    except ImportError:
        raise _NoSound(StreamFault.NO_LIBRARY) from None
    try:
        if address is None:
            options = {**_PROBE, "format_whitelist": allowed_formats(), "protocol_whitelist": "none"}
            return av.open(_Bytes(), "r", metadata_errors="replace", options=options, buffer_size=8_192)
        return av.open(address, "r", metadata_errors="replace", options=_PROBE | _DIALLED)
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        raise _why(error) from None


def _why(error: Exception) -> _NoSound:
    import av

    numbers = {
        av.error.HTTPBadRequestError: 400,
        av.error.HTTPUnauthorizedError: 401,
        av.error.HTTPForbiddenError: 403,
        av.error.HTTPNotFoundError: 404,
    }
    for kind, number in numbers.items():
        if isinstance(error, kind):
            return _NoSound(StreamFault.STATUS, number)
    if isinstance(error, OSError) and error.errno == errno.EPROTONOSUPPORT:
        return _NoSound(StreamFault.STATUS, NO_TCP)
    # For other refusals FFmpeg doesn't report the status.
    if isinstance(error, av.error.EOFError | av.error.HTTPClientError | av.error.HTTPServerError | OSError):
        return _NoSound(StreamFault.ENDED)
    return _NoSound(StreamFault.NOT_AUDIO)


def _address() -> str:
    """Read the first line of descriptor 0, and not a byte more."""
    line = b""
    while not line.endswith(b"\n") and len(line) < _ADDRESS:
        byte = os.read(0, 1)
        if not byte:
            break
        line += byte
    return line.decode("utf-8", "replace").strip()


def _end_with_parent() -> None:
    with suppress(OSError):
        while os.read(0, 1):
            pass
    os._exit(1)


def main(order_json: str) -> int:
    """Serve one request; return the exit code, 0 when sound was decoded."""
    order = msgspec.json.decode(order_json, type=StreamRequest)
    pipes = Pipes(order)
    load_library()
    address = _address() if order.dials else None
    relay = None if address is None else read_address(address)
    if relay is not None:
        connect_only_to(relay.port)
    if order.dials:
        threading.stack_size(1 << 18)
        threading.Thread(target=_end_with_parent, daemon=True).start()
    confine(order, resource.RLIM_INFINITY, descriptors=order.descriptors)
    with suppress(BrokenPipeError):
        decode(order, address, pipes.write, pipes.tell, pipes.grant)
    return 0 if isinstance(pipes.last, Began) else 1


if __name__ == "__main__":
    code = main(sys.argv[1])
    sys.stdout = None
    os._exit(code)
