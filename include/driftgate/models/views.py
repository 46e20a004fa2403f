"""Online views: values of entities (carriers, airports) that the endpoint joins to a request, as a model knows them."""

from collections.abc import Callable, Mapping
from functools import cached_property
from operator import itemgetter
from typing import Any

from driftgate.records import Record, canonical_json, sha256


class View(Record):
    """One view of the ``features.sql`` that a model was trained on: one row per ``key``, ``columns`` are features.

    It is made from the ``history_days`` days of ``dataset`` before the day that it is for. A model carries its views,
    so that it goes on reading its own values after ``features.sql`` has changed.
    """

    use_case: str
    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    dataset: str
    history_days: int
    sql: str

    @cached_property
    def id(self) -> str:
        """The name under which the online store keeps it: another content is another view."""
        content = self.model_dump(mode="json", exclude={"use_case", "name"})
        return f"{self.label}/{sha256(canonical_json(content))[:16]}"

    @cached_property
    def key_of(self) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
        """Returns the key of a row."""
        (first, *others) = self.key
        return itemgetter(first, *others) if others else lambda row: (row[first],)

    @cached_property
    def nulls(self) -> dict[str, None]:
        """The columns of a row that no values are known for."""
        return dict.fromkeys(self.columns)

    @cached_property
    def label(self) -> str:
        """Its name for people and counters."""
        return f"{self.use_case}/{self.name}"
