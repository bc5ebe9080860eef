from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from moothall.adapters.operation.service_manager import ServiceManager, handed_listener
from moothall.core.kernel.errors import ConfigurationError
from moothall.testing.clock import ManualClock

ME = os.getpid()


def test_without_a_manager_nothing_is_handed_over_and_nobody_told() -> None:
    assert handed_listener({}, ME) is None
    ServiceManager({}, ManualClock(), ME).tell("READY=1")


WITHOUT_RIGHTS = """
import encodings.idna, os  # loaded before it may no longer be
from moothall.adapters.operation.service_manager import open_listener
from moothall.core.kernel.errors import ConfigurationError

os.seteuid(os.geteuid() or 65534)
try:
    open_listener("server", "127.0.0.1", 1)
except ConfigurationError as error:
    print(error)
"""
FIRST_FREE = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


@pytest.mark.skipif(
    not FIRST_FREE.exists() or int(FIRST_FREE.read_text()) <= 1, reason="here every port is everybody's"
)
def test_a_port_of_roots_is_said_to_be_one() -> None:
    said = subprocess.run([sys.executable, "-c", WITHOUT_RIGHTS], capture_output=True, text=True, check=True).stdout
    assert "Permission denied. Ports below 1024 are root's: let systemd hold it (moothall.socket)" in said


def test_what_is_meant_for_another_process_is_not_taken() -> None:
    environ = {"LISTEN_FDS": "1", "LISTEN_PID": str(ME + 1), "LISTEN_FDNAMES": "x", "PATH": "/bin"}
    assert handed_listener(environ, ME) is None
    assert environ == {"PATH": "/bin"}
    assert handed_listener({"LISTEN_FDS": "none", "LISTEN_PID": str(ME)}, ME) is None
    assert handed_listener({"LISTEN_FDS": "0", "LISTEN_PID": str(ME)}, ME) is None


def test_two_sockets_are_one_too_many() -> None:
    with pytest.raises(ConfigurationError, match="listens on one"):
        handed_listener({"LISTEN_FDS": "2", "LISTEN_PID": str(ME)}, ME)


@pytest.mark.parametrize("name", ["path", "abstract"])
async def test_words_reach_the_manager(tmp_path: Path, name: str) -> None:
    address = str(tmp_path / "notify") if name == "path" else f"@moothall-{ME}"
    bound = address if name == "path" else "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(bound)
        manager.settimeout(5)
        environ = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(ME)}
        clock = ManualClock()
        told = ServiceManager(environ, clock, ME)
        assert environ == {}
        told.tell("READY=1", "STATUS=Open.")
        assert manager.recv(100) == b"READY=1\nSTATUS=Open."
        beating = asyncio.ensure_future(told.run())
        await asyncio.sleep(0)
        assert manager.recv(100) == b"WATCHDOG=1"
        await clock.advance(1_000)
        assert manager.recv(100) == b"WATCHDOG=1"
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
    told.tell("STOPPING=1")  # The manager is gone.


async def test_a_watchdog_that_is_not_wanted_is_not_fed(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    clock = ManualClock()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as manager:
        manager.bind(address)
        for wanted in ({}, {"WATCHDOG_USEC": "9", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "\N{SUPERSCRIPT TWO}"}):
            told = ServiceManager({"NOTIFY_SOCKET": address, **wanted}, clock, ME)
            await told.run()
            with pytest.raises(BlockingIOError):
                manager.recv(100)
        told.tell("READY=1")
        assert manager.recv(100) == b"READY=1"
    await ServiceManager({"WATCHDOG_USEC": "9"}, clock, ME).run()  # Nobody is there to be told.
    assert (clock.sleepers, clock.monotonic()) == (0, 0)
