"""Files in PyTorch's format, written without PyTorch."""

from __future__ import annotations

import pickle
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def write_tensors(path: Path, tensors: Mapping[str, NDArray[Any]]) -> Path:
    """Write a file as PyTorch writes a dictionary of tensors: 32-bit floats, and whole numbers as 64 bits."""
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as members:
        members.writestr("archive/data.pkl", _index(tensors))
        for number, tensor in enumerate(tensors.values()):
            kind = "<i8" if tensor.dtype.kind == "i" else "<f4"
            members.writestr(f"archive/data/{number}", np.ascontiguousarray(tensor, dtype=kind).tobytes())
    return path


def write_pickle(path: Path, index: bytes) -> Path:
    """Write such a file with an index of its own."""
    with zipfile.ZipFile(path, "w") as members:
        members.writestr("archive/data.pkl", index)
    return path


def _index(tensors: Mapping[str, NDArray[Any]]) -> bytes:
    """The pickle: `OrderedDict` of names to `torch._utils._rebuild_tensor_v2(storage, offset, size, stride, …)`."""
    out = [b"\x80\x02ccollections\nOrderedDict\n)R("]
    for number, (name, tensor) in enumerate(tensors.items()):
        storage = b"LongStorage" if tensor.dtype.kind == "i" else b"FloatStorage"
        where = b"(" + _text("storage") + b"ctorch\n" + storage + b"\n" + _text(str(number)) + _text("cpu")
        where += _whole(tensor.size) + b"tQ"
        shape = b"(" + b"".join(_whole(size) for size in tensor.shape) + b"t"
        out.append(_text(name) + b"ctorch._utils\n_rebuild_tensor_v2\n(" + where + _whole(0) + shape + shape)
        out.append(b"\x89ccollections\nOrderedDict\n)RtR")
    return b"".join([*out, b"u."])


def _text(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text)) + text.encode()


def _whole(number: int) -> bytes:
    return b"J" + struct.pack("<i", number)


def random_campplus(seed: int = 1) -> Mapping[str, NDArray[Any]]:
    """Weights of the voice encoder's network, with few channels, and random numbers instead of trained ones."""
    chance, made = np.random.default_rng(seed), dict[str, NDArray[Any]]()
    channels, inner, grown, first = 4, 6, 2, 8

    def kernel(name: str, *shape: int) -> None:
        made[f"{name}.weight"] = chance.normal(0, 0.5, shape).astype(np.float32)

    def norm(name: str, size: int, *, learnt: bool = True) -> None:
        for part in ("weight", "bias") if learnt else ():
            made[f"{name}.{part}"] = chance.normal(0.5, 0.2, size).astype(np.float32)
        made[f"{name}.running_mean"] = chance.normal(0, 0.1, size).astype(np.float32)
        made[f"{name}.running_var"] = chance.uniform(0.5, 2, size).astype(np.float32)
        made[f"{name}.num_batches_tracked"] = np.array(7)

    for conv, bn, before in (("conv1", "bn1", 1), ("conv2", "bn2", channels)):
        kernel(f"head.{conv}", channels, before, 3, 3)
        norm(f"head.{bn}", channels)
    for block in ("layer1.0", "layer1.1", "layer2.0", "layer2.1"):
        for number in (1, 2):
            kernel(f"head.{block}.conv{number}", channels, channels, 3, 3)
            norm(f"head.{block}.bn{number}", channels)
        if block.endswith("0"):
            kernel(f"head.{block}.shortcut.0", channels, channels, 1, 1)
            norm(f"head.{block}.shortcut.1", channels)
    kernel("xvector.tdnn.linear", first, channels * 10, 5)
    norm("xvector.tdnn.nonlinear.batchnorm", first)
    size = first
    for number, layers in enumerate((12, 24, 16), 1):
        for layer in range(1, layers + 1):
            name = f"xvector.block{number}.tdnnd{layer}"
            norm(f"{name}.nonlinear1.batchnorm", size)
            kernel(f"{name}.linear1", inner, size, 1)
            norm(f"{name}.nonlinear2.batchnorm", inner)
            kernel(f"{name}.cam_layer.linear_local", grown, inner, 3)
            for linear, shape in (("linear1", (inner // 2, inner, 1)), ("linear2", (grown, inner // 2, 1))):
                kernel(f"{name}.cam_layer.{linear}", *shape)
                made[f"{name}.cam_layer.{linear}.bias"] = chance.normal(0, 0.1, shape[0]).astype(np.float32)
            size += grown
        norm(f"xvector.transit{number}.nonlinear.batchnorm", size)
        kernel(f"xvector.transit{number}.linear", size // 2, size, 1)
        size //= 2
    norm("xvector.out_nonlinear.batchnorm", size)
    kernel("xvector.dense.linear", 12, 2 * size, 1)
    norm("xvector.dense.nonlinear.batchnorm", 12, learnt=False)
    return made


class Calls:
    """An object whose pickle names a function to be called when it is read."""

    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("a file's code was run",)


def index_that_calls() -> bytes:
    return pickle.dumps({"weight": Calls()})
