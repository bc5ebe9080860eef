"""Installs packages of Argos Translate from their files.

A package is unpacked into a temporary folder beside the others, tried, and renamed, so that it is either complete or
absent. Only the files that are used, the metadata and documents are unpacked: packages may contain models for sentence
boundaries in formats that run code when they are loaded.
"""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from moothall.core.kernel.errors import MoothallError
from moothall_models.store.archive import Archive, ArchiveUnusable, opened_archive
from moothall_models.store.failures import megabytes, no_room, refused
from moothall_models.store.new_folder import alone, replace, sync_folder, temporary, write_file
from moothall_models.store.progress import Progress, Silent
from moothall_models.translators.argos import ArgosTranslator, wanting
from moothall_models.translators.argos_package import (
    METADATA,
    MOST_METADATA,
    ArgosPackage,
    PackageMetadata,
    PackageUnusable,
    check_files,
    read_about,
    read_package,
)

logger = logging.getLogger(__name__)

WANTED = re.compile(r"metadata\.json|sentencepiece\.model|model/[^/]+|(?i:readme|licen[cs]e|copying|notice)[^/]*")
"""Matches the paths of the files that are unpacked."""
UNLOADABLE = (
    "Its models can't be loaded or translate nothing: they are damaged, or of a form that this CTranslate2 doesn't "
    "know. Get the package again."
)
_SPARE = 1_000_000  # bytes of free space beyond the files, for the file system's own needs


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """The result of an installation."""

    package: ArgosPackage
    replaced: str | None
    """Version of the package that was replaced; None when there was none."""
    tried: bool
    """Whether it was loaded and tried; False when the libraries for that are missing."""


def name_of(about: PackageMetadata) -> str:
    """The name of a package's folder, the same for all packages of a pair of languages."""
    return f"{about.from_code}_{about.to_code}"


def try_package(package: ArgosPackage) -> bool:
    """Load a package and translate a test sentence; False when a library for that is missing.

    Raises TranslationFailed when the package doesn't work.
    """
    if wanting():
        return False
    translator = ArgosTranslator([package])
    try:
        translator.check()
    finally:
        translator.close()
    return True


def install_package(
    file: Path,
    folder: Path,
    progress: Progress | None = None,
    *,
    tried: Callable[[ArgosPackage], bool] = try_package,
) -> Installed:
    """Install a package; an installed package for the same languages is replaced.

    Args:
        file: an `.argosmodel`.
        folder: the folder of packages.
        progress: shows the progress of unpacking.
        tried: tries the package, as `try_package`.

    Raises:
        PackageUnusable: the file isn't a package that can be run, or it is unsafe to unpack. No files of it are left,
            and an installed package stays.
        ModelUnavailable: the disk is full, or the folder can't be written to.
    """
    progress = progress or Silent()
    try:
        with opened_archive(file) as archive:
            wanted = [name for name in archive.files if WANTED.fullmatch(name)]
            check_files(set(archive.files))
            about = read_about(_small(archive, METADATA))
            size = sum(archive.files[name] for name in wanted)
            try:
                folder.mkdir(parents=True, exist_ok=True)
                with alone(folder, progress):
                    if shutil.disk_usage(folder).free < size + _SPARE:
                        raise no_room(folder, size + _SPARE)
                    return _install(archive, wanted, folder / name_of(about), progress, tried)
            except OSError as error:
                logger.info("installing %s ended with errno %s", name_of(about), error.errno)
                raise refused(error, folder, size) from error
    except (ArchiveUnusable, PackageUnusable) as unusable:
        raise PackageUnusable(f"{file} isn't installed. {unusable}") from None


def _small(archive: Archive, name: str) -> bytes:
    if archive.files[name] > MOST_METADATA:
        raise PackageUnusable(f"Its {name} has {archive.files[name]} bytes; more than {MOST_METADATA} aren't read.")
    return b"".join(archive.read(name))


def _install(
    archive: Archive, wanted: list[str], target: Path, progress: Progress, tried: Callable[[ArgosPackage], bool]
) -> Installed:
    with temporary(target.parent) as work:
        new = work / target.name
        new.mkdir()
        _unpack(archive, wanted, new, progress)
        try:
            was_tried = tried(read_package(new))
        except MoothallError as failed:
            logger.info("package %s can't be loaded: %s", target.name, failed)
            raise PackageUnusable(UNLOADABLE) from None
        replaced = _version(target)
        replace(new, target)
    logger.info("installed the package %s", target.name)
    return Installed(package=read_package(target), replaced=replaced, tried=was_tried)


def _version(folder: Path) -> str | None:
    if not folder.exists():
        return None
    try:
        return read_package(folder).about.package_version
    except PackageUnusable:
        return "a damaged one"


def _unpack(archive: Archive, wanted: list[str], folder: Path, progress: Progress) -> None:
    """Write the wanted files. Their names match WANTED, so none leads out of the folder."""
    total = sum(archive.files[name] for name in wanted)
    progress.begin(f"Unpacking {folder.name}", total)
    done = 0
    try:
        (folder / "model").mkdir()
        for name in wanted:
            size, _ = write_file(folder / name, archive.read(name), archive.files[name], progress, done)
            done += size
        for path in (folder / "model", folder):
            sync_folder(path)
    finally:
        progress.end()


def describe(installed: Installed) -> str:
    """A message about an installation, of one to three sentences."""
    package = installed.package
    what = f"{package.source} to {package.target}, version {package.about.package_version}"
    said = f"{what} ({megabytes(package.size)}), is in {package.folder}."
    if installed.replaced is not None:
        said += f" It replaced {installed.replaced}."
    if not installed.tried:
        said += " It could not be tried: pip install 'moothall[translate]' brings what it needs."
    return said
