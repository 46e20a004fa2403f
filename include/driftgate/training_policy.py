"""How a use case has its candidates trained: the section ``train`` of ``use_case.yaml``."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from driftgate.problems import BaselineName
from driftgate.records import Record

TrainerName = Literal["lightgbm", "torch"]
Positive = Annotated[int, Field(gt=0)]
Amount = Annotated[float, Field(gt=0)]


class Stop(Record):
    """When training is told to stop before its last iteration; None never does."""

    good_enough: float | None = None  # a value of the primary metric on the validation rows
    max_minutes: Amount | None = None  # of training, over all attempts of the job
    max_cost_usd: Amount | None = None  # at the price of the compute target, over all attempts
    min_gain: Annotated[float, Field(ge=0)] = 0.0001  # share of the best value that makes patience begin again


class Checkpoints(Record):
    """How often a job saves its state. None measures how long a save takes and spends ``max_overhead`` on it."""

    every_seconds: Amount | None = None
    max_overhead: Annotated[float, Field(gt=0, le=1)] = 0.02  # share of the training time
    hours_between_interruptions: Amount = 24.0  # on average; what the job's own attempts saw corrects it


class CrossValidation(Record):
    """Training again on the first days of the training rows, each time judged on the days that follow."""

    folds: Annotated[int, Field(ge=2, le=20)]
    max_spread: Amount | None = None  # standard deviation of the metric over the folds, in the metric's own unit


class Train(Record):
    """How a candidate is trained."""

    trainer: TrainerName
    window_days: Positive
    validation_days: Positive
    split: Literal["time"] = "time"
    target: str  # of compute.yaml; or auto: by the size of the data, as 'auto' there says
    needs_gpu: bool = False  # what 'auto' must not train without
    processes: Positive = 1  # that train one network together; trees use the cores of the target by threads
    seed: int = 0
    baselines: tuple[BaselineName, ...]
    rule_by: tuple[str, ...] = ()  # columns of features.sql whose groups the rule tells apart; none: the hour
    min_uplift: float  # of the primary metric over the best baseline, in the metric's own unit
    max_single_feature_auc: Annotated[float, Field(gt=0.5, le=1)] = 0.98
    max_single_feature_r2: Annotated[float, Field(gt=0, le=1)] = 0.98
    row_share: Annotated[float, Field(gt=0, le=1)] = 1.0  # of the training rows, stratified by label
    stop: Stop = Stop()
    checkpoints: Checkpoints = Checkpoints()
    cross_validation: CrossValidation | None = None
    parameters: dict[str, float | int | str | bool | tuple[int, ...] | dict[str, int]] = {}

    @field_validator("split", mode="before")
    @classmethod
    def _later_days_validate(cls, split: object) -> object:
        if split != "time":
            raise ValueError(
                f"{split!r} is refused: every request has an event_time, and a model that saw the days that judge it "
                "looks better than it is; leave the key out, and the last validation_days are split off"
            )
        return split

    @model_validator(mode="after")
    def _rows_are_left_to_train_on(self) -> "Train":
        if self.validation_days >= self.window_days:
            raise ValueError(
                f"validation_days must be below window_days, the days it is taken from; got {self.validation_days} of "
                f"{self.window_days}"
            )
        return self
