"""Facts that a machine reports about itself: Python, open files, memory, the clock, and the holders of ports."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import socket
import struct
import sys
from collections.abc import Iterator, Set
from contextlib import closing, suppress
from pathlib import Path

from moothall.adapters.http.open_files import raise_open_files, room_for
from moothall.adapters.store.removal_list import read_removals
from moothall.core.kernel.errors import ConfigurationError
from moothall.services.operation.machine_checks import FileFacts, PortFacts, PythonFacts, RemovalsFacts

_PROC = Path("/proc")
_TIMEX_BYTES, _STATUS_AT, _UNSYNCHRONISED = 256, 40, 0x40
"""Constants of adjtimex(2) where a long has 64 bits: a buffer size in bytes that exceeds its struct, the offset of
`status`, and STA_UNSYNC.
"""
_LISTENS = "0A"
"""The state LISTEN in /proc/net/tcp."""


def python_facts() -> PythonFacts:
    """The version and the word size in bits of the running Python."""
    return PythonFacts(sys.version_info[:3], struct.calcsize("P") * 8)


def file_facts(max_readers: int, server: int | None) -> FileFacts:
    """Find out how many files may be open, and for how many of `max_readers` that suffices.

    `server`: the limit of the running server; None when it is unknown, so that the limit of this process counts. A
    service has the limit of its unit, not that of this shell.
    """
    most = raise_open_files() if server is None else server
    return FileFacts(
        most, max_readers, min(max_readers, room_for(max_readers, most).readers), server=server is not None
    )


def removals_facts(removals: str, data: Path) -> RemovalsFacts:
    """Check whether a line can be added to the second file of the list of removals, without writing anything."""
    if not removals:
        return RemovalsFacts(path="")
    path = Path(removals)
    try:
        read_removals(path)
        there = path if path.exists() else path.parent
        if path.exists():
            os.close(os.open(path, os.O_WRONLY | os.O_APPEND))
        elif not os.access(there, os.W_OK | os.X_OK):
            return RemovalsFacts(path=removals, error=f"no file can be made in {there}")
        around = next(each for each in (data, *data.absolute().parents) if each.exists())
        return RemovalsFacts(path=removals, same_disk=there.stat().st_dev == around.stat().st_dev)
    except OSError as error:
        return RemovalsFacts(path=removals, error=error.strerror or type(error).__name__)
    except ConfigurationError as error:
        return RemovalsFacts(path=removals, error=str(error).rstrip("."))


def available_memory(proc: Path = _PROC, groups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """The bytes of memory that new programs can get, by the kernel and by the control group of this process; None when
    neither is known.
    """
    found: list[int] = []
    with suppress(OSError, ValueError, IndexError):
        kib = re.search(r"^MemAvailable:\s+(\d+) kB", (proc / "meminfo").read_text(), re.MULTILINE)
        found += [] if kib is None else [int(kib[1]) * 1024]
    with suppress(OSError, ValueError):
        own = next(line for line in (proc / "self/cgroup").read_text().splitlines() if line.startswith("0::"))
        group = groups / own.removeprefix("0::").lstrip("/")
        found.append(int((group / "memory.max").read_text()) - int((group / "memory.current").read_text()))
    return max(0, min(found)) if found else None


def clock_synchronised() -> bool | None:
    """Whether the kernel's clock is synchronised (adjtimex); None when the system doesn't report it."""
    if sys.platform != "linux" or struct.calcsize("l") != 8:
        return None
    asked = ctypes.create_string_buffer(_TIMEX_BYTES)  # modes = 0: reads only
    try:
        said = ctypes.CDLL(None, use_errno=True).adjtimex(asked)
    except (AttributeError, OSError):
        return None
    if said < 0:
        return None
    (status,) = struct.unpack_from("=i", asked.raw, _STATUS_AT)
    return not status & _UNSYNCHRONISED


def port_facts(purpose: str, setting: str, host: str, port: int, *, ours: bool = False) -> PortFacts:
    """Check whether a program could listen on a port now; `ours`: whether the running server is known to listen
    there.
    """
    error, holder = "", ""
    if port:
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            with closing(socket.create_server((host, port), family=family)):
                pass
        except OSError as failed:
            error = (failed.strerror or type(failed).__name__).partition(" (while")[0]
            holder = port_holder(port) if failed.errno == errno.EADDRINUSE else ""
    return PortFacts(
        purpose=purpose, setting=setting, host=host, port=port, error=error, holder=holder, ours=ours and bool(error)
    )


def port_holder(port: int, proc: Path = _PROC) -> str:
    """The program that listens on a TCP port of this machine, such as `nginx (process 812)`; empty when it can't be
    found: for processes of other users that needs root.
    """
    inodes = set(_listening(port, proc))
    if not inodes:
        return ""
    for process in sorted(proc.glob("[0-9]*"), key=lambda each: int(each.name)):
        with suppress(OSError):
            if any(_leads_to(each, inodes) for each in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
    return ""


def _leads_to(descriptor: Path, inodes: Set[str]) -> bool:
    with suppress(OSError):  # The descriptor may be closed by now.
        return os.readlink(descriptor) in inodes
    return False


def _listening(port: int, proc: Path) -> Iterator[str]:
    """Yield `socket:[INODE]` of every socket that listens on the port."""
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (proc / "net" / table).read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == _LISTENS and int(columns[1].rpartition(":")[2], 16) == port:
                    yield f"socket:[{columns[9]}]"
