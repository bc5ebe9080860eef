"""Redis and Valkey as processes: on free ports, with folders of their own, killed and frozen as a test wants."""

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
from support.halls.process import free_port

PROGRAMS = ("redis", "valkey")
READY = b"Ready to accept connections"


def patient(address: RedisAddress, **options: Any) -> RedisServer:
    """A server that has the time which a busy machine takes, unless `options` say otherwise."""
    return RedisServer(address, **{"connect_s": 60.0, "answer_s": 60.0, **options})


class RedisProcess:
    """One server. Its files are in `folder`, and stay when it is stopped or killed."""

    def __init__(self, program: str, folder: Path, *options: str, port: int = 0) -> None:
        """`program`: `redis` or `valkey`. `options`: as for the program, after those that every one here has."""
        if shutil.which(f"{program}-server") is None:
            pytest.skip(f"{program}-server is not installed: `make test` does it as root, or says how.")
        self.program = program
        self.folder = folder
        self.port = port or free_port(hash((program, str(folder))) & 0xFFFF)
        self.options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and come back when it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
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
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it as its operator would."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            if how is not signal.SIGKILL:
                process.send_signal(signal.SIGCONT)  # It may be frozen.
            process.wait()
            assert process.stdout is not None
            process.stdout.close()

    def freeze(self) -> None:
        """Let it do nothing until it is thawed or ended."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def ask(self, *command: str | bytes | int) -> Any:
        """What it answers to a command, from beside the code that is tested."""
        with redis.Redis(port=self.port, decode_responses=False) as client:
            return client.execute_command(*command)

    def reached(self, **options: Any) -> RedisServer:
        """It, as the stores see it."""
        return patient(RedisAddress("127.0.0.1", self.port), **options)

    def holds(self, words: bytes) -> list[str]:
        """The names of its files in which `words` stand."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return sorted(path.name for path in files if words in path.read_bytes())


class Opened:
    """What a test has reached, for its end, when it is closed."""

    def __init__(self) -> None:
        self.servers: list[RedisServer] = []

    def server(self, server: RedisServer) -> RedisServer:
        self.servers.append(server)
        return server

    def log(self, server: RedisServer, owner: str = "node-a") -> RedisLog:
        """A node's log there."""
        return RedisLog(self.server(server), owner)


class RedisProcesses:
    """The servers that tests share: at most one of each program, empty for each test that asks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, RedisProcess] = {}

    def empty(self, program: str) -> RedisProcess:
        """The server, without a key. Skips the test where it is not installed."""
        if program not in self._running:
            process = RedisProcess(program, self._folder / program)
            process.start()
            self._running[program] = process
        process = self._running[program]
        process.ask("FLUSHALL")
        return process

    def stop(self) -> None:
        """End all of them."""
        for process in self._running.values():
            process.kill()


@contextmanager
def running(program: str, folder: Path, *options: str) -> Iterator[RedisProcess]:
    """A server that one test has for itself."""
    process = RedisProcess(program, folder / program, *options)
    process.start()
    try:
        yield process
    finally:
        process.kill()
