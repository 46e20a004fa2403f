"""The same preparation with the lake and the DVC remote on S3, as in production."""

from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from driftgate.datasets import list_versions, prepare, version_files
from driftgate.errors import ConfigError
from driftgate.records import sha256
from driftgate.use_cases import UseCase

BUCKETS = ("lake", "versions")


@pytest.fixture
def object_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An S3 on loopback that DVC, a process of its own, can reach, with the settings that point to it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    for name, value in {
        "AWS_ENDPOINT_URL": "http://{}:{}".format(*server.get_host_and_port()),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "DRIFTGATE_ENV": "compose",
        "DRIFTGATE_METADATA_URL": f"sqlite:///{tmp_path}/metadata.db",
        "DRIFTGATE_LAKE_BUCKET": BUCKETS[0],
        "DRIFTGATE_DVC_BUCKET": BUCKETS[1],
    }.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket=BUCKETS[0])
    yield
    server.stop()


@pytest.mark.slow
def test_a_missing_bucket_publishes_nothing_and_a_bucket_heals_it(
    object_store: None, use_case: UseCase, publish_days: Callable[..., None]
) -> None:
    publish_days()
    with pytest.raises(ConfigError, match=r"The DVC remote s3://versions refused the data .*bucket does not exist"):
        prepare(use_case, "2013-03-31")
    assert list_versions(use_case.name) == []

    boto3.client("s3").create_bucket(Bucket=BUCKETS[1])
    version = prepare(use_case, "2013-03-31")
    rows: Path = version_files(version.name) / "rows.parquet"
    assert sha256(rows.read_bytes()) == version.files["rows.parquet"]
