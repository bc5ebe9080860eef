from __future__ import annotations

import os
from pathlib import Path

import pytest

from moothall.adapters.operation.disk_facts import disk_facts, owner_facts
from moothall.services.operation.machine_checks import OwnerFacts


def test_a_disk_is_measured_and_keeps_nothing(tmp_path: Path) -> None:
    facts = disk_facts(tmp_path / "not/made/yet")
    assert facts.error == ""
    assert facts.free > 0
    assert facts.bytes_s > 0
    assert facts.network == ""
    assert list(tmp_path.iterdir()) == []


def test_a_disk_of_the_network_is_known_by_its_kind(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/vda / ext4 rw 0 0\nnas:/export {tmp_path} nfs4 rw 0 0\nshort\n")
    assert disk_facts(tmp_path, mounts).network == "nfs4"
    mounts.write_text(f"nas:/export {tmp_path} nfs4 rw 0 0\n/dev/vdb {tmp_path / 'data'} ext4 rw 0 0\n")
    (tmp_path / "data").mkdir()
    assert disk_facts(tmp_path / "data", mounts).network == ""
    assert disk_facts(tmp_path, tmp_path / "none").network == ""


def test_where_nothing_can_be_written_the_system_says_why() -> None:
    assert disk_facts(Path("/proc/self")).error


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_left_in_somebody_elses_folder_is_found(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert owner_facts(data) == OwnerFacts(folder=str(data))
    (data / "recordings" / "plenary").mkdir(parents=True)
    (data / "moothall.sqlite").touch()
    assert owner_facts(data) == OwnerFacts(folder=str(data), owner="root")
    for each in (data, data / "recordings"):
        os.chown(each, 54321, -1)
    left = OwnerFacts(folder=str(data), owner="user 54321", strangers=2, first=str(data / "moothall.sqlite"))
    assert owner_facts(data) == left
