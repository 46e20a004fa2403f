"""Four numbers that say how good one partition is, each the share of judged values that hold."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from driftgate.profiles.columns import CategoricalColumn, HiddenColumn, NumericColumn
from driftgate.profiles.findings import misspelt
from driftgate.records import Record

Dimension = Literal["completeness", "uniqueness", "consistency", "validity"]

# Which kind of rule speaks of what. A rule about the partition as a whole (its number of rows, its volume or freshness)
# is in none: it fails the partition, and judges no value.
DIMENSIONS: dict[str, Dimension] = {
    "nulls": "completeness",
    "unique": "uniqueness",
    "pattern": "consistency",
    "values": "consistency",
    "reference": "consistency",
    "range": "validity",
}


class QualityScores(Record):
    """Each in [0, 1], or None where nothing was judged."""

    completeness: float | None
    uniqueness: float | None
    consistency: float | None
    validity: float | None


@dataclass(frozen=True)
class RuleResult:
    """How one rule of the contract fared on the rows that came in."""

    kind: str
    columns: tuple[str, ...]
    judged: int
    broken: int


def quality_scores(
    columns: Mapping[str, NumericColumn | CategoricalColumn | HiddenColumn], results: Iterable[RuleResult] = ()
) -> QualityScores:
    """Return the scores: for each dimension ``1 - broken / judged``, both summed over everything that speaks of it.

    A rule speaks of its columns, of the rows that came in; where none of a dimension names a column, its profile does:

    - completeness: rules about missing values; else the cells of the column, of which the nulls are broken
    - uniqueness: rules about keys; a profile says nothing here, for repeating is right for most columns
    - consistency: patterns, sets of values, references to other datasets; else the words of the column, of which those
      written in another case or with other spaces than most rows do are broken
    - validity: ranges; else the numbers of the column, of which the infinite ones are broken
    """
    rules = [rule for rule in results if rule.kind in DIMENSIONS]
    tallies = [(DIMENSIONS[rule.kind], rule.judged, rule.broken) for rule in rules]
    ruled = {(DIMENSIONS[rule.kind], name) for rule in rules for name in rule.columns}
    for name, column in columns.items():
        tallies += [tally for tally in _profiled(column) if (tally[0], name) not in ruled]
    return QualityScores(**{dimension: _score(tallies, dimension) for dimension in sorted(set(DIMENSIONS.values()))})


def _profiled(column: NumericColumn | CategoricalColumn | HiddenColumn) -> Iterator[tuple[Dimension, int, int]]:
    yield "completeness", column.rows, column.nulls
    if isinstance(column, CategoricalColumn):
        yield "consistency", column.count, misspelt(column)
    if isinstance(column, NumericColumn):
        yield "validity", column.count + column.infinite, column.infinite


def _score(tallies: Collection[tuple[Dimension, int, int]], dimension: Dimension) -> float | None:
    judged = sum(tally[1] for tally in tallies if tally[0] == dimension)
    broken = sum(tally[2] for tally in tallies if tally[0] == dimension)
    return 1 - broken / judged if judged else None
