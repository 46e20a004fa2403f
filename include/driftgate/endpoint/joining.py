"""Joining online values to requests: by key and day of the event, for each model the views that it was trained on."""

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from driftgate.endpoint.metrics import Metrics
from driftgate.endpoint.outcomes import Asked
from driftgate.endpoint.served import Served, ServedVariant
from driftgate.online.lookups import Lookups

if TYPE_CHECKING:
    from driftgate.models import View
    from driftgate.online.store import Key
    from driftgate.use_cases import UseCase


_NOTHING: dict[str, Any] = {}


class Joining:
    """Completes rows; what the store does not have, or does not say in time, is null."""

    def __init__(self, lookups: Lookups, metrics: Metrics) -> None:
        self._lookups, self._metrics = lookups, metrics

    def join(self, served: Served, asked: list[Asked]) -> tuple[list[Asked], list[str]]:
        """Return ``asked`` with rows as the champion reads them, and a warning for every view without values."""
        return self._joined(served.use_case, served.champion.package.signature.views, asked)

    def rows_for(self, served: Served, variant: ServedVariant, asked: list[Asked]) -> list[Asked]:
        """Return ``asked``, whose rows are the champion's, with rows as ``variant`` reads them."""
        if not variant.joins_rows:
            return asked
        requests = [replace(one, row=one.request) for one in asked]
        return self._joined(served.use_case, variant.package.signature.views, requests)[0]

    def _joined(
        self, use_case: "UseCase", views: "tuple[View, ...]", asked: list[Asked]
    ) -> tuple[list[Asked], list[str]]:
        warnings: list[str] = []
        if views:
            rows = [dict(one.row) for one in asked]
            for view in views:
                warnings += self._add(use_case, view, asked, rows)
            asked = [replace(one, row=row) for one, row in zip(asked, rows, strict=True)]
        return asked, warnings

    def _add(self, use_case: "UseCase", view: "View", asked: list[Asked], rows: list[dict[str, Any]]) -> list[str]:
        """Add the columns of one view to ``rows``; return a warning for each day without values."""
        days: dict[str, list[tuple[Key, dict[str, Any]]]] = {}
        nulls = dict.fromkeys(view.columns)
        for one, row in zip(asked, rows, strict=True):
            row |= nulls
            request = one.request
            key = tuple([request[name] for name in view.key])
            if None not in key:  # a null key joins nothing, as in SQL
                days.setdefault(one.day, []).append((key, row))
        warnings = []
        for day, keyed in days.items():
            keys = list({key for key, _ in keyed})
            found = self._lookups.find(view.id, day, keys, max_age_days=use_case.max_age_days(view.name))
            self._metrics.count_lookups(view.label, found.result, len(keyed))
            for key, row in keyed:
                row |= found.values.get(key, _NOTHING)
            if found.result == "missing":
                why = "the online store does not answer" if found.away else f"no values are known for {day}"
                warnings.append(f"Online view {view.name}: {why}; its columns are null.")
        return warnings
