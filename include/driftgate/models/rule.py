"""The rule of thumb beside a model: the mean label of the rows of one group. It answers where the model cannot."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from driftgate.records import Record

Value = str | int | float | None


class Group(Record):
    """The rows with these values in the columns of ``by``, and what the rule says of them."""

    values: tuple[Value, ...]
    answer: float


class Rule(Record):
    """One answer per group. Kept as ``fallback.json`` in the package of the model that was fitted on the same rows.

    :param by: the columns that tell groups apart; none: the hour of ``event_time``
    :param answer: of a group that training never saw
    """

    schema_version: int = 1
    by: tuple[str, ...]
    event_time: str
    groups: tuple[Group, ...]
    answer: float

    def answers(self, rows: Sequence[dict[str, Any]]) -> list[float]:
        """Return what the rule says of each JSON row."""
        return [self.of_group(self._group(row)) for row in rows]

    def of_group(self, values: tuple[Any, ...]) -> float:
        """Return what the rule says of the group with these values."""
        return self._known.get(values, self.answer)

    def _group(self, row: dict[str, Any]) -> tuple[Any, ...]:
        if not self.by:
            return (datetime.fromisoformat(row[self.event_time]).hour,)
        return tuple([row[name] for name in self.by])

    @cached_property
    def _known(self) -> dict[tuple[Any, ...], float]:
        return {group.values: group.answer for group in self.groups}
