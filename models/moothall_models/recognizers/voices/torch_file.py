"""Reads the weights of a file in PyTorch's format, without PyTorch and without running anything that the file says.

Such a file is a zip file with a pickle of names and shapes, and a member of raw numbers for each tensor. A pickle may
name any function to be called while it is read; this reader knows three names and refuses all others.
"""

from __future__ import annotations

import io
import math
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from moothall.core.kernel.errors import ConfigurationError
from moothall_models.ports import Floats

FLOATS = "FloatStorage"
"""The kind of storage whose tensors are read; counters of the training are whole numbers, and are left out."""
MOST_BYTES = 200_000_000
"""Most bytes of a member."""


def read_tensors(path: Path, most: int = MOST_BYTES) -> Mapping[str, Floats]:
    """The 32-bit tensors of a file by their names.

    Raises ConfigurationError for a file of another form, and for one with a member of more than `most` bytes.

    Raises OSError for a file that can't be read.
    """
    try:
        with zipfile.ZipFile(path) as members:
            return _tensors(members, most)
    except (zipfile.BadZipFile, pickle.UnpicklingError, KeyError, TypeError, ValueError, EOFError) as wrong:
        raise ConfigurationError(f"{path} doesn't hold weights in the form that is known here: {wrong}.") from None


def _tensors(members: zipfile.ZipFile, most: int) -> Mapping[str, Floats]:
    [index] = [name for name in members.namelist() if name.endswith("/data.pkl")]
    folder = index.removesuffix("data.pkl")
    found = _Names(io.BytesIO(_read(members, index, most))).load()
    if not isinstance(found, dict):
        raise TypeError("it isn't a dictionary")
    tensors: dict[str, Floats] = {}
    for name, tensor in found.items():
        if not isinstance(tensor, _Tensor):
            raise TypeError(f"{name!r} is no tensor")
        if tensor.kind == FLOATS:
            numbers = np.frombuffer(_read(members, f"{folder}data/{tensor.key}", most), dtype="<f4")
            size = math.prod(tensor.shape)
            tensors[name] = numbers[tensor.first : tensor.first + size].reshape(tensor.shape)
    return tensors


def _read(members: zipfile.ZipFile, name: str, most: int) -> bytes:
    if members.getinfo(name).file_size > most:
        raise ValueError(f"{name} has more than {most} bytes")
    return members.read(name)


class _Tensor:
    def __init__(self, storage: tuple[str, str, str, str, int], first: int, shape: tuple[int, ...], *_: object) -> None:
        self.kind, self.key = storage[1], storage[2]
        self.first, self.shape = first, shape


class _Ordered(dict[str, object]):
    """Stands for `OrderedDict`, with attributes, which PyTorch sets."""


class _Names(pickle.Unpickler):
    """Reads a pickle that names nothing but a dictionary, a tensor and kinds of storage."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return _Ordered
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor
        if module == "torch" and name.endswith("Storage"):
            return name
        raise pickle.UnpicklingError(f"it names {module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        """The place of a tensor's numbers, as it is."""
        return pid
