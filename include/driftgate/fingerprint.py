"""What a process runs on and with: taken where a model is trained and where it serves, and held against each other."""

import os
import platform
import shutil
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

from pydantic import Field

from driftgate.errors import ConfigError, nearest
from driftgate.records import Record, load_yaml, sha256
from driftgate.settings import project_root

SCORING = ("numpy", "pyarrow", "lightgbm", "onnxruntime")  # the packages that a score comes from
LOCK = "requirements/runtime.txt"
ROWS = ("data_contracts/*.yaml", "include/use_cases/*/features.sql")  # what says what a row means


class Fingerprint(Record):
    """One environment. A hash or package is None where there is none: an image has no lock file, a laptop no digest."""

    schema_version: int = 1
    architecture: str
    system: str
    python: str
    cuda: str | None
    lock_sha256: str | None
    image_digest: str | None
    config_sha256: str | None
    packages: dict[str, str]


class AllowedSkew(Record):
    """``include/allowed_skew.yaml``: what may differ between training and serving, each with the reason."""

    allowed: dict[str, Annotated[str, Field(min_length=10)]]


def fingerprint() -> Fingerprint:
    """Return the fingerprint of this process; files count as they are now, since that is how they are read."""
    return Fingerprint(
        architecture=platform.machine(),
        system=platform.system(),
        python=platform.python_version(),
        cuda=_cuda(),
        lock_sha256=_hash(project_root(), (LOCK,)),
        image_digest=os.environ.get("DRIFTGATE_IMAGE_DIGEST"),
        config_sha256=_hash(project_root(), ROWS),
        packages={name: found for name in SCORING if (found := _version(name))},
    )


def differences(trained: Fingerprint, serving: Fingerprint) -> dict[str, str]:
    """Return what differs, as ``trained -> serving`` by the name that ``allowed_skew.yaml`` has for it.

    What only one of the two has, such as a package that the other does not score with, is no difference.
    """
    here, there = _flat(trained), _flat(serving)
    return {name: f"{here[name]} -> {there[name]}" for name in sorted({*here} & {*there}) if here[name] != there[name]}


def allowed_skew() -> Mapping[str, str]:
    """Return what may differ, with the reasons; nothing may without the file.

    :raises ConfigError: it names something that no fingerprint has
    """
    path = project_root() / "include" / "allowed_skew.yaml"
    if not path.exists():
        return {}
    known = [*set(Fingerprint.model_fields) - {"schema_version", "packages"}, *(f"packages.{name}" for name in SCORING)]
    found = load_yaml(path, AllowedSkew).allowed
    for name in found:
        if name not in known:
            raise ConfigError(f"{path}: key 'allowed' names {name!r}{nearest(name, known)}")
    return found


def _flat(taken: Fingerprint) -> dict[str, str]:
    fields = taken.model_dump(mode="json", exclude={"schema_version", "packages"}, exclude_none=True)
    return fields | {f"packages.{name}": found for name, found in taken.packages.items()}


@cache
def _cuda() -> str | None:
    """Return the version of the CUDA that torch was built for, where there is a device for it."""
    if not shutil.which("nvidia-smi"):
        return None
    try:
        import torch
    except ImportError:
        return None
    return str(torch.version.cuda) if torch.cuda.is_available() else None


@cache
def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _hash(root: Path, patterns: tuple[str, ...]) -> str | None:
    files = sorted(path for pattern in patterns for path in root.glob(pattern))
    if not files:
        return None
    return sha256(b"".join(f"{path.relative_to(root)}\n".encode() + path.read_bytes() for path in files))
