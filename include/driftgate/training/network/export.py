"""From a trained network to ``model.onnx``, checked to score as the network does."""

import json

import numpy as np
import torch  # noqa: TID253  only the trainer imports this module, when it trains
from numpy.typing import NDArray

from driftgate.errors import JobFailed
from driftgate.models import Preprocessing, load_scorer
from driftgate.models.onnx_scorer import FEATURES, TOLERANCE
from driftgate.training.network.graph import graph_of
from driftgate.training.network.module import Scoring

MODEL_FILE = "model.onnx"
PARITY_ROWS = 2000


def to_onnx(scoring: Scoring, preprocessing: Preprocessing) -> bytes:
    """Return the network as ONNX; the same weights give the same bytes."""
    model = graph_of(scoring, len(preprocessing.names))
    entry = model.metadata_props.add()
    entry.key, entry.value = FEATURES, json.dumps(preprocessing.names)
    return bytes(model.SerializeToString(deterministic=True))


def require_parity(data: bytes, scoring: Scoring, preprocessing: Preprocessing, matrix: NDArray[np.float64]) -> None:
    """Return when the exported network scores rows as the network itself, also missing and unseen values.

    :raises JobFailed: it does not
    """
    rows = _with_gaps(matrix[:PARITY_ROWS])
    with torch.inference_mode():
        expected = scoring.eval()(torch.tensor(rows, dtype=torch.float32)).numpy().astype(np.float64)
    found = load_scorer(MODEL_FILE, data, preprocessing).score_matrix(rows)
    apart = np.abs(found - expected) / np.maximum(1, np.abs(expected))
    if not (apart <= TOLERANCE).all():  # NaN fails the comparison
        raise JobFailed(
            f"The exported network scores differently from the one that was trained: by up to {np.nanmax(apart):.2g}, "
            f"where {TOLERANCE:g} is allowed; report this with the job's spec."
        )


def _with_gaps(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rows as they are, then each with one value missing in turn, then one with none known."""
    gaps = matrix.copy()
    places = np.arange(len(gaps))
    gaps[places, places % gaps.shape[1]] = np.nan
    return np.concatenate([matrix, gaps, np.full((1, matrix.shape[1]), np.nan)])
