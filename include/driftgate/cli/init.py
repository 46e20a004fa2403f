"""``driftgate init``: make what the backends of this environment need before their first use."""

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from driftgate.cli.sentences import out


def init() -> None:
    """Create buckets, folders, Airflow's password file and our own API key; run again it changes nothing."""
    from driftgate.consumers import make_own_key
    from driftgate.settings import settings

    configured = settings()
    for uri in (configured.lake, configured.dvc_remote, os.environ.get("MLFLOW_ARTIFACTS_DESTINATION", "")):
        if urlsplit(uri).scheme == "s3":
            _make_bucket(urlsplit(uri).netloc)
    for folder in (configured.drop, configured.jobs, configured.journal):
        Path(folder).mkdir(parents=True, exist_ok=True)
    if password := os.environ.get("AIRFLOW_ADMIN_PASSWORD"):
        _write_password(Path(configured.airflow.password_file), configured.airflow.user, password)
    if make_own_key():
        out.print("a key made by which Driftgate asks its endpoint")


def _make_bucket(name: str) -> None:
    import boto3

    client: Any = boto3.client("s3")
    if name in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
        return
    client.create_bucket(Bucket=name)
    out.print(f"bucket {name} created")


def _write_password(path: Path, user: str, password: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump({user: password}, file)
