"""The log of data issues: what was found in a partition, what was decided, and where to look.

One entry per broken rule of a partition, kept in the metadata store and never changed. A later judgement appends to the
same rule's entries: the same finding again is not written twice, a rule that holds again is noted as mended, and so is
what a person decided about quarantined rows.
"""

from collections.abc import Iterator
from typing import Literal

from driftgate import uris
from driftgate.lake import lake
from driftgate.records import Record
from driftgate.validation_report import Check, Severity, ValidationReport, report_at

KIND = "data_issue"

Decision = Literal["partition failed", "rows quarantined", "rows released", "rows discarded", "reported only", "mended"]


IN_QUARANTINE = ("rows quarantined", "rows discarded")


class Issue(Record):
    """One finding and its decision. ``raw`` is the hash of the manifest whose rows were judged; ``where`` a path.

    Rows are ``quarantined`` as long as one of them is open; then ``released`` if all were let pass, else ``discarded``.
    ``decisions`` is the hash of what persons decided.
    """

    schema_version: int = 1
    dataset: str
    partition: str
    rule: str
    severity: Severity
    broken: int
    judged: int
    decision: Decision
    where: str
    raw: str
    decisions: str | None = None


def read_report(dataset: str, key: str) -> ValidationReport | None:
    """Return the newest validation report on a partition, or None when it was not judged."""
    path = uris.validation_report(dataset, key)
    return report_at(lake(), path) if lake().exists(path) else None


def record_issues(dataset: str, key: str) -> list[Issue]:
    """Append what the report on a partition found, unless it is there already, and return what was appended."""
    report = read_report(dataset, key)
    return [issue for issue in _issues_of(report) if _appended(issue)] if report else []


def issues(dataset: str) -> list[Issue]:
    """Return the newest entry of every rule that any partition of ``dataset`` broke, by partition and rule."""
    from driftgate.metadata import metadata  # SQLAlchemy: too slow for the parse of a DAG file

    return [Issue.model_validate(entry.body) for entry in metadata().all_latest(KIND, f"{dataset}/")]


def _issues_of(report: ValidationReport) -> Iterator[Issue]:
    for check in report.checks:
        decision = "mended" if check.passed else _decision(report, check)
        where = uris.partition("quarantine", report.dataset, report.partition)
        yield Issue(
            dataset=report.dataset,
            partition=report.partition,
            rule=check.rule,
            severity=check.severity,
            broken=check.broken,
            judged=check.judged,
            decision=decision,
            where=where if decision in IN_QUARANTINE else uris.validation_report(report.dataset, report.partition),
            raw=report.raw,
            decisions=report.decisions if check.severity == "row" and check.open < check.broken else None,
        )


def _decision(report: ValidationReport, check: Check) -> Decision:
    if check.severity == "warn":
        return "reported only"
    if report.critical:
        return "partition failed"
    if check.open:
        return "rows quarantined"
    return "rows released" if check.released == check.broken else "rows discarded"


def _appended(issue: Issue) -> bool:
    from driftgate.metadata import metadata

    subject = f"{issue.dataset}/{issue.partition}/{issue.rule}"
    latest, body = metadata().latest(KIND, subject), issue.model_dump(mode="json")
    settled = latest is None or latest.body["decision"] == "mended"
    if (settled and issue.decision == "mended") or (latest and latest.body == body):
        return False
    metadata().append(KIND, subject, body)
    return True
