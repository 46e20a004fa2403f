"""Listing what is registered, and the records as they are written: a change of their shape is seen here."""

import json

from driftgate.registry import ModelVersion, find_model, list_models
from driftgate.registry.versions import PackageFile, Registration, model_of_job

GOLDEN_PACKAGE = (
    '{"dataset_version":"flight_delays/2013-03-31-3f9c2a1","feature_set_sha256":"fff","files":{"model.txt":{"bytes":5,"sha256":"abc"}},'
    '"job_id":"job-1","job_spec_sha256":"def","metrics":{"auc":0.725},"parameters":{"learning_rate":0.05,'
    '"num_leaves":31},"schema_version":1,"seed":7,"trainer":"lightgbm","use_case":"flight_delays","version":"3"}'
)
GOLDEN_REGISTRATION = (
    '{"job_id":"job-1","package_hash":"abc","registered_by":"anna","schema_version":1,"trained_by":"anna",'
    '"use_case":"flight_delays","version":"3"}'
)


def test_versions_are_listed_by_number_not_by_letter(package) -> None:
    for version in ("10", "2", "1"):
        package(version)
    assert [model.version for model in list_models("flight_delays")] == ["1", "2", "10"]


def test_a_use_case_without_models_lists_none(package) -> None:
    package()
    assert list_models("flight") == []


def test_a_version_says_what_it_is(package) -> None:
    model = package("4")
    assert find_model("flight_delays", "4") == model
    assert model.model_sha256 == model.files["model.txt"].sha256
    assert model.folder == "models/flight_delays/4"


def test_a_version_is_found_by_its_job(package) -> None:
    model = package("4")
    assert model_of_job("flight_delays", "job-4") == model
    assert model_of_job("flight_delays", "job-5") is None


def test_the_golden_package_json_is_written_and_read_unchanged() -> None:
    model = ModelVersion(
        use_case="flight_delays",
        version="3",
        job_id="job-1",
        job_spec_sha256="def",
        dataset_version="flight_delays/2013-03-31-3f9c2a1",
        feature_set_sha256="fff",
        trainer="lightgbm",
        seed=7,
        parameters={"num_leaves": 31, "learning_rate": 0.05},
        metrics={"auc": 0.725},
        files={"model.txt": PackageFile(bytes=5, sha256="abc")},
    )
    assert model.canonical().decode() == GOLDEN_PACKAGE
    assert ModelVersion.model_validate(json.loads(GOLDEN_PACKAGE)) == model


def test_the_golden_registration_is_written_and_read_unchanged() -> None:
    registration = Registration(
        use_case="flight_delays",
        version="3",
        job_id="job-1",
        package_hash="abc",
        trained_by="anna",
        registered_by="anna",
    )
    assert registration.canonical().decode() == GOLDEN_REGISTRATION
    assert Registration.model_validate(json.loads(GOLDEN_REGISTRATION)) == registration
