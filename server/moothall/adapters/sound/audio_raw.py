"""Raw audio from standard input or another descriptor: PCM16, 16 kHz, mono, little-endian."""

from __future__ import annotations

import asyncio
import os
import stat
from typing import Self

from moothall.adapters.sound.audio_mixing import BYTES_PER_SAMPLE
from moothall.core.kernel.errors import AudioError

_BUFFER = 1 << 16
"""Bytes; asyncio stops reading the pipe at twice this size, and then its writer waits."""


class RawPcm:
    """A source of samples as they arrive, read as an `AudioFile` is.

    Entering raises AudioError when the descriptor is closed, a terminal or a folder.
    """

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self._stream: asyncio.StreamReader | None = None
        self._transport: asyncio.ReadTransport | None = None
        self._ended = False
        self._anything = False
        self.duration_ms: int | None = None
        """Always None."""
        self.cpu_ms: int | None = 0
        """Always 0: there is nothing to decode."""
        self.warning: str | None = None
        """A sentence on what was wrong; None until the end has been read, and when nothing was wrong."""

    async def __aenter__(self) -> Self:
        try:
            mode = os.fstat(self._descriptor).st_mode
        except OSError:
            raise AudioError("Standard input is closed. Pipe raw PCM16 at 16 kHz, mono, into it.") from None
        if os.isatty(self._descriptor):
            raise AudioError("Standard input is the keyboard. Pipe raw PCM16 at 16 kHz, mono, into it.")
        if stat.S_ISDIR(mode):
            raise AudioError("Standard input is a folder. Pipe raw PCM16 at 16 kHz, mono, into it.")
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            stream = asyncio.StreamReader(limit=_BUFFER)
            pipe = os.fdopen(os.dup(self._descriptor), "rb", buffering=0)  # a copy: the transport closes it
            self._transport, _ = await asyncio.get_running_loop().connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(stream), pipe
            )
            self._stream = stream
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ended = True
        if self._transport is not None:
            self._transport.close()

    async def read(self, samples: int) -> bytes:
        """Return the next `samples` samples; fewer only at the end, and b"" after it."""
        if self._ended:
            return b""
        wanted = samples * BYTES_PER_SAMPLE
        pcm = await (self._from_file(wanted) if self._stream is None else self._from_pipe(self._stream, wanted))
        self._anything = self._anything or bool(pcm)
        if len(pcm) == wanted:
            return pcm
        self._ended = True
        if not self._anything:
            self.warning = "Nothing came on standard input."
        elif len(pcm) % BYTES_PER_SAMPLE:
            self.warning = "Half a sample at the end of standard input was dropped: is it PCM16 at 16 kHz, mono?"
        return pcm[: len(pcm) // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE]

    async def _from_pipe(self, stream: asyncio.StreamReader, wanted: int) -> bytes:
        try:
            return await stream.readexactly(wanted)
        except asyncio.IncompleteReadError as error:
            return error.partial

    async def _from_file(self, wanted: int) -> bytes:
        """Read in a thread, since asyncio can't wait for files and devices, which are always ready, and a disk may be
        slow.
        """
        pieces = bytearray()
        while len(pieces) < wanted:
            piece = await asyncio.to_thread(os.read, self._descriptor, wanted - len(pieces))
            if not piece:
                break
            pieces += piece
        return bytes(pieces)
