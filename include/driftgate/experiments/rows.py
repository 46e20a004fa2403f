"""One row per experiment, kept in the metadata: it outlives the artefacts of the job, and failed ones have one too."""

from driftgate.compute.jobs import Parameters
from driftgate.experiments.jobs import Outcome
from driftgate.lineage.code import code_revision
from driftgate.metadata import metadata
from driftgate.records import Record, parse_record
from driftgate.tuning.usage import used_by

KIND = "experiment"


class ExperimentRow(Record):
    """What one job was, and what it was worth."""

    schema_version: int = 1
    use_case: str
    job_id: str
    dataset_version: str
    trainer: str
    seed: int
    parameters: Parameters
    not_features: tuple[str, ...]
    code: str  # git revision
    metric: str
    value: float | None  # on the validation rows
    metrics: dict[str, float]
    seconds: float | None
    cpu_seconds: float | None
    usd: float | None
    reason: str  # why it has no value


def keep(outcome: Outcome) -> ExperimentRow:
    """Write down what came of an experiment and return its row; one that has a value keeps it."""
    spec, result = outcome.spec, outcome.result
    subject = f"{spec.use_case}/{spec.job_id}"
    before = metadata().latest(KIND, subject)
    if before and before.body["value"] is not None:
        return _parsed(before.body)
    used = used_by(spec.job_id, result)
    row = ExperimentRow(
        use_case=spec.use_case,
        job_id=spec.job_id,
        dataset_version=spec.dataset_version,
        trainer=spec.trainer,
        seed=spec.seed,
        parameters=spec.parameters,
        not_features=spec.not_features,
        code=code_revision().revision,
        metric=spec.metric,
        value=result.metrics.get(f"validation_{spec.metric}") if result else None,
        metrics=result.metrics if result else {},
        seconds=used.seconds,
        cpu_seconds=used.cpu_seconds,
        usd=used.usd,
        reason=outcome.reason,
    )
    metadata().append(KIND, subject, row.model_dump(mode="json"))
    return row


def kept(use_case: str) -> list[ExperimentRow]:
    """Return the rows of a use case's experiments, by job."""
    return [_parsed(entry.body) for entry in metadata().all_latest(KIND, f"{use_case}/")]


def _parsed(body: object) -> ExperimentRow:
    return parse_record(body, ExperimentRow, where="a row of an experiment")
