from __future__ import annotations

from pathlib import Path

from moothall.cli.caption_bridge import keep


def test_where_no_file_can_be_made_what_was_not_sent_is_said(tmp_path: Path) -> None:
    assert keep("We begin.", tmp_path / "gone").splitlines() == [
        "This was not sent, and can't be written down here (No such file or directory):",
        "We begin.",
    ]
