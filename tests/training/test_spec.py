"""A spec says all that a job needs, under a name that only the same task instance finds again."""

from collections.abc import Callable
from pathlib import Path

import pytest

from driftgate.compute import JobSpec
from driftgate.compute.jobs import checked_job_id
from driftgate.errors import ConfigError
from driftgate.training import job_id, training_spec
from driftgate.use_cases import UseCase, load_use_case

RUN = "scheduled__2013-04-01T00:00:00+00:00"


def test_a_job_id_is_the_same_at_every_try_and_readable() -> None:
    name = job_id("flight_delays.retrain", "train_candidate", RUN, -1)
    assert name == job_id("flight_delays.retrain", "train_candidate", RUN, -1)
    assert name.startswith("flight_delays-retrain-train_candidate-scheduled__2013-04-01T00-00-00-00-00-")


def test_another_task_instance_has_another_job_id() -> None:
    names = {
        job_id(*instance)
        for instance in [
            ("a", "b", "c", -1),
            ("a", "b", "c", 0),
            ("a-b", "", "c", -1),
            ("a", "b-c", "", -1),
            ("a", "b", "c:", -1),
            ("a" * 300, "b", "c", -1),
            ("a" * 300, "b", "d", -1),
            ("", "", "...", -1),
        ]
    }
    assert len(names) == 8
    assert all(checked_job_id(name) for name in names)


def test_the_spec_names_every_parameter_also_the_ones_left_alone() -> None:
    use_case = load_use_case("flight_delays")
    spec = training_spec(use_case, "flight_delays/2013-03-31-3f9c2a1", "job-1")
    assert (spec.job_id, spec.target, spec.seed, spec.metric) == ("job-1", "local_small", 7, "auc")
    assert spec.parameters["num_leaves"] == 31
    assert spec.parameters["max_bin"] == 255  # the use case leaves it alone
    assert spec.not_features == ("flight", "scheduled_departure", "tail_number")
    assert JobSpec.model_validate_json(spec.canonical()) == spec


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"num_leafs": 31}, "unknown key 'num_leafs'; did you mean 'num_leaves'"),
        ({"learning_rate": 0.0}, "key 'learning_rate': Input should be greater than 0, found 0.0"),
        ({"learning_rate": 1.5}, "key 'learning_rate': Input should be less than or equal to 1, found 1.5"),
        ({"learning_rate": 10.0}, "key 'learning_rate': Input should be less than or equal to 1, found 10.0"),
        ({"is_unbalance": True, "scale_pos_weight": 3.0}, "both weigh the classes; set one of them"),
        (
            {"monotone_constraints": {"hour": 2}},
            "key 'monotone_constraints.hour': Input should be less than or equal to 1",
        ),
        ({"objective": "quantil"}, "key 'objective' cannot be 'quantil'; did you mean 'quantile'"),
        ({"num_leaves": "many"}, "key 'num_leaves': Input should be a valid integer, found 'many'"),
        ({"num_iterations": True}, "key 'num_iterations': Input should be a valid integer, found True"),
    ],
)
def test_a_wrong_parameter_is_refused_before_a_job_starts(
    shaped: Callable[..., UseCase], parameters: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        training_spec(shaped(parameters=parameters), "flight_delays/2013-03-31-3f9c2a1", "job-1")
    assert "use_case.yaml, 'train.parameters': " in str(refused.value)
    assert sentence in str(refused.value)


def test_auto_is_decided_by_the_rows_of_the_version_and_says_why(
    compute_yaml: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The target and the reason are in the spec, so that the same spec is made again by a retry."""
    size = {"backend": "local", "vcpu": 1, "memory_mib": 4096, "timeout_minutes": 5}
    auto = {"local": "here", "remote": "there", "local_max_bytes": 100}
    compute_yaml(auto, here=size, there={**size, "backend": "batch", "queue": "q"})
    monkeypatch.setattr("driftgate.datasets.version_files", lambda name: tmp_path)
    whole = load_use_case("flight_delays")
    use_case = whole.model_copy(update={"train": whole.train.model_copy(update={"target": "auto"})})
    for size_bytes, target in ((99, "here"), (100, "there")):
        (tmp_path / "rows.parquet").write_bytes(b"x" * size_bytes)
        spec = training_spec(use_case, "flight_delays/2013-03-31-3f9c2a1", "j")
        assert spec.target == target
        assert spec.tags["placed"].startswith("auto: 0.0 MiB of rows")
    named = training_spec(whole, "flight_delays/2013-03-31-3f9c2a1", "j")
    assert "placed" not in named.tags
