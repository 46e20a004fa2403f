"""Where this environment keeps things. ``DRIFTGATE_ENV`` picks ``include/settings/<env>.yaml``; one schema for all."""

import os
import re
from functools import cache
from pathlib import Path
from string import Template
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from driftgate.access_settings import AccessSettings
from driftgate.alarm_settings import AlarmSettings
from driftgate.errors import ConfigError, nearest
from driftgate.records import Record, parse_record, read_yaml
from driftgate.sagemaker_settings import SageMakerSettings

# What a settings file may use without anyone setting it. Two checkouts on one machine need different ports; a business
# unit is missed when a job is submitted.
DEFAULTS = {
    "DRIFTGATE_AIRFLOW_PORT": "8080",
    "DRIFTGATE_EXECUTION_PORT": "8081",
    "DRIFTGATE_ENDPOINT_PORT": "8810",
    "DRIFTGATE_BUSINESS_UNIT": "",
}


class EndpointSettings(AccessSettings):
    """Where the endpoint listens and how much it takes; ``url`` is where others reach it, if that is elsewhere.

    Above ``max_memory_mb`` no model is loaded any more, and shadows go first.
    """

    backend: Literal["embedded", "sagemaker"]
    sagemaker: SageMakerSettings | None = None
    port: Annotated[int, Field(ge=1, le=65535)]
    url: str | None = None
    max_body_bytes: int
    max_rows: int
    max_memory_mb: Annotated[int, Field(ge=1)] = 2048

    @property
    def address(self) -> str:
        """Where the endpoint is reached."""
        return (self.url or self.own_address).rstrip("/")

    @property
    def own_address(self) -> str:
        """Where it is reached on its own machine."""
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"

    @model_validator(mode="after")
    def _says_what_sagemaker_needs(self) -> "EndpointSettings":
        if (self.backend == "sagemaker") != bool(self.sagemaker):
            raise ValueError("the backend sagemaker needs the section sagemaker, and only that one has it")
        return self


class CaptureSettings(Record):
    """How the endpoint keeps captures until the lake has them.

    Above ``max_waiting_mb`` requests are refused. ``fsync`` makes every request wait for the disk, so that a loss of
    power loses no answer either.
    """

    max_waiting_mb: Annotated[int, Field(ge=1)] = 500
    fsync: bool = False


class AirflowSettings(Record):
    """Where the command line finds Airflow's API; how often a task is tried again, after how long at first.

    ``execution_url`` is where tasks say how they are; None: at the same address. ``aws_connection`` is Airflow's
    connection by which jobs are submitted to AWS; without it, boto3's own way is taken.
    """

    url: str
    execution_url: str | None = None
    user: str
    password_file: str
    retries: Annotated[int, Field(ge=1)] = 2
    retry_seconds: Annotated[float, Field(gt=0)] = 20
    aws_connection: str = "aws_default"

    @field_validator("url", "execution_url")
    @classmethod
    def _has_a_usable_port(cls, url: str | None) -> str | None:
        try:
            _ = urlsplit(url or "").port
        except ValueError:
            raise ValueError(f"the port of {url!r} is no number from 1 to 65535; correct it") from None
        return url


class IngestSettings(Record):
    """What a delivery must be before it is read.

    A file that cannot tell that it is whole (CSV) must have been left alone for ``settle_seconds``. A delivery of one
    partition may be ``max_bytes`` when it is unpacked.
    """

    settle_seconds: Annotated[int, Field(ge=0)] = 60
    max_bytes: Annotated[int, Field(ge=1)] = 64 * 2**30


class SigningSettings(Record):
    """The key that signs packages and gate receipts: a file of the state folder, or one of AWS KMS.

    ``trusted`` are further keys of KMS whose signatures count, such as the one before a rotation; so does every public
    key in the folder ``keys`` of the state folder.
    """

    backend: Literal["local", "kms"] = "local"
    key_id: str | None = None  # of KMS: an id, ARN or alias
    trusted: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _names_its_key(self) -> "SigningSettings":
        if (self.backend == "kms") != bool(self.key_id):
            raise ValueError("the backend kms needs a key_id, and only that one has any; correct one of the two")
        return self


class Settings(Record):
    """One environment: every port of the house plan and where its backend is.

    No environment of the stage ``development`` has the lake or the metadata of one of the stage ``production``.
    ``timezone`` is the project's: its midnight ends a partition, and its wall-clock says when something became known.
    ``project`` and ``business_unit`` are tags of all that costs money; without a business unit no remote job starts.
    """

    timezone: str = "America/New_York"
    stage: Literal["development", "production"] = "development"
    project: str = "driftgate"
    business_unit: str = ""
    lake: str
    metadata: str
    online: str
    mlflow: str
    data_repository: str
    dvc_remote: str
    drop: str
    jobs: str
    journal: str
    capture: CaptureSettings = CaptureSettings()
    endpoint: EndpointSettings
    airflow: AirflowSettings
    ingest: IngestSettings = IngestSettings()
    signing: SigningSettings = SigningSettings()
    alarms: AlarmSettings = AlarmSettings()

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, timezone: str) -> str:
        try:
            ZoneInfo(timezone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{timezone!r} is no time zone; write one as America/New_York or UTC") from None
        return timezone


def project_root() -> Path:
    """Return the folder with ``data_contracts/`` and ``include/``; ``DRIFTGATE_PROJECT`` overrides it."""
    return Path(os.environ.get("DRIFTGATE_PROJECT") or Path(__file__).resolve().parents[2])


def home() -> Path:
    """Return the folder that holds all state of the embedded backends; ``DRIFTGATE_HOME`` overrides it."""
    return Path(os.environ.get("DRIFTGATE_HOME") or project_root() / ".driftgate")


def environment() -> str:
    """Return the name of this environment: ``DRIFTGATE_ENV``, or ``local``."""
    return os.environ.get("DRIFTGATE_ENV", "local")


def settings() -> Settings:
    """Return the settings of this environment."""
    ports = tuple(os.environ.get(name, port) for name, port in DEFAULTS.items())
    return _load(environment(), str(home()), str(project_root()), ports)


def settings_variables() -> dict[str, str]:
    """Return the variables of this process that this environment's settings file uses, for another process."""
    path = project_root() / "include" / "settings" / f"{environment()}.yaml"
    used = re.findall(r"\$\{?(\w+)", path.read_text())
    return {name: os.environ[name] for name in used if name in os.environ}


@cache
def _load(env: str, home_folder: str, root: str, _: tuple[str, ...]) -> Settings:
    folder = Path(root) / "include" / "settings"
    path = folder / f"{env}.yaml"
    if not path.exists():
        known = [file.stem for file in folder.glob("*.yaml")]
        raise ConfigError(f"DRIFTGATE_ENV is {env!r}, for which {folder} has no file{nearest(env, known)}")
    variables = {**DEFAULTS, **os.environ, "DRIFTGATE_HOME": home_folder}
    written = read_yaml(path)
    found = parse_record(_expand(written, variables, path), Settings, where=str(path))
    if found.stage == "development":
        for other in sorted(set(folder.glob("*.yaml")) - {path}):
            _refuse_shared_places(path, written, found, other, variables)
    return found


def _refuse_shared_places(
    path: Path, written: dict[str, Any], found: Settings, other: Path, variables: dict[str, str]
) -> None:
    """Refuse a place of production. Where both files say the same variable, the environment has the word, not we."""
    production = read_yaml(other)
    if not isinstance(production, dict) or production.get("stage") != "production":
        return
    for name in ("lake", "metadata"):
        try:
            theirs = str(_expand(production.get(name, ""), variables, other)).rstrip("/")
        except ConfigError:  # a variable of production is not set here, so it names no place of ours
            continue
        ours, same_words = getattr(found, name), written[name] == production.get(name)
        if theirs and not (same_words and "$" in written[name]) and f"{ours}/".startswith(f"{theirs}/"):
            raise ConfigError(
                f"{path} is a development environment, and its {name!r} is that of {other.name}, which is production "
                f"({without_credentials(ours)}); give it one of its own."
            )


def without_credentials(address: str) -> str:
    """Return an address as a message may show it."""
    return re.sub(r"//[^/@]*@", "//", address)


def _expand(value: Any, variables: dict[str, str], path: Path) -> Any:
    if isinstance(value, dict):
        return {key: _expand(item, variables, path) for key, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, variables, path) for item in value]
    if not isinstance(value, str):
        return value
    try:
        return Template(value).substitute(variables)
    except KeyError as missing:
        raise ConfigError(f"{path} uses ${{{missing.args[0]}}}, which is not set in the environment; set it.") from None
    except ValueError:
        raise ConfigError(
            f"{path}: {value!r} has a '$' that names no variable; write '$$' for a dollar sign."
        ) from None
