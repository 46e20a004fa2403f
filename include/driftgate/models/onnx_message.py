"""Writing the few messages of the ONNX format (protocol buffers, onnx.proto) that a graph of ours takes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

IR_VERSION, OPSET, OPSET_ML = 10, 18, 5  # trees in doubles are in ai.onnx.ml since 5, onnxruntime knows it since 1.20
_TYPES = {"uint8": 2, "int64": 7, "float64": 11}
_INT, _TENSOR, _INTS = 2, 4, 7  # kinds of an attribute


def attribute(name: str, value: int) -> bytes:
    """Return an attribute with one whole number."""
    return _text(1, name) + _number(3, value) + _number(20, _INT)


def numbers(name: str, values: Sequence[int]) -> bytes:
    """Return an attribute with whole numbers, none of them negative."""
    return _text(1, name) + _part(8, b"".join(map(_varint, values))) + _number(20, _INTS)


def tensor(name: str, values: NDArray[np.generic]) -> bytes:
    """Return an attribute with a tensor."""
    return _text(1, name) + _part(5, _tensor(name, values)) + _number(20, _TENSOR)


class Graph:
    """A graph that grows from its input to its output; names are numbers in the order of their making."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []

    def add(
        self, operator: str, *inputs: str, name: str | None = None, attributes: Sequence[bytes] = (), domain: str = ""
    ) -> str:
        """Add an operator and return the name of what it gives."""
        name = name or f"v{len(self._nodes)}"
        node = b"".join(_text(1, one) for one in inputs) + _text(2, name) + _text(4, operator)
        self._nodes.append(node + b"".join(_part(5, one) for one in attributes) + _text(7, domain))
        return name

    def constant(self, values: NDArray[np.generic]) -> str:
        """Add numbers and return their name."""
        name = f"c{len(self._constants)}"
        self._constants.append(_tensor(name, values))
        return name

    def model(self, inputs: str, width: int, output: str) -> bytes:
        """Return the whole file: doubles [rows, ``width``] in, doubles [rows] out."""
        graph = b"".join(_part(1, node) for node in self._nodes) + _text(2, "driftgate")
        graph += b"".join(_part(5, constant) for constant in self._constants)
        rows = _part(1, _text(2, "rows"))
        graph += _part(11, _value(inputs, rows + _part(1, _number(1, width)))) + _part(12, _value(output, rows))
        opsets = (("", OPSET), ("ai.onnx.ml", OPSET_ML))
        known = b"".join(_part(8, _text(1, domain) + _number(2, version)) for domain, version in opsets)
        return _number(1, IR_VERSION) + _text(2, "driftgate") + _part(7, graph) + known


def _value(name: str, shape: bytes) -> bytes:
    return _text(1, name) + _part(2, _part(1, _number(1, _TYPES["float64"]) + _part(2, shape)))


def _tensor(name: str, values: NDArray[np.generic]) -> bytes:
    dims = b"".join(_number(1, size) for size in values.shape)
    data = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<"))).tobytes()
    return dims + _number(2, _TYPES[values.dtype.name]) + _text(8, name) + _part(9, data)


def _text(field: int, value: str) -> bytes:
    return _part(field, value.encode())


def _part(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
