"""A LightGBM model whose trees onnxruntime walks."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from driftgate.models.lightgbm_scorer import LightgbmScorer
from driftgate.models.onnx_session import ProcessSession
from driftgate.models.onnx_trees import trees_as_onnx
from driftgate.models.preprocessing import Preprocessing

if TYPE_CHECKING:
    import lightgbm as lgb

_INPUT, _OUTPUT = "features", "scores"


class OnnxTreesScorer(LightgbmScorer):
    """Scores rows with the trees of a LightGBM model as ONNX; what explains the scores is LightGBM's as before.

    The sums of the leaves are rounded in another order: measured, 2e-16 of a probability apart.
    """

    def __init__(self, booster: "lgb.Booster", preprocessing: Preprocessing, graph: bytes) -> None:
        super().__init__(booster, preprocessing)
        self._session = ProcessSession(graph)

    @classmethod
    def load(cls, model_text: bytes | str, preprocessing: Preprocessing) -> "OnnxTreesScorer":
        """Read a model from LightGBM's text format and make its graph; no code in it is run.

        :raises Tampered: the text is no model, or one with other features than ``preprocessing``
        :raises ConfigError: ONNX cannot say exactly what the model says
        """
        text = model_text.decode() if isinstance(model_text, bytes) else model_text
        known = LightgbmScorer.load(text, preprocessing)
        scorer = cls(known._booster, preprocessing, trees_as_onnx(text, _INPUT, _OUTPUT))
        scorer._session.get()
        return scorer

    def score_one(self, row: bytes) -> NDArray[np.float64]:
        """Return the score of the doubles of one encoded row."""
        return self.score_matrix(np.frombuffer(row).reshape(1, -1))

    def score_matrix(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the score of each row of a matrix that ``preprocessing`` encoded."""
        (scores,) = self._session.get().run([_OUTPUT], {_INPUT: matrix})
        return np.asarray(scores)
