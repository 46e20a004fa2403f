"""What a job finds in its container, and the targets and specs that no container could be started for."""

from collections.abc import Callable
from typing import Any

import pytest

from driftgate.compute import JobSpec, containers
from driftgate.compute.targets import Target
from driftgate.errors import ConfigError, DriftgateError, NotSupported

IMAGE = f"repository/driftgate@sha256:{'5' * 64}"
ROLE = "arn:aws:iam::123456789012:role/driftgate-job"


def target(**changes: Any) -> Target:
    """Return a target that is in order, changed."""
    whole = {"backend": "batch", "vcpu": 4, "memory_mib": 512, "timeout_minutes": 5, "image": IMAGE, "job_role": ROLE}
    return Target(**{**whole, "queue": "gpu", **changes})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"image": "repository/driftgate:latest"}, r"names the image 'repository/driftgate:latest' without its digest"),
        ({"image": None}, r"has no 'image', which backend batch needs; add it"),
        ({"queue": None}, r"has no 'queue', which backend batch needs; add it"),
        ({"cluster": "c"}, r"has cluster: c, which backend batch cannot honour; remove it"),
        ({"job_role": "driftgate-job"}, r"has job_role: 'driftgate-job', which is no ARN of a role"),
        ({"secrets": {"DRIFTGATE_METADATA_URL": "hunter2"}}, r"gives DRIFTGATE_METADATA_URL a secret that is no ARN"),
    ],
)
def test_a_target_that_is_not_in_order_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DriftgateError, match=f"^Compute target 'gpu' in compute.yaml {sentence}") as error:
        containers.refuse_target("gpu", target(**changes), ("queue", "job_role"), ("cluster",))
    assert "hunter2" not in str(error.value)
    assert isinstance(error.value, NotSupported if "cluster" in changes else ConfigError)


def test_a_job_without_tags_is_refused(job_spec: Callable[..., JobSpec], on_s3: object) -> None:
    with pytest.raises(ConfigError, match=r"lacks the tags .*owner, so nobody would answer for its cost"):
        containers.refuse_spec("gpu", target(), job_spec(tags={}))


def test_a_lake_in_a_folder_is_out_of_reach(job_spec: Callable[..., JobSpec], tagged: dict[str, str]) -> None:
    with pytest.raises(
        ConfigError, match=r"'gpu' runs jobs on AWS, which cannot reach the lake file:///.*DRIFTGATE_ENV"
    ):
        containers.refuse_spec("gpu", target(), job_spec(tags=tagged))


@pytest.mark.parametrize(
    "value", ["postgresql://db/x?user=a&password=hunter2", "postgresql://db/x?sslmode=require;token=hunter2"]
)
def test_a_secret_that_a_job_would_show_is_refused_until_the_target_names_it(
    value: str, job_spec: Callable[..., JobSpec], on_s3: object, tagged: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFTGATE_METADATA_URL", value)
    with pytest.raises(ConfigError, match=r"use DRIFTGATE_METADATA_URL, which looks like a secret") as error:
        containers.refuse_spec("gpu", target(), job_spec(tags=tagged))
    assert "hunter2" not in str(error.value)
    secrets = {"DRIFTGATE_METADATA_URL": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:metadata"}
    containers.refuse_spec("gpu", target(secrets=secrets), job_spec(tags=tagged))
    assert "DRIFTGATE_METADATA_URL" not in containers.environment("gpu", target(secrets=secrets), job_spec())


def test_the_environment_has_the_settings_without_passwords_and_the_threads(
    job_spec: Callable[..., JobSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "DRIFTGATE_ENV": "aws",
        "DRIFTGATE_LAKE_BUCKET": "lake",
        "DRIFTGATE_METADATA_URL": "postgresql://driftgate:hunter2@db/driftgate",
        "DRIFTGATE_MLFLOW_URL": "https://mlflow:hunter2@example.com",
        "UNRELATED_PASSWORD": "hunter2",
    }.items():
        monkeypatch.setenv(name, value)
    secrets = {"DRIFTGATE_MLFLOW_URL": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mlflow"}
    found = containers.environment("gpu", target(secrets=secrets, region="eu-west-1"), job_spec(processes=2))
    assert found["DRIFTGATE_LAKE_BUCKET"] == "lake"
    assert found["DRIFTGATE_METADATA_URL"] == "postgresql://db/driftgate"
    assert (found["OMP_NUM_THREADS"], found["OMP_WAIT_POLICY"]) == ("2", "passive")
    assert (found["DRIFTGATE_ENV"], found["DRIFTGATE_TARGET"]) == ("aws", "gpu")
    assert found["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert "hunter2" not in str(found)
    assert not {"DRIFTGATE_MLFLOW_URL", "DRIFTGATE_HOME", "UNRELATED_PASSWORD"} & set(found)


def test_tags_have_the_characters_and_the_length_that_aws_takes() -> None:
    made = containers.tags({"run": "scheduled__2013-01-01T00:00:00+00:00", "owner": "ops & co*", "long": "x" * 300})
    assert made["run"] == "scheduled__2013-01-01T00:00:00+00:00"
    assert made["owner"] == "ops - co-"
    assert len(made["long"]) == 256
