"""What the decoding process can no longer do once it is confined, and when it ends."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from moothall.adapters.sound.child_messages import AudioEnded, AudioFailed, AudioFault, DecodeRequest, Opened
from support.sound.files import endless, tone, wav

CONFINED = """
import os, socket, sys
from moothall.adapters.sound.decode_child import confine
from moothall.adapters.sound.child_messages import DecodeRequest
target = open(sys.argv[1], "ab", buffering=0)
os.dup2(target.fileno(), 0)
target.close()
confine(DecodeRequest(memory=400 << 20), 60)
def attempt(what, act):
    try:
        act()
    except (OSError, MemoryError) as error:
        print(what, type(error).__name__, flush=True)
    else:
        print(what, "worked", flush=True)
attempt("open", lambda: os.open("/etc/hostname", os.O_RDONLY))
attempt("connect", lambda: socket.socket())
attempt("write", lambda: os.write(0, b"x"))
attempt("allocate", lambda: bytearray(500 << 20))
attempt("raise", lambda: bytearray(5 << 20))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="macOS refuses some of the limits")
def test_a_confined_process_opens_connects_writes_and_takes_nothing(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", CONFINED, str(tmp_path / "target")], capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines() == [
        "open OSError",
        "connect OSError",
        "write OSError",
        "allocate MemoryError",
        "raise worked",
    ]


def decode(path: Path, order: DecodeRequest) -> tuple[int, bytes, list[object]]:
    command = [sys.executable, "-m", "moothall.adapters.sound.decode_child", msgspec.json.encode(order).decode()]
    with path.open("rb") as file:
        run = subprocess.run(command, stdin=file, capture_output=True, check=False)
    messages = [msgspec.json.decode(line, type=Opened | AudioFailed | AudioEnded) for line in run.stderr.splitlines()]
    return run.returncode, run.stdout, messages


def test_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(wav(tone(40_000, 16_000)))
    code, pcm, messages = decode(path, DecodeRequest(first_sample=10_000))
    assert code == 0
    assert pcm == path.read_bytes()[44 + 20_000 :]
    assert [type(message) for message in messages] == [Opened, AudioEnded]


def test_something_else(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no sound", "utf-8")
    assert decode(path, DecodeRequest()) == (1, b"", [AudioFailed(trouble=AudioFault.NOT_AUDIO)])


READER = """
import asyncio, sys
from moothall.adapters.sound.audio_file import AudioFile
async def read():
    async with AudioFile(sys.argv[1]) as audio:
        await audio.read(16000)
        print(audio._process.pid, flush=True)
        await asyncio.Event().wait()
asyncio.run(read())
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux tells of the end of a process that isn't a child")
def test_the_decoder_does_not_outlive_its_reader(tmp_path: Path) -> None:
    path = endless(tmp_path / "long.wav", channels=1, rate=16_000)
    with subprocess.Popen([sys.executable, "-c", READER, str(path)], stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        handle = os.pidfd_open(int(reader.stdout.readline()))
        try:
            assert select.select([handle], [], [], 0)[0] == []
            reader.kill()
            assert select.select([handle], [], [], 30)[0] == [handle]
        finally:
            os.close(handle)
