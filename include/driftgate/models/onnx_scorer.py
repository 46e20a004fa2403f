"""A network in memory, in the ONNX format; it is scored without torch."""

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from driftgate.errors import Tampered
from driftgate.models.onnx_file import require_plain_onnx
from driftgate.models.onnx_session import ProcessSession
from driftgate.models.preprocessing import Preprocessing
from driftgate.models.scorer import Scorer

if TYPE_CHECKING:
    import onnxruntime

INPUT, OUTPUT = "features", "scores"  # float32 [rows, features], NaN where a value is missing or unseen; float32 [rows]
FEATURES = "driftgate_features"  # the metadata with the names of the columns of INPUT
# Matrix products add up in another order in batches of another size: measured, 1.2e-7 of a probability between rows
# that were scored singly and together. Of a value: relative to its size.
TOLERANCE = 1e-5


class OnnxScorer(Scorer):
    """Scores rows with one network. The same rows in another batch, or as JSON, get the same score to ``TOLERANCE``."""

    def __init__(self, data: bytes, preprocessing: Preprocessing) -> None:
        self.preprocessing = preprocessing
        self._session = ProcessSession(data)

    @classmethod
    def load(cls, data: bytes, preprocessing: Preprocessing) -> "OnnxScorer":
        """Read a network; no code in it is run, and no other file is read.

        :raises Tampered: the bytes are no whole network of plain operators, or one with other features
        """
        require_plain_onnx(data)
        scorer = cls(data, preprocessing)
        inputs, outputs, names = _interface(scorer._session.get())
        if outputs != [(OUTPUT, "tensor(float)", 1)] or names is None:
            raise Tampered("model.onnx is a network of somebody else's: it does not give our scores; train it again.")
        if names != preprocessing.names or inputs != [(INPUT, "tensor(float)", len(names))]:
            raise Tampered("model.onnx and preprocessing.json name different features; take both from one job.")
        return scorer

    def score_matrix(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the score of each row of a matrix that ``preprocessing`` encoded."""
        (scores,) = self._session.get().run([OUTPUT], {INPUT: matrix.astype(np.float32)})
        return np.asarray(scores, dtype=np.float64)

    def gains(self) -> None:
        """Return None: no network counts what a feature won."""

    def contributions(self, matrix: NDArray[np.float64]) -> None:
        """Return None: SHAP values of a network take thousands of scores for one row."""


def _interface(session: "onnxruntime.InferenceSession") -> tuple[list[Any], list[Any], Any]:
    """Return what the network takes (with its width), what it gives, and the names of its features."""
    try:
        inputs = [(one.name, one.type, one.shape[-1]) for one in session.get_inputs() if len(one.shape) == 2]
        outputs = [(one.name, one.type, len(one.shape)) for one in session.get_outputs()]
        return inputs, outputs, json.loads(session.get_modelmeta().custom_metadata_map.get(FEATURES, "null"))
    except ValueError:  # a name that is no text, or names that are no JSON
        return [], [], None
