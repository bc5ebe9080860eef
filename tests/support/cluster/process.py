"""Redis and Valkey as processes, on free ports and with folders of their own, which tests kill and freeze."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from moothall.adapters.cluster.address import RedisAddress
from moothall.adapters.cluster.log_redis import RedisLog
from moothall.adapters.cluster.server import RedisServer
from support.files.found import found
from support.halls.process import free_port

PROGRAMS = ("redis", "valkey")
READY = b"Ready to accept connections"


def patient(address: RedisAddress, **options: Any) -> RedisServer:
    """Return a client with time-outs for a busy machine, unless `options` set others."""
    return RedisServer(address, **{"connect_s": 60.0, "answer_s": 60.0, **options})


class RedisProcess:
    """One server process. Its files are in `folder`, and stay when it is stopped or killed."""

    def __init__(self, program: str, folder: Path, *options: str, port: int = 0) -> None:
        """`program`: `redis` or `valkey`. `options`: further arguments of the program, after the common ones."""
        if shutil.which(f"{program}-server") is None:
            pytest.skip(f"{program}-server is not installed: `make test` does it as root, or says how.")
        self.program = program
        self.folder = folder
        self.port = port or free_port(hash((program, str(folder))) & 0xFFFF)
        self.options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server; returns when it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for left in self.folder.rglob("temp-*"):  # as docs/reference/redis.md has its operator do
            left.unlink()
        chosen = ("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder))
        durable = ("--appendonly", "yes", "--appendfsync", "always", "--save", "")
        plain = ("--rdbcompression", "no", "--enable-debug-command", "yes", "--daemonize", "no")
        self._process = subprocess.Popen(
            [f"{self.program}-server", *chosen, *durable, *plain, *self.options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self._process.stdout is not None
        said = b""
        while READY not in said:
            line = self._process.stdout.readline()
            assert line, said.decode(errors="replace")
            said += line

    def kill(self) -> None:
        """Kill the server, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Stop the server, as its operator would."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            if how is not signal.SIGKILL:
                process.send_signal(signal.SIGCONT)  # A frozen process doesn't handle other signals.
            process.wait()
            assert process.stdout is not None
            process.stdout.close()

    def freeze(self) -> None:
        """Freeze the server until it is thawed or ended."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Continue a frozen server."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def ask(self, *command: str | bytes | int) -> Any:
        """Run a command over a separate client, not by the code under test; returns the answer."""
        with redis.Redis(port=self.port, decode_responses=False) as client:
            return client.execute_command(*command)

    def reached(self, **options: Any) -> RedisServer:
        """Return a client of the server, as the stores use it."""
        return patient(RedisAddress("127.0.0.1", self.port), **options)

    def holds(self, words: bytes) -> list[str]:
        """Return the names of the server's files that contain `words`."""
        return found(self.folder, words)


class Opened:
    """Clients that a test has opened, so that they can be closed at its end."""

    def __init__(self) -> None:
        self.servers: list[RedisServer] = []

    def server(self, server: RedisServer) -> RedisServer:
        self.servers.append(server)
        return server

    def log(self, server: RedisServer, owner: str = "node-a") -> RedisLog:
        """Return a node's log on that server."""
        return RedisLog(self.server(server), owner)


class RedisProcesses:
    """Servers that tests share: at most one for each program, emptied for each test that uses it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, RedisProcess] = {}

    def empty(self, program: str) -> RedisProcess:
        """Return the server without any key. Skips the test if the program isn't installed."""
        if program not in self._running:
            process = RedisProcess(program, self._folder / program)
            process.start()
            self._running[program] = process
        process = self._running[program]
        process.ask("FLUSHALL")
        return process

    def stop(self) -> None:
        """Kill all servers."""
        for process in self._running.values():
            process.kill()


@contextmanager
def running(program: str, folder: Path, *options: str) -> Iterator[RedisProcess]:
    """Run a server for one test alone."""
    process = RedisProcess(program, folder / program, *options)
    process.start()
    try:
        yield process
    finally:
        process.kill()
