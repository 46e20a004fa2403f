"""The audit of one dataset: every recorded run that read or wrote it, in one table that a spreadsheet opens."""

import csv
import io
from collections.abc import Iterator

from driftgate.errors import ConfigError, nearest
from driftgate.lineage.chain import read_stream, streams
from driftgate.lineage.record import DatasetRef, LineageRecord, content_hash

FIELDS = (
    "time_utc",
    "job",
    "partition",
    "result",
    "read",
    "written",
    "code_revision",
    "uncommitted_changes",
    "parameters_sha256",
    "record",
    "record_whole",
    "failure",
)


def audit(dataset: str) -> str:
    """Return the runs that read or wrote ``dataset`` as CSV, oldest first; names and hashes only, never a value.

    :raises ConfigError: no recorded run read or wrote it
    """
    found = [record for stream in streams() for record in read_stream(stream) if _concerns(record, dataset)]
    if not found:
        raise ConfigError(f"No recorded run read or wrote the dataset {dataset!r}{nearest(dataset, _datasets())}")
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, lineterminator="\n")
    writer.writeheader()
    for record in sorted(found, key=lambda record: (record.time, record.stream, record.sequence)):
        writer.writerow({name: _harmless(value) for name, value in _row(record).items()})
    return text.getvalue()


def _row(record: LineageRecord) -> dict[str, str]:
    code, parameters = record.facet("driftgate_code"), record.facet("driftgate_parameters")
    return {
        "time_utc": record.time,
        "job": record.job,
        "partition": str(parameters.get("values", {}).get("partition_key") or ""),
        "result": str(record.event["eventType"]),
        "read": _written(record.inputs),
        "written": _written(record.outputs),
        "code_revision": str(code.get("revision", "")),
        "uncommitted_changes": str(code.get("dirty", "")),
        "parameters_sha256": str(parameters.get("sha256", "")),
        "record": f"{record.stream}/{record.sequence:08d}",
        "record_whole": str(content_hash(record.event) == record.hash),
        "failure": str(record.facet("errorMessage").get("message", "")),
    }


def _written(refs: tuple[DatasetRef, ...]) -> str:
    return " ".join(f"{ref.name}@{ref.version or 'not pinned'}" for ref in refs)


def _harmless(value: str) -> str:
    """Return ``value`` so that no spreadsheet takes it for a formula."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@")) else value


def _concerns(record: LineageRecord, dataset: str) -> bool:
    return dataset in set(_names(record))


def _names(record: LineageRecord) -> Iterator[str]:
    """Yield the datasets that a record names: the second name of a path in a zone, the third of one of a source."""
    for ref in (*record.inputs, *record.outputs):
        zone, *rest = ref.name.split("/")
        if zone in ("raw", "validated", "quarantine", "profiles") and rest:
            yield rest[0]
        elif zone == "source" and len(rest) > 1:
            yield rest[1]


def _datasets() -> set[str]:
    return {name for stream in streams() for record in read_stream(stream) for name in _names(record)}
