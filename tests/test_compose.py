"""Policies of docker-compose.yaml: valid, pinned, no default password, loopback only, nothing runs as root for long."""

import os
import re
import stat
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from driftgate.cli.env import PASSWORDS, write_env
from driftgate.settings import Settings, project_root, settings

# The package's own script `docker-compose` drops the exit code, so the binary inside it is called.
COMPOSE = Path(str(find_spec("compose").origin)).with_name("docker-compose")  # type: ignore[union-attr]
ROOT = project_root()
LONG_RUNNING = {
    "api-server", "scheduler", "dag-processor", "triggerer", "worker",
    "postgres", "redis", "object-store", "mlflow", "endpoint",
}  # fmt: skip


def compose(*arguments: str, env_file: Path) -> subprocess.CompletedProcess[str]:
    clean = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    command = [
        str(COMPOSE),
        "--env-file",
        str(env_file),
        "--file",
        str(ROOT / "docker-compose.yaml"),
        "config",
        *arguments,
    ]
    return subprocess.run(command, capture_output=True, text=True, env=clean, timeout=60, check=False)


@pytest.fixture(scope="module")
def env_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A freshly generated ``.env``."""
    path = tmp_path_factory.mktemp("compose") / ".env"
    assert write_env(path)
    return path


@pytest.fixture(scope="module")
def services(env_file: Path) -> dict[str, Any]:
    """The services as compose understands them, anchors and variables resolved."""
    answer = compose(env_file=env_file)
    assert answer.returncode == 0, answer.stderr
    found: dict[str, Any] = yaml.safe_load(answer.stdout)["services"]
    return found


def test_compose_accepts_it_with_a_generated_env(env_file: Path) -> None:
    assert compose("--quiet", env_file=env_file).returncode == 0


@pytest.mark.parametrize("name", [*PASSWORDS, "AIRFLOW_FERNET_KEY", "DRIFTGATE_CODE_REVISION"])
def test_it_refuses_to_start_without_each_secret(name: str, env_file: Path, tmp_path: Path) -> None:
    lines = [line for line in env_file.read_text().splitlines() if not line.startswith(f"{name}=")]
    (tmp_path / ".env").write_text("\n".join(lines))
    answer = compose("--quiet", env_file=tmp_path / ".env")

    assert answer.returncode != 0
    assert name in answer.stderr
    assert "run 'make env' first" in answer.stderr


def test_no_secret_is_written_in_the_file() -> None:
    text = (ROOT / "docker-compose.yaml").read_text()
    defaults = re.findall(r"\$\{(\w+):?-[^}]*\}", text)

    assert defaults == ["CA_BUNDLE"], f"Use ${{NAME:?run 'make env' first}} instead of a default: {defaults}"


def test_the_production_shape_is_complete(services: dict[str, Any]) -> None:
    assert set(services) == LONG_RUNNING | {"init", "object-store-rights"}


def test_every_image_is_pinned(services: dict[str, Any]) -> None:
    loose = {
        name: service["image"]
        for name, service in services.items()
        if not re.fullmatch(r"[\w./-]+:[\w.-]*\d[\w.-]*", service["image"]) or "latest" in service["image"]
    }

    assert not loose, f"Pin these images to a version tag: {loose}"


def test_every_server_has_a_health_check_and_limits(services: dict[str, Any]) -> None:
    unchecked = [name for name in LONG_RUNNING if not services[name].get("healthcheck", {}).get("test")]
    unlimited = [
        name for name, service in services.items() if not service["deploy"]["resources"]["limits"].get("memory")
    ]

    assert not unchecked, f"Add a healthcheck to: {unchecked}"
    assert not unlimited, f"Add deploy.resources.limits to: {unlimited}"


def test_ports_are_published_on_loopback_only(services: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in services.items() if service.get("ports")}

    assert set(published) == {"api-server", "endpoint"}
    assert {port["host_ip"] for ports in published.values() for port in ports} == {"127.0.0.1"}


def test_no_server_runs_as_root_or_may_become_it(services: dict[str, Any]) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    ours = [name for name, service in services.items() if service["image"].startswith("driftgate:")]
    rooted = [name for name in LONG_RUNNING - set(ours) if services[name].get("user", "root") in ("root", "0", "0:0")]

    assert re.search(r"^USER 50000$", dockerfile, re.MULTILINE), "Our image must end with a user that is not root."
    assert not rooted, f"Set user: for {rooted}"
    assert all("no-new-privileges:true" in service["security_opt"] for service in services.values())
    assert all(service["cap_drop"] == ["ALL"] for service in services.values())


def test_only_a_one_shot_without_network_is_root(services: dict[str, Any]) -> None:
    root = {name: service for name, service in services.items() if service.get("user") == "root"}

    assert list(root) == ["object-store-rights"]
    assert root["object-store-rights"]["network_mode"] == "none"


def test_the_image_is_built_from_the_lock(services: dict[str, Any]) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()

    assert "FROM python:3.11-slim-bookworm" in dockerfile
    assert "--require-hashes" in dockerfile
    assert all(key in services["worker"]["build"] for key in ("args", "secrets"))


def test_env_is_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / ".env"

    assert write_env(path)
    first = path.read_text()
    assert not write_env(path)
    assert path.read_text() == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_secret_is_its_own(env_file: Path) -> None:
    pairs = dict(line.split("=", 1) for line in env_file.read_text().splitlines() if not line.startswith("#"))

    assert len(set(pairs.values())) == len(pairs)
    assert all(len(pairs[name]) >= 32 for name in PASSWORDS)


@pytest.mark.parametrize("environment", ["compose", "aws"])
def test_the_settings_of_the_servers_keep_the_schema(environment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTGATE_ENV", environment)
    for name in (
        "LAKE_BUCKET",
        "DVC_BUCKET",
        "METADATA_URL",
        "MLFLOW_URL",
        "DATA_REPOSITORY",
        "AIRFLOW_URL",
        "AIRFLOW_USER",
        "ONLINE_TABLE",
        "SIGNING_KEY",
    ):
        monkeypatch.setenv(f"DRIFTGATE_{name}", f"the-{name.lower()}")
    monkeypatch.setenv("DRIFTGATE_ALARM_TOPIC", "arn:aws:sns:eu-west-1:123456789012:driftgate-alarms")

    assert isinstance(settings(), Settings)
    assert settings().lake == "s3://the-lake_bucket"
    assert settings().endpoint.backend == "embedded"


def test_containers_get_what_their_settings_ask_for(services: dict[str, Any]) -> None:
    asked = set(re.findall(r"\$\{(\w+)\}", (ROOT / "include/settings/compose.yaml").read_text())) - {"DRIFTGATE_HOME"}

    for name in ("endpoint", "worker", "init"):
        assert asked <= set(services[name]["environment"]), name
