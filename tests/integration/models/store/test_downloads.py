from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from moothall_models.store.downloads import download, read_small, unpacked
from moothall_models.store.failures import SourceFailed
from moothall_models.store.progress import Silent
from support.models.firefox_registry import Shelf, served

DATA = bytes(range(256)) * 1_000


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with served() as shelf:
        shelf.files["/file"] = DATA
        yield shelf


def fetched(shelf: Shelf, folder: Path, most: int = len(DATA)) -> bytes:
    return download(f"{shelf.address}/file", folder, most, Silent()).read_bytes()


def test_a_download_that_broke_off_is_continued(shelf: Shelf, tmp_path: Path) -> None:
    for cut in (100_000, 200_000):
        shelf.breaks["/file"] = cut
        with pytest.raises(SourceFailed, match="broke off"):
            fetched(shelf, tmp_path)
    assert fetched(shelf, tmp_path) == DATA
    assert shelf.begins("/file") == ["", "bytes=100000-", "bytes=200000-"]
    assert fetched(shelf, tmp_path) == DATA, "all of it is there"


def test_where_the_server_sends_no_parts_it_begins_again(shelf: Shelf, tmp_path: Path) -> None:
    shelf.breaks["/file"], shelf.ranges = 100_000, False
    with pytest.raises(SourceFailed, match="broke off"):
        fetched(shelf, tmp_path)
    assert fetched(shelf, tmp_path) == DATA


def test_more_than_is_allowed_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match="more than"):
        fetched(shelf, tmp_path, most=len(DATA) - 1)
    assert read_small(f"{shelf.address}/file", len(DATA)) == DATA
    with pytest.raises(SourceFailed, match="more than"):
        read_small(f"{shelf.address}/file", len(DATA) - 1)


def test_what_isn_t_there_is_said_with_its_path(shelf: Shelf) -> None:
    with pytest.raises(SourceFailed, match=r"127\.0\.0\.1 answered 404 for /nothing"):
        read_small(f"{shelf.address}/nothing", 10)


@pytest.mark.parametrize(
    "address", ["http://models.example/m", "ftp://models.example/m", "file:///etc/passwd", "http://[", ""]
)
def test_only_https_is_used_but_for_this_machine(address: str, shelf: Shelf) -> None:
    with pytest.raises(SourceFailed, match="isn't of https"):
        read_small(address, 10)
    shelf.redirects["/moved"] = address or "http://models.example/"
    with pytest.raises(SourceFailed, match=r"answered 302|can't be reached"):
        read_small(f"{shelf.address}/moved", 10)


def test_it_follows_to_another_address(shelf: Shelf) -> None:
    shelf.redirects["/moved"] = f"{shelf.address}/file"
    assert read_small(f"{shelf.address}/moved", len(DATA)) == DATA


def test_a_server_that_is_away_is_said() -> None:
    with served() as gone:
        address = gone.address
    with pytest.raises(SourceFailed, match=r"127\.0\.0\.1 can't be reached"):
        read_small(f"{address}/file", 10)


@pytest.mark.parametrize(
    ("packing", "data"),
    [(".gz", gzip.compress(DATA)), (".zst", zstandard.ZstdCompressor().compress(DATA)), ("", DATA)],
)
def test_it_unpacks(packing: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(data)
    with unpacked(tmp_path / "a", packing) as chunks:
        assert b"".join(chunks) == DATA
    if not packing:
        return
    for damaged in (b"none of it" + data[10:], data[: len(data) // 2]):
        (tmp_path / "a").write_bytes(damaged)
        with pytest.raises(SourceFailed, match="is damaged"), unpacked(tmp_path / "a", packing) as chunks:
            assert b"".join(chunks) != DATA


def test_without_what_unpacks_it_it_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match="pip install no_such"), unpacked(tmp_path / "a", ".zst", zstd="no_such"):
        pass
