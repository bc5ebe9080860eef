"""Tiny models of the shapes that sherpa-onnx and onnx-asr run: each token is a tone, and silence is nothing.

The libraries compute their own features, decode by their own search, and keep their own states; only the weights are
made here, so that what is said is known.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from moothall_models.manifest import FolderSource, Manifest, Model, ModelFile, Task
from moothall_models.ports import RATE, Samples
from moothall_models.store import ModelStore
from moothall_models.store.progress import Silent

TOKENS = ("<blk>", "<unk>", "▁WEL", "COME", "▁TO", "▁THIS", "▁HALL", "▁SIR")
"""The tokens of the streaming model; the other's are in small letters, with the blank behind them."""
SAID = " welcome to this hall sir"
CHUNK, FRAMES, BINS = 8, 13, 80
NEVER = -200.0
MEL = 1127.0


def tone(token: int) -> float:
    """The frequency of a token's tone, Hz."""
    return 300 * 1.45 ** (token - 2)


def sound(*tokens: int, each: float = 0.2) -> Samples:
    """The sound of tokens one after the other, `each` s long; 0 is silence."""
    t = np.arange(round(each * RATE)) / RATE
    parts = [0.3 * np.sin(2 * np.pi * tone(token) * t) if token else np.zeros(len(t)) for token in tokens]
    return np.concatenate(parts).astype(np.float32)


def speech() -> Samples:
    """The sound of `SAID`, with silence around it."""
    return sound(0, 0, 2, 3, 4, 5, 6, 7, 0, 0)


def streaming_model(folder: Path, *, streams: bool = True) -> Path:
    """Write a streaming LSTM transducer as icefall exports it; with `streams` false its encoder doesn't say so."""
    folder.mkdir(parents=True, exist_ok=True)
    many = len(TOKENS)
    encoder = graph(
        [
            node("Slice", ["x", "zero", "chunk", "one"], ["now"]),
            node("Reshape", ["now", "quarters"], ["four"]),
            node("ReduceMean", ["four", "two"], ["mean"], keepdims=0),
            node("MatMul", ["mean", "bins"], ["loud"]),
            node("Add", ["loud", "bias"], ["encoder_out"]),
            node("Identity", ["h"], ["new_h"]),
            node("Identity", ["c"], ["new_c"]),
        ],
        {"x": ["N", FRAMES, BINS], "h": [1, "N", 4], "c": [1, "N", 4]},
        {"encoder_out": ["N", CHUNK // 4, many], "new_h": [1, "N", 4], "new_c": [1, "N", 4]},
        zero=whole(0),
        one=whole(1),
        two=whole(2),
        chunk=whole(CHUNK),
        quarters=whole(0, CHUNK // 4, 4, BINS),
        bins=bins(20.0, 7_600.0, many, first=2),
        bias=np.array([0.0, NEVER, *[-2.0] * (many - 2)], np.float32),
    )
    told = {"T": FRAMES, "decode_chunk_len": CHUNK, "num_encoder_layers": 1, "rnn_hidden_size": 4, "d_model": 4}
    save(encoder, folder / "encoder.onnx", {"model_type": "lstm", **(told if streams else {})})
    again = np.zeros((many, many), np.float32)  # A token isn't given twice in a row.
    again[range(2, many), range(2, many)] = NEVER
    decoder = graph(
        [
            node("Slice", ["y", "one", "two", "one"], ["last"]),
            node("Reshape", ["last", "flat"], ["index"]),
            node("Gather", ["again", "index"], ["decoder_out"], axis=0),
        ],
        {"y": ["N", 2]},
        {"decoder_out": ["N", many]},
        whole_numbers=("y",),
        one=whole(1),
        two=whole(2),
        flat=whole(-1),
        again=again,
    )
    save(decoder, folder / "decoder.onnx", {"vocab_size": many, "context_size": 2})
    joiner = graph(
        [node("Add", ["encoder_out", "decoder_out"], ["logit"])],
        {"encoder_out": ["N", many], "decoder_out": ["N", many]},
        {"logit": ["N", many]},
    )
    save(joiner, folder / "joiner.onnx", {"joiner_dim": many})
    (folder / "tokens.txt").write_text("".join(f"{token} {number}\n" for number, token in enumerate(TOKENS)))
    return folder


def windowed_model(folder: Path, kind: str = "nemo-conformer-tdt") -> Path:
    """Write a transducer with durations in the form of NeMo's Parakeet, as onnx-asr reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [token.lower() for token in TOKENS[2:]] + ["<blk>"]
    many, steps = len(names), 2
    encoder = graph(
        [
            node("Transpose", ["audio_signal"], ["turned"], perm=[0, 2, 1]),
            node("MatMul", ["turned", "bins"], ["loud"]),
            node("Add", ["loud", "bias"], ["all"]),
            node("Transpose", ["all"], ["upright"], perm=[0, 2, 1]),
            node("AveragePool", ["upright"], ["outputs"], kernel_shape=[8], strides=[8], ceil_mode=1),
            node("Sub", ["length", "one"], ["less"]),
            node("Div", ["less", "eight"], ["part"]),
            node("Add", ["part", "one"], ["encoded_lengths"]),
        ],
        {"audio_signal": ["N", BINS, "T"], "length": ["N"]},
        {"outputs": ["N", many, "S"], "encoded_lengths": ["N"]},
        whole_numbers=("length", "encoded_lengths"),
        one=whole(1),
        eight=whole(8),
        bins=bins(0.0, 8_000.0, many, first=0),
        bias=np.array([0.0] * (many - 1) + [0.8], np.float32),
    )
    save(encoder, folder / "encoder-model.onnx", {})
    again = np.zeros((many, many), np.float32)  # Tokens are given in rising order: features of tones overlap.
    again[:-1, :-1] = np.tril(np.full((many - 1, many - 1), NEVER, np.float32))
    joint = graph(
        [
            node("Reshape", ["encoder_outputs", "row"], ["frame"]),
            node("Reshape", ["targets", "flat"], ["index"]),
            node("Gather", ["again", "index"], ["against"], axis=0),
            node("Add", ["frame", "against"], ["logits"]),
            node("Concat", ["logits", "durations"], ["wide"], axis=1),
            node("Reshape", ["wide", "deep"], ["outputs"]),
            node("Identity", ["input_states_1"], ["output_states_1"]),
            node("Identity", ["input_states_2"], ["output_states_2"]),
        ],
        {
            "encoder_outputs": [1, many, 1],
            "targets": [1, 1],
            "target_length": [1],
            "input_states_1": [1, 1, 4],
            "input_states_2": [1, 1, 4],
        },
        {
            "outputs": [1, 1, 1, many + steps],
            "output_states_1": [1, 1, 4],
            "output_states_2": [1, 1, 4],
        },
        whole_numbers=("targets", "target_length"),
        row=whole(1, many),
        flat=whole(-1),
        deep=whole(1, 1, 1, many + steps),
        again=again,
        durations=np.array([[0.0, 1.0]], np.float32),  # One frame on, after each token.
    )
    save(joint, folder / "decoder_joint-model.onnx", {})
    (folder / "vocab.txt").write_text("".join(f"{token} {number}\n" for number, token in enumerate(names)))
    (folder / "config.json").write_text(
        json.dumps({"model_type": kind, "features_size": BINS, "subsampling_factor": 8})
    )
    return folder


def kaldi_model(folder: Path, kind: str = "vosk") -> Path:
    """Write a transducer in the form of Kaldi and Vosk, as onnx-asr reads it: its files are one folder below."""
    parts, lang, many = streaming_model(folder / "am-onnx"), folder / "lang", len(TOKENS)
    lang.mkdir()
    (lang / "tokens.txt").write_text((parts / "tokens.txt").read_text().lower())
    (parts / "tokens.txt").unlink()
    encoder = graph(
        [
            node("MatMul", ["x", "bins"], ["loud"]),
            node("Add", ["loud", "bias"], ["all"]),
            node("Transpose", ["all"], ["upright"], perm=[0, 2, 1]),
            node("AveragePool", ["upright"], ["pooled"], kernel_shape=[4], strides=[4], ceil_mode=1),
            node("Transpose", ["pooled"], ["encoder_out"], perm=[0, 2, 1]),
            node("Sub", ["x_lens", "one"], ["less"]),
            node("Div", ["less", "four"], ["part"]),
            node("Add", ["part", "one"], ["encoder_out_lens"]),
        ],
        {"x": ["N", "T", BINS], "x_lens": ["N"]},
        {"encoder_out": ["N", "S", many], "encoder_out_lens": ["N"]},
        whole_numbers=("x_lens", "encoder_out_lens"),
        one=whole(1),
        four=whole(4),
        bins=bins(20.0, 7_600.0, many, first=2),
        bias=np.array([0.0, NEVER, *[-2.0] * (many - 2)], np.float32),
    )
    save(encoder, parts / "encoder.onnx", {})
    (folder / "config.json").write_text(json.dumps({"model_type": kind}))
    return folder


def store_of(folder: Path, shelf: Path, name: str) -> ModelStore:
    """A store that has the model in a folder, under this name."""
    files = tuple(
        ModelFile(name=path.name, size=path.stat().st_size, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(folder.iterdir())
    )
    model = Model(
        name=name,
        task=Task.RECOGNISE,
        languages=("en",),
        licence="Apache-2.0",
        files=files,
        sources=(FolderSource(path=str(folder)),),
    )
    store = ModelStore(shelf, Manifest(defaults={}, models=(model,)))
    store.fetch(name, Silent())
    return store


def bins(low: float, high: float, many: int, *, first: int) -> NDArray[np.float32]:
    """The matrix that takes the mel bin of each token's tone."""
    begin, end = mel(low), mel(high)
    taken = np.zeros((BINS, many), np.float32)
    for token in range(2, len(TOKENS)):
        taken[round((mel(tone(token)) - begin) / (end - begin) * (BINS + 1)) - 1, token - 2 + first] = 1.0
    return taken


def mel(frequency: float) -> float:
    return float(MEL * np.log(1 + frequency / 700))


def whole(*numbers: int) -> NDArray[np.int64]:
    return np.array(numbers, np.int64)


def node(kind: str, taken: list[str], given: list[str], **attributes: Any) -> Any:
    return helper.make_node(kind, taken, given, **attributes)


def graph(
    nodes: list[Any],
    taken: dict[str, list[int | str]],
    given: dict[str, list[int | str]],
    whole_numbers: tuple[str, ...] = (),
    **constants: NDArray[Any],
) -> Any:
    def value(name: str, shape: list[int | str]) -> Any:
        kind = TensorProto.INT64 if name in whole_numbers else TensorProto.FLOAT
        return helper.make_tensor_value_info(name, kind, shape)

    return helper.make_graph(
        nodes,
        "tones",
        [value(name, shape) for name, shape in taken.items()],
        [value(name, shape) for name, shape in given.items()],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )


def save(made: Any, path: Path, metadata: dict[str, object]) -> None:
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, {key: str(value) for key, value in metadata.items()})
    onnx.save(model, path)
