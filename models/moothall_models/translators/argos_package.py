"""Model packages of Argos Translate: their contents, and which are installed.

A package is a model in CTranslate2's format, one SentencePiece model for both its languages, and `metadata.json`. Other
files in it, which find sentence boundaries, aren't used. (The format is that of `argostranslate` 1.11, which isn't used
either.)
"""

from __future__ import annotations

import hashlib
import logging
import re
from pathlib import Path

import msgspec

from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import MoothallError

logger = logging.getLogger(__name__)

METADATA, MODEL, PIECES, BPE = "metadata.json", "model/model.bin", "sentencepiece.model", "bpe.model"
MOST_METADATA = 1 << 16
"""Most bytes of metadata.json; that of published packages has some 300."""
OTHER_CODES = {"zt": "zh-Hant", "pb": "pt-BR"}
"""BCP-47 tags for codes of Argos that aren't BCP 47."""

_CODE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}\Z")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,23}\Z")
_READ = 1 << 20


class PackageUnusable(MoothallError):
    """A file or folder isn't a usable package; the message says why and what to do."""


class PackageMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of `metadata.json` that are used."""

    from_code: str = ""
    to_code: str = ""
    package_version: str = ""
    type: str = "translate"
    target_prefix: str = ""
    """The token with which every translation begins, for a model with several target languages; mostly empty."""


class ArgosPackage(msgspec.Struct, frozen=True, kw_only=True):
    """An unpacked package and its folder."""

    folder: Path
    about: PackageMetadata

    @property
    def source(self) -> str:
        """BCP-47 tag of the source language."""
        return OTHER_CODES.get(self.about.from_code, self.about.from_code)

    @property
    def target(self) -> str:
        """BCP-47 tag of the target language."""
        return OTHER_CODES.get(self.about.to_code, self.about.to_code)

    @property
    def size(self) -> int:
        """Size of all its files, bytes."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    def fingerprint(self) -> str:
        """The version and the first eight digits of the SHA-256 of its two models. Reads them: some 0.1 s for 100 MB.

        Raises OSError.
        """
        digest = hashlib.sha256()
        for name in (MODEL, PIECES):
            with (self.folder / name).open("rb") as file:
                while chunk := file.read(_READ):
                    digest.update(chunk)
        return f"{self.about.package_version}-{digest.hexdigest()[:8]}"


def read_about(data: bytes) -> PackageMetadata:
    """Decode and check `metadata.json`. Raises PackageUnusable."""
    try:
        about = read_json(data[: MOST_METADATA + 1], PackageMetadata)
    except Unreadable:
        raise PackageUnusable(f"Its {METADATA} isn't that of an Argos package: get the package again.") from None
    if about.type != "translate":
        raise PackageUnusable(f"It is no package for translating: its {METADATA} says another type.")
    codes = (about.from_code, about.to_code)
    if not all(map(_CODE.match, codes)) or about.from_code == about.to_code:
        msg = f"Its {METADATA} doesn't say from which language to which other one it translates, by codes such as en."
        raise PackageUnusable(msg)
    if not _VERSION.match(about.package_version):
        raise PackageUnusable(f"Its {METADATA} has no package_version such as 1.9.")
    if len(about.target_prefix) > 32 or not about.target_prefix.isprintable():
        raise PackageUnusable(f"The target_prefix in its {METADATA} is no token.")
    return about


def check_files(names: set[str]) -> None:
    """Check by the paths of its files that a package can be run. Raises PackageUnusable when it can't."""
    if METADATA not in names:
        raise PackageUnusable(f"It has no {METADATA}, so it is no Argos package.")
    if PIECES not in names and BPE in names:
        msg = f"It cuts words with {BPE}, a form that Moothall can't run. Take a package with {PIECES}."
        raise PackageUnusable(msg)
    for name in (PIECES, MODEL):
        if name not in names:
            raise PackageUnusable(f"It has no {name}: get the package again.")


def read_package(folder: Path) -> ArgosPackage:
    """Read the package that is unpacked in a folder. Raises PackageUnusable."""
    try:
        check_files({name for name in (METADATA, MODEL, PIECES, BPE) if (folder / name).is_file()})
        with (folder / METADATA).open("rb") as file:
            return ArgosPackage(folder=folder, about=read_about(file.read(MOST_METADATA + 1)))
    except OSError as error:
        raise PackageUnusable(f"It can't be read: {error.strerror}.") from None


def installed_packages(folder: Path) -> tuple[ArgosPackage, ...]:
    """The packages in the subfolders of `folder`, in order of their languages; none when there is no such folder.

    An unusable package is left out with a warning in the log, and so is the older of two for the same languages.
    """
    found: dict[tuple[str, str], ArgosPackage] = {}
    try:
        candidates = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:
        return ()
    for candidate in candidates:
        try:
            package = read_package(candidate)
        except PackageUnusable as unusable:
            logger.warning("package %s is not used: %s", candidate, unusable)
            continue
        pair = (package.source, package.target)
        other = found.get(pair)
        if other is not None:
            logger.warning("packages %s and %s have the same languages; the newer one is used", other.folder, candidate)
        if other is None or _newness(other) < _newness(package):
            found[pair] = package
    return tuple(found[pair] for pair in sorted(found))


def _newness(package: ArgosPackage) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"[0-9]{1,9}", package.about.package_version)))
