"""The model that a training job left in the lake."""

import json
from typing import TYPE_CHECKING

from driftgate.compute import JobResult, read_artefact
from driftgate.records import parse_record

if TYPE_CHECKING:
    from driftgate.models import Scorer


def candidate_scorer(job: JobResult) -> "Scorer":
    """Return the model that a job trained.

    :raises Tampered: one of its files is not what the job wrote
    """
    from driftgate.models import Preprocessing, Scorer

    raw = json.loads(read_artefact(job, "preprocessing.json"))
    preprocessing = parse_record(raw, Preprocessing, where=f"preprocessing.json of job {job.job_id}")
    return Scorer.load(read_artefact(job, "model.txt"), preprocessing)
