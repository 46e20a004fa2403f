"""The network as an ONNX graph, operator by operator.

torch's own exporter is not used: it takes 3 to 10 seconds, a thousand times as long as this, and writes the lines and
paths of the machine's code into the file. That both say the same is checked for every model that is exported.
"""

from typing import Any

import numpy as np
from torch import Tensor, nn  # noqa: TID253  only the trainer imports this module, when it trains

from driftgate.models.onnx_scorer import INPUT, OUTPUT
from driftgate.training.network.module import Network, Periodic, PerNumber, PiecewiseLinear, Rows, Scoring

OPSET = 18  # has LayerNormalization; onnxruntime knows it since 1.14
IR_VERSION = 9  # of the file format, the one that goes with it


class Graph:
    """A graph that grows from its input to its output; names are numbers in the order of their making."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, operator: str, *inputs: str, name: str | None = None, **attributes: Any) -> str:
        """Add an operator and return the name of what it gives."""
        from onnx import helper

        name = name or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def constant(self, values: Any) -> str:
        """Add numbers and return their name."""
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        array = values.detach().cpu().numpy() if isinstance(values, Tensor) else np.asarray(values)
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def zero_where(self, missing: str, values: str) -> str:
        """Return ``values``, and zero where they are ``missing``."""
        return self.add("Where", missing, self.constant(np.float32(0)), values)


def graph_of(scoring: Scoring, width: int) -> Any:
    """Return the model as the message of onnx: rows of ``width`` features in, a score for each out."""
    from onnx import TensorProto, helper

    graph = Graph()
    single = _network(graph, scoring.network, scoring.rows)
    found = graph.add("Squeeze", single, graph.constant(np.array([1])))
    if scoring.unit is None:
        graph.add("Sigmoid", found, name=OUTPUT)
    else:
        mean, deviation = (graph.constant(np.float32(value)) for value in scoring.unit)
        graph.add("Add", graph.add("Mul", found, deviation), mean, name=OUTPUT)
    return helper.make_model(
        helper.make_graph(
            graph.nodes,
            "driftgate",
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["rows", width])],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["rows"])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="driftgate",
    )


def _network(graph: Graph, network: Network, rows: Rows) -> str:
    from onnx import TensorProto

    parts = [*_words(graph, network, rows)]
    if len(rows.numeric):
        parts.append(_numbers(graph, network, rows))
    if len(rows.may_miss):
        parts.append(graph.add("Cast", graph.add("IsNaN", _picked(graph, rows.may_miss)), to=TensorProto.FLOAT))
    values = graph.add("Concat", *parts, axis=1)
    for layer in network.layers:
        values = _layer(graph, layer, values)
    return values


def _picked(graph: Graph, places: Tensor) -> str:
    return graph.add("Gather", INPUT, graph.constant(places), axis=1)


def _words(graph: Graph, network: Network, rows: Rows) -> list[str]:
    """Return the vectors of each column of words."""
    from onnx import TensorProto

    found = []
    for place, embedding in zip(rows.categorical, network.words, strict=True):
        column = graph.add("Gather", INPUT, graph.constant(place), axis=1)
        following = graph.add("Add", column, graph.constant(np.float32(1)))
        codes = graph.add("Cast", graph.zero_where(graph.add("IsNaN", column), following), to=TensorProto.INT64)
        found.append(graph.add("Gather", graph.constant(embedding.weight), codes, axis=0))
    return found


def _numbers(graph: Graph, network: Network, rows: Rows) -> str:
    numbers = _picked(graph, rows.numeric)
    centred = graph.add("Sub", numbers, graph.constant(rows.mean))
    standard = graph.add("Div", centred, graph.constant(rows.std))
    known = graph.zero_where(graph.add("IsNaN", numbers), standard)
    if isinstance(network.numbers, nn.Identity):
        return known
    spread, each = network.numbers
    return _per_number(
        graph, each, _spread(graph, spread, graph.add("Unsqueeze", known, graph.constant(np.array([2]))))
    )


def _spread(graph: Graph, spread: "Periodic | PiecewiseLinear", numbers: str) -> str:
    if isinstance(spread, Periodic):
        turns = graph.add("Mul", numbers, graph.constant(np.float32(2 * np.pi)))
        angles = graph.add("Mul", turns, graph.constant(spread.frequencies))
        return graph.add("Concat", graph.add("Sin", angles), graph.add("Cos", angles), axis=2)
    through = graph.add("Mul", graph.add("Sub", numbers, graph.constant(spread.left)), graph.constant(spread.slope))
    return graph.add("Clip", through, graph.constant(np.float32(0)), graph.constant(np.float32(1)))


def _per_number(graph: Graph, each: PerNumber, spread: str) -> str:
    summed = graph.add("Einsum", spread, graph.constant(each.weights), equation="nfk,fkd->nfd")
    biased = graph.add("Add", summed, graph.constant(each.bias))
    return graph.add("Flatten", graph.add("Relu", biased), axis=1)


def _layer(graph: Graph, layer: nn.Module, values: str) -> str:
    """Add a layer; dropout is none where a network serves."""
    if isinstance(layer, nn.Linear):
        return graph.add("Gemm", values, graph.constant(layer.weight), graph.constant(layer.bias), transB=1)
    if isinstance(layer, nn.LayerNorm):
        scale, shift = graph.constant(layer.weight), graph.constant(layer.bias)
        return graph.add("LayerNormalization", values, scale, shift, axis=-1, epsilon=layer.eps)
    return graph.add("Relu", values) if isinstance(layer, nn.ReLU) else values
