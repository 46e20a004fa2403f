"""``driftgate init`` makes buckets, folders and the password file, and changes nothing the second time."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from driftgate.settings import settings


def test_folders_on_a_laptop(run: Callable[..., Any]) -> None:
    assert run("init").exit_code == 0
    assert Path(settings().drop).is_dir()


@mock_aws
def test_buckets_and_password_of_the_compose_environment(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, project_home: Path
) -> None:
    variables = {
        "DRIFTGATE_ENV": "compose",
        "DRIFTGATE_LAKE_BUCKET": "driftgate-lake",
        "DRIFTGATE_DVC_BUCKET": "driftgate-dvc",
        "DRIFTGATE_METADATA_URL": "sqlite://",
        "MLFLOW_ARTIFACTS_DESTINATION": "s3://driftgate-mlflow",
        "AIRFLOW_ADMIN_PASSWORD": "made-by-make-env",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert run("init").stdout.count("created") == 3
    assert run("init").stdout == ""
    names = {bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]}
    assert names == {"driftgate-lake", "driftgate-dvc", "driftgate-mlflow"}
    path = project_home / "airflow/passwords.json"
    assert json.loads(path.read_text()) == {"admin": "made-by-make-env"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
