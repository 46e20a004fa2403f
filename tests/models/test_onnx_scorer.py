"""A network scores rows alike in every batch, in threads and after a fork, and a file that is not ours is refused."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftgate.errors import Tampered
from driftgate.models import Preprocessing, load_scorer
from driftgate.models.onnx_scorer import FEATURES, TOLERANCE, OnnxScorer

onnx = pytest.importorskip("onnx", reason="the network's format is read by onnx, which comes with `make torch`")


def network(names: list[str], **changes: Any) -> Any:
    """Return a layer and a sigmoid over all features, NaN as zero, as the message of onnx."""
    from onnx import TensorProto, helper, numpy_helper

    width = changes.get("width", len(names))
    weights = np.random.default_rng(2).normal(0, 5e-4, (width, 1)).astype(np.float32)
    nodes = [
        helper.make_node("IsNaN", ["features"], ["missing"]),
        helper.make_node("Where", ["missing", "zero", "features"], ["known"]),
        helper.make_node("MatMul", ["known", "weights"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["probabilities"]),
        helper.make_node("Squeeze", ["probabilities", "axis"], [changes.get("output", "scores")]),
    ]
    constants = {"zero": np.float32(0), "weights": weights, "axis": np.array([1])}
    graph = helper.make_graph(
        [*nodes, *changes.get("nodes", [])],
        "network",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", width])],
        [helper.make_tensor_value_info(changes.get("output", "scores"), TensorProto.FLOAT, ["rows"])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    domains = ["", *changes.get("domains", [])]
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid(domain, 18) for domain in domains], ir_version=9
    )
    helper.set_model_props(model, {FEATURES: json.dumps(changes.get("features", names))})
    return model


@pytest.fixture
def data(preprocessing: Preprocessing) -> bytes:
    return bytes(network(preprocessing.names).SerializeToString())


@pytest.fixture
def scorer(data: bytes, preprocessing: Preprocessing) -> OnnxScorer:
    return OnnxScorer.load(data, preprocessing)


def test_a_table_all_rows_and_single_rows_agree(
    scorer: OnnxScorer, table: pa.Table, rows: list[dict[str, Any]]
) -> None:
    scores = scorer.score_table(table)
    assert scores.shape == (600,)
    assert 0 < scores.min() < scores.max() < 1
    np.testing.assert_allclose(scorer.score_rows(rows), scores, rtol=0, atol=TOLERANCE)
    singly = np.concatenate([scorer.score_rows([row]) for row in rows])
    np.testing.assert_allclose(singly, scores, rtol=0, atol=TOLERANCE)
    assert scorer.gains() is None
    assert scorer.contributions(np.zeros((1, 6))) is None


def test_many_threads_may_score_at_once(
    scorer: OnnxScorer, table: pa.Table, wrong_in_threads: Callable[..., list[int]]
) -> None:
    same = partial(np.allclose, atol=TOLERANCE)
    assert wrong_in_threads(scorer, scorer.score_table(table), same) == []


def test_it_scores_in_a_forked_process(tmp_path: Path, data: bytes, preprocessing: Preprocessing) -> None:
    """In a process of its own: forking the test runner with its threads would be a test of the runner."""
    (tmp_path / "model.onnx").write_bytes(data)
    (tmp_path / "preprocessing.json").write_bytes(preprocessing.canonical())
    program = (
        "import os, sys, pathlib, numpy as np\n"
        "from driftgate.models import Preprocessing, load_scorer\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "known = Preprocessing.model_validate_json((folder / 'preprocessing.json').read_bytes())\n"
        "scorer = load_scorer('model.onnx', (folder / 'model.onnx').read_bytes(), known)\n"
        "matrix = np.ones((7, 6))\n"
        "expected = scorer.score_matrix(matrix)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os._exit(0 if (scorer.score_matrix(matrix) == expected).all() else 3)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program, str(tmp_path)]
    assert subprocess.run(command, timeout=60, env=dict(os.environ), check=False).returncode == 0


@pytest.mark.parametrize("length", [0, 1, 40, 300, -1])
def test_a_cut_model_is_refused(data: bytes, preprocessing: Preprocessing, length: int) -> None:
    with pytest.raises(Tampered, match=r"model\.onnx (is not a whole ONNX model|cannot be loaded)"):
        OnnxScorer.load(data[:length], preprocessing)


def test_bytes_that_are_no_model_are_refused(preprocessing: Preprocessing) -> None:
    for junk in (b"tree\nversion=v4\n", b"\x80\x04pickle", bytes(1000), b"\xff" * 1000):
        with pytest.raises(Tampered, match="is not a whole ONNX model"):
            OnnxScorer.load(junk, preprocessing)


def test_every_changed_byte_is_refused_or_scored_but_never_another_error(
    data: bytes, preprocessing: Preprocessing
) -> None:
    random = np.random.default_rng(7)
    for place in random.integers(0, len(data), 150):
        changed = bytearray(data)
        changed[place] ^= int(random.integers(1, 256))
        try:
            OnnxScorer.load(bytes(changed), preprocessing)
        except Tampered as refused:
            assert str(refused).endswith(".")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"features": ["carrier"]}, "name different features; take both from one job"),
        ({"width": 5}, "name different features; take both from one job"),
        ({"output": "answers"}, "a network of somebody else's"),
        ({"domains": ["com.microsoft"]}, "has operators of 'com.microsoft', which are not part of ONNX"),
    ],
)
def test_a_foreign_model_is_refused(preprocessing: Preprocessing, changes: dict[str, Any], sentence: str) -> None:
    foreign = network(preprocessing.names, **changes).SerializeToString()
    with pytest.raises(Tampered, match=sentence):
        OnnxScorer.load(foreign, preprocessing)


def test_an_operator_of_another_library_is_refused_also_where_its_domain_is_not_declared(
    preprocessing: Preprocessing,
) -> None:
    node = onnx.helper.make_node("Anything", ["features"], ["more"], domain="org.example")
    with pytest.raises(Tampered, match=r"has operators of 'org\.example'"):
        OnnxScorer.load(network(preprocessing.names, nodes=[node]).SerializeToString(), preprocessing)


def test_weights_in_another_file_are_refused_before_anything_is_opened(preprocessing: Preprocessing) -> None:
    model = network(preprocessing.names)
    weights = next(one for one in model.graph.initializer if one.name == "weights")
    weights.ClearField("raw_data")
    weights.data_location = onnx.TensorProto.EXTERNAL
    entry = weights.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"
    with pytest.raises(Tampered, match="has weights in other files"):
        OnnxScorer.load(model.SerializeToString(), preprocessing)


def test_a_loop_is_refused(preprocessing: Preprocessing) -> None:
    from onnx import TensorProto, helper

    value = helper.make_tensor_value_info("again", TensorProto.BOOL, [])
    body = helper.make_graph([], "body", [value], [value])
    node = helper.make_node("Loop", ["", "again"], ["never"], body=body)
    with pytest.raises(Tampered, match="has loops or branches"):
        OnnxScorer.load(network(preprocessing.names, nodes=[node]).SerializeToString(), preprocessing)


def test_the_file_says_what_kind_of_model_it_is(data: bytes, preprocessing: Preprocessing) -> None:
    assert isinstance(load_scorer("model.onnx", data, preprocessing), OnnxScorer)
    with pytest.raises(Tampered, match=r"'model\.pkl' is no file of a model"):
        load_scorer("model.pkl", data, preprocessing)


def test_a_model_too_large_is_not_read(
    data: bytes, preprocessing: Preprocessing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("driftgate.models.scorer.LARGEST_MODEL_BYTES", 100)
    with pytest.raises(Tampered, match=r"bytes, more than the 100 that are loaded"):
        load_scorer("model.onnx", data, preprocessing)
