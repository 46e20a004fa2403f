"""What a model in the ONNX format may hold to be loaded: a graph of plain operators with its numbers inside.

A file from elsewhere could name other files of the machine as its weights, operators of somebody's library, or loops
that never end. onnxruntime would follow, and the package that reads the format is not installed where models serve, so
this walks the few messages of the format (protocol buffers, onnx.proto) in which such a thing can stand.
"""

from collections.abc import Iterator

from driftgate.errors import Tampered

# message → field → what lies there: another message to walk, or a fact to look at
_INSIDE: dict[str, dict[int, str]] = {
    "model": {7: "graph", 8: "opset", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute", 7: "domain"},
    "opset": {1: "domain"},
    "attribute": {5: "tensor", 6: "subgraph", 10: "tensor", 11: "subgraph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "external", 14: "location"},
}
_REFUSED = {
    "function": "functions of its own",
    "subgraph": "loops or branches",
    "external": "weights in other files",
}
_PLAIN_DOMAINS = {b"", b"ai.onnx"}


def require_plain_onnx(data: bytes) -> None:
    """Return when ``data`` is a whole file with a graph of plain operators that needs no other file.

    :raises Tampered: it is not, and the sentence says what was found
    """
    try:
        found = _walk("model", memoryview(data))
    except (IndexError, ValueError):
        raise Tampered("model.onnx is not a whole ONNX model; train it again.") from None
    if "graph" not in found:
        raise Tampered("model.onnx is not a whole ONNX model; train it again.")


def _walk(message: str, data: memoryview) -> set[str]:
    """Look at every field of a message and return the names of those met."""
    met = set()
    for number, value in _fields(data):
        kind = _INSIDE[message].get(number)
        if kind is None:
            continue
        met.add(kind)
        _refuse(kind, value)
        if kind in _INSIDE and isinstance(value, memoryview):
            _walk(kind, value)
    return met


def _refuse(kind: str, value: "memoryview | int") -> None:
    if kind in _REFUSED or (kind == "location" and value):
        raise Tampered(f"model.onnx has {_REFUSED.get(kind, _REFUSED['external'])}, which no model of ours has.")
    if kind == "domain" and isinstance(value, memoryview) and bytes(value) not in _PLAIN_DOMAINS:
        name = bytes(value[:40]).decode(errors="replace")
        raise Tampered(f"model.onnx has operators of {name!r}, which are not part of ONNX; train it with Driftgate.")


def _fields(data: memoryview) -> Iterator[tuple[int, "memoryview | int"]]:
    """Yield the fields of a protocol buffer message by number.

    :raises ValueError: the bytes end in the middle of one, or are no message
    """
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        kind = tag & 7
        if kind == 0:
            value, place = _varint(data, place)
            yield tag >> 3, value
            continue
        if kind not in (1, 2, 5) or not tag >> 3:
            raise ValueError(f"no wire type {kind}")
        length, place = _varint(data, place) if kind == 2 else ({1: 8, 5: 4}[kind], place)
        if place + length > len(data):
            raise ValueError("cut")
        yield tag >> 3, data[place : place + length]
        place += length


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise ValueError("no number is that long")
