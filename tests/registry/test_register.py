"""One job is one version, whatever crashes and however often it is tried; a rejected candidate is none."""

from functools import partial
from pathlib import Path

import pytest

from driftgate.errors import CannotJudge, ConfigError, Conflict, PromotionRefused, Tampered
from driftgate.evaluation.feature_baseline import read_feature_baseline
from driftgate.lake import lake
from driftgate.monitoring import load_baseline, training_baseline
from driftgate.registry import ModelVersion, list_models, load_package, register, register_job, tracking

pytestmark = pytest.mark.usefixtures("mlflow_database")

VERSION = "flight_delays/2013-03-10-3f9c2a1"


@pytest.fixture
def register_it(use_case):
    return lambda job_id="job-1": register_job(use_case, job_id, VERSION, make_baseline=training_baseline)


@pytest.fixture
def registered_at_once(at_once, use_case, dataset):
    """Register jobs in processes that start together; return the versions they got, or the Conflict."""
    return lambda *job_ids: at_once(*(partial(_register, use_case, job_id, dataset) for job_id in job_ids))


def test_a_registered_job_is_a_whole_package_that_scores(finished, register_it, rows) -> None:
    job = finished()
    model = register_it()

    assert (model.version, model.job_id, model.dataset_version) == ("1", "job-1", VERSION)
    assert set(model.files) == {
        "model.txt", "preprocessing.json", "signature.json", "evaluation.json", "baseline.json", "card.md",
        "feature_baseline.json", "reference_sample.parquet", "fallback.json", "golden.json", "card.json",
        "card_plain.md", "optimization.json",
    }  # fmt: skip
    assert model.model_sha256 == job.artefacts["model.txt"]
    assert model.metrics["champion_auc"] == 0.7
    assert len(load_package("flight_delays", "1").scorer.score_table(rows)) == 400


def test_the_rule_of_the_same_rows_is_in_the_package_unless_nobody_wants_it(finished, register_it, use_case, rows):
    finished()
    register_it()
    rule = load_package("flight_delays", "1").fallback
    (answer,) = rule.answers([{"scheduled_departure": "2013-04-01T12:30:00"}])

    assert len(rule.groups) == 1  # all flights of these rows leave at noon
    assert answer == pytest.approx(sum(rows.column("label").to_pylist()[:280]) / 280)
    finished("job-2")
    without = use_case.model_copy(update={"serve": use_case.serve.model_copy(update={"fallback": "none"})})
    model = register_job(without, "job-2", VERSION, make_baseline=training_baseline)
    assert load_package("flight_delays", model.version).fallback is None


def test_the_baseline_is_of_the_training_rows_and_the_scores_of_the_validation_rows(finished, register_it) -> None:
    finished()
    register_it()
    baseline = load_baseline("flight_delays", "1")
    assert baseline.rows == 280
    assert sorted(baseline.profile.columns) == ["carrier", "distance_miles", "origin"]
    assert baseline.scores.sketch.rows == 120
    found = {"auc": 0.7, "log_loss": 0.7, "calibration_error": 0.01, "expected_cost_usd_per_1000": 0.7}
    assert baseline.reference == found
    assert baseline.evaluation is not None and sum(day.rows for day in baseline.evaluation.days) == 120


def test_the_features_are_measured_and_ranked(finished, register_it, use_case) -> None:
    finished()
    model = register_it()
    found = read_feature_baseline(lake().read(f"{model.folder}/feature_baseline.json"), "the package")
    assert sorted(found.features) == ["carrier", "distance_miles", "origin"]
    assert (found.training_rows, found.sampled_rows, found.seed) == (280, 120, 7)
    assert found.ranked[0][1].tier == "critical"


def test_a_tier_for_what_is_no_feature_stops_the_registration(finished, use_case) -> None:
    finished()
    monitor = use_case.monitor.model_copy(update={"tiers": {"carier": "critical"}})
    with pytest.raises(ConfigError, match=r"'carier', which is no feature of features\.sql; did you mean 'carrier'"):
        register_job(
            use_case.model_copy(update={"monitor": monitor}), "job-1", VERSION, make_baseline=training_baseline
        )
    assert list_models("flight_delays") == []


def test_mlflow_knows_the_version_its_job_and_its_package(finished, register_it) -> None:
    finished()
    model = register_it()
    client = tracking._client()
    version = client.get_model_version("flight_delays", "1")
    run = client.get_run(version.run_id)

    assert version.tags["driftgate.job_id"] == "job-1"
    assert version.tags["driftgate.package_sha256"] == model.package_hash
    assert "AUC 0.7000" in version.description
    assert run.data.params["seed"] == "7"
    assert run.data.metrics["rule_auc"] == 0.7
    assert run.info.status == "FINISHED"
    assert client.list_artifacts(version.run_id) == []


def test_the_same_job_registered_again_is_the_same_version_and_package(finished, register_it) -> None:
    finished()
    first = register_it()
    assert register_it() == first
    assert len(list_models("flight_delays")) == 1


def test_another_job_is_the_next_version(finished, register_it) -> None:
    finished()
    finished("job-2")
    assert [register_it().version, register_it("job-2").version] == ["1", "2"]


@pytest.mark.parametrize("step", ["write_package", "model_card", "tracking.describe_version"])
def test_a_crash_at_any_step_heals_by_running_again(finished, register_it, monkeypatch, step: str) -> None:
    finished()
    finished("job-2")
    with monkeypatch.context() as patch:
        patch.setattr(f"driftgate.registry.register.{step}", crash)
        with pytest.raises(OSError, match="power cut"):
            register_it()
    other, model = register_it("job-2"), register_it()
    assert (model.version, other.version) == ("1", "2")
    assert load_package("flight_delays", "1").model == model
    assert tracking._client().get_model_version("flight_delays", "1").description


def test_a_package_that_stopped_half_way_is_invisible_and_completed_by_the_next_try(
    finished, register_it, monkeypatch
) -> None:
    finished()
    with monkeypatch.context() as patch:
        patch.setattr("driftgate.registry.writing.record_registration", crash)
        with pytest.raises(OSError, match="power cut"):
            register_it()
    assert lake().exists("models/flight_delays/1/package.json")
    assert list_models("flight_delays") == []
    assert register_it().version == "1"
    assert load_package("flight_delays", "1")


def test_a_rejected_candidate_is_not_registered(finished, register_it) -> None:
    finished(passed=False)
    with pytest.raises(PromotionRefused, match="job-1 is rejected and not registered: The gate 'uplift' failed"):
        register_it()
    assert list_models("flight_delays") == []


def test_a_candidate_that_was_not_evaluated_is_not_registered(finished, register_it) -> None:
    finished()
    lake().delete("reports/evaluation/flight_delays/job-1.json")
    with pytest.raises(CannotJudge, match="run evaluate_candidate first"):
        register_it()


def test_an_evaluation_of_other_rows_or_another_model_does_not_count(finished, register_it) -> None:
    finished(dataset_version="flight_delays/2013-02-28-0000000")
    with pytest.raises(ConfigError, match="evaluated on flight_delays/2013-02-28-0000000"):
        register_it()


def test_a_changed_artefact_is_not_registered(finished, register_it) -> None:
    finished()
    lake().write("jobs/job-1/signature.json", b"{}")
    with pytest.raises(Tampered, match="not the file that the job wrote"):
        register_it()


def test_two_processes_that_register_two_jobs_get_two_versions(finished, registered_at_once) -> None:
    finished()
    finished("job-2")
    assert sorted(model.version for model in registered_at_once("job-1", "job-2")) == ["1", "2"]


def test_two_processes_that_register_the_same_job_leave_one_version(finished, registered_at_once, register_it) -> None:
    finished()
    for outcome in registered_at_once("job-1", "job-1"):  # one of them may meet a Conflict, which Airflow retries
        assert isinstance(outcome, Conflict) or outcome.version == "1"
    assert register_it().version == "1"
    assert [version.version for version in tracking._client().search_model_versions("name='flight_delays'")] == [1]


def test_a_new_database_is_created_by_one_of_two_processes(mlflow_database: Path, finished, registered_at_once) -> None:
    mlflow_database.unlink()
    finished()
    finished("job-2")
    assert sorted(model.version for model in registered_at_once("job-1", "job-2")) == ["1", "2"]


def test_mlflow_writes_nothing_into_the_working_directory(finished, register_it, tmp_path, monkeypatch) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    finished()
    register_it()
    assert list(folder.iterdir()) == []


def crash(*_: object, **__: object) -> None:
    raise OSError("power cut")


def _register(use_case, job_id: str, dataset: Path) -> ModelVersion:
    register.version_files = lambda _: dataset
    return register_job(use_case, job_id, VERSION, make_baseline=training_baseline)
