"""Encodes PCM16, 16 kHz, mono to Ogg Opus. Runs as a process of its own: the server loads no media library.

    python -m moothall.adapters.sound.encode_child ORDER     samples, or a recording to encode again, on 0; the file
    on 1

The child has no other descriptors and can open none. It writes a page of about a second as soon as it is full, so that
the file can be played while it grows. The file ends correctly when the samples end, also when their sender was killed.
"""

from __future__ import annotations

import os
import resource
import sys

import msgspec

from moothall.adapters.sound.audio_mixing import BYTES_PER_SAMPLE, RATE
from moothall.adapters.sound.child_messages import AudioEnded, DecodeRequest, DecoderMessage, EncodeRequest
from moothall.adapters.sound.decode_child import limit, load_library
from moothall.adapters.sound.decoding import decode

PAGE_US = "1000000"
"""Duration of an Ogg page in µs: the most that a cut loses."""
MEMORY = 1 << 30
PIECE = 1 << 15
"""Bytes of samples that are read at a time."""


class _Out:
    """The output file on descriptor 1, which is only appended to."""

    def write(self, data: bytes) -> int:
        view = memoryview(data)
        while view:
            view = view[os.write(1, view) :]
        return len(data)


class Encoder:
    """Encodes samples to Ogg Opus. The first instance loads PyAV."""

    def __init__(self, out: _Out, bitrate: int) -> None:
        import av

        self._frame = av.AudioFrame
        options = {"page_duration": PAGE_US, "flush_packets": "1"}
        self._container = av.open(out, "w", format="ogg", options=options)
        self._stream = self._container.add_stream("libopus", rate=RATE, layout="mono")
        self._stream.bit_rate = bitrate
        self._at = 0

    def add(self, pcm: bytes) -> None:
        """Encode whole samples."""
        if not pcm:
            return
        frame = self._frame(format="s16", layout="mono", samples=len(pcm) // BYTES_PER_SAMPLE)
        frame.planes[0].update(pcm + bytes(frame.planes[0].buffer_size - len(pcm)))
        frame.sample_rate, frame.pts = RATE, self._at
        self._at += frame.samples
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

    def close(self) -> None:
        """Write what the encoder still holds, and the end of the file."""
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()


def _new(encoder: Encoder) -> None:
    """Encode the samples that arrive on descriptor 0."""
    rest = b""
    while piece := os.read(0, PIECE):
        data = rest + piece
        whole = len(data) // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE
        rest = data[whole:]
        encoder.add(data[:whole])


def _again(encoder: Encoder, order: EncodeRequest) -> bool:
    """Encode the recording on descriptor 0 once more, with silence in `order.silent`; return whether all of it could be
    decoded.
    """
    at = 0
    last: DecoderMessage | None = None

    def add(pcm: bytes) -> None:
        nonlocal at
        samples = bytearray(pcm)
        count = len(samples) // BYTES_PER_SAMPLE
        for first, last in order.silent:
            low, high = max(first - at, 0), min(last - at, count)
            if low < high:
                samples[low * BYTES_PER_SAMPLE : high * BYTES_PER_SAMPLE] = bytes((high - low) * BYTES_PER_SAMPLE)
        at += count
        encoder.add(bytes(samples))

    def note(message: DecoderMessage) -> None:
        nonlocal last
        last = message

    with os.fdopen(0, "rb", closefd=False) as file:
        decode(file, DecodeRequest(), add, note)
    return isinstance(last, AudioEnded) and not last.capped


def confine() -> None:
    """Give up all rights of this process that encoding doesn't need. This can't be undone."""
    for kind, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_NOFILE, 3)):
        limit(kind, most, most)


def main(order_json: str) -> int:
    """Serve one request; return the exit code: 1 when a recording could not be decoded to its end."""
    order = msgspec.json.decode(order_json, type=EncodeRequest)
    load_library()
    confine()
    encoder = Encoder(_Out(), order.bitrate)
    if order.again:
        if not _again(encoder, order):
            return 1
    else:
        _new(encoder)
    encoder.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
