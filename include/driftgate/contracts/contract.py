"""What a data contract promises about one dataset, as frozen types; read from ``data_contracts/<dataset>.yaml``."""

from typing import Literal

from driftgate.records import Record

Severity = Literal["critical", "row", "warn"]
Classification = Literal["public", "internal", "confidential", "restricted"]
AvailableAt = Literal["prediction", "event", "outcome"]


class Column(Record):
    """One column: its Arrow type by name, and when its value becomes known.

    ``available_at`` is ``prediction`` (known when a prediction is asked for), ``event`` (known from the row's own time
    on) or ``outcome`` (known only afterwards: never a feature of its own row).
    """

    name: str
    type: str
    description: str
    unit: str | None = None
    classification: Classification
    available_at: AvailableAt


class Rule(Record):
    """One promise that can be broken.

    ``severity`` says what follows: ``critical`` fails the partition, ``row`` sends the row to quarantine, ``warn`` is
    only reported. A missing value breaks a ``nulls`` rule and no other. Of rows with equal keys every one breaks
    ``unique``, for nothing says which of them is right. A pattern describes the whole value. ``minimum`` and
    ``maximum`` are allowed values. ``max_percent`` may break the rule: of all rows for ``nulls``, else of known values.
    """

    id: str
    kind: Literal["unique", "nulls", "values", "pattern", "range", "row_count"]
    severity: Severity
    columns: tuple[str, ...] = ()
    values: tuple[str | int | float, ...] = ()
    pattern: str | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    max_percent: float = 0.0
    description: str | None = None


class Contract(Record):
    """One dataset: who owns it, where it comes from, its columns and its rules."""

    name: str
    version: str
    owner: str
    contact: str
    purpose: str
    licence: str
    source: str
    partition_column: str | None
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...]

    @property
    def label(self) -> str:
        """Name and version, as manifests and reports write it: ``flights@1.0.0``."""
        return f"{self.name}@{self.version}"

    @property
    def row_rules(self) -> tuple[Rule, ...]:
        """The rules that send a row to quarantine."""
        return tuple(rule for rule in self.rules if rule.severity == "row")

    @property
    def masked(self) -> frozenset[str]:
        """The columns whose values must not be shown in reports, pages and messages."""
        return frozenset(
            column.name for column in self.columns if column.classification in ("confidential", "restricted")
        )

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The columns that are known only after the event."""
        return tuple(column.name for column in self.columns if column.available_at == "outcome")
