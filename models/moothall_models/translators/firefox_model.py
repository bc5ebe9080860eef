"""Models of Firefox Translations in a folder of the store: their contents, and which are there.

Layout: `<folder>/<source>_<target>/`, with the model's files and `about.json`, which states the size and hash of each
as it was when it was fetched.
"""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from moothall.core.kernel.decoding import Unreadable, made_of, read_json
from moothall_models.manifest import Language, ModelFile

logger = logging.getLogger(__name__)

ABOUT = "about.json"
MODEL, SHORTLIST, VOCABULARY = "model.bin", "shortlist.bin", "vocabulary.spm"
SOURCE_VOCABULARY, TARGET_VOCABULARY = "source-vocabulary.spm", "target-vocabulary.spm"
"""A model has one vocabulary for both its languages, or one for each."""


class FirefoxModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model that is in the store."""

    folder: Path
    source: str
    """BCP-47 tag of the source language."""
    target: str
    """BCP-47 tag of the target language."""
    architecture: str
    files: tuple[ModelFile, ...]

    @property
    def size(self) -> int:
        """Size of all its files, bytes."""
        return sum(file.size for file in self.files)

    @property
    def version(self) -> str:
        """The architecture, and the first eight digits of the model's SHA-256."""
        return f"{self.architecture}-{next(file.sha256[:8] for file in self.files if file.name == MODEL)}"


class FirefoxAbout(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of `about.json`."""

    source: Language
    target: Language
    architecture: str
    licence: str
    registry: str
    """The address of the registry."""
    generated: str
    """When the registry was made, as it said itself."""
    files: tuple[ModelFile, ...]


def installed_models(folder: Path) -> tuple[FirefoxModel, ...]:
    """The models in the store's folder of these models, by their directions; none when there is no such folder.

    A damaged model is left out with a warning in the log; its files are compared by size alone.
    """
    if not folder.is_dir():
        return ()
    found = (read_model(path) for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith("."))
    return tuple(model for model in found if model is not None)


def read_model(folder: Path) -> FirefoxModel | None:
    """The model in a folder; None where there is none, or a damaged one."""
    try:
        about = read_json((folder / ABOUT).read_bytes(), FirefoxAbout)
        if all((folder / file.name).stat().st_size == file.size for file in about.files):
            return made_of(FirefoxModel, about, folder=folder)
    except FileNotFoundError:
        if not folder.exists():
            return None
    except (OSError, Unreadable):
        pass
    logger.warning("model %s is not used: it is damaged. Fetch it again, or delete its folder", folder)
    return None
