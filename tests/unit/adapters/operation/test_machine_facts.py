from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from moothall.adapters.operation.machine_facts import (
    available_memory,
    clock_synchronised,
    file_facts,
    port_facts,
    port_holder,
    python_facts,
    removals_facts,
)
from moothall.adapters.store.removal_list import add_lines
from moothall.core.backup.removed import ListBegun
from moothall.services.operation.machine_checks import FileFacts, RemovalsFacts


def test_python_and_files() -> None:
    assert python_facts().version == sys.version_info[:3]
    facts = file_facts(10, None)
    assert facts.readers == 10
    assert facts.most >= 10
    assert not facts.server
    assert file_facts(10_000, 1_024) == FileFacts(1_024, 10_000, 660, server=True)


def test_the_second_list_of_removals_is_looked_at_and_not_written(tmp_path: Path) -> None:
    data, path = tmp_path / "data", tmp_path / "removals.jsonl"
    assert removals_facts("", data) == RemovalsFacts(path="")
    assert removals_facts(str(path), data) == RemovalsFacts(path=str(path), same_disk=True)
    assert not path.exists()
    add_lines(path, [ListBegun(id="0" * 16, at=1)])
    before = path.read_bytes()
    assert removals_facts(str(path), data) == RemovalsFacts(path=str(path), same_disk=True)
    assert path.read_bytes() == before
    assert removals_facts(str(tmp_path), data).error == f"The list of removals {tmp_path} can't be read: Is a directory"
    assert removals_facts(str(tmp_path / "none" / "list"), data).error == f"no file can be made in {tmp_path / 'none'}"
    path.write_bytes(b"no list\n")
    assert "can't be read" in removals_facts(str(path), data).error


def test_a_port_is_free_or_held_by_somebody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        held = port_facts("pages", "port", "127.0.0.1", port)
        assert held.error == "Address already in use"
        assert f"(process {os.getpid()})" in held.holder
        assert port_facts("pages", "port", "127.0.0.1", port, ours=True).ours
    assert not port_facts("pages", "port", "127.0.0.1", port, ours=True).ours
    assert port_facts("pages", "port", "127.0.0.1", 0).error == ""
    assert port_facts("pages", "port", "256.0.0.1", port).error


def test_a_holder_that_cannot_be_seen_has_no_name(tmp_path: Path) -> None:
    assert port_holder(8080, tmp_path) == ""
    (tmp_path / "net").mkdir()
    line = "0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4711 1 0 100 0 0 10 0"
    (tmp_path / "net/tcp").write_text("head\n" + line + "\n")
    assert port_holder(8080, tmp_path) == ""
    files = tmp_path / "812/fd"
    files.mkdir(parents=True)
    (tmp_path / "812/comm").write_text("nginx\n")
    (files / "3").symlink_to("socket:[4711]")
    assert port_holder(8080, tmp_path) == "nginx (process 812)"


def test_memory_is_what_the_kernel_and_the_group_leave(tmp_path: Path) -> None:
    assert available_memory(tmp_path, tmp_path) is None
    (tmp_path / "meminfo").write_text("MemTotal: 8000 kB\nMemAvailable:    4000 kB\n")
    assert available_memory(tmp_path, tmp_path) == 4000 * 1024
    (tmp_path / "self").mkdir()
    (tmp_path / "self/cgroup").write_text("0::/moothall\n")
    (tmp_path / "moothall").mkdir()
    (tmp_path / "moothall/memory.max").write_text("max\n")
    (tmp_path / "moothall/memory.current").write_text("1000\n")
    assert available_memory(tmp_path, tmp_path) == 4000 * 1024
    (tmp_path / "moothall/memory.max").write_text("5000\n")
    assert available_memory(tmp_path, tmp_path) == 4000


def test_the_clock_says_something_or_nothing() -> None:
    assert clock_synchronised() in (True, False, None)
