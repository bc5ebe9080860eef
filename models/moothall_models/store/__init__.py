"""The models on this machine: fetched, checked, and found by name.

`moothall.cli` and the engine come in here; the rest of the package is behind it.
"""

from __future__ import annotations

from moothall_models.store.command import models_command
from moothall_models.store.failures import ModelMissing, ModelUnavailable
from moothall_models.store.shelf import ModelStore, Standing
from moothall_models.store.where import open_store, packages_folder, store_folder

__all__ = [
    "ModelMissing",
    "ModelStore",
    "ModelUnavailable",
    "Standing",
    "models_command",
    "open_store",
    "packages_folder",
    "store_folder",
]
