"""The public index of packages of Argos Translate: choosing and fetching the package of a direction.

The index is a list of what the `metadata.json` of each package says, with addresses of its file; it states no sizes and
no hashes. So what arrives is looked at and tried as a file of unknown origin is (`packages.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from moothall.core.kernel.decoding import Unreadable, read, read_json
from moothall.core.kernel.errors import ConfigurationError
from moothall.wire.languages import ARGOS_INDEX
from moothall_models.store.downloads import download, read_small
from moothall_models.store.failures import ModelUnavailable, SourceFailed, refused
from moothall_models.store.new_folder import alone
from moothall_models.store.packages import Installed, install_package
from moothall_models.store.progress import Progress
from moothall_models.translators.argos_package import OTHER_CODES, ArgosPackage

MOST_INDEX = 4 << 20
"""Most bytes of the index; with a hundred packages it has 32 KB."""
MOST_PACKAGE = 1_000_000_000
"""Most bytes of a package's file; published ones have 60 to 250 MB."""
PREFIX = "argos:"
TRANSLATE = "translate"
"""The type of packages that translate."""
OTHER_INDEX = "a newer release may; or name another index with --index"
"""What to do where an index can't be used, as the end of a sentence."""
PARTS = ".parts"


class IndexedPackage(msgspec.Struct, frozen=True, kw_only=True):
    """A package of the index."""

    from_code: str
    to_code: str
    package_version: str
    type: str = TRANSLATE
    links: tuple[str, ...] = ()

    @property
    def pair(self) -> tuple[str, str]:
        """BCP-47 tags of the source and the target language."""
        source, target = (OTHER_CODES.get(code, code) for code in (self.from_code, self.to_code))
        return source, target

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where its file is, in the order in which they are tried; empty where the index has no address of https."""
        return tuple(link for link in self.links if link.startswith(("https://", "http://127.0.0.1:")))


def read_index(data: bytes) -> tuple[IndexedPackage, ...]:
    """Decode the index; entries that this release can't read or run are left out. Raises SourceFailed."""
    try:
        entries = read_json(data, tuple[msgspec.Raw, ...])
    except Unreadable:
        raise SourceFailed(f"its index has another form than this release reads: {OTHER_INDEX}") from None
    found: list[IndexedPackage] = []
    for entry in entries:
        with suppress(Unreadable):
            found.append(read(_decoder, entry))
    usable = tuple(package for package in found if package.type == TRANSLATE and package.addresses)
    if not usable:
        raise SourceFailed(f"its index has no package that this release can run: {OTHER_INDEX}")
    return usable


_decoder = msgspec.json.Decoder(IndexedPackage)


def fetch_index(addresses: str) -> tuple[IndexedPackage, ...]:
    """Download and decode the index at the first of the addresses (separated by spaces) that gives one; a package of a
    mirror has an address beside it, which is tried first. Raises SourceFailed.
    """
    failures: list[SourceFailed] = []
    for address in addresses.split():
        try:
            packages = read_index(read_small(address, MOST_INDEX))
        except SourceFailed as failed:
            failures.append(failed)
            continue
        return packages if address == ARGOS_INDEX else tuple(beside(each, address) for each in packages)
    raise failures[0] if failures else SourceFailed("no index is named: give its address")


def beside(package: IndexedPackage, index: str) -> IndexedPackage:
    """The package with an address beside the index of this address, before its others."""
    name = package.addresses[0].partition("?")[0].rpartition("/")[2]
    links = (f"{index.rpartition('/')[0]}/{name}", *package.links) if name else package.links
    return msgspec.structs.replace(package, links=tuple(dict.fromkeys(links)))


def choose(packages: Sequence[IndexedPackage], name: str) -> IndexedPackage:
    """The newest package that a name such as `argos:en-ar` means. Raises ConfigurationError."""
    named = name.removeprefix(PREFIX)
    found = [package for package in packages if "-".join(package.pair) == named]
    if not found:
        pairs = " ".join(sorted("-".join(package.pair) for package in packages))
        raise ConfigurationError(f"The index of Argos has no package {named!r}. There are: {pairs}.")
    return max(
        found, key=lambda package: [int(number) for number in re.findall(r"[0-9]{1,9}", package.package_version)]
    )


def fetch_package(
    name: str, folder: Path, progress: Progress, *, index: str, tried: Callable[[ArgosPackage], bool]
) -> Installed:
    """Fetch and install the newest package of a direction; an installed one for the same languages is replaced. Several
    processes may share the folder: fetches wait for each other.

    Args:
        name: such as `argos:en-ar`.
        folder: the folder of packages.
        progress: shows the progress of the download, and of unpacking.
        index: the addresses of the index, separated by spaces, which are tried in turn.
        tried: tries the package, as `packages.try_package`.

    Raises MoothallError: the index has no such package, it could not be downloaded or can't be used, or the disk is
    full or can't be written to.
    """
    parts = folder / PARTS
    try:
        package = choose(fetch_index(index), name)
        parts.mkdir(parents=True, exist_ok=True)
        with alone(parts, progress):
            progress.begin(f"Downloading {name}", 1)
            try:
                file = _download(package, parts, progress)
            finally:
                progress.end()
            try:
                return install_package(file, folder, progress, tried=tried)
            finally:
                file.unlink(missing_ok=True)
    except SourceFailed as failed:
        raise ModelUnavailable(f"The package {name} could not be fetched: {failed}.") from None
    except OSError as error:
        raise refused(error, folder, MOST_PACKAGE) from error


def _download(package: IndexedPackage, parts: Path, progress: Progress) -> Path:
    """The file from the first of the package's addresses that gives it. Raises the first one's SourceFailed."""
    failures: list[SourceFailed] = []
    for address in package.addresses:
        try:
            return download(address, parts, MOST_PACKAGE, progress)
        except SourceFailed as failed:
            failures.append(failed)
    raise failures[0]
