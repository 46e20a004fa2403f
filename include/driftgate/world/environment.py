"""The environment under which Airflow runs on a laptop: loopback, SQLite, four workers, nothing phones home."""

import json
import os
import secrets
from base64 import urlsafe_b64encode
from pathlib import Path
from urllib.parse import urlsplit

from driftgate.errors import ConfigError
from driftgate.settings import home, project_root, settings

LOCK_SECONDS = 60  # for which a writer of Airflow's SQLite database waits for another one

QUIET = {
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "AIRFLOW__OPENLINEAGE__DISABLED": "True",  # our own store keeps the lineage
    "DO_NOT_TRACK": "1",
    "DVC_NO_ANALYTICS": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}

TUNED = {
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__CORE__PARALLELISM": "4",  # 32 idle workers would take 130 MB each
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAG_DISCOVERY_SAFE_MODE": "False",  # it skips files without the letters "dag"; ours may have none
    "AIRFLOW__CORE__DAG_IGNORE_FILE_SYNTAX": "regexp",  # the default warns of a deprecation in every task's log
    "AIRFLOW__CORE__LAZY_LOAD_PLUGINS": "False",  # the plugin loads heavy libraries before workers fork
    "AIRFLOW__API__WORKERS": "1",
    # A hop between two tasks takes 1.05 s with the default of 1 s, 0.26 s with this, for 5-7 % of a core while idle.
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
    # A worker that sees a task's sockets close before the process has ended sleeps until its next heartbeat: up to 5 s.
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    # After kill -9 of a scheduler, its tasks are found and run again within half a minute instead of five.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
}


def airflow_home() -> Path:
    """Return the folder with Airflow's database, configuration and logs."""
    return home() / "airflow"


def airflow_environment() -> dict[str, str]:
    """Return the whole environment of an Airflow process, and create its secrets on first use."""
    folder, url = airflow_home(), urlsplit(settings().airflow.url)
    folder.mkdir(parents=True, exist_ok=True)
    fixed = {
        "DRIFTGATE_HOME": str(home()),
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(project_root() / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(project_root() / "plugins"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{settings().airflow.user}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": settings().airflow.password_file,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{execution_url()}/execution/",
        # On a busy machine a writer can wait for longer than the five seconds that SQLite would give it.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder / 'airflow.db'}?timeout={LOCK_SECONDS}",
        "AIRFLOW__API__HOST": url.hostname or "127.0.0.1",
        "AIRFLOW__API__PORT": str(url.port or 8080),
        "AIRFLOW__API__BASE_URL": settings().airflow.url,
    }
    return {**os.environ, **QUIET, **TUNED, **fixed, **_secrets(folder / "secrets.json")}


def execution_url() -> str:
    """Return where tasks tell Airflow how they are."""
    return settings().airflow.execution_url or settings().airflow.url


def password() -> str:
    """Return the password of the one user of the laptop's Airflow; it is made on first use.

    :raises ConfigError: the file of passwords was made for another user
    """
    path = Path(settings().airflow.password_file)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_private(path, json.dumps({settings().airflow.user: secrets.token_urlsafe(12)}))
    known: dict[str, str] = json.loads(path.read_text())
    if settings().airflow.user not in known:
        raise ConfigError(
            f"{path} has no password of the user {settings().airflow.user!r}; remove it and run 'make up'."
        )
    return known[settings().airflow.user]


def _secrets(path: Path) -> dict[str, str]:
    if not path.exists():
        fernet = urlsafe_b64encode(secrets.token_bytes(32)).decode()
        made = {
            "AIRFLOW__CORE__FERNET_KEY": fernet,
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(48),
            "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(48),
        }
        _write_private(path, json.dumps(made))
    values: dict[str, str] = json.loads(path.read_text())
    return values


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read; it is there whole or not at all."""
    staged = path.with_name(f".{path.name}-{os.getpid()}")
    with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    staged.replace(path)
