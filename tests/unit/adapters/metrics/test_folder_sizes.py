from __future__ import annotations

from pathlib import Path

from moothall.adapters.metrics.folder_sizes import folder_sizes


def test_each_part_of_a_data_folder_is_added_up(tmp_path: Path) -> None:
    for name, size in (
        ("moothall.sqlite", 10),
        ("moothall.sqlite-wal", 5),
        ("book.sqlite3", 7),
        ("spool/s/mic/0.pcm", 100),
        ("recordings/s/a.ogg", 50),
        ("recordings/t/b.ogg", 1),
        ("signing.key", 3),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))
    (tmp_path / "recordings/loop").symlink_to(tmp_path)
    sizes = folder_sizes(tmp_path, {"spool": "spool", "recordings": "recordings"})
    assert sizes == {"log": 15, "book": 7, "spool": 100, "recordings": 51, "other": 3}


def test_a_folder_that_is_gone_takes_nothing(tmp_path: Path) -> None:
    assert folder_sizes(tmp_path / "none", {}) == {"log": 0, "book": 0, "other": 0}
