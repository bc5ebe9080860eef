from __future__ import annotations

from pathlib import Path

from moothall.adapters.operation.disk_facts import disk_facts


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
