"""Whom a model must not treat worse, and how that is told: the section ``fairness``.

The words are those of Amazon SageMaker Clarify: a facet is a column whose groups are compared, each with one group of
reference. A positive is a label, or a decision of the model, that is true.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from driftgate.problems import Problem
from driftgate.records import Record
from driftgate.validation_policy import Subset

Mitigation = Literal["none", "reweigh"]
BiasMetricName = Literal[
    "class_imbalance",
    "difference_in_proportions_of_labels",
    "conditional_demographic_disparity",
    "difference_in_mean_labels",
    "disparate_impact",
    "difference_in_positive_proportions",
    "accuracy_difference",
    "equal_opportunity_difference",
    "mean_error_difference",
    "absolute_error_difference",
    "over_prediction_difference",
]
# What is measured of each problem; the first ones of the training labels, the others of the model's answers.
BEFORE_TRAINING: dict[Problem, tuple[BiasMetricName, ...]] = {
    "binary": ("class_imbalance", "difference_in_proportions_of_labels", "conditional_demographic_disparity"),
    "regression": ("class_imbalance", "difference_in_mean_labels"),
}
AFTER_TRAINING: dict[Problem, tuple[BiasMetricName, ...]] = {
    "binary": (
        "disparate_impact",
        "difference_in_positive_proportions",
        "accuracy_difference",
        "equal_opportunity_difference",
    ),
    "regression": ("mean_error_difference", "absolute_error_difference", "over_prediction_difference"),
}
NEUTRAL: dict[BiasMetricName, float] = {"disparate_impact": 1.0}  # of two groups treated alike; of the others 0
FOUR_FIFTHS = (0.8, 1.25)  # the rule of the US Uniform Guidelines on Employee Selection Procedures, both ways


def neutral(metric: BiasMetricName) -> float:
    """Return the value of a metric when two groups are treated alike."""
    return NEUTRAL.get(metric, 0.0)


class Bound(Record):
    """Between what two values a metric must lie; one of them may be left out."""

    at_least: float | None = None
    at_most: float | None = None


class Facet(Record):
    """The groups of one column. The metrics named are gates; the others are measured and reported only.

    ``conditional_on`` is the column within whose values conditional demographic disparity compares labels.
    """

    column: str
    groups: Annotated[dict[str, Subset], Field(min_length=2)]
    reference: str
    metrics: Annotated[dict[BiasMetricName, Bound], Field(min_length=2)]  # one alone can be right by accident
    conditional_on: str | None = None

    @property
    def compared(self) -> tuple[str, ...]:
        """The groups that are held against the reference."""
        return tuple(name for name in self.groups if name != self.reference)

    def bound(self, metric: BiasMetricName) -> Bound | None:
        """Return what a metric must keep, None where it is reported only."""
        found = self.metrics.get(metric)
        if found == Bound() and metric == "disparate_impact":
            return Bound(at_least=FOUR_FIFTHS[0], at_most=FOUR_FIFTHS[1])
        return found

    @model_validator(mode="after")
    def _can_be_judged(self) -> "Facet":
        if self.reference not in self.groups:
            raise ValueError(f"reference {self.reference!r} is none of the groups {', '.join(self.groups)}")
        for name in self.metrics:
            bound, alike = self.bound(name) or Bound(), neutral(name)
            if bound == Bound():
                raise ValueError(f"{name} has no bound; give at_least, at_most, or both")
            if (bound.at_least is not None and bound.at_least >= alike) or (
                bound.at_most is not None and bound.at_most <= alike
            ):
                raise ValueError(f"the bounds of {name} must have {alike:g}, groups treated alike, between them")
        return self


class Fairness(Record):
    """The facets of a use case. A group of fewer than ``min_group_rows`` rows is judged by nobody, and never passes."""

    facets: Annotated[dict[str, Facet], Field(min_length=1)]
    min_group_rows: Annotated[int, Field(gt=0)] = 300
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.9
    max_proxy_auc: Annotated[float, Field(gt=0.5, le=1)] = 0.8  # a feature that tells a group apart better is reported
    mitigation: Mitigation = "none"
    reweigh: str | None = None  # the facet whose groups are weighed

    @property
    def reweighed(self) -> Facet | None:
        """The facet whose groups are weighed."""
        return None if self.reweigh is None else self.facets[self.reweigh]

    @model_validator(mode="after")
    def _weighs_a_facet(self) -> "Fairness":
        if (self.mitigation == "reweigh") != (self.reweigh is not None):
            raise ValueError("mitigation: reweigh and the key reweigh, which names a facet, belong together")
        if self.reweigh is not None and self.reweigh not in self.facets:
            raise ValueError(f"reweigh names {self.reweigh!r}, none of the facets {', '.join(self.facets)}")
        return self

    def require_fitting(self, problem: Problem, trainer: str) -> None:
        """Return when every metric has a meaning for the problem, and the trainer can do what mitigates.

        :raises ValueError: one has none, or the trainer cannot
        """
        known = BEFORE_TRAINING[problem] + AFTER_TRAINING[problem]
        for facet, policy in self.facets.items():
            for metric in policy.metrics:
                if metric not in known:
                    raise ValueError(
                        f"'fairness.facets.{facet}.metrics' names {metric!r}, which is none of a {problem} problem; "
                        f"use {', '.join(known)}"
                    )
        if self.mitigation == "reweigh" and (problem, trainer) != ("binary", "lightgbm"):
            raise ValueError("'fairness.mitigation' reweigh weighs labels, so it takes a binary problem and lightgbm")
