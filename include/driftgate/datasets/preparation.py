"""Preparing a dataset version: an isolated clone, one DVC stage, the data pushed, last the tag that publishes it.

The stage of the project's ``dvc.yaml`` runs in this process, where DuckDB and DVC are loaded already; one that was
changed to do something else is left to the program ``dvc``.
"""

import json
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import yaml

from driftgate import errors
from driftgate.datasets.dvc import DvcFailed, configure, lock_stage, remote_refused, run_dvc, upload
from driftgate.datasets.labels import LABEL, require_labels_of
from driftgate.datasets.parameters import (
    FAILURE,
    FEATURES,
    PARAMETERS,
    SOURCES,
    Parameters,
    inputs_hash,
    parameters,
    stage_parameters,
)
from driftgate.datasets.pins import Pins
from driftgate.datasets.removal import data_are_back, removal_of
from driftgate.datasets.repository import Clone
from driftgate.datasets.version import ROWS, VERSION, DatasetVersion, read_version
from driftgate.datasets.window import pin
from driftgate.errors import ConfigError
from driftgate.records import read_yaml
from driftgate.settings import project_root
from driftgate.use_cases import UseCase

logger = logging.getLogger(__name__)

STAGE, COMMAND = "prepare", "python -m driftgate.datasets.stage"


def prepare(use_case: UseCase, key: str, as_of: datetime | None = None) -> DatasetVersion:
    """Return the dataset version of the training window that ends with the day ``key``; make it where there is none.

    The same partitions, features and parameters give the same version, also when two prepare it at once. Until its tag
    is pushed, which comes last, nothing is visible. Data that were removed come back.

    :param as_of: make the version that would have been made then: nothing that became known later enters; wall-clock
    :raises SourceMissing: partitions of the window are not published, or too few are
    :raises ConfigError: ``features.sql`` or ``label.expression`` is wrong, or the data repository or the DVC remote
        refuses what it is given
    """
    stage = stage_parameters()
    days, sources = pin(use_case, key, stage, as_of)
    made_with, features_sql = parameters(use_case, stage, days, as_of), use_case.features_sql.encode()
    with _scratch() as folder:
        clone = Clone(folder)
        version = _existing(clone, made_with, inputs_hash(made_with, sources, features_sql))
        if version is None or removal_of(version.name):
            _write_inputs(folder, made_with, sources, features_sql)
            version = _make(clone, use_case)
    return version


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="driftgate-prepare-") as folder:
        yield Path(folder) / "clone"


def _existing(clone: Clone, made_with: Parameters, inputs_sha256: str) -> DatasetVersion | None:
    tags = clone.tags(f"{made_with.version.use_case}/{made_with.version.key}-")
    for tag, data in clone.read(tags, f"data/{VERSION}").items():
        version = read_version(data, tag)
        if version.inputs_sha256 == inputs_sha256:
            logger.info("%s was made from the same inputs before", tag)
            return version
    return None


def _write_inputs(folder: Path, made_with: Parameters, sources: Pins, features_sql: bytes) -> None:
    configure(folder)
    (folder / "dvc.yaml").write_bytes((project_root() / "dvc.yaml").read_bytes())
    (folder / PARAMETERS).write_text(yaml.safe_dump(made_with.model_dump(mode="json"), sort_keys=False))
    (folder / SOURCES).write_bytes(sources.canonical())
    (folder / FEATURES).write_bytes(features_sql)


def _make(clone: Clone, use_case: UseCase) -> DatasetVersion:
    own = _is_own_stage(clone.folder)
    _run_own(clone.folder) if own else _run_program(clone.folder)
    version = DatasetVersion.model_validate_json((clone.folder / "data" / VERSION).read_bytes())
    require_labels_of(use_case.problem, version.columns[LABEL], where=f"{use_case.name}, key 'label.expression',")
    logger.info("%s: %d rows from %d partitions", version.name, version.rows, len(version.sources))
    try:
        upload(version.dvc_md5, clone.folder / "data" / ROWS) if own else run_dvc(clone.folder, "push")
    except DvcFailed as error:
        raise remote_refused(version.name, error) from None
    clone.publish(version.tag, version.key)
    data_are_back(version.name)
    return version


def _is_own_stage(folder: Path) -> bool:
    stages = read_yaml(folder / "dvc.yaml")["stages"]
    return list(stages) == [STAGE] and stages[STAGE].get("cmd") == COMMAND


def _run_own(folder: Path) -> None:
    from driftgate.datasets.stage import build  # also a program of its own, which `python -m` must be first to import

    build(folder)
    try:
        lock_stage(folder, STAGE)
    except DvcFailed as error:
        raise _stage_failed(error) from None


def _run_program(folder: Path) -> None:
    try:
        run_dvc(folder, "repro")
    except DvcFailed as error:
        if (folder / FAILURE).exists():
            failure = json.loads((folder / FAILURE).read_text())
            raise getattr(errors, failure["kind"])(failure["sentence"]) from None
        raise _stage_failed(error) from None


def _stage_failed(error: DvcFailed) -> ConfigError:
    return ConfigError(f"The stage of {project_root() / 'dvc.yaml'} failed ({error}); correct it.")
