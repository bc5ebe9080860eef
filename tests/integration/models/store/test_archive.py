"""Hostile zip files, and broken ones."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from moothall_models.store.archive import (
    MOST_BYTES,
    MOST_DIRECTORY,
    MOST_MEMBERS,
    SMALL,
    ArchiveUnusable,
    opened_archive,
)
from support.models.argos_packages import zipped

GOOD = {"top/a": b"one", "top/b/c": b"two" * 1000}


def refusal(path: Path) -> str:
    with pytest.raises(ArchiveUnusable) as caught:
        unpack(path)
    return str(caught.value)


def unpack(path: Path) -> None:
    with opened_archive(path) as archive:
        for name in archive.files:
            b"".join(archive.read(name))


def refused(tmp_path: Path, data: bytes) -> str:
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    return refusal(path)


def one(name: str, change: Callable[[zipfile.ZipInfo], None] = lambda _: None, data: bytes = b"x") -> bytes:
    """A zip with one member more than it should have, of that name."""
    out = io.BytesIO(zipped(GOOD))
    info = zipfile.ZipInfo(name)
    change(info)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(info, data)
    return out.getvalue()


def test_what_is_right_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(one("top/folder/"))
    with opened_archive(path) as archive:
        assert archive.top == "top"
        assert archive.files == {"a": 3, "b/c": 3000}
        assert b"".join(archive.read("b/c")) == GOOD["top/b/c"]


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd", "../out", "top/../../out", "top/./a2", "top//a2", "top\\..\\out", "C:/out", "top/a:b",
        "top/new\nline", "top/\u202egnp.x", "top/" + "n" * 256, "top/..", "..", ".", "/", "//",
    ],
)  # fmt: skip
def test_names_that_lead_away_or_are_none(tmp_path: Path, name: str) -> None:
    assert refused(tmp_path, one(name)) == "A name in it leads out of its folder, or can't be a file's name."


def test_a_name_with_a_zero_byte(tmp_path: Path) -> None:
    assert "leads out" in refused(tmp_path, one("top/aXb").replace(b"top/aXb", b"top/a\0b"))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK, stat.S_IFDIR])
def test_links_and_devices(tmp_path: Path, kind: int) -> None:
    def change(info: zipfile.ZipInfo) -> None:
        info.external_attr = (kind | 0o777) << 16

    assert "It holds a link" in refused(tmp_path, one("top/x", change, b"/etc/passwd"))


def test_a_file_with_the_name_of_a_folder(tmp_path: Path) -> None:
    def change(info: zipfile.ZipInfo) -> None:
        info.external_attr = (stat.S_IFREG | 0o777) << 16

    assert "It holds a link" in refused(tmp_path, one("top/x/", change))


@pytest.mark.parametrize("name", ["top/a", "top/A", "top/a/"])
def test_two_of_the_same_name(tmp_path: Path, name: str) -> None:
    data = one("top/0" + name[5:]).replace(b"top/0", name.encode()[:5])
    assert refused(tmp_path, data) == "It holds two files of the same name."


@pytest.mark.parametrize(
    "files", [{}, {"a": b""}, {"top/a": b"", "other/b": b""}, {"top/a": b"", "b": b""}, {"top/": b""}]
)
def test_one_folder_at_the_top(tmp_path: Path, files: dict[str, bytes]) -> None:
    assert refused(tmp_path, zipped(files)) == "It doesn't hold one folder with everything in it."


def test_what_is_encrypted(tmp_path: Path) -> None:
    data = bytearray(one("top/x"))
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1  # the last member's flags in the directory
    assert refused(tmp_path, bytes(data)) == "It is encrypted."


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_to_pack(tmp_path: Path, method: int) -> None:
    def change(info: zipfile.ZipInfo) -> None:
        info.compress_type = method

    assert "pack it as an ordinary zip" in refused(tmp_path, one("top/x", change))


def test_too_many_files(tmp_path: Path) -> None:
    said = refused(tmp_path, zipped({f"top/{number}": b"" for number in range(MOST_MEMBERS + 1)}))
    assert said == "It holds 1001 files; more than 1000 aren't unpacked."


def test_a_directory_that_is_too_long_is_not_even_read(tmp_path: Path) -> None:
    said = refused(tmp_path, zipped({f"top/{'n' * 200}{number}": b"" for number in range(MOST_DIRECTORY // 200)}))
    assert said == "It isn't a whole zip file: get it again."


def test_a_bomb(tmp_path: Path) -> None:
    assert "It would unpack to" in refused(tmp_path, zipped({"top/zeros": bytes(20 * SMALL)}))


def test_a_bomb_of_members_that_share_their_bytes(tmp_path: Path) -> None:
    data = zipped({f"top/{number:03}": bytes(SMALL // 2) if number == 0 else b"" for number in range(500)})
    head, directory = data.split(b"PK\x01\x02", 1)
    entries = (b"PK\x01\x02" + directory).split(b"PK\x01\x02")[1:]
    shared = [entries[0][:42] + entry[42:] for entry in entries]  # sizes and place of the first, a name of its own
    assert "It would unpack to" in refused(tmp_path, head + b"".join(b"PK\x01\x02" + entry for entry in shared))


def with_size(data: bytes, size: int) -> bytes:
    """The size of the last member changed, in its header and in the directory."""
    changed = bytearray(data)
    for sign, at_byte in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = changed.rindex(sign) + at_byte
        changed[at : at + 4] = struct.pack("<L", size)
    return bytes(changed)


def test_more_than_is_ever_unpacked(tmp_path: Path) -> None:
    assert MOST_BYTES < 2**32 - 2
    assert "It would unpack to 4295.0 MB" in refused(tmp_path, with_size(one("top/x"), 2**32 - 2))


@pytest.mark.parametrize("size", [10, 99_999, 100_001])
def test_a_header_that_lies_about_the_size(tmp_path: Path, size: int) -> None:
    data = one("top/x", data=os.urandom(100_000))
    assert refused(tmp_path, with_size(data, size)) == "x in it is damaged or cut off."


def test_a_name_before_a_file_that_is_no_utf_8(tmp_path: Path) -> None:
    """The directory names it rightly; zipfile reads the name before the file as well (found by `make fuzz`)."""
    data = bytearray(one("top/x"))
    at = data.rindex(b"PK\x03\x04")
    data[at + 7] |= 0x08  # the name is UTF-8
    data[data.index(b"top/x", at)] = 0xAB
    assert refused(tmp_path, bytes(data)) == "x in it is damaged or cut off."


def test_what_is_damaged(tmp_path: Path) -> None:
    data = bytearray(one("top/x", data=os.urandom(5_000)))
    data[data.rindex(b"PK\x01\x02") - 2_000] ^= 1
    assert refused(tmp_path, bytes(data)) == "x in it is damaged or cut off."


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_what_is_no_zip_or_cut_off(tmp_path: Path, share: float) -> None:
    data = zipped({"top/x": os.urandom(5_000)})
    assert refused(tmp_path, data[: int(share * len(data))]) == "It isn't a whole zip file: get it again."
    assert refused(tmp_path, b"no zip " * 100_000) == "It isn't a whole zip file: get it again."


def test_what_is_no_file(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none") == "It can't be read: No such file or directory."
    assert refusal(tmp_path) == "It is no file."
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == "It is no file."


def test_no_byte_may_be_changed_into_another_error(tmp_path: Path) -> None:
    good = zipped(GOOD)
    path = tmp_path / "a.zip"
    for at in range(len(good)):
        changed = bytearray(good)
        changed[at] ^= 0xFF
        path.write_bytes(changed)
        with contextlib.suppress(ArchiveUnusable):
            unpack(path)
