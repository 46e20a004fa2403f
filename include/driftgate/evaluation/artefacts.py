"""What a training job left in the lake, checked against the hashes in its result."""

import json
from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.compute import JobResult
from driftgate.errors import Tampered
from driftgate.lake import lake
from driftgate.records import parse_record, sha256

if TYPE_CHECKING:
    from driftgate.models import Scorer


def read_artefact(job: JobResult, name: str) -> bytes:
    """Return the bytes of one artefact of a job.

    :raises Tampered: the job did not write it, or its bytes are not those that the job wrote
    """
    path = f"{uris.job(job.job_id)}/{name}"
    if name not in job.artefacts or not lake().exists(path):
        raise Tampered(f"Job {job.job_id} left no {name} at {lake().uri(path)}; train again.")
    data = lake().read(path)
    if sha256(data) != job.artefacts[name]:
        raise Tampered(f"{lake().uri(path)} is not the file that the job wrote: its sha256 differs. Train again.")
    return data


def candidate_scorer(job: JobResult) -> "Scorer":
    """Return the model that a job trained."""
    from driftgate.models import Preprocessing, Scorer

    raw = json.loads(read_artefact(job, "preprocessing.json"))
    preprocessing = parse_record(raw, Preprocessing, where=f"preprocessing.json of job {job.job_id}")
    return Scorer.load(read_artefact(job, "model.txt"), preprocessing)
