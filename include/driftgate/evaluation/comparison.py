"""What every gate looks at: the candidate, the baselines and the champion on the very same rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from driftgate.compute import JobResult
from driftgate.evaluation.holdout import Holdout
from driftgate.evaluation.metrics import Floats
from driftgate.evaluation.report import EvaluationReport, GateResult
from driftgate.models import Scorer, Signature
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class ChampionAnswers:
    """The champion's scores of the validation rows, or why it could not score them, and the report of its own rows."""

    version: str
    scores: Floats | None
    problem: str = ""
    scorer: Scorer | None = None
    own: EvaluationReport | None = None


@dataclass(frozen=True)
class Comparison:
    """One candidate under evaluation. ``scores`` and those of the others are of the rows of ``held``, in its order.

    :param dataset_version: that the candidate was trained on
    :param train: the training rows, with the column ``label``
    :param champion: None before the first one
    """

    use_case: UseCase
    dataset_version: str
    job: JobResult
    train: "pa.Table"
    held: Holdout
    scorer: Scorer
    signature: Signature
    scores: Floats
    baselines: Mapping[str, Floats]
    champion: ChampionAnswers | None

    @property
    def others(self) -> dict[str, Floats]:
        """The scores that the candidate's are compared with, by name."""
        champion = {} if self.champion is None or self.champion.scores is None else {"champion": self.champion.scores}
        return {**self.baselines, **champion}


class Finding(NamedTuple):
    """What one examiner found: fields of the evaluation report, and gates."""

    fields: dict[str, Any]
    gates: tuple[GateResult, ...]
