"""Whisper's decoder as an ONNX graph that takes several tokens a step and returns its attention to the audio.

CTranslate2 computes one token after the other and doesn't return its attention. Here the same weights become a graph
for onnxruntime (the model: Radford et al. 2022, the layers of its published code; the operators: ONNX 20 and
onnxruntime's MatMulNBits). Weights are quantised to 8 bits, with a scale for each `BLOCK` of a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moothall_models.ports import Floats
from moothall_models.recognizers.whisper.ct2_model import Weights

BLOCK = 128
"""Number of weights that share a scale. Smaller blocks are more exact and slower; the text was the same."""
BITS = 8
INT8 = 4
"""Value of `accuracy_level` with which activations are rounded to 8 bits too, with a scale for each block of a row."""
CONTRIB = "com.microsoft"
OPSET, IR = 20, 9
EPSILON = 1e-5
ROWS = 256
"""Rows of weights that are quantised at a time: they fit into a core's cache."""
SMALLEST = 1e-9
"""Least value that counts as the largest number of a block, so that a block of zeros has a scale above 0."""
LARGE = 1_024
"""Bytes from which on a constant is written to the data file: as part of the model it would be copied four times."""
PAGE = 4_096
"""Alignment of constants in the data file, in bytes: whole pages, so that the file can be memory-mapped."""


def layers_of(weights: Weights) -> int:
    """How many layers the decoder has."""
    return len({name.split("/")[1] for name in weights if name.startswith("decoder/layer_") and name.count("/") > 2})


def decoder_graph(weights: Weights, heads: Sequence[tuple[int, int]], path: Path) -> None:
    """Write the decoder to the file `path`, and its weights to a second file, `path` with the suffix `.data`.

    `heads`: (layer, head) of the heads whose attention follows the audio. Dimensions: B texts, L new tokens each, P
    cached tokens, T time steps of audio, d numbers a head. Inputs: `tokens`, `positions` [B, L]; `mask` [B or 1, 1, L,
    P+L], added to the scores of the self-attention; `audio_mask` [B or 1, 1, 1, T or 1], added to those of the
    cross-attention; `first` [1], index of the first of the L tokens whose logits are wanted; for each layer i
    `past_key_i`, `past_value_i` [B, heads, P, d], `audio_key_i` [B or 1, heads, d, T], `audio_value_i` [B or 1, heads,
    T, d]. Outputs: `logits` [B, L-first, vocabulary], `attention` [B, len(heads), L, T], `key_i`, `value_i` [B, heads,
    P+L, d].
    """
    graph = _Graph(weights, path)
    count, d = graph.heads, graph.width // graph.heads
    table, scale = rounded(weights["decoder/embeddings/weight"], graph.width)
    rows = graph.op("Cast", [graph.op("Gather", [graph.constant(table[:, 0]), "tokens"])], to=1)
    scales = graph.op("Gather", [graph.constant(scale), "tokens"])
    positions = graph.op("Gather", [graph.constant(graph.floats("decoder/position_encodings/encodings")), "positions"])
    x = graph.op("Add", [graph.op("Mul", [rows, scales]), positions])
    looks: list[str] = []
    for layer in range(layers_of(weights)):
        name = f"decoder/layer_{layer}"
        of_query = np.ones(3 * graph.width, dtype=np.float32)
        of_query[: graph.width] = d**-0.5
        all_three = graph.linear(graph.norm(x, f"{name}/self_attention"), f"{name}/self_attention/linear_0", of_query)
        query, key, value = graph.split(all_three, 3)
        key = graph.op("Concat", [f"past_key_{layer}", graph.apart(key)], out=f"key_{layer}", axis=2)
        value = graph.op("Concat", [f"past_value_{layer}", graph.apart(value)], out=f"value_{layer}", axis=2)
        odds = graph.op("MatMul", [graph.apart(query), graph.op("Transpose", [key], perm=[0, 1, 3, 2])])
        odds = graph.op("Softmax", [graph.op("Add", [odds, "mask"])], axis=-1)
        seen = graph.together(graph.op("MatMul", [odds, value]))
        x = graph.op("Add", [x, graph.linear(seen, f"{name}/self_attention/linear_1")])
        asked = graph.norm(x, f"{name}/attention")
        query = graph.linear(asked, f"{name}/attention/linear_0", np.full(graph.width, d**-0.5, dtype=np.float32))
        odds = graph.op("MatMul", [graph.apart(query), f"audio_key_{layer}"])
        odds = graph.op("Softmax", [graph.op("Add", [odds, "audio_mask"])], axis=-1)
        following = np.array([head for of, head in heads if of == layer], dtype=np.int64)
        if len(following):
            looks.append(graph.op("Gather", [odds, graph.constant(following)], axis=1))
        seen = graph.together(graph.op("MatMul", [odds, f"audio_value_{layer}"]))
        x = graph.op("Add", [x, graph.linear(seen, f"{name}/attention/linear_2")])
        wide = graph.op("Gelu", [graph.linear(graph.norm(x, f"{name}/ffn"), f"{name}/ffn/linear_0")], domain=CONTRIB)
        x = graph.op("Add", [x, graph.linear(wide, f"{name}/ffn/linear_1")])
    end, axis = graph.constant(np.array([np.iinfo(np.int32).max])), graph.constant(np.array([1]))
    wanted = graph.op("Slice", [graph.norm(x, "decoder"), "first", end, axis])
    graph.linear(wanted, "decoder/projection", out="logits")
    graph.op("Concat", looks, out="attention", axis=1)
    inputs = [("tokens", "BL"), ("positions", "BL"), ("first", "1"), ("mask", "C1LS"), ("audio_mask", "A11U")]
    outputs = [("logits", "BMV"), ("attention", "BALT")]
    for layer in range(layers_of(weights)):
        inputs += [(f"past_key_{layer}", "BHPD"), (f"past_value_{layer}", "BHPD")]
        inputs += [(f"audio_key_{layer}", "AHDT"), (f"audio_value_{layer}", "AHTD")]
        outputs += [(f"key_{layer}", "BHSD"), (f"value_{layer}", "BHSD")]
    graph.save(inputs, outputs, {"1": 1, "H": count, "D": d})


def audio_graph(weights: Weights, path: Path) -> None:
    """Write the graph that computes keys and values of the cross-attention, once a window; files as `decoder_graph`.

    Input: `encoded` [B, T, width]. Outputs for each layer i: `audio_key_i` [B, heads, d, T], `audio_value_i` [B, heads,
    T, d].
    """
    graph = _Graph(weights, path)
    outputs: list[tuple[str, str]] = []
    for layer in range(layers_of(weights)):
        key, value = graph.split(graph.linear("encoded", f"decoder/layer_{layer}/attention/linear_1"), 2)
        graph.apart(key, out=f"audio_key_{layer}", turned=True)
        graph.apart(value, out=f"audio_value_{layer}")
        outputs += [(f"audio_key_{layer}", "BHDT"), (f"audio_value_{layer}", "BHTD")]
    graph.save([("encoded", "BTW")], outputs, {"W": graph.width})


def rounded(weights: NDArray[Any], block: int, factor: Floats | None = None) -> tuple[NDArray[np.int8], Floats]:
    """Quantise weights [outputs, inputs]: 8-bit numbers [outputs, blocks, block] and scales [outputs, blocks].

    `factor` [outputs] multiplies the weights of each output. `ROWS` rows are converted at a time, since the vocabulary
    has very many.
    """
    outputs, inputs = weights.shape
    numbers = np.empty((outputs, inputs // block, block), dtype=np.int8)
    scales = np.empty((outputs, inputs // block), dtype=np.float32)
    for begin in range(0, outputs, ROWS):
        rows = slice(begin, begin + ROWS)
        blocks = weights[rows].astype(np.float32).reshape(-1, inputs // block, block)
        if factor is not None:
            blocks *= factor[rows, np.newaxis, np.newaxis]
        scales[rows] = np.maximum(np.maximum(blocks.max(axis=2), -blocks.min(axis=2)), SMALLEST) / 127
        blocks /= scales[rows, :, np.newaxis]
        numbers[rows] = np.rint(blocks, out=blocks)
    return numbers, scales


class _Graph:
    """A builder of an ONNX graph. Large constants are written to the data file at once and not kept in memory."""

    def __init__(self, weights: Weights, path: Path) -> None:
        import onnx

        self._onnx: Any = onnx
        self._path = path
        self._data = path.with_name(f"{path.name}.data")
        self._data.write_bytes(b"")
        self._weights = weights
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self.width = weights["decoder/embeddings/weight"].shape[1]
        self.heads = int(weights["decoder/num_heads"])

    def floats(self, name: str) -> Floats:
        return self._weights[name].astype(np.float32)

    def constant(self, values: NDArray[Any]) -> str:
        name = f"constant_{len(self._constants)}"
        if values.nbytes < LARGE:
            self._constants.append(self._onnx.numpy_helper.from_array(np.ascontiguousarray(values), name))
            return name
        with self._data.open("ab") as data:
            offset = -(-data.tell() // PAGE) * PAGE
            data.truncate(offset)
            np.ascontiguousarray(values).tofile(data)
        kind = self._onnx.helper.np_dtype_to_tensor_dtype(values.dtype)
        where = {"location": self._data.name, "offset": offset, "length": values.nbytes}
        constant = self._onnx.TensorProto(
            name=name, data_type=kind, dims=values.shape, data_location=self._onnx.TensorProto.EXTERNAL
        )
        for key, value in where.items():
            constant.external_data.add(key=key, value=str(value))
        self._constants.append(constant)
        return name

    def op(self, kind: str, inputs: Sequence[str], *, out: str = "", domain: str = "", **attributes: Any) -> str:
        name = out or f"between_{len(self._nodes)}"
        self._nodes.append(self._onnx.helper.make_node(kind, list(inputs), [name], domain=domain, **attributes))
        return name

    def split(self, x: str, parts: int) -> list[str]:
        names = [f"part_{len(self._nodes)}_{number}" for number in range(parts)]
        self._nodes.append(self._onnx.helper.make_node("Split", [x], names, axis=-1, num_outputs=parts))
        return names

    def norm(self, x: str, name: str) -> str:
        gamma, beta = (self.constant(self.floats(f"{name}/layer_norm/{part}")) for part in ("gamma", "beta"))
        return self.op("LayerNormalization", [x, gamma, beta], axis=-1, epsilon=EPSILON)

    def linear(self, x: str, name: str, factor: Floats | None = None, *, out: str = "") -> str:
        """Add a linear layer: `x` times the weights, plus the bias if there is one; `factor` scales each output."""
        weights = self._weights[f"{name}/weight"]
        outputs, inputs = weights.shape
        numbers, scales = rounded(weights, BLOCK, factor)
        # The operator takes unsigned numbers in which 128 stands for 0.
        given = [x, self.constant(numbers.view(np.uint8) ^ np.uint8(128)), self.constant(scales.reshape(-1))]
        if f"{name}/bias" in self._weights:
            bias = self.floats(f"{name}/bias")
            given += ["", "", self.constant(bias if factor is None else bias * factor)]
        sizes = {"K": inputs, "N": outputs, "bits": BITS, "block_size": BLOCK, "accuracy_level": INT8}
        return self.op("MatMulNBits", given, out=out, domain=CONTRIB, **sizes)

    def apart(self, x: str, *, out: str = "", turned: bool = False) -> str:
        """Split heads: [B, L, width] to [B, heads, L, d], or with `turned` to [B, heads, d, L]."""
        shape = self.constant(np.array([0, 0, self.heads, self.width // self.heads]))
        return self.op(
            "Transpose", [self.op("Reshape", [x, shape])], out=out, perm=[0, 2, 3, 1] if turned else [0, 2, 1, 3]
        )

    def together(self, x: str) -> str:
        """Merge heads: [B, heads, L, d] to [B, L, width]."""
        shape = self.constant(np.array([0, 0, self.width]))
        return self.op("Reshape", [self.op("Transpose", [x], perm=[0, 2, 1, 3]), shape])

    def save(
        self, inputs: Sequence[tuple[str, str]], outputs: Sequence[tuple[str, str]], sizes: dict[str, int]
    ) -> None:
        """Write the model. A shape is a string with a letter for each dimension; `sizes` gives the fixed dimensions."""
        make = self._onnx.helper
        whole = {"tokens", "positions", "first"}

        def described(name: str, shape: str) -> Any:
            kind = self._onnx.TensorProto.INT64 if name in whole else self._onnx.TensorProto.FLOAT
            return make.make_tensor_value_info(name, kind, [sizes.get(letter, letter) for letter in shape])

        graph = make.make_graph(
            self._nodes,
            "whisper",
            [described(*each) for each in inputs],
            [described(*each) for each in outputs],
            self._constants,
        )
        opsets = [make.make_opsetid("", OPSET), make.make_opsetid(CONTRIB, 1)]
        self._onnx.save(make.make_model(graph, opset_imports=opsets, ir_version=IR), self._path)
