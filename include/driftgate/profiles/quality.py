"""Four numbers that say how good one partition is, each the share of judged values that hold."""

from collections.abc import Collection, Iterable, Mapping
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

    - completeness: every rule about missing values, judged on the rows that came in; and the cells of each profiled
      column without such a rule, of which the nulls are broken
    - uniqueness: every rule about keys
    - consistency: patterns, sets of values, references to other datasets; and the words of each profiled column, of
      which those written in another case or with other spaces than most rows do are broken
    - validity: ranges; and the numbers of each profiled column, of which the infinite ones are broken
    """
    rules = list(results)
    ruled = {name for rule in rules if rule.kind == "nulls" for name in rule.columns}
    tallies = [(DIMENSIONS[rule.kind], rule.judged, rule.broken) for rule in rules if rule.kind in DIMENSIONS]
    for name, column in columns.items():
        if name not in ruled:
            tallies.append(("completeness", column.rows, column.nulls))
        if isinstance(column, CategoricalColumn):
            tallies.append(("consistency", column.count, misspelt(column)))
        if isinstance(column, NumericColumn):
            tallies.append(("validity", column.count + column.infinite, column.infinite))
    return QualityScores(**{dimension: _score(tallies, dimension) for dimension in sorted(set(DIMENSIONS.values()))})


def _score(tallies: Collection[tuple[Dimension, int, int]], dimension: Dimension) -> float | None:
    judged = sum(tally[1] for tally in tallies if tally[0] == dimension)
    broken = sum(tally[2] for tally in tallies if tally[0] == dimension)
    return 1 - broken / judged if judged else None
