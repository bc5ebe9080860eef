from __future__ import annotations

from pathlib import Path

import pytest

from moothall.adapters.backup.keys_file import read_keys, write_keys
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.ports import BookEntry

FILES = {"signing.key": b"a key", "tls_key": b"\x00\xff"}
ENTRIES = [BookEntry("asking", "key", b"\x01\x02")]


def test_keys_are_read_as_they_were_written_by_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "apart" / "keys"
    write_keys(path, FILES, [*ENTRIES, BookEntry("asking", "gone", None)])
    write_keys(path, FILES, ENTRIES)
    found = read_keys(path)
    assert (found.files, found.book()) == (FILES, ENTRIES)
    assert path.stat().st_mode & 0o777 == 0o600


def test_another_servers_keys_are_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    write_keys(path, FILES, ENTRIES)
    with pytest.raises(ConfigurationError, match="holds another signing key"):
        write_keys(path, {"signing.key": b"another"}, [])
    with pytest.raises(ConfigurationError, match="holds another signing key"):
        write_keys(path, {}, [])
    assert read_keys(path).files == FILES


@pytest.mark.parametrize(
    ("data", "sentence"),
    [(b"", "holds no keys"), (b'{"files":{},"entries":[],"format":2}', "written by a newer release")],
)
def test_what_holds_no_keys_is_refused(tmp_path: Path, data: bytes, sentence: str) -> None:
    (tmp_path / "keys").write_bytes(data)
    with pytest.raises(ConfigurationError, match=sentence):
        read_keys(tmp_path / "keys")
    with pytest.raises(ConfigurationError, match="can't be read: No such file"):
        read_keys(tmp_path / "nothing")
