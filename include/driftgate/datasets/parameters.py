"""What decides the content of a dataset version: ``params.yaml``, the pinned partitions, ``features.sql``."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from driftgate.datasets.pins import Pins
from driftgate.records import Record, canonical_json, load_yaml, sha256
from driftgate.settings import project_root
from driftgate.use_cases import UseCase

# The files in the clone from which the stage makes a dataset version, and the one that says why it could not.
PARAMETERS, SOURCES, FEATURES = "params.yaml", "sources.json", "features.sql"
FAILURE = "failure.json"


class StageParameters(Record):
    """How the stage works, from the project's ``params.yaml``."""

    lookback_days: Annotated[int, Field(ge=0)]
    min_training_days: Annotated[int, Field(gt=0)]


class ProjectParameters(Record):
    """The project's ``params.yaml``."""

    prepare: StageParameters


class VersionParameters(Record):
    """What one dataset version is about."""

    use_case: str
    key: str
    first: str
    validation_first: str
    datasets: tuple[str, ...]
    request_key: tuple[str, ...]
    event_time: str
    label: str
    history_days: int
    online: dict[str, tuple[str, ...]] = {}  # the key of each view
    as_of: datetime | None = None


class Parameters(ProjectParameters):
    """``params.yaml`` in the clone that makes one dataset version."""

    version: VersionParameters


def stage_parameters() -> StageParameters:
    """Return the section ``prepare`` of the project's ``params.yaml``."""
    return load_yaml(project_root() / PARAMETERS, ProjectParameters).prepare


def parameters(
    use_case: UseCase, prepare: StageParameters, keys: list[str], as_of: datetime | None = None
) -> Parameters:
    """Return the parameters of the version of ``use_case`` over the days ``keys``, oldest first.

    :param as_of: the moment after which nothing is known, wall-clock; None for a version of what is known now
    """
    version = VersionParameters(
        use_case=use_case.name,
        key=keys[-1],
        first=keys[0],
        validation_first=keys[-use_case.train.validation_days],
        datasets=use_case.datasets,
        request_key=use_case.request_key,
        event_time=use_case.event_time,
        label=use_case.label.expression,
        history_days=use_case.history_days,
        online={name: view.key for name, view in use_case.online.items()},
        as_of=as_of,
    )
    return Parameters(prepare=prepare, version=version)


def inputs_hash(made_with: Parameters, sources: Pins, features_sql: bytes) -> str:
    """Return the sha256 of everything that a version is made from; equal inputs are never prepared twice."""
    return sha256(canonical_json([made_with.model_dump(mode="json"), sources.hash, sha256(features_sql)]))
