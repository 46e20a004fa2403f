"""Building the OpenLineage event of one run and appending it to its chain."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from driftgate.lake import lake
from driftgate.lineage import chain
from driftgate.lineage import facets as build
from driftgate.lineage.record import DatasetRef, LineageRecord

NAMESPACE = "driftgate"
"""OpenLineage namespace of all jobs and datasets."""

_RUNS = uuid.UUID("5d4f3bc6-8a8c-4ac1-9c39-6f1f0d7d5a52")  # turns a run's name into a uuid that is always the same


def emit(
    stream: str,
    *,
    job: str,
    run_id: str,
    inputs: Sequence[DatasetRef],
    outputs: Sequence[DatasetRef],
    parameters: Mapping[str, Any] | None = None,
    facets: Mapping[str, Any] | None = None,
    failure: str | None = None,
) -> LineageRecord:
    """Append the record of one run to the chain ``stream`` and return it.

    :param run_id: a UUID, or any text that names the run; text becomes a UUID that is the same every time
    :param parameters: what the run was told; small values are recorded, all enter the parameters hash
    :param facets: more run facets, as OpenLineage JSON
    :param failure: why the run failed; the event is then of type FAIL
    :raises ConfigError: ``stream`` cannot be a folder name
    """
    run_facets = {
        **build.run_facets(parameters or {}),
        **(facets or {}),
        **(build.error_facet(failure) if failure else {}),
    }
    event = {
        "eventType": "FAIL" if failure else "COMPLETE",
        "eventTime": datetime.now(UTC).isoformat(timespec="microseconds"),
        "producer": build.PRODUCER,
        "schemaURL": build.RUN_EVENT_SCHEMA,
        "run": {"runId": _uuid(run_id), "facets": {**run_facets, "driftgate_run": build.own_facet("run", name=run_id)}},
        "job": {"namespace": NAMESPACE, "name": job, "facets": {}},
        "inputs": [_dataset(ref) for ref in inputs],
        "outputs": [_dataset(ref) for ref in outputs],
    }
    return chain.append(lake(), stream, event)


def _uuid(run_id: str) -> str:
    try:
        return str(uuid.UUID(run_id))
    except ValueError:
        return str(uuid.uuid5(_RUNS, run_id))


def _dataset(ref: DatasetRef) -> dict[str, Any]:
    return {"namespace": NAMESPACE, "name": ref.name, "facets": build.dataset_facets(ref)}
