"""Two environments with the same registered versions: our own server in a thread, and SageMaker in the tests' AWS."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import yaml
from local_aws.client import LocalAws

from driftgate.endpoint.backends import EndpointBackend, endpoint_backend, sagemaker
from driftgate.endpoint.server import Server
from driftgate.promotion import DeploymentState, deployment
from driftgate.settings import project_root

ALARM = "driftgate-flight-delays-5xx"
LINKED = (
    "data_contracts",
    "dvc.yaml",
    "params.yaml",
    "include/use_cases",
    "include/governance",
    "include/compute.yaml",
)


class Recorder:
    """A client that notes the calls that change something, and dies after some of them."""

    def __init__(self, client: Any) -> None:
        self._client, self.calls, self.dies_after = client, [], 99

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if name.startswith("describe"):
            return call

        def noted(**body: Any) -> Any:
            answer = call(**body)
            self.calls.append((name, body))
            if len(self.calls) == self.dies_after:
                raise KeyboardInterrupt
            return answer

        return noted


@pytest.fixture
def cloud(
    aws: LocalAws, tmp_path: Path, project_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, Any]]:
    """An environment whose lake is on S3 and whose endpoints are SageMaker's; changes go into its section."""
    real, root = project_root(), tmp_path / "project"
    (root / "include").mkdir(parents=True)
    for name in LINKED:
        (root / name).symlink_to(real / name)
    shutil.copytree(real / "include" / "settings", root / "include" / "settings")
    key = aws.client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    section = {
        "region": aws.region,
        "role": aws.execution_role,
        "image": aws.image,
        "instance_type": "ml.m5.large",
        "kms_key": f"arn:aws:kms:{aws.region}:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "subnets": [aws.subnet],
        "security_groups": [aws.security_group],
        "alarms": [ALARM],
        "bake_seconds": 60,
    }

    def write(**changes: Any) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load((real / "include" / "settings" / "local.yaml").read_text())
        found["lake"] = f"s3://{aws.bucket}"
        found["signing"] = {"backend": "kms", "key_id": key}
        found["endpoint"] |= {"backend": "sagemaker", "sagemaker": {**section, **changes}}
        (root / "include" / "settings" / "cloud.yaml").write_text(yaml.safe_dump(found))
        from driftgate.settings import _load

        _load.cache_clear()
        return section

    write()
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(root))
    monkeypatch.setenv("DRIFTGATE_ENV", "cloud")
    return write


@pytest.fixture
def recorder(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """What SageMaker is asked to change."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    found = Recorder(sagemaker.client_in("sagemaker", "eu-west-1"))
    other = sagemaker.client_in
    monkeypatch.setattr(sagemaker.SageMakerBackend, "poll_seconds", 0.05)
    monkeypatch.setattr(sagemaker, "client_in", lambda name, at: found if name == "sagemaker" else other(name, at))
    return found


@pytest.fixture
def move(world: Any) -> Callable[..., DeploymentState]:
    """Append a deployment state and return it."""

    def to(champion: str, candidate: str | None = None, share: int = 0) -> DeploymentState:
        world.deploy(champion, candidate, share=share)
        state = deployment(world.NAME)
        assert state is not None
        return state

    return to


@pytest.fixture
def own_server(world: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Our own server on a free port, its threads running."""
    config = uvicorn.Config(Server(), host="127.0.0.1", port=0, lifespan="on", log_config=None)
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    monkeypatch.setenv("DRIFTGATE_ENDPOINT_PORT", str(running.servers[0].sockets[0].getsockname()[1]))
    yield
    running.should_exit = True
    thread.join(10)


@pytest.fixture(params=["embedded", "sagemaker"])
def backend(request: pytest.FixtureRequest) -> EndpointBackend:
    """Each of the two."""
    request.getfixturevalue("own_server" if request.param == "embedded" else "recorder")
    request.getfixturevalue("world")
    return endpoint_backend()
