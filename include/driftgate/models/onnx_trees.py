"""A LightGBM model in the ONNX format: the same trees, in doubles, as the one operator of ONNX that holds trees.

The graph is made of the text of the model, whose bytes were verified, where it is scored; it is never read from a
package. The few messages of the format that it takes are written here: the package that knows them all is not
installed where models serve. Of whatever a tree can say that the operator cannot, the sentence says so.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from driftgate.errors import ConfigError
from driftgate.models.onnx_message import Graph, attribute, numbers, tensor

# What LightGBM's text says of a node: bits 0 to 3 of its decision type.
_CATEGORICAL, _NAN_GOES_LEFT, _MISSING, _ZERO_IS_MISSING, _NAN_IS_MISSING = 1, 2, 12, 4, 8
_AT_MOST, _MEMBER = 0, 6  # modes of a node in ONNX
_ZERO = float(np.float32(1e-35))  # LightGBM reads what is nearer to zero than this, or as near, as zero
_RAW = {"regression", "regression_l1", "huber", "fair", "quantile", "mape"}


class _Node(NamedTuple):
    feature: int
    threshold: float
    members: tuple[int, ...] | None  # None: not a node of categories
    nan_goes_left: bool
    left: int
    right: int


class _Tree(NamedTuple):
    """``left`` and ``right`` of a node are places of nodes; a negative one is a leaf, counted from -1."""

    nodes: list[_Node]
    leaves: list[float]


def trees_as_onnx(model_text: str, inputs: str, output: str) -> bytes:
    """Return a LightGBM model as ONNX: doubles [rows, features] in, the score of each row out.

    :raises ConfigError: it has something that ONNX cannot say exactly
    """
    head, *trees = _sections(model_text)
    width = int(head["max_feature_idx"]) + 1
    kind, *options = head["objective"].split(" ")
    if kind not in _RAW | {"binary"} or "sqrt" in options or head["num_class"] != "1" or "average_output" in head:
        raise ConfigError(f"A LightGBM model of objective {head['objective']!r} is not made ONNX; serve it as trained.")
    graph = Graph()
    attributes = _attributes([_tree(one) for one in trees])
    summed = graph.add("TreeEnsemble", inputs, attributes=attributes, domain="ai.onnx.ml")
    flat = graph.add("Squeeze", summed, graph.constant(np.array([1], np.int64)))
    if kind == "binary":
        slope = float(next(option for option in options if option.startswith("sigmoid:")).removeprefix("sigmoid:"))
        graph.add("Sigmoid", graph.add("Mul", flat, graph.constant(np.array(slope))), name=output)
    else:
        graph.add("Identity", flat, name=output)
    return graph.model(inputs, width, output)


def _sections(text: str) -> Iterator[dict[str, str]]:
    """Yield the lines of the head and of each tree by their names."""
    for section in text.split("\nend of trees\n", 1)[0].split("\n\nTree="):
        lines = [line.partition("=") for line in section.strip().splitlines()]
        yield {name: value for name, _, value in lines}


def _tree(said: dict[str, str]) -> _Tree:
    leaves = [float(value) for value in said["leaf_value"].split()]
    if said.get("is_linear", "0") != "0":
        raise ConfigError("A LightGBM model with linear trees is not made ONNX; serve it as trained.")
    if len(leaves) == 1:  # a tree that found no split
        return _Tree([_Node(0, 0.0, None, True, -1, -1)], leaves)
    columns = [said[name].split() for name in ("split_feature", "threshold", "decision_type", "left_child")]
    rows = zip(*columns, said["right_child"].split(), strict=True)
    sets = _sets(said)
    return _Tree([_node(sets, *row) for row in rows], leaves)


def _node(sets: list[tuple[int, ...]], feature: str, threshold: str, decision: str, left: str, right: str) -> _Node:
    bits, members, split = int(decision), None, float(threshold)
    if bits & _CATEGORICAL:
        members, nan_goes_left = sets[int(split)], False
    elif bits & _MISSING == _NAN_IS_MISSING:
        nan_goes_left = bool(bits & _NAN_GOES_LEFT)
    elif bits & _MISSING == _ZERO_IS_MISSING:
        raise ConfigError("A LightGBM model to which zero is missing is not made ONNX; serve it as trained.")
    else:
        nan_goes_left = split >= 0  # LightGBM reads NaN as zero where training had none
    return _Node(int(feature), _threshold(split), members, nan_goes_left, int(left), int(right))


def _threshold(split: float) -> float:
    """Return the threshold that sends every number to the side on which LightGBM has it."""
    if not -_ZERO <= split < _ZERO:
        return split
    return _ZERO if split >= 0 else float(np.nextafter(-_ZERO, -1))


def _sets(said: dict[str, str]) -> list[tuple[int, ...]]:
    """Return the categories that go left at each node of categories; the text has them as bits of 32-bit words."""
    bounds = [int(value) for value in said.get("cat_boundaries", "0").split()]
    words = [int(value) for value in said.get("cat_threshold", "").split()]
    found = []
    for first, last in pairwise(bounds):
        bits = sum(word << 32 * place for place, word in enumerate(words[first:last]))
        found.append(tuple(place for place in range(bits.bit_length()) if bits >> place & 1))
    return found


def _attributes(trees: Sequence[_Tree]) -> list[bytes]:
    """Return the trees as the attributes of one operator, which counts nodes and leaves through all trees."""
    nodes = [node for tree in trees for node in tree.nodes]
    starts = np.cumsum([0, *(len(tree.nodes) for tree in trees)])[:-1]
    leaf_starts = np.cumsum([0, *(len(tree.leaves) for tree in trees)])[:-1]
    leaves = [value for tree in trees for value in tree.leaves]
    shifts = [
        (int(start), int(leaf))
        for tree, start, leaf in zip(trees, starts, leaf_starts, strict=True)
        for _ in tree.nodes
    ]
    found = [
        numbers("tree_roots", starts.tolist()),
        numbers("nodes_featureids", [node.feature for node in nodes]),
        tensor("nodes_modes", np.array([_AT_MOST if one.members is None else _MEMBER for one in nodes], np.uint8)),
        tensor("nodes_splits", np.array([0.0 if node.members else node.threshold for node in nodes])),
        numbers("nodes_missing_value_tracks_true", [int(node.nan_goes_left) for node in nodes]),
        tensor("leaf_weights", np.array(leaves)),
        numbers("leaf_targetids", [0] * len(leaves)),
        attribute("n_targets", 1),
    ]
    for side, children in (("true", [one.left for one in nodes]), ("false", [one.right for one in nodes])):
        places = [
            leaf - child - 1 if child < 0 else start + child
            for child, (start, leaf) in zip(children, shifts, strict=True)
        ]
        found += [numbers(f"nodes_{side}leafs", [int(child < 0) for child in children])]
        found += [numbers(f"nodes_{side}nodeids", places)]
    members = [value for node in nodes if node.members is not None for value in (*node.members, np.nan)]
    return [*found, tensor("membership_values", np.array(members))] if members else found
