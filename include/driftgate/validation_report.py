"""The validation report: what was checked on one partition, what broke, and how many rows that costs.

It holds no time and no random id: the same rows judged by the same contract, with the same history, give the same
report.
"""

import json
from typing import Literal

from driftgate.errors import ConfigError
from driftgate.lake import Store
from driftgate.records import Record, parse_record

Severity = Literal["critical", "row", "warn"]  # of a broken rule: nothing, or not the row, is published; or it is told
COUNTS_OPEN = 3  # reports of an earlier schema_version do not say about how many rows nobody has decided


class Check(Record):
    """The judgement on one rule. ``judged`` and ``broken`` count known values, or rows for a rule about rows.

    Of the broken rows of a rule that quarantines, a person ``released`` some; about ``open`` ones nobody has decided.
    ``low`` and ``high`` are the bounds that earlier partitions gave, in rows or minutes; ``note`` says where they come
    from, or why the rule was not judged.
    """

    rule: str
    severity: Severity
    passed: bool
    judged: int
    broken: int
    released: int = 0
    open: int = 0
    low: float | None = None
    high: float | None = None
    note: str | None = None


class Failure(Record):
    """One broken rule with a few of the values that broke it, masked where the contract says so."""

    rule: str
    severity: Severity
    broken: int
    examples: tuple[str, ...]


class ValidationReport(Record):
    """The judgement on one partition. ``raw`` is the hash of the manifest whose rows were judged.

    ``released`` of the rows that break a rule count as validated, for a person has let them pass; ``releases_lost`` are
    such rows of an earlier delivery that this one does not have. About ``open`` of the quarantined rows nobody has
    decided; ``decisions`` is the hash of what persons decided.
    ``newest_minute`` is when the newest row is, in minutes from the start of its day: later partitions are compared
    with it.
    """

    schema_version: int = 3
    dataset: str
    partition: str
    contract: str
    contract_sha256: str
    raw: str
    rows_in: int
    rows_validated: int
    rows_quarantined: int
    released: int = 0
    releases_lost: int = 0
    open: int = 0
    decisions: str | None = None
    newest_minute: int | None = None
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


def report_at(store: Store, path: str) -> ValidationReport:
    """Return the report at ``path``.

    :raises ConfigError: it is not one
    """
    try:
        raw = json.loads(store.read(path))
    except ValueError:
        raise ConfigError(f"{store.uri(path)} is no JSON; run the validate task of its partition again.") from None
    return parse_record(raw, ValidationReport, where=store.uri(path))
