"""``driftgate env``: write the ``.env`` of docker-compose.yaml, every secret random, never twice."""

import os
import secrets
from base64 import urlsafe_b64encode
from pathlib import Path

from driftgate.cli.sentences import out
from driftgate.lineage.code import code_revision
from driftgate.settings import project_root

HEADER = """\
# Secrets of docker-compose.yaml, made by 'make env'. Keep this file: the volumes' databases were created with it.
# To start anew, remove the volumes ('docker compose down --volumes') and this file.
"""

PASSWORDS = (
    "POSTGRES_PASSWORD",
    "AIRFLOW_DB_PASSWORD",
    "MLFLOW_DB_PASSWORD",
    "DRIFTGATE_DB_PASSWORD",
    "REDIS_PASSWORD",
    "S3_ACCESS_KEY_ID",
    "S3_SECRET_ACCESS_KEY",
    "AIRFLOW_ADMIN_PASSWORD",
    "AIRFLOW_API_SECRET_KEY",
    "AIRFLOW_JWT_SECRET",
    "DRIFTGATE_PSEUDONYM_KEY",
)


def write_env(path: Path) -> bool:
    """Write ``path``, readable by its owner only, and return True; leave an existing file alone and return False."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w") as file:
        file.write(HEADER + "".join(f"{name}={value}\n" for name, value in _values().items()))
    return True


def _values() -> dict[str, str]:
    # 48 letters, digits, '-' and '_' stand in an address without quoting.
    values = {name: secrets.token_urlsafe(36) for name in PASSWORDS}
    values["AIRFLOW_FERNET_KEY"] = urlsafe_b64encode(secrets.token_bytes(32)).decode()
    values["DRIFTGATE_CODE_REVISION"] = code_revision().revision
    return values


def env() -> None:
    """Write the .env of docker-compose.yaml with fresh secrets; an existing one is left as it is."""
    path = project_root() / ".env"
    out.print(
        f"{path} written." if write_env(path) else f"{path} exists and was left as it is; remove it to make anew."
    )
