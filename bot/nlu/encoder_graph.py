"""MiniLM (a BERT of six layers) as an ONNX graph made from its safetensors, then in eight-bit integers.

Needs `onnx` and is called once per set of weights; answering needs ONNX Runtime only.
Source of the architecture: Devlin et al. 2019, https://aclanthology.org/N19-1423/ (post-norm encoder, GELU by erf);
the sentence vector is the mean over tokens: Reimers and Gurevych 2019, https://aclanthology.org/D19-1410/.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

LAYERS = 6
HEADS = 12
OPSET = 17  # the first with LayerNormalization
EPSILON = 1e-12
MASKED = -1e4  # added to the score of a padding token: nothing is left of it behind the softmax


class _Graph:
    """Nodes and constants as they are added; each method returns the name of what it adds."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        from onnx import helper, numpy_helper

        self._weights = weights
        self._make_node = helper.make_node
        self._make_tensor = numpy_helper.from_array
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, value: np.ndarray | float | list[int]) -> str:
        if not isinstance(value, np.ndarray):
            value = np.array(value, np.int64 if isinstance(value, list) else np.float32)
        self.constants.append(self._make_tensor(np.ascontiguousarray(value), name))
        return name

    def add(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(self._make_node(operator, inputs, [output], **attributes))
        return output

    def linear(self, x: str, name: str) -> str:
        weight = self.constant(f"{name}.W", self._weights[f"{name}.weight"].T)
        bias = self.constant(f"{name}.B", self._weights[f"{name}.bias"])
        return self.add("Add", [self.add("MatMul", [x, weight], f"{name}.product"), bias], f"{name}.out")

    def norm(self, x: str, name: str) -> str:
        scale = self.constant(f"{name}.W", self._weights[f"{name}.weight"])
        bias = self.constant(f"{name}.B", self._weights[f"{name}.bias"])
        return self.add("LayerNormalization", [x, scale, bias], f"{name}.out", axis=-1, epsilon=EPSILON)

    def heads(self, x: str, order: list[int]) -> str:
        return self.add(
            "Transpose", [self.add("Reshape", [x, "split"], f"{x}.split")], f"{x}.heads", perm=order
        )

    def attention(self, x: str, prefix: str) -> str:
        query = self.heads(self.linear(x, f"{prefix}.self.query"), [0, 2, 1, 3])
        key = self.heads(self.linear(x, f"{prefix}.self.key"), [0, 2, 3, 1])
        value = self.heads(self.linear(x, f"{prefix}.self.value"), [0, 2, 1, 3])
        scores = self.add("MatMul", [query, key], f"{prefix}.scores")
        scores = self.add("Mul", [scores, "scale"], f"{prefix}.scaled")
        scores = self.add("Add", [scores, "bias"], f"{prefix}.masked")
        shares = self.add("Softmax", [scores], f"{prefix}.shares", axis=-1)
        mixed = self.add("MatMul", [shares, value], f"{prefix}.mixed")
        mixed = self.add("Transpose", [mixed], f"{prefix}.turned", perm=[0, 2, 1, 3])
        mixed = self.add("Reshape", [mixed, "merge"], f"{prefix}.merged")
        added = self.add("Add", [self.linear(mixed, f"{prefix}.output.dense"), x], f"{prefix}.sum")
        return self.norm(added, f"{prefix}.output.LayerNorm")

    def feed_forward(self, x: str, prefix: str) -> str:
        wide = self.linear(x, f"{prefix}.intermediate.dense")
        erf = self.add("Erf", [self.add("Div", [wide, "root2"], f"{prefix}.divided")], f"{prefix}.erf")
        gate = self.add("Mul", [self.add("Add", [erf, "one"], f"{prefix}.plus"), "half"], f"{prefix}.gate")
        narrow = self.linear(self.add("Mul", [wide, gate], f"{prefix}.gelu"), f"{prefix}.output.dense")
        return self.norm(self.add("Add", [narrow, x], f"{prefix}.sum"), f"{prefix}.output.LayerNorm")


def build(weights_file: Path) -> Any:
    """The `onnx.ModelProto`: `ids` (int64, batch x length), `mask` (float32, likewise, 1 = token) and
    `positions` (int64, length) to `sentence` (float32, batch x 384, not normed).
    """
    from onnx import TensorProto, helper

    weights = load_file(str(weights_file))
    graph = _Graph(weights)
    words = weights["embeddings.word_embeddings.weight"]
    size = words.shape[1]
    graph.constant("words", words)
    # one kind of text only, so the embedding of its kind is part of the position's
    graph.constant(
        "places",
        weights["embeddings.position_embeddings.weight"]
        + weights["embeddings.token_type_embeddings.weight"][0],
    )
    for name, value in {"one": 1.0, "half": 0.5, "root2": 2**0.5, "least": MASKED}.items():
        graph.constant(name, np.array(value, np.float32))
    graph.constant("scale", np.array((size // HEADS) ** -0.5, np.float32))
    graph.constant("split", [0, 0, HEADS, size // HEADS])
    graph.constant("merge", [0, 0, size])
    for name, axes in {"axes12": [1, 2], "axis2": [2], "axis1": [1]}.items():
        graph.constant(name, axes)
    absent = graph.add("Sub", ["one", graph.add("Unsqueeze", ["mask", "axes12"], "mask4")], "absent")
    graph.add("Mul", [absent, "least"], "bias")
    word = graph.add("Gather", ["words", "ids"], "word", axis=0)
    place = graph.add("Gather", ["places", "positions"], "place", axis=0)
    x = graph.norm(graph.add("Add", [word, place], "embedded"), "embeddings.LayerNorm")
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}"
        x = graph.feed_forward(graph.attention(x, f"{prefix}.attention"), prefix)
    mask = graph.add("Unsqueeze", ["mask", "axis2"], "mask3")
    total = graph.add("ReduceSum", [graph.add("Mul", [x, mask], "kept"), "axis1"], "total", keepdims=0)
    count = graph.add("ReduceSum", [mask, "axis1"], "count", keepdims=0)
    graph.add("Div", [total, count], "sentence")
    inputs = [
        helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "length"]),
        helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["batch", "length"]),
        helper.make_tensor_value_info("positions", TensorProto.INT64, ["length"]),
    ]
    outputs = [helper.make_tensor_value_info("sentence", TensorProto.FLOAT, ["batch", size])]
    made = helper.make_graph(graph.nodes, "sentence-encoder", inputs, outputs, graph.constants)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def write(weights_file: Path, target: Path) -> None:
    """Build, quantise dynamically (weights of matrix products per channel, int8) and put at `target`, atomically."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        full, small = Path(folder) / "full.onnx", Path(folder) / "small.onnx"
        onnx.save(build(weights_file), str(full))
        quantize_dynamic(
            str(full),
            str(small),
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=["MatMul"],
        )
        os.replace(small, target)
