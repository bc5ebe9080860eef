"""CAM++ as an ONNX graph: a network that turns a second or two of speech into a vector of the voice.

The network: Wang et al. 2023, "CAM++: A Fast and Efficient Network for Speaker Verification Using Context-Aware
Masking", as in the published weights: a head of two-dimensional convolutions, then three dense blocks of time delay
layers. Each layer masks its output by the mean over all of the sound. The paper adds the mean over a stretch of 100
steps (2 s), which is the same mean in the short windows of Moothall, so here it is taken twice. Normalisation by fixed
statistics is folded into the convolutions before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moothall_models.ports import Floats

OPSET, IR = 20, 9
EPSILON = 1e-5
BLOCKS = ((12, 1), (24, 2), (16, 2))
"""Layers of each dense block, and their dilation."""


def campplus_graph(weights: Mapping[str, Floats], bands: int) -> bytes:
    """The network as an ONNX model. Raises KeyError when a weight is missing.

    Input `features` [windows, frames, bands], at most 200 frames (twice the stretch of the masks, since the network
    halves their number); output `vectors` [windows, size].
    """
    graph = _Graph(weights)
    x = graph.op("Transpose", ["features"], perm=[0, 2, 1])
    x = graph.head(graph.op("Unsqueeze", [x, graph.whole(1)]))
    scale, shift = graph.norm("xvector.tdnn.nonlinear.batchnorm")
    kernel = weights["xvector.tdnn.linear.weight"] * scale[:, None, None]
    x = graph.relu(graph.op("Conv", [x, graph.constant(kernel), graph.constant(shift)], strides=[2], pads=[2, 2]))
    for number, (layers, dilation) in enumerate(BLOCKS, 1):
        for layer in range(1, layers + 1):
            x = graph.op("Concat", [x, graph.layer(x, f"xvector.block{number}.tdnnd{layer}", dilation)], axis=1)
        name = f"xvector.transit{number}"
        x = graph.op("Conv", [graph.normed(x, f"{name}.nonlinear"), graph.weight(f"{name}.linear")])
    x = graph.statistics(graph.normed(x, "xvector.out_nonlinear"))
    scale, shift = graph.norm("xvector.dense.nonlinear.batchnorm")
    kernel = weights["xvector.dense.linear.weight"] * scale[:, None, None]
    x = graph.op("Conv", [x, graph.constant(kernel), graph.constant(shift)])
    graph.op("Reshape", [x, graph.whole(0, -1)], out="vectors")
    return graph.model(bands, len(scale))


class _Graph:
    def __init__(self, weights: Mapping[str, Floats]) -> None:
        from onnx import helper, numpy_helper

        self._helper, self._from_array = helper, numpy_helper.from_array
        self._weights = weights
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def op(self, kind: str, inputs: Sequence[str], out: str = "", **attributes: Any) -> str:
        """Add a node and return the name of its output."""
        name = out or f"v{len(self._nodes)}"
        self._nodes.append(self._helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, numbers: NDArray[Any]) -> str:
        name = f"c{len(self._constants)}"
        self._constants.append(self._from_array(np.ascontiguousarray(numbers, dtype=np.float32), name))
        return name

    def whole(self, *numbers: int) -> str:
        """A constant of whole numbers."""
        name = f"c{len(self._constants)}"
        self._constants.append(self._from_array(np.array(numbers, dtype=np.int64), name))
        return name

    def weight(self, name: str) -> str:
        return self.constant(self._weights[f"{name}.weight"])

    def relu(self, x: str) -> str:
        return self.op("Relu", [x])

    def norm(self, name: str) -> tuple[Floats, Floats]:
        """Factor and summand of a normalisation by fixed statistics."""
        deviation: Floats = np.sqrt(self._weights[f"{name}.running_var"] + np.float32(EPSILON))
        scale = self._weights.get(f"{name}.weight", np.ones_like(deviation)) / deviation
        bias = self._weights.get(f"{name}.bias", np.zeros_like(deviation))
        return scale, bias - self._weights[f"{name}.running_mean"] * scale

    def normed(self, x: str, name: str) -> str:
        """A normalisation that stands before a convolution, and its rectifier."""
        scale, shift = self.norm(f"{name}.batchnorm")
        x = self.op("Mul", [x, self.constant(scale[:, None])])
        return self.relu(self.op("Add", [x, self.constant(shift[:, None])]))

    def head(self, x: str) -> str:
        """The head: features as a picture of one channel → channels and bands as one dimension."""
        x = self.relu(self._picture(x, "head.conv1", "head.bn1", 1))
        for layer in ("layer1", "layer2"):
            for number, stride in enumerate((2, 1)):
                x = self._residual(x, f"head.{layer}.{number}", stride)
        x = self.relu(self._picture(x, "head.conv2", "head.bn2", 2))
        return self.op("Reshape", [x, self.whole(0, self._weights["xvector.tdnn.linear.weight"].shape[1], -1)])

    def _residual(self, x: str, name: str, stride: int) -> str:
        y = self.relu(self._picture(x, f"{name}.conv1", f"{name}.bn1", stride))
        y = self._picture(y, f"{name}.conv2", f"{name}.bn2", 1)
        if stride > 1:
            x = self._picture(x, f"{name}.shortcut.0", f"{name}.shortcut.1", stride, pad=0)
        return self.relu(self.op("Add", [x, y]))

    def _picture(self, x: str, kernel: str, norm: str, stride: int, pad: int = 1) -> str:
        scale, shift = self.norm(norm)
        numbers = self.constant(self._weights[f"{kernel}.weight"] * scale[:, None, None, None])
        return self.op("Conv", [x, numbers, self.constant(shift)], strides=[stride, 1], pads=[pad] * 4)

    def layer(self, x: str, name: str, dilation: int) -> str:
        """A time delay layer with its mask."""
        scale, shift = self.norm(f"{name}.nonlinear2.batchnorm")
        narrow = self.constant(self._weights[f"{name}.linear1.weight"] * scale[:, None, None])
        y = self.relu(self.op("Conv", [self.normed(x, f"{name}.nonlinear1"), narrow, self.constant(shift)]))
        name = f"{name}.cam_layer"
        local = self.op(
            "Conv", [y, self.weight(f"{name}.linear_local")], dilations=[dilation], pads=[dilation, dilation]
        )
        mask = self.op("Mul", [self.op("GlobalAveragePool", [y]), self.constant(np.array(2.0))])
        for linear, bend in (("linear1", "Relu"), ("linear2", "Sigmoid")):
            bias = self.constant(self._weights[f"{name}.{linear}.bias"])
            mask = self.op(bend, [self.op("Conv", [mask, self.weight(f"{name}.{linear}"), bias])])
        return self.op("Mul", [local, mask])

    def statistics(self, x: str) -> str:
        """Mean and standard deviation over time."""
        axis = self.whole(2)
        mean = self.op("ReduceMean", [x, axis], keepdims=1)
        apart = self.op("Sub", [x, mean])
        squares = self.op("ReduceSum", [self.op("Mul", [apart, apart]), axis], keepdims=1)
        steps = self.op("Cast", [self.op("Shape", [x], start=2, end=3)], to=1)
        variance = self.op("Div", [squares, self.op("Sub", [steps, self.constant(np.array([1.0]))])])
        return self.op("Concat", [mean, self.op("Sqrt", [variance])], axis=1)

    def model(self, bands: int, size: int) -> bytes:
        from onnx import TensorProto

        told = self._helper.make_tensor_value_info
        inputs = [told("features", TensorProto.FLOAT, ["W", "T", bands])]
        outputs = [told("vectors", TensorProto.FLOAT, ["W", size])]
        graph = self._helper.make_graph(self._nodes, "campplus", inputs, outputs, self._constants)
        opsets = [self._helper.make_opsetid("", OPSET)]
        made: bytes = self._helper.make_model(graph, opset_imports=opsets, ir_version=IR).SerializeToString()
        return made
