"""Recognise a recording in a child process, from its first sample or from where an earlier run stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from moothall.adapters.engines.child_owner import signal_child, start_child, to_the_end
from moothall.adapters.sound.audio_file import AudioFile
from moothall.core.kernel.errors import ConfigurationError, MoothallError
from moothall.wire.transcribing import (
    FRAME_SAMPLES,
    Finished,
    HeardLine,
    TranscriberMessage,
    TranscriptionFailed,
    TranscriptionRequest,
    frame,
)

WORKER = (sys.executable, "-m", "moothall_models.transcribing")
AT_ONCE = 16 * FRAME_SAMPLES
"""Samples in a frame: half a second at 16 kHz."""
EAR_TUNED = 960 * FRAME_SAMPLES
"""Samples before the resume point that are heard again, 31 s: the speech detector's state depends on so many."""
MOST_ANSWER = 1 << 22
"""The most bytes of a line of the worker's output; a piece or a line of text holds some dozens of words."""


class RecordingTranscript(msgspec.Struct, frozen=True, kw_only=True):
    """The transcription of a whole recording."""

    lines: tuple[HeardLine, ...]
    samples: int
    """The length of the recording, in samples."""
    warning: str | None
    """A sentence on missing sound; None when nothing is missing."""
    cpu_ms: int
    """CPU ms of the recogniser in this run, without loading the model."""
    rough: tuple[str, ...]
    """The languages (primary tags) in which the text of its model is rough."""


async def transcribe(
    path: Path,
    order: TranscriptionRequest,
    hear: Callable[[TranscriberMessage], None],
    begin: Callable[[int | None], None],
) -> RecordingTranscript:
    """Recognise a recording; what `order.known` holds is not recognised again.

    `hear` is called with each answer at once; `begin` with the recording's length in ms, or None if it does not say.
    Raises AudioError and ConfigurationError.
    """
    reached = order.known[-1].last if order.known else 0
    first = max(0, reached // FRAME_SAMPLES * FRAME_SAMPLES - EAR_TUNED)
    order = msgspec.structs.replace(order, first=first)
    async with AudioFile(path, first_sample=first) as sound:
        begin(sound.duration_ms)
        process = await start_child(
            *WORKER,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=MOST_ANSWER,
            start_new_session=True,  # Ctrl-C is ours to handle; the worker ends with its pipe
            # it would override the number of threads
            env={name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"},
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                feeding = tasks.create_task(_feed(process, order, sound))
                listening = tasks.create_task(_listen(process, hear))
                lines, last = await listening
                if last is None or isinstance(last, TranscriptionFailed):
                    feeding.cancel()
        except* MoothallError as group:
            raise _first(group) from None
        finally:
            signal_child(process, signal.SIGKILL)
            await to_the_end(process.communicate())  # the pipes are read to their ends, so that asyncio closes them
        if isinstance(last, TranscriptionFailed):
            raise ConfigurationError(last.sentence)
        if last is None:
            msg = f"The recogniser broke down on {path}. The same command goes on from where it was."
            raise ConfigurationError(msg)
        samples = first + feeding.result()
        return RecordingTranscript(
            lines=tuple(lines), samples=samples, warning=sound.warning, cpu_ms=last.cpu_ms, rough=last.rough
        )


async def _listen(
    process: asyncio.subprocess.Process, hear: Callable[[TranscriberMessage], None]
) -> tuple[list[HeardLine], Finished | TranscriptionFailed | None]:
    """Read all answers of the worker: return the lines, and how it ended; None when it broke down."""
    assert process.stdout is not None  # noqa: S101 - it was asked for
    lines: list[HeardLine] = []
    last: Finished | TranscriptionFailed | None = None
    while line := await process.stdout.readline():
        answer = msgspec.json.decode(line, type=TranscriberMessage)
        match answer:
            case HeardLine():
                lines.append(answer)
            case Finished() | TranscriptionFailed():
                last = answer
            case _:
                hear(answer)
    return lines, last


async def _feed(process: asyncio.subprocess.Process, order: TranscriptionRequest, sound: AudioFile) -> int:
    """Send the worker its request and all samples. Return how many. A busy worker slows this down through the pipe."""
    assert process.stdin is not None  # noqa: S101 - it was asked for
    count = 0
    try:
        process.stdin.write(msgspec.json.encode(order) + b"\n")
        while pcm := await sound.read(AT_ONCE):
            process.stdin.write(frame(pcm))
            await process.stdin.drain()
            count += len(pcm) // 2
        process.stdin.write(frame(b""))
        await process.stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        pass  # The worker has said why, or the code that reads its answers sees its end.
    return count


def _first(group: BaseExceptionGroup[MoothallError]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
