"""Brings models of Firefox Translations into the store: from a registry, or from another store.

A model is unpacked into a temporary folder beside the others, tried, synced to the disk and renamed, so that it is
either complete or absent. Parts of downloads that broke off stay in `<folder>/.parts`.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import msgspec

from moothall.core.kernel.decoding import made_of, read_json
from moothall_models.manifest import ModelFile
from moothall_models.store.downloads import PACKINGS, download, read_small, unpacked
from moothall_models.store.failures import ModelUnavailable, SourceFailed, no_room, refused
from moothall_models.store.firefox_registry import (
    MOST_REGISTRY,
    FirefoxRegistry,
    RegistryFile,
    RegistryModel,
    read_registry,
)
from moothall_models.store.new_folder import TEMPORARY, alone, replace, sync_folder, temporary, write_file
from moothall_models.store.progress import Progress, Silent
from moothall_models.translators.firefox_model import (
    ABOUT,
    MODEL,
    FirefoxAbout,
    FirefoxModel,
    installed_models,
    read_model,
)

logger = logging.getLogger(__name__)

LICENCE = "MPL-2.0"
"""The licence of the models, by the README of `mozilla/translations`."""
MOST_FILE = 200_000_000
"""Most bytes of a file whose size the registry doesn't state; a model has 17 to 44 MB."""
PARTS = ".parts"
_SPARE = 1_000_000  # bytes of free space beyond the files, for the file system's own needs


def fetch_registry(addresses: str) -> FirefoxRegistry:
    """Download and decode the registry at the first of the addresses (separated by spaces) that gives one. Raises
    ModelUnavailable.
    """
    failures: list[str] = []
    for address in addresses.split():
        try:
            return read_registry(read_small(address, MOST_REGISTRY), address)
        except SourceFailed as failed:
            failures.append(f"The list of Firefox's models at {address} can't be used: {failed}.")
    raise ModelUnavailable(" ".join(failures) or "No list of models is named: give its address.")


class FirefoxStore:
    """The store's folder of these models, for fetching. Several processes may share it: fetches wait for each other."""

    def __init__(self, folder: Path, tried: Callable[[FirefoxModel], None], *, most_file: int = MOST_FILE) -> None:
        """`tried`: raises MoothallError when a model translates nothing. `most_file`: most bytes of a file whose size
        the registry doesn't state.
        """
        self.folder = folder
        """Where the models are."""
        self._tried = tried
        self._most_file = most_file

    def fetch(self, registry: FirefoxRegistry, model: RegistryModel, progress: Progress | None = None) -> FirefoxModel:
        """Fetch a model unless it is there already; an older one of its direction is replaced.

        Raises MoothallError: it could not be downloaded or doesn't work, or the disk is full or can't be written to.
        What has arrived is kept for the next try.
        """
        progress, folder = progress or Silent(), self.folder
        source, target = model.pair
        name = f"{source}_{target}"
        needed = 3 * (model.files.model.uncompressed_size or self._most_file) + _SPARE
        try:
            (folder / PARTS).mkdir(parents=True, exist_ok=True)
            with alone(folder, progress):
                there = read_model(folder / name)
                if there is not None and _is_that(there, model):
                    return there
                if shutil.disk_usage(folder).free < needed:
                    raise no_room(folder, needed)
                return self._fetch(registry, model, folder / name, progress)
        except SourceFailed as failed:
            raise ModelUnavailable(f"The model from {source} to {target} could not be fetched: {failed}.") from None
        except OSError as error:
            logger.info("fetching the model %s ended with errno %s", name, error.errno)
            raise refused(error, folder, needed) from error

    def take(self, folder: Path, progress: Progress | None = None) -> tuple[FirefoxModel, ...]:
        """Copy the models of another store, such as one that was filled on a machine with a network.

        Raises MoothallError: there is none, one is damaged or doesn't work, or the disk is full or can't be written to.
        """
        progress, there = progress or Silent(), installed_models(folder)
        if not there:
            raise ModelUnavailable(f"{folder} holds no models: `moothall languages fetch` makes such a folder.")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with alone(self.folder, progress):
                return tuple(self._take(model) for model in there)
        except OSError as error:
            raise refused(error, self.folder, sum(model.size for model in there)) from error

    def remove(self, source: str, target: str, progress: Progress | None = None) -> bool:
        """Delete the model of a direction; returns whether there was one. Raises ModelUnavailable."""
        folder = self.folder / f"{source}_{target}"
        if not self.folder.is_dir():
            return False
        try:
            with alone(self.folder, progress or Silent()):
                if not folder.is_dir():
                    return False
                gone = folder.with_name(f"{TEMPORARY}{folder.name}")  # whole, or gone
                folder.rename(gone)
                shutil.rmtree(gone, ignore_errors=True)
        except OSError as error:
            raise refused(error, self.folder, 0) from error
        return True

    def _fetch(self, registry: FirefoxRegistry, model: RegistryModel, target: Path, progress: Progress) -> FirefoxModel:
        with temporary(self.folder) as work:
            new = work / target.name
            new.mkdir()
            files = [
                self._fetch_file(registry, file, new / name, progress) for name, file in (model.stored or {}).items()
            ]
            about = FirefoxAbout(
                source=model.pair[0],
                target=model.pair[1],
                architecture=model.architecture,
                licence=LICENCE,
                registry=registry.address,
                generated=registry.generated,
                files=tuple(files),
            )
            made = self._install(new, target, about)
        for part in (self.folder / PARTS).iterdir():
            part.unlink()
        return made

    def _take(self, model: FirefoxModel) -> FirefoxModel:
        target = self.folder / model.folder.name
        with temporary(self.folder) as work:
            new = work / target.name
            new.mkdir()
            for file in model.files:
                with unpacked(model.folder / file.name, "") as chunks:
                    size, digest = write_file(new / file.name, chunks, file.size)
                if (size, digest) != (file.size, file.sha256):
                    name = model.folder / file.name
                    raise ModelUnavailable(f"{name} isn't what it was when it was fetched. Fetch it again.")
            return self._install(new, target, read_json((model.folder / ABOUT).read_bytes(), FirefoxAbout))

    def _install(self, new: Path, target: Path, about: FirefoxAbout) -> FirefoxModel:
        write_file(new / ABOUT, [msgspec.json.format(msgspec.json.encode(about))], self._most_file)
        made = made_of(FirefoxModel, about, folder=new)
        self._tried(made)
        sync_folder(new)
        replace(new, target)
        logger.info("model %s is in the store, %d bytes", target.name, made.size)
        return msgspec.structs.replace(made, folder=target)

    def _fetch_file(self, registry: FirefoxRegistry, file: RegistryFile, path: Path, progress: Progress) -> ModelFile:
        """The file from the first of the registry's addresses that gives it. Raises the first one's SourceFailed."""
        failures: list[SourceFailed] = []
        for base in registry.bases:
            try:
                return self._fetch_from(f"{base}/{file.path}", file, path, progress)
            except SourceFailed as failed:
                failures.append(failed)
        raise failures[0]

    def _fetch_from(self, address: str, file: RegistryFile, path: Path, progress: Progress) -> ModelFile:
        """Download and unpack a file, and check it as far as the registry states what it has to be. Raises
        SourceFailed.
        """
        most = self._most_file if file.uncompressed_size is None else file.uncompressed_size + _SPARE
        progress.begin(f"Downloading {path.parent.name} {path.name}", file.uncompressed_size or 1)
        try:
            part = download(address, self.folder / PARTS, most, progress)
        finally:
            progress.end()
        packing = PurePosixPath(file.path).suffix
        try:
            with unpacked(part, packing if packing in PACKINGS else "") as chunks:
                size, digest = write_file(path, chunks, most)
            if size > most:
                raise SourceFailed(f"{path.name} unpacks to more than {most} bytes")
            if not size:
                raise SourceFailed(f"{path.name} is empty")
            if file.uncompressed_size not in (None, size):
                raise SourceFailed(f"{path.name} has {size} bytes, not the {file.uncompressed_size} of its list")
            if file.uncompressed_hash not in (None, digest):
                raise SourceFailed(f"{path.name} has the sha256 {digest}, not {file.uncompressed_hash} as in its list")
        except SourceFailed:
            part.unlink()  # The next try must not go on from it.
            raise
        return ModelFile(name=path.name, size=size, sha256=digest)


def _is_that(there: FirefoxModel, model: RegistryModel) -> bool:
    """Whether a model is the one of the registry, with files that are still what they were. Raises OSError."""
    hashes = {file.name: file.sha256 for file in there.files}
    if hashes.get(MODEL) != model.files.model.uncompressed_hash:
        return False
    for name, known in hashes.items():
        with (there.folder / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != known:
                return False
    return True
