from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
import sys
from functools import partial

import pytest

from moothall.adapters.system.programs import FAILED, UNREAD, exit_status, until_terminated
from moothall.core.kernel.errors import ConfigurationError


def raising(error: BaseException) -> int:
    raise error


def test_a_command_ends_with_its_own_status_and_after_ctrl_c_with_0() -> None:
    assert exit_status("moothall", lambda: 2) == 2
    assert exit_status("moothall", lambda: raising(KeyboardInterrupt())) == 0


def test_what_failed_is_said_once_however_deep_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = ConfigurationError("It is wrong.")
    assert exit_status("moothall hub", lambda: raising(wrong)) == FAILED
    assert capsys.readouterr().err == "moothall hub: It is wrong.\n"
    group = ExceptionGroup("", [wrong, ExceptionGroup("", [wrong, ConfigurationError("So is this.")])])
    assert exit_status("moothall", lambda: raising(group)) == FAILED
    assert capsys.readouterr().err == "moothall: It is wrong.\nmoothall: So is this.\n"


def test_a_file_that_is_denied_is_named_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    denied = PermissionError(errno.EACCES, "Permission denied", "/")
    for each in (denied, ExceptionGroup("", [denied])):
        assert exit_status("moothall", partial(raising, each)) == FAILED
        assert capsys.readouterr().err.startswith("moothall: / can't be used: Permission denied.")
    with pytest.raises(PermissionError):
        exit_status("moothall", lambda: raising(PermissionError(errno.EPERM, "Operation not permitted")))


PROGRAM = """
import asyncio, sys
from moothall.adapters.system.programs import exit_status

def write(size):
    return sys.stdout.write("x" * size) and 0

async def written_by_a_task():
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(asyncio.to_thread(write, 1_000_000))

def broken():
    raise BrokenPipeError

sys.exit(exit_status("moothall", lambda: {}))
"""


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("write(1)", id="in the buffer when the command returns"),
        pytest.param("write(1_000_000)", id="more than a pipe holds"),
        pytest.param("asyncio.run(written_by_a_task())", id="by a task"),
    ],
)
def test_whoever_stops_reading_the_output_ends_it_in_silence(command: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    program = [sys.executable, "-c", PROGRAM.replace("{}", command)]
    ended = subprocess.run(program, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (UNREAD, b"")


def test_another_pipe_that_breaks_is_no_reason_for_silence() -> None:
    program = [sys.executable, "-c", PROGRAM.replace("{}", "broken()")]
    ended = subprocess.run(program, capture_output=True, check=False)
    assert (ended.returncode, ended.stderr.splitlines()[-1]) == (1, b"BrokenPipeError")


def test_what_is_no_error_of_ours_goes_on() -> None:
    with pytest.raises(ExceptionGroup):
        exit_status("moothall", lambda: raising(ExceptionGroup("", [ConfigurationError("Ours."), ValueError()])))


def test_sigterm_ends_it_in_order_and_breaks_into_nothing_that_runs() -> None:
    done: list[str] = []

    async def run() -> None:
        asyncio.get_running_loop().call_soon(callback)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            done.append("cleaned up")

    def callback() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        done.append("went on")

    asyncio.run(until_terminated(run))
    assert done == ["went on", "cleaned up"]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


async def test_whoever_else_cancels_it_is_told_so() -> None:
    running = asyncio.ensure_future(until_terminated(asyncio.Event().wait))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
