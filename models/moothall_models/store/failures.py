"""The errors of the store, and messages for users about errors of the file system."""

from __future__ import annotations

import errno
from pathlib import Path

from moothall.core.kernel.errors import MoothallError

UNTRIED = (
    "This source was written by its public description, and never used by us: please report what happens, also when "
    "all is well."
)
"""What is said before a public source is used that could not be reached from where Moothall is made."""


class ModelUnavailable(MoothallError):
    """A model could not be fetched or loaded, or the store's folder can't be used; the message says what to do."""


class ModelMissing(ModelUnavailable):
    """The model isn't on this machine, or its files are damaged."""


class SourceFailed(MoothallError):
    """One source could not provide the model; the next one may."""


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


def megabytes(size: int) -> str:
    """`size` bytes for people: `150.2 MB`."""
    return f"{size / 1e6:.1f} MB"


def no_room(folder: Path, needed: int) -> ModelUnavailable:
    """The error for a full disk, or an exceeded quota or file size limit; `needed` in bytes."""
    return ModelUnavailable(
        f"There is no room left in {folder}: fetching needs about {megabytes(needed)}. Nothing half-written is kept. "
        "Make room, or set MOOTHALL_MODELS to a folder on another disk."
    )


def refused(error: OSError, folder: Path, needed: int) -> ModelUnavailable:
    """The error for the user when the file system failed while `folder` was written to; `needed` in bytes."""
    if error.errno in _FULL:
        return no_room(folder, needed)
    if error.errno in _FORBIDDEN:
        return ModelUnavailable(
            f"{folder} can't be written to. Set MOOTHALL_MODELS to a folder that you may write to, "
            "or have somebody who may run `moothall models fetch`."
        )
    reason = error.strerror or type(error).__name__
    return ModelUnavailable(f"{folder} can't be used: {reason}. Set MOOTHALL_MODELS to another folder.")


def is_refusal(error: OSError) -> bool:
    """Whether any other source would fail with the same error: a full disk, or a missing permission to write."""
    return error.errno in _FULL | _FORBIDDEN
