"""What the bias monitor sums up of each day, so that a night reads one day and holds a window against the bounds."""

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from driftgate.captures.requests import request_rows, requested
from driftgate.evaluation.bias_metrics import row_values
from driftgate.evaluation.facets import group_masks, key_of
from driftgate.evaluation.fairness import decided
from driftgate.evaluation.metrics import Floats, Labels
from driftgate.fairness_policy import Fairness
from driftgate.monitoring.evidence import Carried
from driftgate.monitoring.night import Night
from driftgate.partition_keys import keys_before
from driftgate.records import sha256
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["answered", "labelled"]


class GroupDays:
    """The sums of each day over the rows of each group: those that the night before kept, and new ones."""

    def __init__(self, night: Night, policy: Fairness) -> None:
        self.night, self.policy = night, policy
        self.groups = [(facet, group) for facet, of in policy.facets.items() for group in of.groups]
        self.carried: Carried = {}
        self._known: Carried = next((before.carried for before in night.earlier("bias", 1)), {})

    @cached_property
    def answered(self) -> dict[str, Floats]:
        """What the decisions of the days up to tonight tell, by its name: days by groups."""
        return self._window("answered", self.night.key)

    @cached_property
    def labelled(self) -> dict[str, Floats]:
        """The same of decisions and outcomes, up to the newest day whose outcomes are due."""
        return self._window("labelled", self.night.labelled_key)

    def _window(self, kind: Kind, last: str) -> dict[str, Floats]:
        nights = self.night.use_case.monitor.bias.window_nights
        rows = [found for day in keys_before(last, nights) if (found := self._day(kind, day))]
        names = _names(self.night.use_case)
        sums = np.array(rows, dtype=float).reshape(len(rows), len(self.groups), len(names))
        return {name: sums[:, :, place] for place, name in enumerate(names)}

    def _day(self, kind: Kind, day: str) -> tuple[float, ...]:
        """Return the sums of one day, group by group; empty when there is nothing to count."""
        key = f"{kind}/{day}/{self._mark}"
        found = self._known.get(key) or self._counted(kind, day)
        if found:
            self.carried[key] = found
        return found

    @cached_property
    def _mark(self) -> str:
        """What sums rest on: those of other groups or another threshold are not gone on from."""
        facets = {name: facet.model_dump(mode="json") for name, facet in self.policy.facets.items()}
        costs = self.night.use_case.metric.costs_usd
        return sha256(json.dumps([facets, costs.model_dump(mode="json") if costs else None]).encode())[:8]

    def _counted(self, kind: Kind, day: str) -> tuple[float, ...]:
        captures, labels, scores = self._rows(kind, day)
        if not captures.num_rows:
            return ()
        use_case = self.night.use_case
        values = row_values(use_case.problem, labels, decided(use_case, scores))
        table = self._columns(captures)
        sums = []
        for name, facet in self.policy.facets.items():
            for inside in group_masks(facet, table, key_of(use_case, name)).values():
                sums += [float(values[one][inside].sum()) for one in _names(use_case)]
        return tuple(sums)

    def _rows(self, kind: Kind, day: str) -> "tuple[pa.Table, Labels, Floats]":
        """Return the champion's answers of a day, or those with known outcome, and these."""
        import pyarrow.compute as pc

        night = self.night
        captures = night.answers if day == night.key else night.answers_of(day)
        own = pc.and_(pc.equal(captures.column("model_version"), night.served), pc.is_valid(captures.column("score")))
        captures = captures.filter(own)
        if kind == "answered":
            scores = captures.column("score").to_numpy().astype(float)
            return captures, np.zeros(len(scores), dtype=bool), scores
        found = night.labelled_day(day)
        if found is None:
            return captures.slice(0, 0), np.array([]), np.array([])
        places = {one: place for place, one in enumerate(captures.column("prediction_id").to_pylist())}
        known = [number for number, one in enumerate(found.prediction_ids) if one in places]
        rows = captures.take([places[found.prediction_ids[number]] for number in known])
        return rows, found.labels[known], found.scores[known]

    def _columns(self, captures: "pa.Table") -> "pa.Table":
        """Return the facets' columns, as the model's training rows have them where it learns from them."""
        import pyarrow as pa

        wanted = sorted({facet.column for facet in self.policy.facets.values()})
        features = self.night.baseline.profile.columns
        found = requested(captures, {name: features[name] for name in wanted if name in features})
        others = [name for name in wanted if name not in features]
        rows = request_rows(captures) if others else []
        beside = {name: _typed([row.get(name) for row in rows]) for name in others}
        return pa.table(dict(zip(found.column_names, found.columns, strict=True)) | beside)


def _names(use_case: UseCase) -> tuple[str, ...]:
    """Return what is summed."""
    nothing: Labels = np.array([], dtype=bool)
    return tuple(row_values(use_case.problem, nothing, nothing))


def _typed(values: list[Any]) -> "pa.Array":
    import pyarrow as pa

    if all(value is None or isinstance(value, int | float) for value in values):
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    return pa.array([None if value is None else str(value) for value in values], pa.string())
