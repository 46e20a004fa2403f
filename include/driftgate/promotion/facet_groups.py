"""Whom the captured requests are about: the groups of the facets, row by row."""

from typing import TYPE_CHECKING

import numpy as np

from driftgate.captures.requests import request_rows
from driftgate.evaluation.facets import group_masks, key_of
from driftgate.fairness_policy import Facet
from driftgate.promotion.sequential import Flags
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa


def watched_groups(use_case: UseCase) -> list[str]:
    """Return the groups whose alarms are a guardrail, each with its facet."""
    if use_case.promote.guardrails.max_alarm_rate_shift is None or use_case.fairness is None:
        return []
    return [f"{name}: {group}" for name, facet in use_case.fairness.facets.items() for group in facet.groups]


def groups_of(use_case: UseCase, captures: "pa.Table") -> Flags:
    """Return one row per capture and one column per watched group: whether the request is about it."""
    watched = watched_groups(use_case)
    if not watched or use_case.fairness is None or not captures.num_rows:
        return np.zeros((captures.num_rows, len(watched)), dtype=bool)
    requests = request_rows(captures)
    columns = [
        mask
        for name, facet in use_case.fairness.facets.items()
        for mask in group_masks(facet, _column(facet, requests), key_of(use_case, name)).values()
    ]
    return np.column_stack(columns)


def _column(facet: Facet, requests: list[dict[str, object]]) -> "pa.Table":
    """Return the column of a facet; a request without a value, or with one of another type, has none."""
    import pyarrow as pa

    words = any(isinstance(value, str) for group in facet.groups.values() for value in group.values)
    kinds: tuple[type, ...] = (str,) if words else (int, float)
    values = [value if isinstance(value := request.get(facet.column), kinds) else None for request in requests]
    return pa.table({facet.column: pa.array(values, pa.string() if words else pa.float64())})
