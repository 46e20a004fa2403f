"""What the catalogue says about one dataset, one feature, one model: records, kept in the metadata store."""

from datetime import datetime
from typing import Literal

from driftgate.contracts.contract import AvailableAt, Classification, Treatment
from driftgate.records import Record
from driftgate.registry.feature_worth import brings_nothing

Known = Literal["prediction", "event", "outcome", "history"]


class ColumnEntry(Record):
    """One column of a dataset; statistics are those of the newest profile, and never values of personal data."""

    name: str
    type: str
    unit: str | None
    description: str
    classification: Classification
    treatment: Treatment
    available_at: AvailableAt
    purpose: str | None
    nulls_percent: float | None = None
    distinct: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    suspected: str | None = None  # what sensitive-data discovery takes the values for


class Partitions(Record):
    """Which days are there. ``revised`` is how many of them came again with other content."""

    count: int = 0
    first: str | None = None
    last: str | None = None
    missing: tuple[str, ...] = ()
    revised: int = 0
    rows: int = 0
    newest_known_at: datetime | None = None


class Storage(Record):
    """What a dataset takes in the lake.

    ``compression`` is how many times smaller the newest partition is than its values in memory, ``repeated_bytes`` what
    is stored more than once because partitions hold equal files.
    """

    bytes: dict[str, int] = {}  # zone to bytes, old revisions included
    compression: float | None = None
    repeated_bytes: int = 0


class Quality(Record):
    """The judgement on the newest partition that has one."""

    partition: str
    rows_in: int
    rows_quarantined: int
    broken_rules: tuple[str, ...]
    scores: dict[str, float | None] = {}


class DatasetEntry(Record):
    """One dataset: what it means, where it is, how good and how fresh it is, who uses it."""

    schema_version: int = 1
    name: str
    purpose: str
    owner: str
    contact: str
    licence: str
    source: str
    location: str
    contract: str
    schema_sha256: str
    data_class: str
    retention_days: int
    ml_use: bool
    synthetic: bool
    recreatable: bool
    sensitivity: Classification
    columns: tuple[ColumnEntry, ...]
    partitions: Partitions
    storage: Storage
    quality: Quality | None
    use_cases: tuple[str, ...]
    features: tuple[str, ...]
    models: tuple[str, ...]


class FeatureEntry(Record):
    """One feature of a use case. ``name`` is ``<use case>/<feature>``.

    ``known`` says when its value can be known at the latest; ``history`` is what earlier days taught.
    ``importance_percent`` is its share of the importance in each of the newest model versions, the newest first.
    """

    schema_version: int = 1
    name: str
    use_case: str
    owner: str
    type: str
    unit: str | None
    description: str | None
    role: Literal["feature", "identifier"]
    expression: str
    fingerprint: str
    columns: tuple[str, ...]
    known: Known
    online: bool
    sensitivity: Classification
    fresh_until: str | None
    statistics: ColumnEntry | None
    models: tuple[str, ...]
    importance_percent: tuple[float, ...] = ()
    same_as: tuple[str, ...] = ()

    @property
    def duplicates(self) -> list[str]:
        """What is the same by another name; under its own name in another use case it is shared, as it should be."""
        own = self.name.rsplit("/", 1)[-1]
        return [name for name in self.same_as if name.rsplit("/", 1)[-1] != own]

    @property
    def unused(self) -> bool:
        """Whether it is proposed for removal: it brings nothing to any of the newest three versions."""
        return brings_nothing([percent / 100 for percent in self.importance_percent])


class ModelEntry(Record):
    """One model version: what it was trained on, and how sensitive that makes it."""

    schema_version: int = 1
    name: str
    use_case: str
    dataset_version: str
    dataset_check: str | None = None  # what came of its test, None of one that was not tested
    features: tuple[str, ...]
    sensitivity: Classification


class Catalog(Record):
    """Everything at one moment."""

    schema_version: int = 1
    datasets: tuple[DatasetEntry, ...]
    features: tuple[FeatureEntry, ...]
    models: tuple[ModelEntry, ...]
