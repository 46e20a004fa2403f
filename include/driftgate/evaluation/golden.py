"""The golden set of a model: a few rows with the scores that it gave where it was registered.

Whoever loads the model scores them again. Edge cases come first, then validation rows over the whole range of scores.
Of a row only the features are there: neither its request key nor any other column that tells whose it is.
"""

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from driftgate.evaluation.all_over import places_all_over
from driftgate.evaluation.edge_cases import UNSEEN, load_edge_cases
from driftgate.evaluation.holdout import LABEL
from driftgate.evaluation.metrics import label_values
from driftgate.fingerprint import Fingerprint
from driftgate.models import Scorer
from driftgate.problems import Problem
from driftgate.records import Record, parse_record
from driftgate.use_cases import UseCase
from driftgate.validation_policy import Row

if TYPE_CHECKING:
    import pyarrow as pa

GOLDEN = "golden.json"
MAX_EDGE_CASES, MAX_ROWS = 50, 200


class Golden(Record):
    """The file ``golden.json``; ``labels`` are those of the validation rows, None of edge cases.

    The scores of validation rows were made as training makes them, from a table; those of edge cases as requests are.
    """

    schema_version: int = 1
    problem: Problem
    rows: tuple[Row, ...]
    scores: tuple[float, ...]
    labels: tuple[float | None, ...]
    trained_in: Fingerprint | None  # None: by a Driftgate that did not note it
    scored_in: Fingerprint


def golden_set(
    use_case: UseCase,
    scorer: Scorer,
    validation: "pa.Table",
    *,
    trained_in: Fingerprint | None,
    scored_in: Fingerprint,
) -> Golden:
    """Return the golden set of a model; the same model and rows give the same one.

    :param validation: the validation rows, with the column ``label``
    """
    cases = _edge_rows(use_case, scorer)
    scores = scorer.score_table(validation)
    places = _over_the_range(scores, MAX_ROWS - len(cases))
    chosen = validation.take(places)
    rows = chosen.select(scorer.preprocessing.names).to_pylist()
    labels = label_values(use_case.problem, chosen.column(LABEL))
    of_cases = scorer.score_rows(cases).tolist() if cases else []
    return Golden(
        problem=use_case.problem,
        rows=tuple([*cases, *map(_as_request, rows)]),
        scores=(*of_cases, *scores[places].tolist()),
        labels=(*(None for _ in cases), *(float(label) for label in labels)),
        trained_in=trained_in,
        scored_in=scored_in,
    )


def read_golden(data: bytes, where: str) -> Golden:
    """Return the record in the bytes of ``golden.json``.

    :raises ConfigError: it is none
    """
    return parse_record(json.loads(data), Golden, where=where)


def _edge_rows(use_case: UseCase, scorer: Scorer) -> list[dict[str, Any]]:
    """Return the edge cases, a row without any value, and one without a word that training saw."""
    cases, features = load_edge_cases(use_case), scorer.preprocessing.features
    written = [{**cases.base, **case.row} for case in cases.cases.values()] if cases else []
    rows = [{one.name: row.get(one.name) for one in features} for row in written[: MAX_EDGE_CASES - 2]]
    unseen = {one.name: UNSEEN if one.kind == "categorical" else None for one in features}
    return [*rows, dict.fromkeys(unseen), unseen]


def _over_the_range(scores: "np.ndarray[Any, Any]", count: int) -> "np.ndarray[Any, Any]":
    """Return the places of ``count`` rows, from the lowest score to the highest."""
    order = np.argsort(scores, kind="stable")
    places: np.ndarray[Any, Any] = order[places_all_over(len(order), count)]
    return places


def _as_request(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as JSON carries it: what is no number is null."""
    return {name: None if value != value else value for name, value in row.items()}
