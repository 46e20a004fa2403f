"""The settings of each environment: which file, which variables, and the sentence for what is wrong."""

import shutil
from pathlib import Path

import pytest

from driftgate.errors import ConfigError
from driftgate.settings import project_root, settings


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings files of a project of this test's own."""
    folder = tmp_path / "project" / "include" / "settings"
    shutil.copytree(project_root() / "include" / "settings", folder)
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(tmp_path / "project"))
    return folder


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_laptop_keeps_everything_under_one_folder(project_home: Path) -> None:
    found = settings()
    assert found.lake == f"file://{project_home}/lake"
    places = (
        found.metadata,
        found.online,
        found.mlflow,
        found.data_repository,
        found.dvc_remote,
        found.drop,
        found.jobs,
    )
    assert all(str(project_home) in place for place in places)
    assert (found.endpoint.host, found.endpoint.port) == ("127.0.0.1", 8810)
    assert found.airflow.url == "http://127.0.0.1:8080"


def test_another_state_folder_or_port_is_seen_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings()
    monkeypatch.setenv("DRIFTGATE_HOME", str(tmp_path / "other"))
    monkeypatch.setenv("DRIFTGATE_ENDPOINT_PORT", "9999")
    monkeypatch.setenv("DRIFTGATE_AIRFLOW_PORT", "9998")
    assert settings().lake == f"file://{tmp_path}/other/lake"
    assert settings().endpoint.port == 9999
    assert settings().airflow.url == "http://127.0.0.1:9998"


def test_an_unknown_environment_gets_the_nearest_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTGATE_ENV", "locall")
    with pytest.raises(ConfigError) as caught:
        settings()
    for telling in ("DRIFTGATE_ENV is 'locall'", "did you mean 'local'?", "Known: aws, compose, local, sagemaker"):
        assert telling in str(caught.value)


@pytest.mark.parametrize("environment", ["aws", "compose"])
def test_a_variable_that_is_not_set_is_named(environment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTGATE_ENV", environment)
    monkeypatch.delenv("DRIFTGATE_LAKE_BUCKET", raising=False)
    with pytest.raises(ConfigError, match=rf"{environment}.yaml uses \$\{{DRIFTGATE_LAKE_BUCKET\}}, which is not set"):
        settings()


@pytest.mark.parametrize(
    ("environment", "variables"),
    [
        ("compose", "LAKE_BUCKET METADATA_URL DVC_BUCKET"),
        (
            "aws",
            "LAKE_BUCKET METADATA_URL DVC_BUCKET MLFLOW_URL DATA_REPOSITORY AIRFLOW_URL AIRFLOW_USER ONLINE_TABLE "
            "SIGNING_KEY",
        ),
    ],
)
def test_every_environment_parses_once_its_variables_are_set(
    environment: str, variables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFTGATE_ENV", environment)
    for name in variables.split():
        monkeypatch.setenv(f"DRIFTGATE_{name}", "value")
    monkeypatch.setenv("DRIFTGATE_ALARM_TOPIC", "arn:aws:sns:eu-west-1:123456789012:driftgate-alarms")
    assert settings().lake == "s3://value"


def test_an_unknown_key_gets_the_nearest_one(files: Path) -> None:
    replace(files / "local.yaml", "mlflow:", "mlfow:")
    with pytest.raises(ConfigError, match=r"local.yaml: .*unknown key 'mlfow'; did you mean 'mlflow'\?"):
        settings()


def test_a_file_that_is_no_yaml_is_a_sentence(files: Path) -> None:
    (files / "local.yaml").write_text("lake: [")
    with pytest.raises(ConfigError, match=r"local.yaml is not valid YAML"):
        settings()


def test_a_dollar_sign_that_names_nothing_is_a_sentence(files: Path) -> None:
    replace(files / "local.yaml", "user: admin", 'user: "a$"')
    with pytest.raises(ConfigError, match=r"'a\$' has a '\$' that names no variable; write '\$\$'"):
        settings()


@pytest.mark.parametrize(
    ("variable", "port", "telling"),
    [
        ("DRIFTGATE_ENDPOINT_PORT", "http", "key 'endpoint.port': Input should be a valid integer"),
        ("DRIFTGATE_ENDPOINT_PORT", "70000", "key 'endpoint.port': Input should be less than or equal to 65535"),
        ("DRIFTGATE_AIRFLOW_PORT", "http", "key 'airflow.url': the port of 'http://127.0.0.1:http' is no number"),
        ("DRIFTGATE_AIRFLOW_PORT", "70000", "is no number from 1 to 65535; correct it"),
    ],
)
def test_a_port_that_is_none_is_a_sentence(
    variable: str, port: str, telling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, port)
    with pytest.raises(ConfigError) as caught:
        settings()
    assert telling in str(caught.value)


def test_the_time_zone_is_the_projects_and_must_exist(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings().timezone == "America/New_York"
    (files / "mars.yaml").write_text("timezone: Mars/Olympus\n" + (files / "local.yaml").read_text())
    monkeypatch.setenv("DRIFTGATE_ENV", "mars")
    with pytest.raises(ConfigError, match=r"key 'timezone': 'Mars/Olympus' is no time zone; write one as"):
        settings()


@pytest.mark.parametrize(
    ("key", "production", "place"),
    [
        ("lake", "s3://acme-production", "s3://acme-production"),
        ("lake", "s3://acme-production", "s3://acme-production/sandbox"),
        ("lake", "s3://${PRODUCTION_BUCKET}", "s3://acme-production"),
        ("metadata", "postgresql://app:secret@db.acme/driftgate", "postgresql://app:secret@db.acme/driftgate"),
    ],
)
def test_a_development_environment_cannot_have_a_place_of_production(
    files: Path, monkeypatch: pytest.MonkeyPatch, key: str, production: str, place: str
) -> None:
    monkeypatch.setenv("PRODUCTION_BUCKET", "acme-production")
    old = {"lake": "s3://${DRIFTGATE_LAKE_BUCKET}", "metadata": "${DRIFTGATE_METADATA_URL}"}[key]
    replace(files / "aws.yaml", f"{key}: {old}", f"{key}: {production}")
    shutil.copy(files / "local.yaml", files / "dev.yaml")
    here = {"lake": "file://${DRIFTGATE_HOME}/lake", "metadata": "sqlite:///${DRIFTGATE_HOME}/metadata.db"}[key]
    replace(files / "dev.yaml", f"{key}: {here}", f"{key}: {place}")
    monkeypatch.setenv("DRIFTGATE_ENV", "dev")
    with pytest.raises(ConfigError) as caught:
        settings()
    assert "dev.yaml is a development environment" in str(caught.value)
    assert f"its {key!r} is that of aws.yaml, which is production" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_place_beside_production_is_fine(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace(files / "aws.yaml", "lake: s3://${DRIFTGATE_LAKE_BUCKET}", "lake: s3://acme")
    replace(files / "local.yaml", "lake: file://${DRIFTGATE_HOME}/lake", "lake: s3://acme-dev")
    assert settings().lake == "s3://acme-dev"


def test_production_itself_and_what_says_so_too_may_be_there(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace(files / "aws.yaml", "lake: s3://${DRIFTGATE_LAKE_BUCKET}", "lake: s3://acme")
    replace(files / "local.yaml", "lake: file://${DRIFTGATE_HOME}/lake", "stage: production\nlake: s3://acme")
    assert (settings().stage, settings().lake) == ("production", "s3://acme")


def test_a_stage_that_is_none_is_named(files: Path) -> None:
    replace(files / "local.yaml", "lake: file", "stage: prod\nlake: file")
    with pytest.raises(
        ConfigError, match=r"local\.yaml: key 'stage' cannot be 'prod'\. Known: development, production"
    ):
        settings()
