"""A disk that hangs: calls that write to it neither return nor fail, and the threads that made them wait.

strace stops each thread of a running program before such a call. What is only read goes on, as from a cache. When
strace ends the disk answers again, and the calls are carried out.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

CALLS = "pwrite64,fsync,fdatasync,ftruncate"
LONGEST = 3_600_000_000
"""How long a call would wait without an end, in microseconds."""
LOOK_S = 0.1


@asynccontextmanager
async def hung_disk(pid: int) -> AsyncIterator[None]:
    """Let the disk hang for one process, with all its threads, inside the context, or until the process ends.

    Raises PermissionError where strace may not trace it.
    """
    how = ["-f", "-e", f"trace={CALLS}", "-e", f"inject={CALLS}:delay_enter={LONGEST}", "-o", "/dev/null"]
    process = await asyncio.create_subprocess_exec(
        "strace", *how, "-p", str(pid), stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    ending = asyncio.ensure_future(_let_go_at_end(process, pid))
    try:
        said = await process.stderr.readline()
        if b" attached" not in said:
            raise PermissionError(said.decode())
        yield
    finally:
        ending.cancel()
        _let_go(process)
        await process.communicate()


async def _let_go_at_end(strace: asyncio.subprocess.Process, pid: int) -> None:
    """End strace once the process has: a thread whose call is held back would be kept from ending with it."""
    while not _has_ended(pid):  # noqa: ASYNC110  # a process tells only its parent
        await asyncio.sleep(LOOK_S)
    _let_go(strace)


def _has_ended(pid: int) -> bool:
    """Whether the process's first thread has ended, though others may be held back."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def _let_go(strace: asyncio.subprocess.Process) -> None:
    if strace.returncode is None:
        strace.send_signal(signal.SIGINT)


async def require_hanging_disks() -> None:
    """Skip the test where no disk of another process can be made to hang."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: this test needs the package 'strace', which holds back what is written.")
    other = await asyncio.create_subprocess_exec("sleep", "600")
    try:
        async with hung_disk(other.pid):
            pass
    except PermissionError:
        pytest.skip("strace may not hold back other programs here, which this test needs.")
    finally:
        other.kill()
        await other.wait()
