"""What 'train.parameters' of a use case may say, with ranges; LightGBM itself only warns about a wrong name."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from driftgate.records import Record

Objective = Literal[
    "auto", "binary", "regression", "regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma", "tweedie"
]
Share = Annotated[float, Field(gt=0, le=1)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(gt=0)]
CountOrNone = Annotated[int, Field(ge=0)]


class TrainerParameters(Record):
    """What every trainer knows: it ends after so many iterations without a better validation metric (0: never)."""

    model_config = ConfigDict(strict=True)

    early_stopping_round: CountOrNone = 30


class LightgbmParameters(TrainerParameters):
    """Names, meanings and defaults are LightGBM's own, except that early stopping is on."""

    num_iterations: Count = 100
    learning_rate: Share = 0.1
    num_leaves: Annotated[int, Field(gt=1, le=131072)] = 31
    max_depth: int = -1
    min_data_in_leaf: CountOrNone = 20
    min_sum_hessian_in_leaf: NotNegative = 1e-3
    min_gain_to_split: NotNegative = 0.0
    feature_fraction: Share = 1.0
    bagging_fraction: Share = 1.0
    bagging_freq: CountOrNone = 0
    lambda_l1: NotNegative = 0.0
    lambda_l2: NotNegative = 0.0
    max_bin: Annotated[int, Field(gt=1)] = 255
    min_data_per_group: Count = 100
    max_cat_threshold: Count = 32
    cat_l2: NotNegative = 10.0
    cat_smooth: NotNegative = 10.0
    objective: Objective = "auto"  # binary, or regression (squared error), by the problem
    alpha: Annotated[float, Field(gt=0)] = 0.9  # of huber and quantile
    fair_c: Annotated[float, Field(gt=0)] = 1.0
    scale_pos_weight: Annotated[float, Field(gt=0)] = 1.0  # of a true label in a binary problem
    is_unbalance: bool = False  # both classes weigh the same, however rare one is
    monotone_constraints: dict[str, Annotated[int, Field(ge=-1, le=1)]] = {}  # feature: 1 never falls, -1 never rises

    @model_validator(mode="after")
    def _one_way_to_weigh(self) -> "LightgbmParameters":
        if self.is_unbalance and self.scale_pos_weight != 1.0:
            raise ValueError("'is_unbalance' and 'scale_pos_weight' both weigh the classes; set one of them")
        return self
