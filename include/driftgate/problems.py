"""The kinds of prediction problems, and what a use case says differently in each.

A binary problem asks whether something will be so and answers with a probability; a regression asks how much and
answers with a number in the label's unit.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from driftgate.records import Record

if TYPE_CHECKING:
    from driftgate.use_cases import UseCase

Problem = Literal["binary", "regression"]
PrimaryMetric = Literal["auc", "rmse", "mae"]
BaselineName = Literal["rule", "logistic", "linear"]

PROBLEM_OF: dict[PrimaryMetric, Problem] = {"auc": "binary", "rmse": "regression", "mae": "regression"}
BASELINES: dict[Problem, tuple[BaselineName, ...]] = {"binary": ("rule", "logistic"), "regression": ("rule", "linear")}

# Keys that one problem needs and the other has no meaning for.
NEEDED: dict[Problem, tuple[str, ...]] = {
    "binary": ("promote.guardrails.max_log_loss_increase", "monitor.performance.max_auc_drop"),
    "regression": ("label.unit", "promote.guardrails.max_mae_increase", "monitor.performance.max_increase"),
}
# Keys with a default that only one problem has a meaning for.
OPTIONAL: dict[Problem, tuple[str, ...]] = {
    "binary": (
        "train.max_single_feature_auc",
        "promote.guardrails.max_alarm_rate_shift",
        "gates.training_data.max_flipped",
        "review",
    ),
    "regression": ("train.max_single_feature_r2",),
}

Usd = Annotated[float, Field(ge=0)]


class Label(Record):
    """The truth: an SQL expression over the first dataset's outcome columns, and when it becomes known.

    It gives true or false in a binary problem, and a number of ``unit`` in a regression.
    """

    expression: str
    known_after_days: Annotated[int, Field(gt=0)]
    unit: str | None = None


class ErrorCosts(Record):
    """What one wrong decision costs, in US dollars: an alarm for nothing, an event that no alarm told of."""

    false_alarm: Usd
    missed: Usd


class DeviationCosts(Record):
    """What one unit of the label costs that an answer is too high (``over``) or too low (``under``), in US dollars."""

    over: Usd
    under: Usd


def _problem_of_costs(raw: Any) -> str:
    keys = set(raw) if isinstance(raw, dict) else set(getattr(raw, "model_fields_set", ()))
    return "(regression)" if keys & {"over", "under"} else "(binary)"


Costs = Annotated[
    Annotated[ErrorCosts, Tag("(binary)")] | Annotated[DeviationCosts, Tag("(regression)")],
    Discriminator(_problem_of_costs),
]


class Composite(Record):
    """One number of several metrics, for reading only: what is better when smaller counts as its negative."""

    weights: Annotated[dict[str, Annotated[float, Field(gt=0)]], Field(min_length=1)]
    rationale: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _weights_are_shares(self) -> "Composite":
        if abs(sum(self.weights.values()) - 1) > 1e-9:
            raise ValueError(f"weights must sum to 1, got {sum(self.weights.values()):g}")
        return self


class Metric(Record):
    """What decides between two models, and what their errors cost."""

    primary: PrimaryMetric
    costs_usd: Costs
    composite: Composite | None = None

    @field_validator("primary", mode="before")
    @classmethod
    def _is_not_accuracy(cls, raw: Any) -> Any:
        if raw == "accuracy":
            raise ValueError(
                "accuracy is high for a model that never says yes where few are; use auc, it is reported too"
            )
        return raw

    @model_validator(mode="after")
    def _costs_are_of_the_same_problem(self) -> "Metric":
        if isinstance(self.costs_usd, ErrorCosts) != (PROBLEM_OF[self.primary] == "binary"):
            keys = "false_alarm and missed" if PROBLEM_OF[self.primary] == "binary" else "over and under"
            raise ValueError(f"with the primary metric {self.primary!r}, costs_usd has the keys {keys}")
        return self


def require_fitting(use_case: "UseCase") -> None:
    """Return when what the use case says has a meaning for its problem.

    :raises ValueError: a key belongs to the other problem, or one that this problem needs is missing
    """
    problem: Problem = use_case.problem
    if PROBLEM_OF[use_case.metric.primary] != problem:
        known = ", ".join(name for name, of in PROBLEM_OF.items() if of == problem)
        said = use_case.metric.primary
        raise ValueError(f"'metric.primary' {said!r} is no metric of a {problem} problem; use {known}")
    for name in use_case.train.baselines:
        if name not in BASELINES[problem]:
            known = ", ".join(BASELINES[problem])
            raise ValueError(f"'train.baselines' names {name!r}, which is none of a {problem} problem; use {known}")
    other: Problem = "regression" if problem == "binary" else "binary"
    for key in (*NEEDED[other], *OPTIONAL[other]):
        if _given(use_case, key):
            raise ValueError(f"'{key}' has no meaning in a {problem} problem; leave it out")
    for key in NEEDED[problem]:
        if not _given(use_case, key):
            raise ValueError(f"key '{key}' is missing, which a {problem} problem needs; add it")


def _given(use_case: "UseCase", key: str) -> bool:
    *sections, name = key.split(".")
    section: Any = use_case
    for part in sections:
        section = getattr(section, part)
    if section is None:
        return False
    return name in section.model_fields_set and getattr(section, name) is not None
