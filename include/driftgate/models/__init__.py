"""Models: what a trained model is. How its rows are encoded, what its requests look like, and how it scores them."""

from driftgate.models.preprocessing import Feature, Preprocessing
from driftgate.models.rule import Rule
from driftgate.models.scorer import Contributions, Scorer, load_scorer
from driftgate.models.signature import Column, Signature
from driftgate.models.views import View

__all__ = ["Column", "Contributions", "Feature", "Preprocessing", "Rule", "Scorer", "Signature", "View", "load_scorer"]
