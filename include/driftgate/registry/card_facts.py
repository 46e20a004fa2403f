"""What a model card is made from."""

from collections.abc import Mapping
from dataclasses import dataclass

from driftgate.compute import JobSpec
from driftgate.datasets import DatasetVersion
from driftgate.evaluation import EvaluationReport
from driftgate.evaluation.feature_baseline import FeatureBaseline
from driftgate.evaluation.metrics import METRICS
from driftgate.registry.card_text import CardText
from driftgate.registry.ethics import EthicsAssessment
from driftgate.use_cases import UseCase


@dataclass(frozen=True)
class CardFacts:
    """The records of one version, and what people wrote about its use case.

    :param features: what the model's features are worth
    :param files: the other files of its package, which are listed with their hashes
    """

    use_case: UseCase
    version: str
    spec: JobSpec
    report: EvaluationReport
    dataset: DatasetVersion
    features: FeatureBaseline
    files: Mapping[str, bytes]
    text: CardText
    ethics: EthicsAssessment

    def unit(self, metric: str) -> str:
        """The unit that a metric is in."""
        return (self.use_case.label.unit or "") if METRICS[metric].in_unit else {"log_loss": "nats"}.get(metric, "")

    def number(self, metric: str) -> str:
        """A metric of the evaluation with its interval."""
        bounds = self.report.intervals.get(metric)
        told = f" ({bounds[0]:.4f} to {bounds[1]:.4f})" if bounds else ""
        return f"{self.report.metrics[metric]:.4f}{told}"
