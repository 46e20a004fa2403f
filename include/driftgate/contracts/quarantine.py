"""Quarantined rows in the hands of a person: what lies there and why, letting rows pass, leaving them out for good."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from driftgate import uris
from driftgate.contracts.catalog import contract_names, load_contract
from driftgate.contracts.decisions import Action, Decision, record_decision
from driftgate.contracts.evidence import MASKED
from driftgate.contracts.issues import record_issues
from driftgate.contracts.publish import Published, publish_partition
from driftgate.contracts.selection import Selection, select_rows
from driftgate.contracts.split import OBSERVED, ROW, RULES, Splitter
from driftgate.contracts.validate import Partition, open_partition, validate_partition
from driftgate.errors import ConfigError
from driftgate.lake import lake
from driftgate.lineage import DatasetRef, emit
from driftgate.validation_report import COUNTS_OPEN, ValidationReport, report_at
from driftgate.wall_clock import wall_clock


@dataclass(frozen=True)
class Held:
    """What lies in the quarantine of one partition.

    ``rules`` says how many rows break each rule. ``stopped`` names the broken critical rules: with such a
    one, nothing of the partition is published.
    """

    dataset: str
    partition: str
    rows: int
    open: int
    rules: dict[str, int]
    stopped: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of a decision: the rows that it is about now, those left alone for they break other rules too."""

    rows: int
    left: int
    published: Published


def list_quarantine(dataset: str | None = None) -> Iterator[Held]:
    """Yield what lies in quarantine, of one dataset or of all, by day; partitions without such rows are left out."""
    store = lake()
    for name in [load_contract(dataset).name] if dataset else contract_names():
        for path in store.list(str(PurePosixPath(uris.validation_report(name, "any")).parent)):
            if path.endswith(".json"):
                report = report_at(store, path)
                if report.rows_quarantined:
                    yield _held(report)


def show_quarantine(dataset: str, key: str, *, most: int = 20) -> list[dict[str, Any]]:
    """Return the first quarantined rows of one partition with their evidence; personal values are masked."""
    found: list[dict[str, Any]] = []
    with open_partition(dataset, key, row_rules_only=True) as partition:
        contract, splitter = partition.contract, Splitter.of(partition.contract, key, "")
        names = (ROW, RULES, OBSERVED, *(column.name for column in contract.published_columns))
        for scanned in partition.scan:
            if len(found) < most and scanned.quarantined.any():
                rows = splitter.quarantined(scanned).slice(0, most - len(found)).to_pylist()
                found += [{name: MASKED if name in contract.masked else row[name] for name in names} for row in rows]
    return found


def decide(
    action: Action,
    dataset: str,
    key: str,
    *,
    rule: str | None = None,
    rows: Collection[int] = (),
    reason: str,
    by: str,
) -> Outcome:
    """Release rows to the validated ones, or discard them for good: record it, judge and publish the partition again.

    Asked to release what breaks ``rule``, it lets rows pass that break nothing else. Done again, it changes nothing.

    :param rows: numbers of rows in the raw partition, of whatever state; with neither these nor a rule, all open rows
    :raises ConfigError: a name or number is wrong, the reason or who decides is missing, or it is too many rows
    :raises ContractBroken: a critical rule is broken all the same; the decision is recorded, nothing is published
    """
    if not reason.strip() or not by.strip():
        raise ConfigError(f"To {action} rows of {dataset} {key} takes a reason and a name; say --reason and --by.")
    with open_partition(dataset, key, row_rules_only=True) as partition:
        chosen, left = select_rows(partition, Selection(action, rule, frozenset(rows)))
    if chosen:
        record_decision(
            Decision(
                dataset=dataset,
                partition=key,
                action=action,
                rows=chosen,
                raw=partition.raw.hash,
                reason=reason.strip(),
                by=by.strip(),
                at=wall_clock(),
            )
        )
    published = _publish_again(dataset, key)
    if chosen:
        _tell_lineage(partition, action, published, reason.strip(), by.strip())
    return Outcome(len(chosen), left, published)


def _publish_again(dataset: str, key: str) -> Published:
    try:
        validate_partition(dataset, key)
    finally:
        record_issues(dataset, key)  # also when a critical rule is broken all the same: its report is written
    return publish_partition(dataset, key)


def _tell_lineage(partition: Partition, action: Action, published: Published, reason: str, by: str) -> None:
    raw = partition.raw
    parts = [published.manifest, *([published.quarantined] if published.quarantined else [])]
    emit(
        partition.contract.source,
        job=f"quarantine.{action}",
        run_id=f"quarantine.{action}/{partition.contract.name}/{partition.key}/{published.manifest.hash}",
        inputs=[DatasetRef(raw.path, raw.hash)],
        outputs=[DatasetRef(manifest.path, manifest.hash) for manifest in parts],
        parameters={"partition_key": partition.key, "reason": reason, "by": by},
    )


def _held(report: ValidationReport) -> Held:
    return Held(
        dataset=report.dataset,
        partition=report.partition,
        rows=report.rows_quarantined,
        open=report.open if report.schema_version >= COUNTS_OPEN else report.rows_quarantined,
        rules={check.rule: check.broken for check in report.checks if check.severity == "row" and check.broken},
        stopped=report.critical,
    )
