"""The leakage gate: training stops, with a sentence, on a feature that has seen the answer; on no other."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftgate.compute import JobSpec
from driftgate.errors import ConfigError
from driftgate.training import training_spec
from driftgate.training.train import train
from driftgate.use_cases import UseCase, load_use_case

MakeSpec = Callable[..., JobSpec]


def labels(rows: pa.Table) -> Any:
    return rows.column("label").to_numpy(zero_copy_only=False)


@pytest.mark.parametrize(
    ("name", "auc", "values"),
    [
        ("arr_delay_minutes", "1.000", lambda late: np.where(late, 30.0, 3.0)),
        ("cancelled_because", "1.000", lambda late: [("weather" if each else None) for each in late]),
        ("air_time_minutes", "1.000", lambda late: [(None if each else float(n)) for n, each in enumerate(late)]),
    ],
    ids=["an outcome", "a word only when late", "missing exactly when late"],
)
def test_a_leak_is_named_with_its_auc(
    make_spec: MakeSpec, rows: pa.Table, name: str, auc: str, values: Callable[[Any], Any]
) -> None:
    leaking = rows.append_column(name, pa.array(values(labels(rows))))
    with pytest.raises(ConfigError, match=rf"too well to be honest: '{name}' \(AUC {auc}\); take it out of features"):
        train(make_spec(), leaking)


def test_every_leak_is_named_at_once(make_spec: MakeSpec, rows: pa.Table) -> None:
    late = labels(rows)
    leaking = rows.append_column("a", pa.array(late.astype(int))).append_column("b", pa.array(-late.astype(float)))
    with pytest.raises(ConfigError, match=r"honest: 'a' \(AUC 1.000\), 'b' \(AUC 1.000\);"):
        train(make_spec(), leaking)


def test_a_strong_and_honest_feature_may_be_learnt_from(make_spec: MakeSpec, rows: pa.Table) -> None:
    noise = np.random.default_rng(2).normal(size=rows.num_rows)
    strong = rows.append_column("late_so_far", pa.array(noise + 1.2 * labels(rows)))
    assert train(make_spec(), strong).metrics["validation_auc"] > 0.75


def test_what_is_no_feature_is_not_measured(make_spec: MakeSpec, rows: pa.Table) -> None:
    spec = make_spec()
    spec = spec.model_copy(update={"not_features": (*spec.not_features, "arr_delay_minutes")})
    train(spec, rows.append_column("arr_delay_minutes", pa.array(labels(rows).astype(float))))


def test_the_threshold_is_the_use_cases(shaped: Callable[..., UseCase], make_spec: MakeSpec, rows: pa.Table) -> None:
    assert load_use_case("flight_delays").train.max_single_feature_auc == 0.98
    assert training_spec(shaped(max_single_feature_auc=0.6), "v", "job-1").max_single_feature_auc == 0.6
    strict = make_spec().model_copy(update={"max_single_feature_auc": 0.55})
    with pytest.raises(ConfigError, match=r"honest: 'carrier' \(AUC 0\.\d+\), 'departure_hour' .* above 0.55"):
        train(strict, rows)


def test_an_infinite_value_has_its_own_sentence(make_spec: MakeSpec, rows: pa.Table) -> None:
    infinite = rows.append_column("ratio", pa.array(np.where(labels(rows), math.inf, 1.0)))
    with pytest.raises(ConfigError, match="Feature 'ratio' is infinite"):
        train(make_spec(), infinite)
