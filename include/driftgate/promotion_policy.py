"""The way of a candidate to all the traffic, and what it must keep on it: the section ``promote``."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from driftgate.records import Record

Fraction = Annotated[float, Field(ge=0, le=1)]
Percent = Annotated[int, Field(gt=0, le=100)]
Positive = Annotated[int, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]

LARGEST_LOG_LOSS = 4.6  # nats: an answer that is certain and wrong counts as one that gave the truth one percent
LARGEST_ERROR = 30.0  # times the increase of the absolute error that is allowed


class Shadow(Record):
    """How long a candidate only watches."""

    requests: Positive


class Guardrails(Record):
    """Bounds that a candidate must keep in shadow and canary; crossing one rolls it back.

    A step rolls back a candidate that keeps them all with a chance of at most ``1 - confidence``, however often it is
    looked at. A row's loss counts as ``largest_loss`` at most, so that no single answer decides. What is None is not
    watched.
    """

    max_error_rate: Fraction
    max_latency_p95_ms: Annotated[float, Field(gt=0)]
    min_agreement: Annotated[float, Field(ge=-1, le=1)]
    max_log_loss_increase: NotNegative | None = None  # nats, of a binary problem
    max_mae_increase: NotNegative | None = None  # in the label's unit, of a regression
    max_error_rate_increase: Fraction | None = None  # over the champion's in the same canary step
    max_prediction_shift: NotNegative | None = None  # of the mean answer, up or down, from the champion's
    max_cost_increase_usd: NotNegative | None = None  # of the mean cost of a row
    max_alarm_rate_shift: Fraction | None = None  # of each group of the facets, up or down, from the champion's
    largest_loss: Annotated[float, Field(gt=0)] | None = None
    warm_up_requests: Annotated[int, Field(ge=0)] = 0  # of each step, which nothing is judged by
    confidence: Annotated[float, Field(gt=0.5, lt=1)]

    @property
    def max_loss_increase(self) -> float:
        """The one of the two that the problem has."""
        return next(limit for limit in (self.max_log_loss_increase, self.max_mae_increase) if limit is not None)

    @property
    def loss_reach(self) -> float:
        """What a row's loss counts as at most."""
        if self.largest_loss is not None:
            return self.largest_loss
        return LARGEST_LOG_LOSS if self.max_mae_increase is None else LARGEST_ERROR * self.max_mae_increase


class Step(Record):
    """One share of the requests; what is left out is that of every step."""

    percent: Percent
    min_requests: Positive | None = None
    bake_minutes: NotNegative | None = None


Strategy = Literal["all_at_once", "blue_green", "linear", "canary", "shadow_only"]
IN_STEPS = ("linear", "canary")


class Promote(Record):
    """The way of a candidate to all the traffic.

    Only ``linear`` and ``canary`` have steps: in full (``steps``) or by their shares (``steps_percent``). A step lasts
    ``bake_minutes`` at least and ``deadline_minutes`` at most. The rule in the champion's
    package answers ``control_share`` percent, so that what the model is worth is measured; from the next move on.
    """

    strategy: Strategy
    rationale: Annotated[str, Field(min_length=10)]  # why this strategy, for whoever is harmed by a bad model
    risk: Literal["low", "medium", "high"]
    shadow: Shadow
    steps: tuple[Step, ...] = ()
    steps_percent: tuple[Percent, ...] = ()
    min_requests_per_step: Positive
    bake_minutes: NotNegative = 0
    deadline_minutes: Positive
    approve: Literal["never", "when_high_risk", "always"]
    guardrails: Guardrails
    control_share: Annotated[int, Field(ge=0, le=20)] = 0

    @property
    def shares(self) -> tuple[int, ...]:
        """The shares of the steps, 100 at the end; empty for a strategy without steps."""
        return tuple(step.percent for step in self.steps) or self.steps_percent

    @model_validator(mode="after")
    def _steps_rise(self) -> "Promote":
        if self.strategy not in IN_STEPS:
            if self.shares:
                raise ValueError(f"the strategy {self.strategy} has no steps; leave out steps and steps_percent")
            return self
        if self.steps and self.steps_percent:
            raise ValueError("steps and steps_percent say the same; leave out one of them")
        steps = list(self.shares)
        if not steps or steps != sorted(set(steps)) or steps[-1] != 100:
            raise ValueError(f"steps_percent must rise and end at 100, for example [5, 25, 50, 100], got {steps}")
        if self.strategy == "linear" and len({high - low for low, high in pairwise([0, *steps])}) > 1:
            raise ValueError(f"the steps of linear must be equal, for example [25, 50, 75, 100], got {steps}")
        return self

    @model_validator(mode="after")
    def _high_risk_goes_slowly(self) -> "Promote":
        if self.risk == "high" and self.strategy not in IN_STEPS:
            raise ValueError(f"a use case of high risk goes from shadow to canary or linear, not by {self.strategy}")
        return self

    @model_validator(mode="after")
    def _deadline_comes_last(self) -> "Promote":
        longest = max([self.bake_minutes, *(step.bake_minutes or 0 for step in self.steps)])
        if longest >= self.deadline_minutes:
            raise ValueError(
                f"deadline_minutes must exceed the {longest:g} minutes that a step bakes, got {self.deadline_minutes}"
            )
        return self
