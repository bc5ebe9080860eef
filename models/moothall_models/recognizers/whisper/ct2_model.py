"""A reader of the weights of a Whisper model in CTranslate2's format, `model.bin`.

The file holds a version, the name of the model's kind and its revision; then each variable with name, shape, type and
bytes; then aliases of variables (CTranslate2, `python/ctranslate2/specs/model_spec.py`). Numbers are little-endian.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

VERSION = 6
"""Version of the file format that CTranslate2 has written since 2.0."""
KIND = "WhisperSpec"
TYPES: dict[int, type[np.generic]] = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
FLOATS = (np.float32, np.float16)

Weights = dict[str, NDArray[np.generic]]
"""The variables by name, such as `decoder/layer_0/ffn/linear_0/weight`."""


def read_weights(path: Path) -> Weights:
    """Read all variables of a Whisper model as views of the file, which stays memory-mapped while they are used.

    Raises ValueError when the file isn't a Whisper model of a supported version, or when its weights are quantised:
    only CTranslate2 itself can compute with these.
    """
    try:
        return _Reader(np.memmap(path, dtype=np.uint8, mode="r")).read()
    except (struct.error, UnicodeDecodeError, KeyError, ValueError) as error:
        msg = (
            f"{path} isn't a Whisper model whose weights can be read here ({error}). Fetch it again with `moothall "
            f"models fetch`, or convert it with CTranslate2 without quantisation."
        )
        raise ValueError(msg) from error


class _Reader:
    def __init__(self, data: NDArray[np.uint8]) -> None:
        self._data = data
        self._at = 0

    def read(self) -> Weights:
        if self._number("I") != VERSION or self._name() != KIND:
            raise ValueError("another version or kind")
        self._number("I")
        weights: Weights = {}
        for _ in range(self._number("I")):
            name = self._name()
            shape = [self._number("I") for _ in range(self._number("B"))]
            kind = np.dtype(TYPES[self._number("B")])
            weights[name] = self._bytes(self._number("I")).view(kind).reshape(shape)
        for _ in range(self._number("I")):
            alias = self._name()
            weights[alias] = weights[self._name()]
        for name, values in weights.items():
            if name.endswith("/weight") and values.dtype not in FLOATS:
                raise ValueError(f"{name} has {values.dtype} numbers")
        return weights

    def _number(self, kind: str) -> int:
        """Read a number; `kind` is the `struct` format character of its type."""
        number: int = struct.unpack("<" + kind, self._bytes(struct.calcsize("<" + kind)).tobytes())[0]
        return number

    def _name(self) -> str:
        return self._bytes(self._number("H")).tobytes().rstrip(b"\0").decode()

    def _bytes(self, size: int) -> NDArray[np.uint8]:
        found = self._data[self._at : self._at + size]
        if len(found) < size:
            raise ValueError(f"it ends at byte {len(self._data)}, within something")
        self._at += size
        return found
