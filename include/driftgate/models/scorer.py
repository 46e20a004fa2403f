"""A model in memory: scores for a table or for JSON rows, whatever kind of file it came from."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from driftgate.errors import Tampered, nearest
from driftgate.models.preprocessing import Preprocessing

if TYPE_CHECKING:
    import pyarrow as pa

MODEL_FILES = ("model.txt", "model.onnx")  # LightGBM's text; a network's graph
LARGEST_MODEL_BYTES = 200_000_000  # a model of a million leaves is about 100 MB as text; more is no model of ours


class Contributions(NamedTuple):
    """What each feature adds to each row's raw score (log odds, or a value), on top of what every row starts from.

    ``raw`` is what the model itself says of each row: its ``values`` and ``base`` must add up to it.
    """

    values: NDArray[np.float64]
    base: float
    raw: NDArray[np.float64]


class Scorer(Protocol):
    """Scores rows with one model. May be used by many threads at once, and goes on in a forked process.

    The score is a probability (binary), or a value in the label's own unit (regression).
    """

    preprocessing: Preprocessing

    def score_table(self, table: "pa.Table") -> NDArray[np.float64]:
        """Return the score of each row of ``table``."""
        return self.score_matrix(self.preprocessing.encode_table(table))

    def score_rows(self, rows: Sequence[dict[str, Any]]) -> NDArray[np.float64]:
        """Return the score of each JSON row; the rows must have passed the signature's check."""
        if len(rows) == 1:
            return self.score_one(self.preprocessing.encode_row(rows[0]))
        return self.score_matrix(self.preprocessing.encode_rows(rows))

    def score_one(self, row: bytes) -> NDArray[np.float64]:
        """Return the score of the doubles of one encoded row."""
        return self.score_matrix(np.frombuffer(row).reshape(1, -1))

    def score_matrix(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the score of each row of a matrix that ``preprocessing`` encoded."""

    def gains(self) -> NDArray[np.float64] | None:
        """Return what each feature won in training, in the order of the features; None where nothing counts it."""

    def contributions(self, matrix: NDArray[np.float64]) -> Contributions | None:
        """Return what each feature adds to each row's raw score; None where that takes more than scoring."""


def load_scorer(model_file: str, data: bytes, preprocessing: Preprocessing) -> Scorer:
    """Read the model in the bytes of the file ``model_file``; no code in it is run.

    :raises Tampered: the bytes are no such model, too many, or of other features than ``preprocessing``
    """
    if len(data) > LARGEST_MODEL_BYTES:
        raise Tampered(f"{model_file} has {len(data):,} bytes, more than the {LARGEST_MODEL_BYTES:,} that are loaded.")
    if model_file == "model.txt":
        from driftgate.models.lightgbm_scorer import LightgbmScorer

        return LightgbmScorer.load(data, preprocessing)
    if model_file == "model.onnx":
        from driftgate.models.onnx_scorer import OnnxScorer

        return OnnxScorer.load(data, preprocessing)
    raise Tampered(f"{model_file!r} is no file of a model{nearest(model_file, MODEL_FILES)}")
