"""The validation report: what was checked on one partition, what broke, and how many rows that costs.

It holds no time and no random id: the same rows judged by the same contract give the same report.
"""

from typing import TYPE_CHECKING

from driftgate.contracts.contract import Contract, Rule, Severity
from driftgate.contracts.evidence import shown_values
from driftgate.contracts.judge import Judgement
from driftgate.contracts.mask import broken_rows
from driftgate.lake import Manifest
from driftgate.records import Record

if TYPE_CHECKING:
    import pyarrow as pa

MOST_FAILURES = 10
MOST_EXAMPLES = 5
NOTHING_LEFT = Rule(
    id="something_left", kind="row_count", severity="critical", description="at least one row keeps the contract"
)


class Check(Record):
    """The judgement on one rule. ``judged`` and ``broken`` count known values, or rows for a rule about rows."""

    rule: str
    severity: Severity
    passed: bool
    judged: int
    broken: int


class Failure(Record):
    """One broken rule with a few of the values that broke it, masked where the contract says so."""

    rule: str
    severity: Severity
    broken: int
    examples: tuple[str, ...]


class ValidationReport(Record):
    """The judgement on one partition. ``raw`` is the hash of the manifest whose rows were judged."""

    schema_version: int = 1
    dataset: str
    partition: str
    contract: str
    contract_sha256: str
    raw: str
    rows_in: int
    rows_validated: int
    rows_quarantined: int
    checks: tuple[Check, ...]
    failures: tuple[Failure, ...]

    @property
    def failed(self) -> int:
        """How many rules are broken, of any severity."""
        return sum(not check.passed for check in self.checks)

    @property
    def critical(self) -> tuple[str, ...]:
        """The broken rules that forbid publishing."""
        return tuple(check.rule for check in self.checks if check.severity == "critical" and not check.passed)


def make_report(
    contract: Contract, key: str, raw: Manifest, table: "pa.Table", judged: dict[str, Judgement], rows_validated: int
) -> ValidationReport:
    """Return the report on ``table``, the rows of ``raw``; a rule that was not judged counts as critically broken."""
    checks = [_check(rule, judged.get(rule.id)) for rule in contract.rules]
    left = Judgement(passed=rows_validated > 0, judged=table.num_rows, broken=table.num_rows - rows_validated)
    checks.append(_check(NOTHING_LEFT, left))
    rules = {rule.id: rule for rule in contract.rules}
    worst = sorted((check for check in checks if not check.passed), key=lambda check: _ORDER[check.severity])
    return ValidationReport(
        dataset=contract.name,
        partition=key,
        contract=contract.label,
        contract_sha256=contract.hash,
        raw=raw.hash,
        rows_in=table.num_rows,
        rows_validated=rows_validated,
        rows_quarantined=table.num_rows - rows_validated,
        checks=tuple(checks),
        failures=tuple(_failure(check, contract, rules.get(check.rule), table) for check in worst[:MOST_FAILURES]),
    )


_ORDER = {"critical": 0, "row": 1, "warn": 2}


def _check(rule: Rule, judgement: Judgement | None) -> Check:
    if judgement is None:
        return Check(rule=rule.id, severity="critical", passed=False, judged=0, broken=0)
    return Check(rule=rule.id, severity=rule.severity, **judgement.__dict__)


def _failure(check: Check, contract: Contract, rule: Rule | None, table: "pa.Table") -> Failure:
    examples: list[str] = []
    if rule and rule.kind not in ("nulls", "row_count"):
        examples = shown_values(contract, rule, table, broken_rows(rule, table), most=MOST_EXAMPLES)
    return Failure(rule=check.rule, severity=check.severity, broken=check.broken, examples=tuple(examples))
