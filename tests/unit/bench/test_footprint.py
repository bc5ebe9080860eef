from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from footprint import Footprint, growth, on_disk, peak, processes, resident, slope


def look(minutes: float, **memory: float) -> Footprint:
    return Footprint(60 * minutes, 60 * minutes, memory, 0.0, 0.0)


def proc(folder: Path, pid: int, children: dict[int, str], memory: str = "") -> Path:
    (folder / str(pid) / "task" / str(pid)).mkdir(parents=True)
    (folder / str(pid) / "task" / str(pid) / "children").write_text(" ".join(map(str, children)))
    (folder / str(pid) / "status").write_text(memory)
    for child, command in children.items():
        (folder / str(child)).mkdir()
        (folder / str(child) / "cmdline").write_bytes(command.replace(" ", "\0").encode())
    return folder


def test_the_server_and_its_children_are_told_apart(tmp_path: Path) -> None:
    children = {
        11: "python -m moothall_models --url ws://x/",
        12: "python -P -m moothall.adapters.sound.decode_child {}",
        13: "python -m moothall read http://x/s/replay",
        14: "sh -c true",
    }
    found = processes(10, proc(tmp_path, 10, children))
    assert found == {"server": 10, "engine": 11, "decoder": 12, "reader": 13}


def test_memory_is_in_megabytes_and_a_process_that_is_gone_has_none(tmp_path: Path) -> None:
    folder = proc(tmp_path, 10, {}, "Name:\tpython\nVmHWM:\t  2000 kB\nVmRSS:\t    1000 kB\n")
    assert resident(10, folder) == 1.024
    assert peak(10, folder) == 2.048
    assert resident(99, folder) is None
    (folder / "10" / "status").write_text("Name:\tpython\n")
    assert resident(10, folder) is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_process_knows_its_own_memory() -> None:
    now, most = resident(os.getpid()), peak(os.getpid())
    assert now is not None
    assert most is not None
    assert 1 < now <= most


def test_files_add_up(tmp_path: Path) -> None:
    (tmp_path / "spool" / "deep").mkdir(parents=True)
    (tmp_path / "spool" / "a.pcm").write_bytes(bytes(250_000))
    (tmp_path / "spool" / "deep" / "b.pcm").write_bytes(bytes(500_000))
    assert on_disk(tmp_path, "spool/**/*") == 0.75
    assert on_disk(tmp_path, "*.sqlite*") == 0.0


def test_growth_is_that_of_the_straight_line_after_the_warm_up_and_before_the_end() -> None:
    looks = [look(minute, engine=300 if minute < 10 else 400 + minute) for minute in range(0, 71, 5)]
    looks.append(look(70, engine=9.0))
    grown = growth("engine", looks, 600)
    assert grown is not None
    assert grown.slope == pytest.approx(60)
    assert grown.hours == pytest.approx(55 / 60)
    assert grown.most == 470
    assert not grown.flat(5)
    assert grown.flat(60)


def test_what_an_allocator_takes_is_no_growth() -> None:
    grown = growth("server", [look(minute, server=100 + minute / 20) for minute in range(0, 31, 5)], 600)
    assert grown is not None
    assert grown.slope == pytest.approx(3)
    assert grown.flat(0)


def test_too_few_looks_say_nothing() -> None:
    assert growth("engine", [], 0) is None
    assert growth("engine", [look(1, server=1.0), look(2, server=1.0), look(3, server=1.0)], 0) is None
    assert growth("engine", [look(minute, engine=1.0) for minute in (1, 11, 12, 13)], 600) is None


def test_a_line_through_one_place_has_no_slope() -> None:
    assert slope([(1.0, 2.0), (1.0, 4.0)]) == 0.0
