# ruff: noqa: ASYNC240 (a test's loop has nobody else to wait for)
"""Recordings through the decoding process: what readers get, the errors for bad files, and the limits on cost."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from moothall.adapters.sound.audio_file import AudioFile
from moothall.adapters.sound.audio_mixing import RATE
from moothall.adapters.sound.child_messages import DecodeRequest
from moothall.core.kernel.errors import AudioError
from moothall.testing.loop import run
from support.sound.files import encode, endless, picture, tone, wav


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / "talk.wav"
    path.write_bytes(wav(tone(3 * RATE, RATE)))
    return path


async def read_all(audio: AudioFile, samples: int = 4000) -> list[bytes]:
    pieces = []
    while pcm := await audio.read(samples):
        pieces.append(pcm)
    return pieces


def decoder() -> int:
    """The process id of the one decoder that this process has."""
    for children in Path("/proc/self/task").glob("*/children"):
        for child in children.read_text().split():
            if b"decode_child" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
    raise AssertionError("There is no decoder.")


async def refusal(path: str | Path, order: DecodeRequest | None = None) -> str:
    with pytest.raises(AudioError) as caught:
        async with AudioFile(path, order=order):
            pass
    return str(caught.value)


async def test_a_file_is_read_in_the_pieces_asked_for(talk: Path) -> None:
    async with AudioFile(talk) as audio:
        assert audio.duration_ms == 3000
        assert audio.cpu_ms is None
        pieces = await read_all(audio, 5000)
        assert await audio.read(5000) == b""
    assert [len(piece) // 2 for piece in pieces] == [5000] * 9 + [3000]
    assert b"".join(pieces) == talk.read_bytes()[44:]
    assert audio.warning is None
    assert audio.cpu_ms is not None
    assert 0 <= audio.cpu_ms < 2000


async def test_a_piece_may_be_longer_than_any_buffer(talk: Path) -> None:
    async with AudioFile(talk) as audio:
        assert await audio.read(10 * RATE) == talk.read_bytes()[44:]


async def test_a_compressed_file(tmp_path: Path) -> None:
    path = encode(tmp_path / "talk.opus", "libopus", seconds=20)
    async with AudioFile(path) as audio:
        heard = b"".join(await read_all(audio))
    assert abs(len(heard) // 2 - 20 * RATE) < RATE // 10
    assert audio.warning is None


async def test_reading_goes_on_where_it_was_after_a_restart(talk: Path) -> None:
    async with AudioFile(talk) as audio:
        before = await audio.read(12_345)
    async with AudioFile(talk, first_sample=12_345) as audio:
        after = b"".join(await read_all(audio))
    assert before + after == talk.read_bytes()[44:]


async def test_nothing_is_left_beyond_the_end(talk: Path) -> None:
    async with AudioFile(talk, first_sample=100 * RATE) as audio:
        assert await audio.read(100) == b""
    assert audio.warning is None


async def test_a_file_that_was_not_entered_gives_nothing(talk: Path) -> None:
    assert await AudioFile(talk).read(100) == b""


async def test_a_truncated_file_is_played_and_a_sentence_says_where_it_ends(tmp_path: Path) -> None:
    path = encode(tmp_path / "talk.flac", "flac", seconds=10)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    async with AudioFile(path) as audio:
        heard = b"".join(await read_all(audio))
    assert len(heard) // 2 > 4 * RATE
    assert audio.warning == f"{path} ends at 0:00:04, before its own end: it was cut off."


async def test_missing_parts_are_said(tmp_path: Path) -> None:
    path = encode(tmp_path / "talk.webm", "libopus", seconds=3, gap=(1, 4))
    async with AudioFile(path) as audio:
        await read_all(audio)
    assert audio.warning is not None
    assert audio.warning.startswith("Silence stands in for 4.0 s that ")


async def test_damaged_pieces_are_counted(tmp_path: Path) -> None:
    path = encode(tmp_path / "talk.m4a", "aac", seconds=10)
    data = bytearray(path.read_bytes())
    data[20_000:60_000] = b"\xff" * 40_000
    path.write_bytes(bytes(data))
    async with AudioFile(path) as audio:
        await read_all(audio)
    assert audio.warning is not None
    assert "is damaged: " in audio.warning


async def test_a_file_longer_than_the_longest_is_played_up_to_there(talk: Path) -> None:
    async with AudioFile(talk, order=DecodeRequest(most_samples=2 * RATE)) as audio:
        assert len(b"".join(await read_all(audio))) == 2 * 2 * RATE
    assert audio.warning == f"{talk} was played up to 0:00:02: longer recordings must be divided."


async def test_each_file_that_is_no_recording_has_its_sentence(tmp_path: Path) -> None:
    def made(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    folder = tmp_path / "folder"
    folder.mkdir()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    half = encode(tmp_path / "half.m4a", "aac", seconds=2).read_bytes()[:9000]
    expected: Sequence[tuple[str | Path, str]] = [
        (tmp_path / "none.mp3", "There is no file"),
        ("https://example.org/talk.mp3", "it must lie on this machine"),
        (folder, "is a folder"),
        (pipe, "isn't an ordinary file"),
        ("/dev/null", "isn't an ordinary file"),
        (made("empty.wav", b""), "is empty"),
        (tmp_path / ("x" * 300), "can't be opened"),
        ("talk\0.wav", "can't be opened"),
        (made("notes.txt", b"item 1: opening\n" * 50), "no audio was found in it"),
        (made("list.m3u8", b"#EXTM3U\n#EXTINF:9,\na.ts\n"), "it is a list of other files"),
        (made("half.m4a", half), "its index is missing"),
        (picture(tmp_path / "film.mp4"), "it has no sound"),
        (made("many.wav", wav([1] * 6500, channels=65)), "more than 64 channels"),
    ]
    for path, sentence in expected:
        said = await refusal(path)
        assert sentence in said
        assert said.endswith(".")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
async def test_a_file_that_may_not_be_read(talk: Path) -> None:
    talk.chmod(0)
    assert "permission is missing" in await refusal(talk)


async def test_a_list_of_files_does_not_open_them(talk: Path, tmp_path: Path) -> None:
    path = tmp_path / "all.ffconcat"
    path.write_text(f"ffconcat version 1.0\nfile {talk.name}\n", "utf-8")
    assert "it is a list of other files" in await refusal(path)


async def test_cpu_time_is_limited_and_what_was_decoded_is_used(tmp_path: Path) -> None:
    path = endless(tmp_path / "bomb.wav", channels=64, rate=48_000)
    # Of the three seconds its start takes up to one.
    async with AudioFile(path, order=DecodeRequest(cpu_seconds=3, cpu_per_second=0)) as audio:
        heard = b"".join(await read_all(audio))
    assert 0 < len(heard) // 2 < 320 * RATE
    assert audio.warning is not None
    assert "decoding it took too long" in audio.warning
    assert "What came before was used." in audio.warning


@pytest.mark.skipif(sys.platform != "linux", reason="macOS refuses a limit on the address space")
async def test_memory_is_limited_and_a_decoder_that_dies_of_it_is_only_a_sentence(talk: Path) -> None:
    before = children()
    said = None
    try:
        async with AudioFile(talk, order=DecodeRequest(memory=16 << 20)) as audio:
            await read_all(audio)
            said = audio.warning
    except AudioError as error:
        said = str(error)
    # Where it ends, and in which words, depends on how much memory lay ready and on who asked for more.
    assert said is not None
    assert "takes more memory than a recording may" in said or "the decoder broke down on it" in said
    assert children() == before


async def test_a_decoder_that_is_killed_loses_only_what_was_not_decoded(tmp_path: Path) -> None:
    path = encode(tmp_path / "long.flac", "flac", seconds=60, rate=16_000, layout="mono", silent=True)
    before = children()
    async with AudioFile(path) as audio:
        await audio.read(RATE)
        (child,) = children() - before
        os.kill(child, 9)
        rest = b"".join(await read_all(audio))
    assert len(rest) % 2 == 0
    assert audio.warning is not None
    assert "could be played only up to 0:00:" in audio.warning
    assert "What came before was used." in audio.warning


def children() -> set[int]:
    """The processes that this one has started, a browser of other tests among them."""
    task = Path(f"/proc/self/task/{os.getpid()}/children")
    return {int(child) for child in task.read_text("ascii").split()}


async def test_the_decoder_waits_for_its_reader(tmp_path: Path) -> None:
    path = endless(tmp_path / "bomb.wav", channels=1, rate=RATE)
    async with AudioFile(path) as audio:
        for _ in range(600):
            await audio.read(RATE // 100)
        process = audio._process
        assert process is not None
        process.kill()
        ahead, _ = await process.communicate()
    assert len(ahead) < 400_000  # two buffers of asyncio's, the pipe and a second: not the 2 GB of the file


async def test_leaving_early_or_by_cancellation_leaves_no_process(tmp_path: Path) -> None:
    path = endless(tmp_path / "endless.wav", channels=1, rate=RATE)  # What decodes it waits for its reader.
    before = children()
    async with AudioFile(path) as audio:
        await audio.read(100)
    assert await audio.read(100) == b""
    assert children() == before

    started = asyncio.Event()

    async def hold() -> None:
        async with AudioFile(path) as held:
            await held.read(100)
            started.set()
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(hold())
        await started.wait()
        assert len(children() - before) == 1
        task.cancel()
    assert children() == before


def test_a_decoder_that_says_nothing_is_not_waited_for_without_an_end(talk: Path) -> None:
    """No time passes on this clock while it is started, so that it stands still for whoever waits."""
    assert "can't be played: decoding it stood still" in run(refusal(talk))


def test_a_decoder_that_falls_silent_ends_the_recording(tmp_path: Path) -> None:
    path = endless(tmp_path / "endless.wav", channels=1, rate=RATE)

    async def heard() -> tuple[int, str | None]:
        going = threading.Event()
        stopped = asyncio.get_running_loop().run_in_executor(None, going.wait)  # No time passes until it goes.
        async with AudioFile(path) as audio:
            os.kill(decoder(), signal.SIGSTOP)
            going.set()
            await stopped
            pieces = await read_all(audio, RATE)
            assert await audio.read(RATE) == b""
        return sum(map(len, pieces)), audio.warning

    length, warning = run(heard())
    assert length < 60 * RATE * 2
    assert warning is not None
    assert "could be played only up to 0:00:" in warning
    assert "decoding it stood still" in warning
