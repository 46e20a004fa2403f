"""The way of a candidate to all the traffic, and what it must keep on it: the section ``promote``."""

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


class Promote(Record):
    """The way of a candidate to all the traffic."""

    strategy: Literal["canary"]
    shadow: Shadow
    steps_percent: tuple[Percent, ...]
    min_requests_per_step: Positive
    deadline_minutes: Positive
    approve: Literal["never"]  # a human step is not built yet, so asking for one is an error
    guardrails: Guardrails

    @model_validator(mode="after")
    def _steps_rise(self) -> "Promote":
        steps = self.steps_percent
        if not steps or list(steps) != sorted(set(steps)) or steps[-1] != 100:
            raise ValueError(f"steps_percent must rise and end at 100, for example [5, 25, 50, 100], got {list(steps)}")
        return self
