"""Servers and hubs as real processes, forked from a process that has loaded the product and started a server once.

A start by the command line is mostly loading: a second of CPU, a hundred times in `make test`. A forked process has a
process id, a memory, an environment and files of its own, and SIGKILL ends it like any other; its parent has one
thread, no event loop and nothing open. `tests/integration/cli/test_drain.py`, `test_hub_command.py` and
`test_backup.py` start programs by the command line, and so does everything that didn't call `keep_warm`: benches do not
call it.
"""

from __future__ import annotations

import array
import asyncio
import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any

TESTS = Path(__file__).parents[2]
LOADED = (
    "moothall.cli.main",
    "moothall.cli.play",
    "moothall.app.cluster.node",
    "moothall_hub.cli",
    "moothall_hub.running",
    # Which the product loads when it first needs them.
    "redis.asyncio.connection",
    "snowballstemmer",
)
PATHS = os.environ.get("PYTHONPATH", "").split(os.pathsep) if os.environ.get("PYTHONPATH") else []
"""Where the product is, unless it is installed: `tools/mutations.py` runs tests over a copy."""
MOST_BYTES, MOST_FILES = 200_000, 1_024
"""The size of an order with its environment; the number of files that the parent may have open."""


class _Warm:
    """The process that forks; started when it is first needed."""

    wanted = False
    order: socket.socket | None = None
    process: subprocess.Popen[bytes] | None = None

    def __call__(self) -> socket.socket | None:
        if self.order is None and self.wanted and hasattr(os, "pidfd_open"):
            self.order, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self.process = subprocess.Popen(  # our own socket
                    [sys.executable, "-m", "support.halls.warm", str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *PATHS])},
                )
            atexit.register(self.close)
        return self.order

    def close(self) -> None:
        """Close the socket, which ends the process."""
        if self.order is not None and self.process is not None:
            self.order.close()
            self.process.wait()


_WARM = _Warm()


def keep_warm() -> None:
    """Make `start_program` fork from now on."""
    _WARM.wanted = True


class Forked:
    """The part of `asyncio.subprocess.Process` that tests use, for a forked process."""

    def __init__(self, stdin: asyncio.StreamWriter | None, stdout: asyncio.StreamReader, status: int) -> None:
        """`status`: a pipe on which the parent writes the process id and later the exit code, a line each."""
        self.stdin = stdin
        self.stdout = stdout
        self.pid = 0
        self.returncode: int | None = None
        self._status = status
        self._begun, self._gone = asyncio.Event(), asyncio.Event()
        asyncio.get_running_loop().add_reader(status, self._told)

    def _told(self) -> None:
        lines = os.read(self._status, 40).split()
        if not self.pid:
            self.pid = int(lines.pop(0))
            self._begun.set()
        if not lines:
            return
        self.returncode = int(lines[0])
        asyncio.get_running_loop().remove_reader(self._status)
        os.close(self._status)
        if self.stdin is not None:
            self.stdin.close()
        self._gone.set()

    async def begun(self) -> None:
        """Wait until the process has started."""
        await self._begun.wait()

    async def wait(self) -> int:
        """Wait until the process ends; returns its exit status, negative for the signal that ended it."""
        await self._gone.wait()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal. Raises ProcessLookupError once the process has ended."""
        if self.returncode is not None:
            raise ProcessLookupError
        os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


Program = asyncio.subprocess.Process | Forked


async def start_program(
    *arguments: str,
    stderr: IO[bytes],
    stdin: bool = False,
    env: Mapping[str, str] | None = None,
    apart: bool = False,
    fork: bool = True,
) -> Program:
    """Start `python ARGUMENTS`, with a pipe for its output, and one for its input if `stdin`.

    `arguments` are `-m MODULE …` or a file and its arguments. `apart`: in a process session of its own. `fork`: False
    starts it by the command line.
    """
    environment = dict(os.environ if env is None else env)
    paths = environment.get("PYTHONPATH", "").split(os.pathsep)
    # Another release has its own path, and can't be forked from this one.
    order = _WARM() if fork and set(paths) <= {"", str(TESTS), *PATHS} else None
    if order is None:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, *arguments),
            stdin=asyncio.subprocess.PIPE if stdin else None,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            env=environment,
            start_new_session=apart,
        )
    reads, writes = os.pipe() if stdin else (os.open(os.devnull, os.O_RDONLY), -1)
    (out, said), (status, tells) = os.pipe(), os.pipe()
    told = {"arguments": arguments, "env": environment, "cwd": os.getcwd(), "apart": apart}
    files = array.array("i", [reads, said, stderr.fileno(), tells])
    order.sendmsg([json.dumps(told).encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
    for each in (reads, said, tells):
        os.close(each)
    loop, lines, writer = asyncio.get_running_loop(), asyncio.StreamReader(), None
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), os.fdopen(out, "rb", 0))
    if stdin:
        transport, protocol = await loop.connect_write_pipe(
            asyncio.streams.FlowControlMixin, os.fdopen(writes, "wb", 0)
        )
        writer = asyncio.StreamWriter(transport, protocol, None, loop)
    made = Forked(writer, lines, status)
    await made.begun()
    return made


def _serve(orders: socket.socket) -> Callable[[], object]:
    """Fork as ordered, and report each exit. In a forked process, returns the function that it is to run."""
    from moothall.app.hall import hall
    from moothall.settings.sections import EngineSection, Metrics, Server, Settings, Translation
    from support.files.compiled_templates import keep_compiled

    async def begin_once() -> None:
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(
                server=Server(port=0, data=folder),
                engine=EngineSection(count=0),
                translation=Translation(translators=()),
                metrics=Metrics(host=""),
            )
            async with hall(settings):
                pass

    keep_compiled()
    for module in LOADED:
        import_module(module)
    asyncio.run(
        begin_once()
    )  # caches what each start reads and compiles: texts of pages, locations, patterns of addresses
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is meant for forked processes.
    gc.collect()
    gc.freeze()
    assert os.listdir("/proc/self/task") == [str(os.getpid())], "What forks must have one thread."
    running: dict[int, tuple[int, int]] = {}
    waiting = select.poll()
    waiting.register(orders, select.POLLIN)
    while True:
        for file, _ in waiting.poll():
            if file in running:
                pid, tells = running.pop(file)
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                waiting.unregister(file)
                with suppress(BrokenPipeError):
                    os.write(tells, f"{code}\n".encode())
                os.close(tells)
                os.close(file)
                continue
            told, files, _, _ = socket.recv_fds(orders, MOST_BYTES, 4)
            if not told:
                return lambda: None
            pid = os.fork()
            if pid == 0:
                orders.close()
                return _become(json.loads(told), files)
            os.write(files[3], f"{pid}\n".encode())
            running[child := os.pidfd_open(pid)] = pid, files[3]
            waiting.register(child, select.POLLIN)
            for each in files[:3]:
                os.close(each)


def _become(told: dict[str, Any], files: list[int]) -> Callable[[], object]:
    """Keep only the parent's modules; returns the function to run."""
    for number, file in enumerate(files[:3]):
        os.dup2(file, number)
    os.closerange(3, MOST_FILES)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if told["apart"]:
        os.setsid()
    os.environ.clear()
    os.environ.update(told["env"])
    os.chdir(told["cwd"])
    if "PYTHONUNBUFFERED" in os.environ:
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(write_through=True)  # type: ignore[union-attr]  # they are files
    kind, *rest = told["arguments"]
    if kind != "-m":
        sys.argv = told["arguments"]
        sys.path.insert(0, str(Path(kind).parent))
        return lambda: runpy.run_path(kind, run_name="__main__")
    sys.argv = rest
    if rest[:2] == ["moothall", "hub"]:  # as the command line does
        sys.argv = ["moothall_hub", *rest[2:]]
    return lambda: runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    run = _serve(socket.socket(fileno=int(sys.argv[1])))
    run()
