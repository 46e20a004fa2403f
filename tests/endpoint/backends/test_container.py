"""The image's command as SageMaker runs it: ``serve``, its port, its folder, and nothing of the project beside it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from local_aws.client import LocalAws

from driftgate.endpoint.backends.sagemaker_requests import model_request
from driftgate.settings import settings
from driftgate.use_cases import load_use_case

NAME = "flight_delays"


@pytest.fixture
def model(cloud: Any, world: Any, aws: LocalAws, tmp_path: Path) -> Path:
    """The folder into which SageMaker has copied what the model's data source names."""
    s3, folder = aws.client("s3"), tmp_path / "ml" / "model"
    folder.mkdir(parents=True)
    for one in s3.list_objects_v2(Bucket=aws.bucket, Prefix=f"models/{NAME}/1/")["Contents"]:
        data = s3.get_object(Bucket=aws.bucket, Key=one["Key"])["Body"].read()
        (folder / one["Key"].rpartition("/")[2]).write_bytes(data)
    return folder


@pytest.fixture
def variables(model: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of the container: that of the request, and what the image sets."""
    asked = settings().endpoint.sagemaker
    assert asked is not None
    request = model_request(load_use_case(NAME), "1", asked)
    told = request["PrimaryContainer"]["Environment"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DRIFTGATE_")}
    project = {"DRIFTGATE_PROJECT": os.environ["DRIFTGATE_PROJECT"], "DRIFTGATE_HOME": str(tmp_path / "state")}
    return {**kept, **told, **project, "SM_MODEL_DIR": str(model), "SAGEMAKER_BIND_TO_PORT": str(_free_port())}


def test_it_answers_and_says_what_it_took(variables: dict[str, str], world: Any, until: Callable[..., Any]) -> None:
    url = f"http://127.0.0.1:{variables['SAGEMAKER_BIND_TO_PORT']}"
    process = subprocess.Popen([sys.executable, "-m", "driftgate.endpoint", "serve"], env=variables)
    try:
        until(lambda: process.poll() is not None or _status(f"{url}/ping") == 200)
        assert process.poll() is None
        answer = httpx.post(f"{url}/invocations", json=world.question(*world.rows(3)))
        assert answer.status_code == 200
        assert int(answer.headers["content-length"]) == len(answer.content)
        body = json.loads(answer.content)
        assert [one["model_version"] for one in body["predictions"]] == ["1"] * 3
        assert 0 < body["latency_ms"] < 5000
        assert httpx.post(f"{url}/invocations", content=b"{").status_code == 400
        journal = Path(variables["DRIFTGATE_HOME"]) / "container" / "journal"
        assert [path.name for path in journal.iterdir()] == [".lock"], "SageMaker captures, not the container"
    finally:
        process.terminate()
        assert process.wait(20) in (0, -15), "uvicorn passes the signal on when it is done"


def changed_byte(model: Path) -> None:
    data = (model / "model.txt").read_bytes()
    (model / "model.txt").write_bytes(data[:-2] + b"x\n")


def no_signature(model: Path) -> None:
    (model / "package.sig").unlink()


def other_pointer(model: Path) -> None:
    data = (model / "package.json").read_text()
    (model / "package.json").write_text(data.replace('"seed":7', '"seed":8'))


def nothing(model: Path) -> None:
    (model / "package.json").unlink()


def test_what_is_not_the_package_ends_it_with_a_sentence(
    variables: dict[str, str], model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from driftgate.endpoint.container import container_server
    from driftgate.errors import DriftgateError

    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    kept = {path.name: path.read_bytes() for path in model.iterdir()}
    for harm, sentence in (
        (changed_byte, "is not the file that was registered"),
        (no_signature, "no package is loaded unsigned"),
        (other_pointer, "is not what the key"),
        (nothing, "has put no package"),
    ):
        for file, data in kept.items():
            (model / file).write_bytes(data)
        harm(model)
        monkeypatch.setenv("DRIFTGATE_HOME", str(tmp_path / harm.__name__))
        with pytest.raises(DriftgateError, match=sentence):
            container_server()
    monkeypatch.setenv("DRIFTGATE_SERVES", "flight_delays")
    with pytest.raises(DriftgateError, match="must say what this container serves"):
        container_server()


def _status(url: str) -> int:
    try:
        return httpx.get(url, timeout=5).status_code
    except httpx.TransportError:
        return 0


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
