"""A fitted estimator as an ONNX model, in single precision, for any runtime that reads ONNX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skinit._wording import ask_to_install, join_words
from skinit.activations import (
    NEGATIVE_SLOPE,
    SELU_ALPHA,
    SELU_SCALE,
    get_activation,
    is_built_in,
)
from skinit.estimators.targets import ClassTarget, LabelTarget

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

# The oldest that has Mish; runtimes since 2023 know it.
OPSET, IR_VERSION = 18, 8

# Operators with their attributes. Each reads the output of the one before, and perhaps a second
# input: the pre-activation "z", or a number.
Steps = list[tuple[str, dict[str, Any], tuple]]
ACTIVATION_STEPS: dict[str, Steps] = {
    "identity": [],
    "logistic": [("Sigmoid", {}, ())],
    "tanh": [("Tanh", {}, ())],
    "relu": [("Relu", {}, ())],
    "leaky_relu": [("LeakyRelu", {"alpha": NEGATIVE_SLOPE}, ())],
    "elu": [("Elu", {"alpha": 1.0}, ())],
    "selu": [("Selu", {"alpha": SELU_ALPHA, "gamma": SELU_SCALE}, ())],
    "gelu": [
        ("Mul", {}, (0.5**0.5,)),
        ("Erf", {}, ()),
        ("Add", {}, (1.0,)),
        ("Mul", {}, (0.5,)),
        ("Mul", {}, ("z",)),
    ],
    "silu": [("Sigmoid", {}, ()), ("Mul", {}, ("z",))],
    "softplus": [("Softplus", {}, ())],
    "mish": [("Mish", {}, ())],
}
OUTPUT_STEPS: dict[str, Steps] = {
    "identity": [],
    "exp": [("Exp", {}, ())],
    "logistic": [("Sigmoid", {}, ())],
    "softmax": [("Softmax", {"axis": -1}, ())],
}


def make_onnx(estimator) -> ModelProto:
    """Return a fitted estimator as an ONNX model; see ``to_onnx`` of the estimators."""
    onnx = _import_onnx()
    activation = get_activation(estimator.activation)
    if not is_built_in(activation, ACTIVATION_STEPS):
        raise ValueError(
            f"ONNX has no operator for the activation {activation.name!r}, only for "
            f"{join_words(map(repr, ACTIVATION_STEPS))}."
        )
    graph = _Graph(onnx)
    at = "X"
    layers = list(zip(estimator.coefs_, estimator.intercepts_, strict=True))
    for i, (W, b) in enumerate(layers):
        at = graph.add("Gemm", at, graph.constant(W), graph.constant(b))
        steps = ACTIVATION_STEPS[activation.name]
        if i == len(layers) - 1:
            steps = OUTPUT_STEPS[estimator.out_activation_]
        at = graph.add_steps(steps, at)
    outputs = _add_predictions(graph, at, estimator._state.target)
    n_features = len(estimator.coefs_[0])
    inputs = [onnx.helper.make_tensor_value_info("X", onnx.TensorProto.FLOAT, [None, n_features])]
    model = onnx.helper.make_model(
        onnx.helper.make_graph(
            graph.nodes, type(estimator).__name__, inputs, outputs, graph.constants
        ),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="skinit",
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def _import_onnx():
    try:
        import onnx
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"to_onnx needs {ask_to_install('onnx', 'onnx')}", name="onnx"
        ) from error
    return onnx


class _Graph:
    """Collects the nodes and constants of a graph, and names what they return.

    Parameters
    ----------
    onnx : module
        The library.
    """

    def __init__(self, onnx):
        self.onnx = onnx
        self.nodes: list[NodeProto] = []
        self.constants: list[Any] = []

    def constant(self, values, dtype=np.float32) -> str:
        """Add an array and return its name."""
        name = f"constant_{len(self.constants)}"
        values = np.asarray(values, dtype)
        self.constants.append(self.onnx.numpy_helper.from_array(values, name))
        return name

    def add(self, operator: str, *inputs: str, called: str | None = None, **attributes) -> str:
        """Add a node and return the name of its output."""
        name = called or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(operator, inputs, [name], **attributes))
        return name

    def add_steps(self, steps: Steps, z: str) -> str:
        """Add operators one after the other and return the name of the last output."""
        at = z
        for operator, attributes, others in steps:
            second = [z if other == "z" else self.constant(other) for other in others]
            at = self.add(operator, at, *second, **attributes)
        return at

    def output(self, name: str, dtype, *shape):
        """Return the description of an output of the graph."""
        return self.onnx.helper.make_tensor_value_info(name, dtype, [None, *shape])


def _add_predictions(graph: _Graph, at: str, target: Any) -> list[Any]:
    """Add what ``predict`` and ``predict_proba`` make of the outputs; return the descriptions."""
    FLOAT, INT64 = graph.onnx.TensorProto.FLOAT, graph.onnx.TensorProto.INT64
    if isinstance(target, ClassTarget):
        return _add_classes(graph, at, target.classes)
    if isinstance(target, LabelTarget):
        chosen = graph.add("Greater", at, graph.constant(0.5))
        graph.add("Cast", chosen, called="label", to=INT64)
        graph.add("Identity", at, called="probabilities")
        n = len(target.classes)
        return [graph.output("label", INT64, n), graph.output("probabilities", FLOAT, n)]
    if target.n_outputs == 1:
        graph.add("Squeeze", at, graph.constant([1], np.int64), called="prediction")
        return [graph.output("prediction", FLOAT)]
    graph.add("Identity", at, called="prediction")
    return [graph.output("prediction", FLOAT, target.n_outputs)]


def _add_classes(graph: _Graph, p: str, classes: np.ndarray) -> list[Any]:
    """Add the probability of each class and the most probable one."""
    onnx = graph.onnx
    if len(classes) <= 2:
        rest = graph.add("Sub", graph.constant(1.0), p)
        graph.add("Concat", rest, p, called="probabilities", axis=1)
        classes = classes[[0, -1]]
    else:
        graph.add("Identity", p, called="probabilities")
    labels, dtype = _convert_labels(onnx, classes)
    best = graph.add("ArgMax", "probabilities", axis=1, keepdims=0)
    graph.add("Gather", graph.constant(labels, labels.dtype), best, called="label")
    return [
        graph.output("label", dtype),
        graph.output("probabilities", onnx.TensorProto.FLOAT, len(classes)),
    ]


def _convert_labels(onnx, classes: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the classes in a dtype of ONNX, and what ONNX calls it."""
    types = onnx.TensorProto
    if classes.dtype.kind in "iu":
        return classes.astype(np.int64), types.INT64
    if classes.dtype.kind == "b":
        return classes, types.BOOL
    if classes.dtype.kind == "f":
        return classes.astype(np.float64), types.DOUBLE
    if all(isinstance(label, str) for label in classes):
        return classes.astype(object), types.STRING
    odd = next(label for label in classes if not isinstance(label, str))
    raise ValueError(
        f"ONNX has no labels of the type {type(odd).__name__}, such as {odd!r}: use numbers or "
        "text."
    )
