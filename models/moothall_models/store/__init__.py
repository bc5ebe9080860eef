"""The store of models on this machine: fetches them, checks them, and finds them by name.

This module is the package's public interface, used by `moothall.cli` and the engine.
"""

from __future__ import annotations

from moothall_models.store.command import models_command
from moothall_models.store.failures import ModelMissing, ModelUnavailable
from moothall_models.store.languages import languages_command
from moothall_models.store.model_folder import ModelStatus, ModelStore
from moothall_models.store.where import firefox_folder, open_store, packages_folder, store_folder

__all__ = [
    "ModelMissing",
    "ModelStatus",
    "ModelStore",
    "ModelUnavailable",
    "firefox_folder",
    "languages_command",
    "models_command",
    "open_store",
    "packages_folder",
    "store_folder",
]
