"""Joining online values to requests: by key and day of the event, for each model the views that it was trained on."""

from typing import TYPE_CHECKING, Any

from driftgate.endpoint.metrics import Metrics
from driftgate.endpoint.outcomes import Asked
from driftgate.endpoint.served import Served, ServedRule, ServedVariant
from driftgate.online.lookups import Lookups

if TYPE_CHECKING:
    from driftgate.models import View
    from driftgate.online.store import Key
    from driftgate.use_cases import UseCase


class Joining:
    """Completes rows; what the store does not have, or does not say in time, is null."""

    def __init__(self, lookups: Lookups, metrics: Metrics) -> None:
        self._lookups, self._metrics = lookups, metrics

    def join(self, served: Served, asked: list[Asked]) -> tuple[list[Asked], list[str]]:
        """Return ``asked`` with rows as the champion reads them, and a warning for every view without values."""
        return self._joined(served.use_case, served.champion.package.signature.views, asked)

    def rows_for(self, served: Served, variant: ServedVariant | ServedRule, asked: list[Asked]) -> list[Asked]:
        """Return ``asked``, whose rows are the champion's, with rows as ``variant`` reads them."""
        if isinstance(variant, ServedRule) or not variant.joins_rows:
            return asked
        requests = [one.with_row(one.request) for one in asked]
        return self._joined(served.use_case, variant.package.signature.views, requests)[0]

    def _joined(
        self, use_case: "UseCase", views: "tuple[View, ...]", asked: list[Asked]
    ) -> tuple[list[Asked], list[str]]:
        warnings: list[str] = []
        if views:
            asked = [one.with_row(one.row.copy()) for one in asked]
            for view in views:
                warnings += self._add(use_case, view, asked)
        return asked, warnings

    def _add(self, use_case: "UseCase", view: "View", asked: list[Asked]) -> list[str]:
        """Add the columns of one view to the rows; return a warning for each day without values."""
        days: dict[str, dict[Key, list[dict[str, Any]]]] = {}
        key_of, nulls = view.key_of, view.nulls
        for one in asked:
            row = one.row
            row |= nulls
            key = key_of(one.request)
            if None in key:  # a null key joins nothing, as in SQL
                continue
            rows = days.get(one.day)
            if rows is None:
                rows = days[one.day] = {}
            if key in rows:
                rows[key].append(row)
            else:
                rows[key] = [row]
        warnings: list[str] = []
        for day, keyed in days.items():
            warnings += self._fill(use_case, view, day, keyed)
        return warnings

    def _fill(self, use_case: "UseCase", view: "View", day: str, keyed: "dict[Key, list[dict[str, Any]]]") -> list[str]:
        """Write the values of one day into rows by key."""
        found = self._lookups.find(view.id, day, list(keyed), max_age_days=use_case.max_age_days(view.name))
        self._metrics.count_lookups(view.label, found.result, sum(map(len, keyed.values())))
        for key, values in found.values.items():
            for row in keyed[key]:
                row |= values
        if found.result != "missing":
            return []
        why = "the online store does not answer" if found.away else f"no values are known for {day}"
        return [f"Online view {view.name}: {why}; its columns are null."]
