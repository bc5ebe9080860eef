"""A recording, from its first sample or from where an earlier run stopped, through a process that recognises it."""

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
from moothall.wire.transcribing import FRAME_SAMPLES, Answer, Finished, HeardLine, TranscriptionRequest, Trouble, frame

WORKER = (sys.executable, "-m", "moothall_models.transcribing")
AT_ONCE = 16 * FRAME_SAMPLES
"""Samples in a frame: half a second."""
EAR_TUNED = 960 * FRAME_SAMPLES
"""Samples that are heard again in front of where it goes on, 31 s: the detector of speech remembers for so long."""
MOST_ANSWER = 1 << 22
"""Bytes of a line of the worker's: a piece or a line holds some dozens of words."""


class Transcription(msgspec.Struct, frozen=True, kw_only=True):
    """All of a recording."""

    lines: tuple[HeardLine, ...]
    samples: int
    """Its length."""
    warning: str | None
    """A sentence on what is missing of the sound."""
    cpu_ms: int
    """Of the recogniser, in this run, without loading."""


async def transcribe(
    path: Path, order: TranscriptionRequest, hear: Callable[[Answer], None], begin: Callable[[int | None], None]
) -> Transcription:
    """Recognise a recording; what `order.known` holds is not recognised again.

    `hear` is told of each answer at once, and `begin` of the recording's length, ms, where it says it. Raises
    AudioError and ConfigurationError.
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
            env={name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"},  # it would overrule
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                feeding = tasks.create_task(_feed(process, order, sound))
                listening = tasks.create_task(_listen(process, hear))
                lines, last = await listening
                if last is None or isinstance(last, Trouble):
                    feeding.cancel()
        except* MoothallError as group:
            raise _first(group) from None
        finally:
            signal_child(process, signal.SIGKILL)
            await to_the_end(process.communicate())  # to the ends of the pipes, so that asyncio lets go of them
        if isinstance(last, Trouble):
            raise ConfigurationError(last.sentence)
        if last is None:
            msg = f"The recogniser broke down on {path}. The same command goes on from where it was."
            raise ConfigurationError(msg)
        samples = first + feeding.result()
        return Transcription(lines=tuple(lines), samples=samples, warning=sound.warning, cpu_ms=last.cpu_ms)


async def _listen(
    process: asyncio.subprocess.Process, hear: Callable[[Answer], None]
) -> tuple[list[HeardLine], Finished | Trouble | None]:
    """All answers, to the end: the lines, and how it ended; None when it broke down."""
    assert process.stdout is not None  # noqa: S101 - it was asked for
    lines: list[HeardLine] = []
    last: Finished | Trouble | None = None
    while line := await process.stdout.readline():
        answer = msgspec.json.decode(line, type=Answer)
        match answer:
            case HeardLine():
                lines.append(answer)
            case Finished() | Trouble():
                last = answer
            case _:
                hear(answer)
    return lines, last


async def _feed(process: asyncio.subprocess.Process, order: TranscriptionRequest, sound: AudioFile) -> int:
    """Give the worker its order and all the samples; returns how many. The pipe holds us back when it is busy."""
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
        pass  # It has said why, or its end is seen where its answers are read.
    return count


def _first(group: BaseExceptionGroup[MoothallError]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
