"""The folder of models: the status of each, verification, and fetching.

Layout: `<folder>/<model>/<file>`, and in each model's folder a stamp file with the size and modification time that
every file had when its hash was verified. A model is written and verified in a temporary folder beside the others,
synced to the disk and then renamed, so that a model is either complete or absent.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import msgspec

from moothall_models.manifest import FolderSource, Manifest, Model, ModelFile, ModelSource
from moothall_models.store.failures import ModelMissing, ModelUnavailable, SourceFailed, megabytes, no_room, refused
from moothall_models.store.new_folder import alone, replace, sync_folder, temporary, write_file
from moothall_models.store.progress import Progress, Silent
from moothall_models.store.sources import OUTSIDE, Fetchers, ReadFile, describe, download_size, opened

logger = logging.getLogger(__name__)

_STAMP = ".stamp.json"
_SPARE = 1_000_000  # bytes of free space beyond the files, for the file system's own needs


class ModelStatus(StrEnum):
    """The status of a model on this machine."""

    HERE = "here"
    ABSENT = "not fetched"
    WRONG = "damaged"
    """The model's folder exists, but a file is missing or differs from the manifest."""


class _FileStamp(msgspec.Struct, frozen=True, kw_only=True):
    size: int
    mtime_ns: int
    sha256: str


class ModelStore:
    """The models on this machine.

    Safe for use by several processes: fetches wait for each other, and readers see only complete models.
    """

    def __init__(self, folder: Path, manifest: Manifest, *, fetchers: Fetchers = OUTSIDE) -> None:
        self.folder = folder
        self.manifest = manifest
        self._fetchers = fetchers

    def path(self, name: str) -> Path:
        """The folder of a model, after a check that its files are right.

        The check is quick: it compares sizes and times with the stamp, and hashes files only when they differ.

        Raises:
            ConfigurationError: there is no such model.
            ModelMissing: the model isn't fetched, or is damaged; the message says what to do.
        """
        model = self.manifest.model(name)
        match self.status_of(model):
            case ModelStatus.HERE:
                return self.folder / model.name
            case ModelStatus.ABSENT:
                what = f"The model {name} isn't in {self.folder}, the folder that MOOTHALL_MODELS chooses"
            case ModelStatus.WRONG:
                what = f"The files of the model {name} in {self.folder / name} aren't what they should be"
        raise ModelMissing(f"{what}. Run `moothall models fetch {name}` ({megabytes(model.size)}).")

    def status_of(self, model: Model) -> ModelStatus:
        """The status of a model, by its stamp if that is valid, otherwise by hashing its files."""
        folder = self.folder / model.name
        if not folder.is_dir():
            return ModelStatus.ABSENT
        if self._stamp_fits(model):
            return ModelStatus.HERE
        if any(self._fault(folder, file) for file in model.files):
            return ModelStatus.WRONG
        # The files are right without a valid stamp: they were put there by hand, or copied without their times.
        try:
            _write_stamp(folder, model)
        except OSError:
            logger.info("%s has no stamp file; it is hashed at each start", model.name)
        return ModelStatus.HERE

    def verify(self, name: str) -> Sequence[str]:
        """Hash every file of a model; returns a sentence about each fault, none when all files are right.

        Raises ConfigurationError for an unknown model, and ModelMissing when it isn't fetched.
        """
        model = self.manifest.model(name)
        folder = self.folder / name
        if not folder.is_dir():
            self.path(name)
        faults = [fault for file in model.files if (fault := self._fault(folder, file)) is not None]
        if faults:
            (folder / _STAMP).unlink(missing_ok=True)  # so that the model isn't used, and `fetch` fetches it again
        return faults

    def fetch(self, name: str, progress: Progress | None = None, first: Path | None = None) -> Path:
        """Fetch a model from the first of its sources that provides it, unless it is here already.

        Args:
            name: the model's name.
            progress: shows the progress of downloads.
            first: a folder that is tried before the manifest's sources; it contains the files, or a folder of the
                model's name that does.

        Returns:
            the model's folder. For a model with a valid stamp nothing is downloaded or hashed.

        Raises:
            ConfigurationError: there is no such model.
            ModelUnavailable: no source provided it, or the disk is full or can't be written to. No partial files are
                left.
        """
        progress = progress or Silent()
        model = self.manifest.model(name)
        if self.status_of(model) is ModelStatus.HERE:
            return self.folder / name
        sources = list(model.sources)
        if first is not None:
            below = first / name
            sources.insert(0, FolderSource(path=str((below if below.is_dir() else first).absolute())))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with alone(self.folder, progress):
                if self.status_of(model) is ModelStatus.HERE:  # another process has fetched it meanwhile
                    return self.folder / name
                return self._fetch(model, sources, progress)
        except OSError as error:
            logger.info("fetching %s ended with errno %s", name, error.errno)
            raise refused(error, self.folder, 2 * model.size) from error

    def _fetch(self, model: Model, sources: Sequence[ModelSource], progress: Progress) -> Path:
        reasons = []
        for source in sources:
            needed = model.size + download_size(model, source) + _SPARE
            if shutil.disk_usage(self.folder).free < needed:
                raise no_room(self.folder, needed)
            try:
                with temporary(self.folder) as work:
                    (work / "scratch").mkdir()
                    (work / "model").mkdir()
                    with opened(model, source, work / "scratch", self._fetchers, progress) as read:
                        self._write(model, read, work / "model", progress)
                    replace(work / "model", self.folder / model.name)
            except SourceFailed as error:
                reasons.append(f"From {describe(source)}: {error}.")
                if len(reasons) < len(sources):
                    progress.say(f"{reasons[-1]} Trying the next source.")
            else:
                logger.info("fetched %s, %d bytes", model.name, model.size)
                return self.folder / model.name
        msg = (
            f"The model {model.name} could not be fetched. {' '.join(reasons)} "
            "A machine without a network can take it from a folder: "
            f"`moothall models fetch --from FOLDER {model.name}`."
        )
        raise ModelUnavailable(msg)

    def _write(self, model: Model, read: ReadFile, folder: Path, progress: Progress) -> None:
        progress.begin(f"Checking {model.name}", model.size)
        done = 0
        try:
            for file in model.files:
                path = folder / file.name
                path.parent.mkdir(parents=True, exist_ok=True)
                size, digest = write_file(path, read(file.name), file.size, progress, done)
                if size != file.size:
                    more = "more" if size > file.size else f"{size}"
                    raise SourceFailed(f"{file.name} has {more} bytes, not the {file.size} that it should have")
                if digest != file.sha256:
                    raise SourceFailed(f"{file.name} has the sha256 {digest}, not {file.sha256}")
                done += size
        finally:
            progress.end()
        _write_stamp(folder, model)
        for path in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
            sync_folder(path)

    def _stamp_fits(self, model: Model) -> bool:
        folder = self.folder / model.name
        try:
            stamp = msgspec.json.decode((folder / _STAMP).read_bytes(), type=dict[str, _FileStamp])
            return stamp == _stamp(folder, model)
        except (OSError, msgspec.DecodeError):
            return False

    def _fault(self, folder: Path, file: ModelFile) -> str | None:
        path = folder / file.name
        again = f"Run `moothall models fetch {folder.name}`."
        try:
            size = path.stat().st_size
            if size != file.size:
                return f"{path} has {size} bytes, not {file.size}. {again}"
            with path.open("rb") as opened_file:
                digest = hashlib.file_digest(opened_file, "sha256").hexdigest()
        except OSError as error:
            return f"{path} can't be read: {error.strerror}. {again}"
        return None if digest == file.sha256 else f"{path} has the sha256 {digest}, not {file.sha256}. {again}"


def _stamp(folder: Path, model: Model) -> dict[str, _FileStamp]:
    """The stamp for the files as they are now, with the hashes of the manifest. Raises OSError for a missing file."""
    stamp = {}
    for file in model.files:
        stat = (folder / file.name).stat()
        stamp[file.name] = _FileStamp(size=stat.st_size, mtime_ns=stat.st_mtime_ns, sha256=file.sha256)
    return stamp


def _write_stamp(folder: Path, model: Model) -> None:
    """Write the stamp atomically, after the files' hashes were verified."""
    new = folder / f"{_STAMP}.new"
    with new.open("wb") as out:
        out.write(msgspec.json.encode(_stamp(folder, model)))
        out.flush()
        os.fsync(out.fileno())
    new.rename(folder / _STAMP)
