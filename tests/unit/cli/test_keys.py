from __future__ import annotations

import io
from pathlib import Path

from moothall.adapters.store.signing import FILE_NAME, Ed25519Signer
from moothall.cli.keys import new_key_command


def test_a_new_key_is_made_only_where_there_is_none(tmp_path: Path) -> None:
    out = io.StringIO()
    assert new_key_command(tmp_path, out) == 0
    assert Ed25519Signer.load(tmp_path / FILE_NAME).key_id in out.getvalue()
    assert new_key_command(tmp_path, out) == 2
