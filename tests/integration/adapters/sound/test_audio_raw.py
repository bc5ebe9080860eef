# ruff: noqa: ASYNC230, ASYNC240 (a test's loop has nobody else to wait for)
"""Raw samples from pipes, files and devices."""

from __future__ import annotations

import array
import asyncio
import os
from pathlib import Path

import pytest

from moothall.adapters.sound.audio_raw import RawPcm
from moothall.core.kernel.errors import AudioError

PCM = array.array("h", range(-5000, 5000)).tobytes()


async def read_all(audio: RawPcm, samples: int = 3000) -> list[bytes]:
    pieces = []
    while pcm := await audio.read(samples):
        pieces.append(pcm)
    return pieces


async def from_pipe(data: bytes) -> tuple[bytes, RawPcm]:
    out, into = os.pipe()
    try:
        os.write(into, data)
        os.close(into)
        async with RawPcm(out) as audio:
            return b"".join(await read_all(audio)), audio
    finally:
        os.close(out)


async def from_file(data: bytes, path: Path) -> tuple[bytes, RawPcm]:
    path.write_bytes(data)
    with path.open("rb") as file:
        async with RawPcm(file.fileno()) as audio:
            return b"".join(await read_all(audio)), audio


async def test_a_pipe_and_a_file_give_the_samples_as_they_are(tmp_path: Path) -> None:
    for heard, audio in (await from_pipe(PCM), await from_file(PCM, tmp_path / "a.pcm")):
        assert heard == PCM
        assert audio.warning is None
        assert (audio.duration_ms, audio.cpu_ms) == (None, 0)


async def test_half_a_sample_at_the_end_is_dropped_and_said(tmp_path: Path) -> None:
    for heard, audio in (await from_pipe(PCM + b"x"), await from_file(PCM + b"x", tmp_path / "a.pcm")):
        assert heard == PCM
        assert audio.warning is not None
        assert audio.warning.startswith("Half a sample at the end")


async def test_nothing_at_all_is_said(tmp_path: Path) -> None:
    for heard, audio in (await from_pipe(b""), await from_file(b"", tmp_path / "a.pcm")):
        assert heard == b""
        assert audio.warning == "Nothing came on standard input."


async def test_an_end_between_two_reads_is_no_fault() -> None:
    out, into = os.pipe()
    os.write(into, PCM)
    os.close(into)
    async with RawPcm(out) as audio:
        assert await audio.read(10_000) == PCM
        assert await audio.read(10_000) == b""
        assert await audio.read(10_000) == b""
    os.close(out)
    assert audio.warning is None


async def test_a_read_waits_for_as_many_samples_as_it_asked_for() -> None:
    out, into = os.pipe()
    async with RawPcm(out) as audio, asyncio.TaskGroup() as group:
        reading = group.create_task(audio.read(1000))
        os.write(into, PCM[:999])
        os.write(into, PCM[999:2000])
        assert await reading == PCM[:2000]
    os.close(into)
    os.close(out)
    assert await audio.read(10) == b""


async def test_devices_can_be_read() -> None:
    with open("/dev/zero", "rb") as zero:
        async with RawPcm(zero.fileno()) as audio:
            assert await audio.read(1000) == bytes(2000)


async def test_what_can_give_no_samples_is_refused(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    leader, terminal = os.openpty()
    out, into = os.pipe()
    os.close(into)
    os.close(out)
    for descriptor, sentence in ((folder, "is a folder"), (terminal, "is the keyboard"), (out, "is closed")):
        with pytest.raises(AudioError, match=sentence):
            async with RawPcm(descriptor):
                pass
    for descriptor in (folder, leader, terminal):
        os.close(descriptor)
