"""Pytest's way to it: one server a session, a fresh account a test."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_aws.account import set_up
from local_aws.client import REGION, LocalAws

FOLDER = Path(__file__).parents[1]
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}


@pytest.fixture(scope="session")
def aws_server() -> Iterator[str]:
    """The address of a server that ends with this session, however the session ends."""
    path = os.pathsep.join([str(FOLDER), *filter(None, [os.environ.get("PYTHONPATH")])])
    binaries = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, **CREDENTIALS, "PYTHONPATH": path, "PATH": binaries, "DVC_NO_ANALYTICS": "1"}
    environment["S3_UPLOAD_PART_MIN_SIZE"] = "1024"
    with subprocess.Popen(
        [sys.executable, "-m", "local_aws"], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin and process.stdout
        yield json.loads(process.stdout.readline())["url"]
        process.stdin.close()
        process.wait(10)


@pytest.fixture
def aws(aws_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    """An account of this test's own; the environment of the test leads to it."""
    for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": aws_server, "AWS_MAX_ATTEMPTS": "2"}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    found = LocalAws(aws_server)
    yield set_up(found, found.reset())
    found.reset()


@pytest.fixture
def on_s3(aws: LocalAws, project_home: Path, monkeypatch: pytest.MonkeyPatch) -> LocalAws:
    """Lake and dataset versions of this test are on the S3 of this AWS; its containers have the same state folder."""
    aws.client("s3").create_bucket(Bucket="versions", CreateBucketConfiguration={"LocationConstraint": REGION})
    monkeypatch.setenv("DRIFTGATE_ENV", "compose")
    monkeypatch.setenv("DRIFTGATE_LAKE_BUCKET", aws.bucket)
    monkeypatch.setenv("DRIFTGATE_DVC_BUCKET", "versions")
    monkeypatch.setenv("DRIFTGATE_METADATA_URL", f"sqlite:///{project_home}/metadata.db")
    aws.of_the_image(DRIFTGATE_HOME=str(project_home))
    return aws


@pytest.fixture
def batch_target(aws: LocalAws) -> dict[str, Any]:
    """The keys of a compute target on the queue of this account."""
    return {
        "backend": "batch",
        "vcpu": 1,
        "memory_mib": 2048,
        "timeout_minutes": 5,
        "region": aws.region,
        "queue": aws.queue,
        "image": aws.image,
        "job_role": aws.job_role,
    }


@pytest.fixture
def tagged() -> dict[str, str]:
    """The tags without which no job goes to AWS, and some more."""
    required = {"project": "driftgate", "business_unit": "ops", "environment": "development", "owner": "network"}
    return {**required, "cost_centre": "42", "use_case": "flight_delays", "activity": "train", "run": "manual__1"}
