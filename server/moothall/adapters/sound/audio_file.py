"""Audio from a file in any format that FFmpeg knows, decoded by a child process.

The child (`decode_child`) may be killed by a malformed file; the samples that it had decoded until then are used, and a
sentence says what is missing.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import msgspec

from moothall.adapters.engines.child_owner import signal_child, start_child, to_the_end
from moothall.adapters.sound.audio_mixing import BYTES_PER_SAMPLE, MAX_CHANNELS, RATE
from moothall.adapters.sound.child_messages import (
    AudioEnded,
    AudioFailed,
    AudioFault,
    DecodeRequest,
    DecoderMessage,
    Opened,
)
from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import AudioError

logger = logging.getLogger(__name__)

_BUFFER = 1 << 16
"""Bytes; asyncio stops reading the decoder's pipe at twice this size, and then the decoder waits."""
_MESSAGES = 1 << 16
"""Bytes of the decoder's messages that are kept at the end; two lines are expected."""
PATIENCE_S = 120.0
"""Seconds within which the decoder has to give what it is asked for: four times the CPU time that it is granted before
it has decoded anything, since it shares the machine and its file may lie on a slow disk. One that waits for ever uses
no CPU time that a limit could end."""
SKIPPED_S = 0.05
"""Seconds more for each second that it skips at the beginning: sixteen times the CPU time that usual formats need."""
_KEPT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""Environment variables that a Python process needs to start. Decoder and encoder get no others, and so no secrets."""


class AudioFile:
    """The samples of a recording: PCM16, 16 kHz, mono, little-endian. Used as an async context manager.

        async with AudioFile(path) as audio:
            while pcm := await audio.read(8000):
                ...

    Entering raises AudioError, with a sentence for a person, when the file has no audio that can be decoded.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        first_sample: int = 0,
        channel: int | None = None,
        order: DecodeRequest | None = None,
    ) -> None:
        """Prepare to read a file; entering the context opens it.

        Args:
            path: a file on this machine; addresses and playlists are refused.
            first_sample: where to begin, in samples at 16 kHz. The samples from there on are exactly those of an
                earlier pass over the same file.
            channel: the channel of the file to hear, from 0; None for the mean of all.
            order: the limits; the defaults are right for everything but tests.
        """
        self._path = Path(path)
        self._order = msgspec.structs.replace(order or DecodeRequest(), first_sample=first_sample, channel=channel)
        self._process: asyncio.subprocess.Process | None = None
        self._read_samples = 0
        self._ended = False
        self._silent = False
        """Whether the decoder was killed since it gave nothing."""
        self.duration_ms: int | None = None
        """Duration of the whole file as its header states it, ms; None before entering, or when the header doesn't
        state it.
        """
        self.cpu_ms: int | None = None
        """CPU time of the decoder for the whole file, ms; None until the end has been read."""
        self.warning: str | None = None
        """A sentence on what is missing or wrong; None until the end has been read, and when nothing is wrong."""

    async def __aenter__(self) -> Self:
        descriptor, pipe = _open_file(self._path), asyncio.subprocess.PIPE
        try:
            self._process = await start_coder(
                "decode_child", self._order, stdin=descriptor, stdout=pipe, stderr=pipe, limit=_BUFFER
            )
        finally:
            os.close(descriptor)
        try:
            with self._patient(self._process):
                await self._wait_for_first_audio(self._process)
        except BaseException:
            await to_the_end(self._stop())
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await to_the_end(self._stop())

    async def read(self, samples: int) -> bytes:
        """Return the next `samples` samples; fewer only at the end, and b"" after it.

        The decoder works ahead by some seconds of audio, as much as its pipe holds. One that doesn't answer in time is
        killed, which is the end.
        """
        if self._ended or self._process is None or self._process.stdout is None:
            return b""
        with self._patient(self._process):
            try:
                pcm = await self._process.stdout.readexactly(samples * BYTES_PER_SAMPLE)
            except asyncio.IncompleteReadError as error:
                pcm = error.partial[: len(error.partial) // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE]
                self._ended = True
                self._read_samples += len(pcm) // BYTES_PER_SAMPLE
                await self._take_leave(self._process)
                return pcm
        self._read_samples += samples
        return pcm

    @contextmanager
    def _patient(self, process: asyncio.subprocess.Process) -> Iterator[None]:
        """Kill the decoder if the `with` block takes too long: then its pipes end, and with them what is awaited."""

        def give_up() -> None:
            self._silent = True
            signal_child(process, signal.SIGKILL)

        patience = PATIENCE_S + self._order.first_sample / RATE * SKIPPED_S
        timer = asyncio.get_running_loop().call_later(patience, give_up)
        try:
            yield
        finally:
            timer.cancel()

    async def _wait_for_first_audio(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None  # noqa: S101 - it was asked for
        while True:
            try:
                line = await process.stderr.readline()
            except ValueError:  # longer than the buffer, so no message of the decoder
                continue
            if not line:
                await process.wait()
                raise AudioError(self._sentence(self._how_it_died(process)))
            match _message(line):
                case Opened() as opened:
                    self.duration_ms = opened.duration_ms
                    return
                case AudioFailed() as failed:
                    raise AudioError(self._sentence(_REASONS[failed.trouble]))
                case _:
                    logger.info("the decoder wrote %d bytes that are no message", len(line))

    async def _take_leave(self, process: asyncio.subprocess.Process) -> None:
        """Read the decoder's last messages, and set `cpu_ms` and `warning` from them."""
        assert process.stderr is not None  # noqa: S101 - it was asked for
        said = await process.stderr.read(_MESSAGES)
        while more := await process.stderr.read(_MESSAGES):
            said = (said + more)[-_MESSAGES:]
        await process.wait()
        messages = [message for line in said.splitlines() if (message := _message(line)) is not None]
        match messages[-1:]:
            case [AudioEnded() as ended]:
                self.cpu_ms = ended.cpu_ms
                self.warning = self._on_the_end(ended)
            case [AudioFailed() as failed]:
                self.warning = self._stopped(_REASONS[failed.trouble])
            case _:
                self.warning = self._stopped(self._how_it_died(process))

    async def _stop(self) -> None:
        process = self._process
        if process is None:
            return
        self._ended = True
        signal_child(process, signal.SIGKILL)
        await process.communicate()  # Reads both pipes to their ends, so that asyncio closes them.
        self._process = None

    def _sentence(self, reason: str) -> str:
        return f"{self._path} can't be played: {reason}."

    def _stopped(self, reason: str) -> str:
        return f"{self._path} could be played only up to {self._played_time()}: {reason}. What came before was used."

    def _on_the_end(self, ended: AudioEnded) -> str | None:
        sentences = []
        if ended.cut_off:
            sentences.append(f"{self._path} ends at {self._played_time()}, before its own end: it was cut off.")
        if ended.capped:
            sentences.append(f"{self._path} was played up to {self._played_time()}: longer recordings must be divided.")
        if ended.damaged > (1 if ended.cut_off else 0):  # the cut itself may run through a packet
            sentences.append(f"{self._path} is damaged: {ended.damaged} pieces could not be decoded.")
        if ended.silence_ms:
            sentences.append(f"Silence stands in for {ended.silence_ms / 1000:.1f} s that {self._path} lacks.")
        return " ".join(sentences) or None

    def _played_time(self) -> str:
        seconds = (self._order.first_sample + self._read_samples) // RATE
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"

    def _how_it_died(self, process: asyncio.subprocess.Process) -> str:
        code = process.returncode
        if self._silent:
            return "decoding it stood still, as on a disk that does not answer, or with a file made to do harm"
        logger.warning("the decoder ended with %s", code)
        if code == -signal.SIGXCPU:
            return "decoding it took too long, as a damaged file or one made to do harm does"
        return f"the decoder broke down on it (code {code}); a copy in another format may do"


_REASONS = {
    AudioFault.NOT_AUDIO: (
        "no audio was found in it; it isn't a recording, is damaged, or has no header "
        "(raw samples are played from standard input, with `-` for the file)"
    ),
    AudioFault.NO_STREAM: "it has no sound, only pictures or text",
    AudioFault.PLAYLIST: "it is a list of other files or addresses; name the recording itself",
    AudioFault.UNFINISHED: (
        "its index is missing, because it was cut off while it was recorded or copied; copy it again"
    ),
    AudioFault.CHANNELS: f"it has more than {MAX_CHANNELS} channels",
    AudioFault.NO_CHANNEL: "it has fewer channels than were asked for",
    AudioFault.MEMORY: "decoding it takes more memory than a recording may",
    AudioFault.NO_LIBRARY: "PyAV isn't installed; run `pip install 'moothall[audio]'`",
}


_decoder: msgspec.json.Decoder[DecoderMessage] = msgspec.json.Decoder(DecoderMessage)


async def start_coder(
    module: str, order: msgspec.Struct, *, package: str = "moothall.adapters.sound", **pipes: Any
) -> asyncio.subprocess.Process:
    """Start a child that decodes or encodes: a module of `package`, with its request as a JSON argument. `pipes`: as
    for `asyncio.create_subprocess_exec`.
    """
    return await start_child(
        sys.executable,
        "-P",
        "-m",
        f"{package}.{module}",
        msgspec.json.encode(order).decode(),
        start_new_session=True,  # Ctrl-C is for the parent to handle; the child ends with its pipe
        env={name: os.environ[name] for name in _KEPT if name in os.environ},
        **pipes,
    )


def _message(line: bytes) -> DecoderMessage | None:
    try:
        return read(_decoder, line)
    except Unreadable:
        return None


def _open_file(path: Path) -> int:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # opening a named pipe must not block
    except FileNotFoundError:
        raise AudioError(f"There is no file {path}. Check its name; it must lie on this machine.") from None
    except PermissionError:
        msg = f"{path} can't be read: permission is missing. Make it readable for the user that runs Moothall."
        raise AudioError(msg) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its name is invalid"
        raise AudioError(f"{path} can't be opened: {reason}.") from None
    found = os.fstat(descriptor)
    if stat.S_ISDIR(found.st_mode):
        wrong = "is a folder. Name a recording in it."
    elif not stat.S_ISREG(found.st_mode):
        wrong = "isn't an ordinary file. Raw samples are played from standard input, with `-` for the file."
    elif found.st_size == 0:
        wrong = "is empty. Copy or record it again."
    else:
        return descriptor
    os.close(descriptor)
    raise AudioError(f"{path} {wrong}")
