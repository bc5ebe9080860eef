"""The kinds of recogniser that a folder may hold, told by its files alone."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any

from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import ConfigurationError
from moothall_models.recognizers.transducers.onnx_metadata import read_metadata

STREAMING_KEYS = ("decode_chunk_len", "chunk_shift")
"""Metadata that the encoder of a streaming transducer has: of icefall's models, and of NeMo's."""
WINDOWED_TYPES = frozenset(
    {
        "gigaam-v2-ctc",
        "gigaam-v2-rnnt",
        "gigaam-v3-ctc",
        "gigaam-v3-e2e-ctc",
        "gigaam-v3-e2e-rnnt",
        "gigaam-v3-rnnt",
        "kaldi-rnnt",
        "nemo-conformer-ctc",
        "nemo-conformer-rnnt",
        "nemo-conformer-tdt",
        "vosk",
    }
)
"""The `model_type` of models that onnx-asr runs and that give the time of each token, at 16 kHz."""
PARTS = ("encoder", "decoder", "joiner")


class ModelKind(StrEnum):
    """What runs a model."""

    WHISPER = "whisper"
    """Whisper in the form of CTranslate2."""
    STREAMING = "streaming transducer"
    """A streaming transducer in the form of sherpa-onnx."""
    WINDOWED = "windows by onnx-asr"
    """A model in the form of onnx-asr, which hears whole windows."""


def kind_of(folder: Path) -> ModelKind | None:
    """The kind of the model in a folder; None when there is none that can be run.

    Raises ConfigurationError when a part is there twice, or the model is one that can't be run; OSError when a file
    can't be read.
    """
    if (folder / "model.bin").is_file():
        return ModelKind.WHISPER
    if (folder / "tokens.txt").is_file() and any(folder.glob("joiner*.onnx")):
        encoder = part_file(folder, "encoder")
        if not any(key in read_metadata(encoder) for key in STREAMING_KEYS):
            msg = (
                f"The model in {folder} doesn't stream: {encoder.name} says nothing of chunks. Take its streaming form."
            )
            raise ConfigurationError(msg)
        return ModelKind.STREAMING
    if (folder / "config.json").is_file() and any(folder.rglob("*.onnx")):
        windowed_type(folder)
        return ModelKind.WINDOWED
    return None


def part_file(folder: Path, part: str) -> Path:
    """The file of a part of a transducer: the one with 8-bit weights if there is one. Raises ConfigurationError."""
    found = sorted(folder.glob(f"{part}*.onnx"))
    small = [path for path in found if ".int8." in path.name]
    chosen = small or found
    if len(chosen) != 1:
        names = ", ".join(path.name for path in chosen) or "none"
        msg = (
            f"The folder {folder} has to hold one file {part}*.onnx, or one with .int8. in its name; there is {names}."
        )
        raise ConfigurationError(msg)
    return chosen[0]


def windowed_type(folder: Path) -> str:
    """The `model_type` in `config.json` of a model for onnx-asr. Raises ConfigurationError."""
    try:
        said = read_json((folder / "config.json").read_bytes(), dict[str, object])
    except Unreadable:
        said = {}
    kind = said.get("model_type")
    if not isinstance(kind, str) or kind not in WINDOWED_TYPES:
        msg = (
            f"The file config.json in {folder} names no kind of model that can be run here (model_type). There are: "
            f"{', '.join(sorted(WINDOWED_TYPES))}."
        )
        raise ConfigurationError(msg)
    return kind


def unloadable(model: str, folder: Path, error: Exception) -> ConfigurationError:
    """The error for a model whose files its library does not take."""
    reason = str(error).strip().rstrip(".")
    msg = f"The model {model} in {folder} can't be loaded: {reason}. A file is missing or damaged: get its files again."
    return ConfigurationError(msg)


def load_library(name: str, model: str, load: Callable[[str], Any] = import_module) -> Any:
    """Load the library `name`, of the extra `transducers`, that runs a model. Raises ConfigurationError."""
    try:
        return load(name)
    except ImportError as error:
        msg = (
            f"The model {model} needs the package {name.replace('_', '-')}, which can't be loaded here. Install "
            f"requirements/transducers.txt of the release into this environment (docs/how-to/streaming-models.md)."
        )
        raise ConfigurationError(msg) from error
