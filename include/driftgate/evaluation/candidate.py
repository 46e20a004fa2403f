"""What a training job left in the lake: the model, and the spec that it was made from."""

import json
from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.compute import JobResult, JobSpec, read_artefact
from driftgate.compute.job_files import read_spec
from driftgate.errors import ConfigError, Tampered
from driftgate.lake import lake
from driftgate.records import parse_record

if TYPE_CHECKING:
    from driftgate.models import Scorer, Signature


def candidate_scorer(job: JobResult) -> "Scorer":
    """Return the model that a job trained.

    :raises Tampered: one of its files is not what the job wrote
    """
    from driftgate.models import Preprocessing, load_scorer

    raw = json.loads(read_artefact(job, "preprocessing.json"))
    preprocessing = parse_record(raw, Preprocessing, where=f"preprocessing.json of job {job.job_id}")
    return load_scorer(job.model_file, read_artefact(job, job.model_file), preprocessing)


def candidate_signature(job: JobResult) -> "Signature":
    """Return what the rows of a job's model look like.

    :raises Tampered: the file is not what the job wrote
    """
    from driftgate.models import Signature

    raw = json.loads(read_artefact(job, "signature.json"))
    return parse_record(raw, Signature, where=f"signature.json of job {job.job_id}")


def candidate_spec(job: JobResult, dataset_version: str) -> JobSpec:
    """Return the spec of a job that trained on ``dataset_version``.

    :raises ConfigError: it trained on another version, whose training days may be the validation days of this one
    :raises Tampered: the spec is not the one that the job ran
    """
    uri = lake().uri(f"{uris.job(job.job_id)}/spec.json")
    spec = read_spec(uri)
    if spec.hash != job.spec_sha256:
        raise Tampered(f"{uri} is not the spec that the job ran: its sha256 differs. Train again.")
    if spec.dataset_version != dataset_version:
        raise ConfigError(
            f"Job {job.job_id} trained on {spec.dataset_version}, not on {dataset_version}; evaluate and register it "
            "with the version it was trained on."
        )
    return spec
