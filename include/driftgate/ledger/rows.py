"""The ledger: one row for every try of a task, every attempt of a job, and a week of storage; in the metadata store."""

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import AwareDatetime

from driftgate.compute.sampler import Spread
from driftgate.compute.tags import Activity, Phase, missing_tags
from driftgate.metadata import metadata
from driftgate.records import Record, canonical_json, parse_record, sha256

KIND = "ledger"
NO_USE_CASE = "-"  # in the place of the use case, of a row that belongs to none
# deferred: the worker was given back; the same try goes on later, and its row with it
RowOutcome = Literal["running", "deferred", "succeeded", "failed", "skipped", "interrupted"]


class LedgerRow(Record):
    """What one try or attempt took. None is unknown; no number here is a guess without its method beside it."""

    schema_version: int = 1
    kind: Literal["task", "job", "storage"]
    dag_id: str | None = None
    run_id: str | None = None
    task_id: str | None = None
    try_number: int | None = None
    map_index: int | None = None
    job_id: str | None = None
    attempt: int | None = None
    activity: Activity
    phase: Phase
    project: str | None = None
    business_unit: str | None = None
    cost_centre: str | None = None
    environment: str | None = None
    owner: str | None = None
    use_case: str | None = None
    dataset_version: str | None = None
    trainer: str | None = None
    rows: int | None = None  # of the dataset that was worked on
    row_share: float = 1.0  # of them, that a model was learnt from
    model_version: str | None = None
    target: str | None = None
    instance_type: str | None = None
    instance_count: int = 1
    volume_gb: float | None = None
    arch: str | None = None
    region: str | None = None
    zone: str | None = None
    spot: bool = False
    interruptions: int = 0
    outcome: RowOutcome
    skipped_reason: str | None = None
    cache_hit: bool | None = None
    started_at: AwareDatetime
    ended_at: AwareDatetime
    seconds: float  # that a machine was held; a deferred task holds none
    billed_seconds: float
    vcpu_minutes: float | None = None  # given, whether used or not
    gpu_minutes: float | None = None
    cpu_seconds: float | None = None
    gpu_seconds: float | None = None
    peak_memory_mib: float | None = None
    peak_gpu_memory_mib: float | None = None
    bytes_read: int | None = None
    bytes_written: int | None = None
    gb_moved: float | None = None  # over the network
    gb_stored: float | None = None
    bytes_cross_region: int | None = None
    cpu: Spread | None = None
    memory: Spread | None = None
    gpu: Spread | None = None
    gpu_memory: Spread | None = None
    disk: Spread | None = None
    cost_usd: float | None = None  # estimated from the price table
    cost_billed_usd: float | None = None  # what the bill says, once it does
    on_demand_usd: float | None = None
    saving_usd: float | None = None  # by Spot
    price_source: str | None = None
    cost_note: str = ""
    energy_kwh: float | None = None
    energy_method: str | None = None
    kg_co2e: float | None = None

    @property
    def subject(self) -> str:
        """What the row is about: rows of one subject replace each other."""
        if self.kind == "job":
            identity: list[Any] = [self.job_id, self.attempt]
        elif self.kind == "storage":
            identity = [self.week, self.target]
        else:
            identity = [self.dag_id, self.run_id, self.task_id, self.try_number, self.map_index]
        return f"{self.use_case or NO_USE_CASE}/{sha256(canonical_json(identity))[:32]}"

    @property
    def week(self) -> str:
        """The ISO week in which it began, in UTC, as ``2013-W14``."""
        year, week, _ = self.started_at.astimezone(UTC).isocalendar()
        return f"{year}-W{week:02}"

    @property
    def tagged(self) -> bool:
        """Whether somebody answers for it."""
        return not missing_tags({name: value for name, value in self.model_dump().items() if isinstance(value, str)})


def write_row(row: LedgerRow) -> LedgerRow:
    """Write a row; writing what is there already adds nothing, and a later word about the same try replaces it."""
    body = row.model_dump(mode="json")
    latest = metadata().latest(KIND, row.subject)
    if latest is None or latest.body != body:
        metadata().append(KIND, row.subject, body)
    return row


def rows(
    use_case: str | None = None,
    *,
    kind: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[LedgerRow]:
    """Return the rows that began at ``since`` or later and before ``until``, oldest first."""
    found = []
    for entry in metadata().all_latest(KIND, f"{use_case}/" if use_case else ""):
        # Told from the raw body: to parse a row takes most of the time, and there are thousands.
        began = datetime.fromisoformat(entry.body["started_at"])
        if (not since or began >= since) and (not until or began < until) and kind in (None, entry.body["kind"]):
            found.append(_parsed(entry.subject, entry.body))
    return sorted(found, key=lambda row: (row.started_at, row.subject))


def latest_row(subject: str) -> LedgerRow | None:
    """Return the last word about one try or attempt, or None."""
    entry = metadata().latest(KIND, subject)
    return _parsed(subject, entry.body) if entry else None


def row_history(subject: str) -> list[LedgerRow]:
    """Return every word that was written about one try, oldest first."""
    return [_parsed(entry.subject, entry.body) for entry in metadata().history(KIND, subject)]


def _parsed(subject: str, body: dict[str, Any]) -> LedgerRow:
    return parse_record(body, LedgerRow, where=f"the ledger's row {subject}")
