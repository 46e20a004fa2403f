"""What a data contract promises about one dataset, as frozen types; read from ``data_contracts/<dataset>.yaml``."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from driftgate.records import Record
from driftgate.validation_report import Severity

Classification = Literal["public", "internal", "pii", "sensitive"]  # from harmless to harmful, in this order
Treatment = Literal["keep", "mask", "hash", "drop"]
AvailableAt = Literal["prediction", "event", "outcome"]  # from early to late, in this order
PERSONAL = frozenset({"pii", "sensitive"})
HISTORY_DAYS = 28
MIN_HISTORY_DAYS = 7
TOLERANCE = 5.0
HASHED_TYPE = "string"  # a keyed hash is text, whatever it is a hash of


class Column(Record):
    """One column as it is delivered: its Arrow type by name, what is done to it, and when its value becomes known.

    ``treatment`` is applied on the way to the validated zone: ``mask`` and ``hash`` replace the value, ``drop`` leaves
    the column out. ``available_at`` is ``prediction`` (known when a prediction is asked for), ``event`` (known from the
    row's own time on) or ``outcome`` (known only afterwards: never a feature of its own row).
    """

    name: str
    type: str
    description: str
    unit: str | None = None
    classification: Classification
    treatment: Treatment = "keep"
    purpose: str | None = None
    available_at: AvailableAt

    @property
    def published_type(self) -> str:
        """The Arrow type that the column has in a validated partition."""
        return HASHED_TYPE if self.treatment == "hash" else self.type


class Rule(Record):
    """One promise that can be broken.

    ``severity`` says what follows: ``critical`` fails the partition, ``row`` sends the row to quarantine, ``warn`` is
    only reported. A missing value breaks a ``nulls`` rule and no other. Of rows with equal keys every one breaks
    ``unique``, for nothing says which of them is right. A pattern describes the whole value. ``minimum`` and
    ``maximum`` are allowed values. ``max_percent`` may break the rule: of all rows for ``nulls``, else of known values.
    ``references`` is ``dataset.column``: a known value must occur there, in the validated partition of the same key.

    ``volume`` (the number of rows) and ``freshness`` (the newest value of the partition column, in minutes from the
    start of the partition; an early one is a torn file) are judged against the partitions of the last ``history_days``,
    if there are ``min_history_days`` of them: ``tolerance`` is the distance from their median that is allowed, in
    median absolute deviations times 1.4826, which for a normal distribution is a standard deviation.
    """

    id: str
    kind: Literal["unique", "nulls", "values", "pattern", "range", "row_count", "reference", "volume", "freshness"]
    severity: Severity
    columns: tuple[str, ...] = ()
    values: tuple[str | int | float, ...] = ()
    pattern: str | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    max_percent: float = 0.0
    references: str | None = None
    history_days: int = HISTORY_DAYS
    min_history_days: int = MIN_HISTORY_DAYS
    tolerance: float = TOLERANCE
    description: str | None = None


class Files(Record):
    """A source that delivers files: ``path`` is below the drop folder, or below ``bucket``, and has ``{key}`` in it.

    The last part of ``path`` may be a pattern with ``*``: then a partition is every file that fits.
    """

    kind: Literal["files"] = "files"
    location: Literal["local", "s3"]
    format: Literal["parquet", "csv"]
    path: str
    bucket: str | None = None
    endpoint_url: str | None = None


class Sql(Record):
    """A source that is a database: ``connection`` names the environment variable that holds its SQLAlchemy URL.

    Either ``table`` (in ``table_schema``, if the database has such) or ``query``, one SELECT. ``watermark`` is the
    column that rises with every change of a row.
    """

    kind: Literal["sql"] = "sql"
    connection: str
    table: str | None = None
    table_schema: str | None = None
    query: str | None = None
    watermark: str | None = None


Server = Annotated[Files | Sql, Field(discriminator="kind")]


class Permissions(Record):
    """By what right the data may teach a model; ``expires`` is the first day on which they no longer may."""

    ml_use: bool
    legal_basis: str
    consent_ref: str | None = None
    expires: date | None = None


class Contract(Record):
    """One dataset: who owns it, where it comes from, what may be done with it, its columns and its rules.

    A partition is delivered ``latency_hours`` after its day is over and kept for ``retention_days``. It fails when more
    than ``max_quarantined_percent`` of its rows are quarantined, or when those lean on one value of a column in
    ``slices``.
    """

    name: str
    version: str
    owner: str
    contact: str
    purpose: str
    licence: str
    source: str
    server: Server
    partition_column: str | None
    retention_days: int
    latency_hours: int = 0
    permissions: Permissions
    data_class: str
    recreatable: bool = False
    synthetic: bool = False
    max_quarantined_percent: float | None = None
    slices: tuple[str, ...] = ()
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
    def references(self) -> tuple[Rule, ...]:
        """The rules about another dataset."""
        return tuple(rule for rule in self.rules if rule.kind == "reference")

    @property
    def masked(self) -> frozenset[str]:
        """The columns whose values must not be shown in reports, pages and messages."""
        return frozenset(column.name for column in self.columns if column.classification in PERSONAL)

    @property
    def treated(self) -> tuple[Column, ...]:
        """The columns that are published otherwise than they are delivered."""
        return tuple(column for column in self.columns if column.treatment != "keep")

    @property
    def published_columns(self) -> tuple[Column, ...]:
        """The columns that a validated partition has."""
        return tuple(column for column in self.columns if column.treatment != "drop")

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The columns that are known only after the event."""
        return tuple(column.name for column in self.columns if column.available_at == "outcome")
