"""Spec, result and artefacts of a job are read as they were written, or not at all."""

import json
from pathlib import Path

import pytest

from driftgate.compute import JobResult, JobSpec, read_artefact
from driftgate.compute.job_files import read_result, read_spec, result_path
from driftgate.errors import ConfigError, Tampered
from driftgate.lake import lake
from driftgate.records import sha256

GOLDEN_SPEC = (
    '{"array":[],"checkpoints":{"every_seconds":null,"hours_between_interruptions":24.0,"max_overhead":0.02},'
    '"dataset_version":"flight_delays/2013-03-31-3f9c2a1"'
    ',"event_time":"scheduled_departure","folds":0,"job_id":"retrain-1","kind":"train","max_single_feature_auc":0.9'
    '8,"max_single_feature_r2":0.98,'
    '"metric":"auc","not_features":["flight"],"parameters":{"learning_rate":0.05,"num_leaves":31},"problem":"bina'
    'ry","processes":1,"request_key":["carrier","flight"],"reweigh":null,"row_share":1.0,"schema_version":2,"seed":7,"stop":{"good'
    '_enough":null,"max_cost_usd":null,"max_minutes":null,"min_gain":0.0001},"tags":{},"target":"local_small","trai'
    'ner":"lightgbm","use_case":"flight_delays"}'
)
GOLDEN_RESULT = (
    '{"artefacts":{"model.txt":"9372c470eeadd5ecd9c3c74c2b3cb633f8e2f2fad799250a0f70d652b6b825e4"},"cpu_seconds":3.'
    '5,"environment":null,"job_id":"retrain-1","metrics":{"best_iteration":149.0,"validation_auc":0.711},"model_file":"model.txt","pea'
    'k_memory_mib":310.2,"schema_version":2,"seconds":5.25,"spec_sha256":"ab12","stop_reason":"early_stopping"}'
)


def test_the_golden_spec_is_written_and_read_unchanged(tmp_path: Path) -> None:
    spec = JobSpec(
        job_id="retrain-1",
        use_case="flight_delays",
        dataset_version="flight_delays/2013-03-31-3f9c2a1",
        target="local_small",
        problem="binary",
        trainer="lightgbm",
        metric="auc",
        seed=7,
        parameters={"num_leaves": 31, "learning_rate": 0.05},
        request_key=("carrier", "flight"),
        event_time="scheduled_departure",
        not_features=("flight",),
    )
    assert spec.canonical().decode() == GOLDEN_SPEC
    (tmp_path / "spec.json").write_text(GOLDEN_SPEC)
    assert read_spec(f"file://{tmp_path}/spec.json") == spec


def test_the_golden_result_is_written_and_read_unchanged() -> None:
    result = JobResult(
        job_id="retrain-1",
        spec_sha256="ab12",
        artefacts={"model.txt": sha256(b"model")},
        metrics={"validation_auc": 0.711, "best_iteration": 149.0},
        stop_reason="early_stopping",
        seconds=5.25,
        cpu_seconds=3.5,
        peak_memory_mib=310.2,
    )
    assert result.canonical().decode() == GOLDEN_RESULT
    lake().write(result_path("retrain-1"), GOLDEN_RESULT.encode())
    assert read_result("retrain-1") == result


def test_a_spec_of_a_newer_version_says_what_to_upgrade(tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_text(json.dumps({**json.loads(GOLDEN_SPEC), "schema_version": 3, "gpus": 4}))
    with pytest.raises(
        ConfigError, match="has schema_version 3, but this Driftgate reads up to 2: a newer one wrote it; upg"
    ):
        read_spec(f"file://{tmp_path}/spec.json")


def test_a_spec_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no job spec at file://.*/spec.json; submit the job again"):
        read_spec(f"file://{tmp_path}/spec.json")


def test_a_changed_artefact_is_not_read() -> None:
    result = JobResult.model_validate_json(GOLDEN_RESULT)
    lake().write("jobs/retrain-1/model.txt", b"model")
    assert read_artefact(result, "model.txt") == b"model"
    lake().write("jobs/retrain-1/model.txt", b"modeL")
    with pytest.raises(Tampered, match=r"model\.txt is not the file that the job wrote"):
        read_artefact(result, "model.txt")
