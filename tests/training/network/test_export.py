"""The exported graph scores as the network does, and nothing of the machine is in it."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftgate.compute import JobSpec
from driftgate.errors import JobFailed
from driftgate.models import Preprocessing, load_scorer
from driftgate.models.onnx_scorer import TOLERANCE
from driftgate.training.network.parameters import TorchParameters

torch = pytest.importorskip("torch", reason="networks are trained by torch, which comes with `make torch`")

NUMERIC = ["none", "periodic", "piecewise_linear"]
WORDS = pa.table(
    {
        "carrier": ["AA", "UA", None, "AA", "DL"] * 40,
        "hour": pa.array([5.0, 12.0, None, 17.0, 23.0] * 40),
        "miles": pa.array([float(100 * n) for n in range(200)]),
    }
)


def made(numeric: Any, unit: tuple[float, float] | None = None) -> tuple[Any, Preprocessing]:
    """Return a network with drawn weights, untrained, and what encodes its rows."""
    from driftgate.training.network.columns import columns
    from driftgate.training.network.module import Network, Rows, Scoring
    from driftgate.training.network.share import Share

    encoding = Preprocessing.fit(WORDS, WORDS.column_names)
    matrix = encoding.encode_table(WORDS)
    rows = Rows(encoding, matrix)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        train = columns(rows, matrix, np.zeros(200), None, torch.device("cpu"))
        parameters = TorchParameters(numeric_embedding=numeric, hidden_sizes=(24, 12))
        return Scoring(rows, Network(rows, train.numbers.numpy(), parameters, Share()), unit).eval(), encoding


@pytest.fixture(scope="module")
def exported() -> Callable[[str], tuple[Any, Any]]:
    from driftgate.training.network.export import to_onnx

    known = {}
    for numeric in NUMERIC:
        scoring, encoding = made(numeric, (150.0, 90.0))
        known[numeric] = scoring, load_scorer("model.onnx", to_onnx(scoring, encoding), encoding)
    return lambda numeric: known[numeric]


values = st.one_of(st.none(), st.floats(-1e4, 1e4, width=32))


@settings(max_examples=60, deadline=None)
@given(
    numeric=st.sampled_from(NUMERIC),
    asked=st.lists(st.tuples(st.sampled_from(["AA", "DL", "UA", "XX", None]), values, values), min_size=1, max_size=9),
)
def test_any_rows_are_scored_as_torch_scores_them_together_and_singly(
    exported: Callable[[str], tuple[Any, Any]], numeric: str, asked: list[tuple[Any, Any, Any]]
) -> None:
    scoring, scorer = exported(numeric)
    rows = [dict(zip(("carrier", "hour", "miles"), one, strict=True)) for one in asked]
    with torch.inference_mode():
        expected = scoring(torch.tensor(scorer.preprocessing.encode_rows(rows), dtype=torch.float32)).numpy()
    np.testing.assert_allclose(scorer.score_rows(rows), expected, rtol=TOLERANCE, atol=TOLERANCE * 90)
    singly = np.concatenate([scorer.score_rows([row]) for row in rows])
    np.testing.assert_allclose(singly, expected, rtol=TOLERANCE, atol=TOLERANCE * 90)


def test_the_bytes_depend_on_the_weights_only_and_name_no_path() -> None:
    from driftgate.training.network.export import to_onnx

    first, second = (to_onnx(*made("periodic")) for _ in range(2))
    assert first == second
    for word in (b".py", b"site-packages", b"torch"):
        assert word not in first


def test_a_graph_that_says_something_else_fails_the_job(network_spec: Callable[..., JobSpec]) -> None:
    from driftgate.training.network.export import require_parity, to_onnx

    scoring, encoding = made("none")
    matrix = encoding.encode_table(WORDS)
    data = to_onnx(scoring, encoding)
    require_parity(data, scoring, encoding, matrix)
    other = copy.deepcopy(scoring)
    with torch.no_grad():
        other.network.layers[-1].bias += 0.001
    with pytest.raises(JobFailed, match=r"scores differently from the one that was trained: by up to 0\.000"):
        require_parity(data, other, encoding, matrix)


@pytest.mark.parametrize(("categories", "width"), [(1, 2), (3, 3), (16, 8), (105, 22), (4000, 32)])
def test_the_width_of_a_vector_follows_the_rule_up_to_its_limit(categories: int, width: int) -> None:
    from driftgate.training.network.module import embedding_width

    assert embedding_width(categories, 32) == width


@pytest.mark.parametrize("processes", [2, 3])
def test_the_shares_of_a_batch_are_all_of_it_and_draw_what_one_process_draws(processes: int) -> None:
    from driftgate.training.network.share import Share

    def drawn(rank: int, count: int) -> Any:
        torch.manual_seed(1)
        return Share(rank, count, rows=7).draw(3, torch.device("cpu"))

    with torch.random.fork_rng(devices=[]):
        whole = drawn(0, 1)
        for rank in range(processes):
            assert torch.equal(drawn(rank, processes), whole[rank::processes])
