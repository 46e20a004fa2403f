"""Airflow's environment on a laptop: secrets made once and kept private, loopback only, nothing phones home."""

import json
import stat
from pathlib import Path

import pytest

from driftgate.errors import ConfigError
from driftgate.settings import settings
from driftgate.world.environment import airflow_environment, airflow_home, password

SECRETS = ("AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET", "AIRFLOW__API__SECRET_KEY")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_made_once_and_differ(project_home: Path) -> None:
    first = airflow_environment()
    assert [airflow_environment()[name] for name in SECRETS] == [first[name] for name in SECRETS]
    assert len({first[name] for name in SECRETS}) == 3
    assert all(len(first[name]) >= 40 for name in SECRETS)


def test_another_state_folder_has_other_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = airflow_environment()
    monkeypatch.setenv("DRIFTGATE_HOME", str(tmp_path / "other"))
    assert not {first[name] for name in SECRETS} & {airflow_environment()[name] for name in SECRETS}


def test_only_the_owner_reads_secrets_and_password() -> None:
    airflow_environment()
    password()
    assert mode(airflow_home() / "secrets.json") == 0o600
    assert mode(Path(settings().airflow.password_file)) == 0o600
    assert {path.name for path in airflow_home().iterdir()} == {
        "secrets.json",
        Path(settings().airflow.password_file).name,
    }


def test_the_password_is_made_once_for_the_user_of_the_settings() -> None:
    made = password()
    assert password() == made
    assert len(made) >= 16
    assert json.loads(Path(settings().airflow.password_file).read_text()) == {"admin": made}


def test_the_password_file_of_another_user_is_a_sentence() -> None:
    path = Path(settings().airflow.password_file)
    path.parent.mkdir(parents=True)
    path.write_text('{"somebody": "x"}')
    with pytest.raises(ConfigError, match=r"has no password of the user 'admin'; remove it and run 'make up'"):
        password()


def test_nothing_phones_home() -> None:
    found = airflow_environment()
    expected = {
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__OPENLINEAGE__DISABLED": "True",
        "DO_NOT_TRACK": "1",
        "DVC_NO_ANALYTICS": "1",
        "GX_ANALYTICS_ENABLED": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    assert {name: found[name] for name in expected} == expected


def test_what_the_caller_set_against_it_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GX_ANALYTICS_ENABLED", "true")
    monkeypatch.setenv("AIRFLOW__API__HOST", "0.0.0.0")
    assert airflow_environment()["GX_ANALYTICS_ENABLED"] == "false"
    assert airflow_environment()["AIRFLOW__API__HOST"] == "127.0.0.1"


def test_everything_lies_in_the_state_folder_and_listens_on_loopback(
    project_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFTGATE_AIRFLOW_PORT", "9876")
    found = airflow_environment()
    assert found["AIRFLOW_HOME"] == str(project_home / "airflow")
    assert found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == f"sqlite:///{project_home}/airflow/airflow.db?timeout=60"
    assert found["DRIFTGATE_HOME"] == str(project_home)
    assert (found["AIRFLOW__API__HOST"], found["AIRFLOW__API__PORT"]) == ("127.0.0.1", "9876")
    assert found["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8081/execution/"
