"""The locations of the store and of the manifest on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import moothall_models
from moothall.core.kernel.errors import ConfigurationError
from moothall_models.manifest import Manifest, parse
from moothall_models.store.model_folder import ModelStore

MANIFEST = "manifest.toml"
_PACKAGE = Path(moothall_models.__file__).parent


def store_folder(environment: Mapping[str, str], package: Path = _PACKAGE) -> Path:
    """The folder in which models are kept.

    It is `MOOTHALL_MODELS` if that is set; in a checkout its `.cache/models`, which `make clean` may leave; otherwise a
    folder in the user's data folder.
    """
    named = environment.get("MOOTHALL_MODELS", "")
    if named:
        return Path(named).expanduser().absolute()
    checkout = _checkout(package)
    if checkout is not None:
        return checkout / ".cache" / "models"
    if sys.platform == "darwin":
        data = Path.home() / "Library" / "Application Support"
    else:
        data = Path(environment.get("XDG_DATA_HOME", "") or Path.home() / ".local" / "share")
    return data / "moothall" / "models"


def packages_folder(store: Path) -> Path:
    """The folder of the packages of Argos Translate, a subfolder of the store."""
    return store / "argos"


def firefox_folder(store: Path) -> Path:
    """The folder of the models of Firefox Translations, a subfolder of the store."""
    return store / "firefox"


def scores_folder(store: Path) -> Path:
    """The folder of the translators' scores, a subfolder of the store."""
    return store / "scores"


def read_manifest(folder: Path, package: Path = _PACKAGE) -> Manifest:
    """Read the manifest of this release, and add the `manifest.toml` in the store's folder, if there is one.

    Raises ConfigurationError when either can't be read or is invalid.
    """
    shipped = package / MANIFEST  # in a wheel
    if not shipped.is_file():
        shipped = package.parent / MANIFEST  # in a checkout
    manifest = parse(_text(shipped), str(shipped))
    own = folder / MANIFEST
    return parse(_text(own), str(own), manifest) if own.is_file() else manifest


def open_store(environment: Mapping[str, str] | None = None) -> ModelStore:
    """The store of this machine; `environment` is by default that of the process. Raises as `read_manifest`."""
    folder = store_folder(os.environ if environment is None else environment)
    return ModelStore(folder, read_manifest(folder))


def _checkout(package: Path) -> Path | None:
    root = package.parent.parent
    return root if (root / "pyproject.toml").is_file() and (root / "models" / MANIFEST).is_file() else None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it isn't UTF-8"
        msg = f"The list of models {path} can't be read: {reason}. Put it right, or install Moothall again."
        raise ConfigurationError(msg) from None
