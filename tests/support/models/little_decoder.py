"""A Whisper decoder small enough for unit tests: random weights, and their file in CTranslate2's form."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from moothall_models.recognizers.whisper.ct2_model import KIND, TYPES, VERSION, Weights

LAYERS, WIDTH, HEADS, VOCABULARY, POSITIONS, STEPS = 2, 128, 4, 300, 64, 40
"""`STEPS`: the encoder's positions in a window."""
FOLLOWING = ((0, 1), (1, 0), (1, 3))
"""Heads (layer, head) whose attention is returned."""


def random_weights(seed: int = 1) -> Weights:
    """Return all weights of the decoder, scaled so that no value vanishes and no token is certain."""
    random = np.random.default_rng(seed)
    weights: Weights = {
        "decoder/num_heads": np.array(HEADS, dtype=np.int16),
        "decoder/embeddings/weight": _numbers(random, VOCABULARY, WIDTH),
        "decoder/position_encodings/encodings": _numbers(random, POSITIONS, WIDTH, size=0.3),
    }
    weights["decoder/projection/weight"] = weights["decoder/embeddings/weight"]

    def linear(name: str, outputs: int, inputs: int) -> None:
        weights[f"{name}/weight"] = _numbers(random, outputs, inputs, size=inputs**-0.5)
        weights[f"{name}/bias"] = _numbers(random, outputs, size=0.1)

    def norm(name: str) -> None:
        weights[f"{name}/layer_norm/gamma"] = (1 + 0.2 * random.standard_normal(WIDTH)).astype(np.float16)
        weights[f"{name}/layer_norm/beta"] = _numbers(random, WIDTH, size=0.2)

    for layer in range(LAYERS):
        name = f"decoder/layer_{layer}"
        norm(f"{name}/self_attention")
        linear(f"{name}/self_attention/linear_0", 3 * WIDTH, WIDTH)
        linear(f"{name}/self_attention/linear_1", WIDTH, WIDTH)
        norm(f"{name}/attention")
        linear(f"{name}/attention/linear_0", WIDTH, WIDTH)
        linear(f"{name}/attention/linear_1", 2 * WIDTH, WIDTH)
        linear(f"{name}/attention/linear_2", WIDTH, WIDTH)
        norm(f"{name}/ffn")
        linear(f"{name}/ffn/linear_0", 4 * WIDTH, WIDTH)
        linear(f"{name}/ffn/linear_1", WIDTH, 4 * WIDTH)
    norm("decoder")
    return weights


def _numbers(random: np.random.Generator, *shape: int, size: float = 1.0) -> NDArray[np.float16]:
    return (size * random.standard_normal(shape)).astype(np.float16)


def model_bytes(
    weights: Mapping[str, NDArray[np.generic]],
    aliases: Mapping[str, str] | None = None,
    *,
    version: int = VERSION,
    kind: str = KIND,
) -> bytes:
    """Return the file that CTranslate2's converter would write for these weights."""
    numbers = {np.dtype(type_): number for number, type_ in TYPES.items()}
    out = bytearray(struct.pack("<I", version) + _name(kind) + struct.pack("<II", 3, len(weights)))
    for name, values in weights.items():
        data = values.tobytes()
        out += _name(name) + struct.pack(f"<B{values.ndim}I", values.ndim, *values.shape)
        out += struct.pack("<BI", numbers[values.dtype], len(data)) + data
    out += struct.pack("<I", len(aliases or {}))
    for alias, name in (aliases or {}).items():
        out += _name(alias) + _name(name)
    return bytes(out)


def write_model(path: Path, data: bytes) -> Path:
    """Save data as `model.bin` in a folder; returns the file's path."""
    (path / "model.bin").write_bytes(data)
    return path / "model.bin"


def _name(name: str) -> bytes:
    data = name.encode() + b"\0"
    return struct.pack("<H", len(data)) + data
