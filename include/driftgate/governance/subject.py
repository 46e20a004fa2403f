"""One subject of a dataset: the values of its key columns, as they are delivered and as they are published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from driftgate.contracts import Contract, arrow_schema
from driftgate.contracts.treat import treatment
from driftgate.contracts.withdrawals import as_text, subject_hash
from driftgate.errors import ConfigError, nearest

if TYPE_CHECKING:
    import pyarrow as pa


class Marks(Protocol):
    """Finds the rows that are meant, by the columns that it names."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it looks at."""

    def __call__(self, rows: "pa.RecordBatch") -> "pa.Array":
        """Return for each row whether it is meant; none is where a column is missing."""


@dataclass(frozen=True)
class Having:
    """Marks the rows that have all of ``values``, Arrow scalars by column."""

    values: Mapping[str, Any]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(sorted(self.values))

    def __call__(self, rows: "pa.RecordBatch") -> "pa.Array":
        import pyarrow as pa
        import pyarrow.compute as pc

        hit = pa.repeat(set(self.columns) <= set(rows.schema.names), rows.num_rows)
        for name in self.columns if rows.num_rows and hit[0].as_py() else ():
            hit = pc.and_(hit, pc.equal(rows.column(name), self.values[name]).fill_null(False))
        return hit


@dataclass(frozen=True)
class OneOf:
    """Marks the rows whose ``column`` is one of ``values``."""

    column: str
    values: frozenset[str]

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def __call__(self, rows: "pa.RecordBatch") -> "pa.Array":
        import pyarrow as pa
        import pyarrow.compute as pc

        return pc.is_in(rows.column(self.column), value_set=pa.array(sorted(self.values), pa.string()))


@dataclass(frozen=True)
class Subject:
    """Whose rows are meant. ``values`` are Arrow scalars of the columns' own types; they are never shown."""

    contract: Contract
    values: Mapping[str, Any]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its key columns, sorted."""
        return tuple(sorted(self.values))

    @property
    def hash(self) -> str:
        """The keyed hash by which its tombstone knows it."""
        return subject_hash(self.contract.name, self.texts)

    @property
    def texts(self) -> dict[str, str | None]:
        """The values as text."""
        import pyarrow as pa

        return {name: as_text(pa.array([value.as_py()], value.type))[0] for name, value in self.values.items()}

    def as_delivered(self) -> Marks:
        """Return what finds its rows in the raw zone."""
        return Having(self.values)

    def as_published(self) -> Marks | None:
        """Return what finds its rows in validated and quarantined ones; None where they cannot be told apart there."""
        treatments = {column.name: column.treatment for column in self.contract.columns if column.name in self.values}
        if set(treatments.values()) & {"mask", "drop"}:
            return None
        if "hash" not in treatments.values():
            return self.as_delivered()
        row = treatment(self.contract)(self._as_row())
        return Having({name: row.column(name)[0] for name in self.columns})

    def _as_row(self) -> "pa.RecordBatch":
        import pyarrow as pa

        schema = arrow_schema(self.contract)
        values = ([self.values[field.name].as_py()] if field.name in self.values else [None] for field in schema)
        return pa.RecordBatch.from_arrays(
            [pa.array(value, field.type) for value, field in zip(values, schema, strict=True)], schema=schema
        )


def subject_of(contract: Contract, pairs: Sequence[str]) -> Subject:
    """Return the subject that ``COLUMN=VALUE`` texts name.

    :raises ConfigError: a text has no ``=``, a column is not in the contract, or a value is none of its type
    """
    if not pairs:
        raise ConfigError(f"Name the subject by one column of {contract.name} or more, as passenger=VALUE.")
    values = dict(_value(contract, pair) for pair in pairs)
    if len(values) != len(pairs):
        raise ConfigError(f"A column of {contract.name} is named twice; name each once.")
    return Subject(contract, values)


def _value(contract: Contract, pair: str) -> tuple[str, Any]:
    import pyarrow as pa

    name, equals, text = pair.partition("=")
    schema = arrow_schema(contract)
    if not equals or not text:
        raise ConfigError("A subject is named as COLUMN=VALUE, one for each column of its key; what was given is not.")
    if name not in schema.names:
        raise ConfigError(f"{contract.label} has no column {name!r}{nearest(name, schema.names)}")
    try:
        return name, pa.scalar(text).cast(schema.field(name).type)
    except pa.ArrowInvalid:
        raise ConfigError(
            f"The value for {name} is no {schema.field(name).type}; write it as the data has it."
        ) from None
