"""Reading what belongs to a job: its spec, its result and its artefacts."""

import json
from typing import TypeVar

from driftgate import uris
from driftgate.compute.jobs import SCHEMA_VERSION, JobResult, JobSpec, checked_job_id
from driftgate.errors import ConfigError, Tampered
from driftgate.lake import lake
from driftgate.lake.store import open_store
from driftgate.records import parse_record, sha256

RecordType = TypeVar("RecordType", JobSpec, JobResult)


def result_path(job_id: str) -> str:
    """Return the path in the lake of the record that says a job succeeded."""
    return f"{uris.job(checked_job_id(job_id))}/result.json"


def spec_uri(job_id: str) -> str:
    """Return the address of the spec that a job is started with."""
    return lake().uri(f"{uris.job(checked_job_id(job_id))}/spec.json")


def write_spec(spec: JobSpec) -> None:
    """Write the spec to where a job that starts reads it."""
    lake().write(f"{uris.job(checked_job_id(spec.job_id))}/spec.json", spec.canonical())


def read_spec(uri: str) -> JobSpec:
    """Return the spec at a ``file://`` or ``s3://`` address.

    :raises ConfigError: there is none, or a newer Driftgate wrote it
    """
    folder, _, name = uri.rpartition("/")
    try:
        data = open_store(folder).read(name)
    except FileNotFoundError:
        raise ConfigError(f"There is no job spec at {uri}; submit the job again.") from None
    return _parse(data, JobSpec, uri)


def read_result(job_id: str) -> JobResult:
    """Return the result in the lake of a job that has one."""
    path = result_path(job_id)
    return _parse(lake().read(path), JobResult, lake().uri(path))


def read_artefact(result: JobResult, name: str) -> bytes:
    """Return the bytes of one of the job's artefacts.

    :raises Tampered: they are not those that the job wrote
    """
    path = f"{uris.job(result.job_id)}/{name}"
    data = lake().read(path)
    if sha256(data) != result.artefacts[name]:
        raise Tampered(f"{lake().uri(path)} is not the file that the job wrote: its sha256 differs. Train it again.")
    return data


def _parse(data: bytes, record: type[RecordType], where: str) -> RecordType:
    raw = json.loads(data)
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise ConfigError(
            f"{where} has schema_version {version}, but this Driftgate reads up to {SCHEMA_VERSION}: a newer one wrote "
            f"it; upgrade the image or environment that runs this."
        )
    return parse_record(raw, record, where=where)
