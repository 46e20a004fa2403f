"""The parameters of LightGBM that a use case may set, with their ranges; LightGBM only warns about a wrong name."""

from typing import Annotated

from pydantic import ConfigDict, Field

from driftgate.records import Record

Share = Annotated[float, Field(gt=0, le=1)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(gt=0)]
CountOrNone = Annotated[int, Field(ge=0)]


class LightgbmParameters(Record):
    """Names, meanings and defaults are LightGBM's own, except that early stopping is on (0 turns it off)."""

    model_config = ConfigDict(strict=True)

    num_iterations: Count = 100
    learning_rate: Share = 0.1
    early_stopping_round: CountOrNone = 30
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
