"""Are the rows and the candidate fit to decide by: enough of each segment, splits of one kind, rare cases right."""

from pathlib import Path
from typing import TYPE_CHECKING

from driftgate.errors import ConfigError, RequestRefused, nearest
from driftgate.evaluation.comparison import Comparison, Finding
from driftgate.evaluation.coverage import coverage_gates, rows_of, segment_results
from driftgate.evaluation.edge_cases import edge_case_gates, edge_case_results, require_fields
from driftgate.evaluation.metrics import require_weighable
from driftgate.evaluation.slices import slice_rows
from driftgate.evaluation.splits import split_distances, split_gates
from driftgate.models import Column, Signature
from driftgate.models.columns import kind_of
from driftgate.records import load_yaml
from driftgate.use_cases import UseCase
from driftgate.validation_policy import EdgeCases

if TYPE_CHECKING:
    import pyarrow as pa


def rows_and_cases(found: Comparison) -> Finding:
    """Judge segments, splits and edge cases.

    :raises ConfigError: the section ``validation`` or an edge case names what there is not
    """
    use_case, held = found.use_case, found.held
    segments = segment_results(use_case, held, found.scores)
    splits = split_distances(use_case, found.train, held.table, str(held.days.max()))
    cases = edge_case_results(use_case, found.signature, found.scorer)
    gates = (
        *coverage_gates(use_case, segments),
        *split_gates(use_case, splits),
        *edge_case_gates(use_case, cases),
    )
    return Finding({"segments": segments, "splits": splits, "edge_cases": cases}, gates)


def require_columns(use_case: UseCase, rows: "pa.Table", folder: Path) -> None:
    """Return when what ``validation``, ``gates.slices`` and the edge cases name is there, of the right type.

    :param rows: what ``features.sql`` gives, with or without rows
    :param folder: where ``use_case.yaml`` is
    :raises ConfigError: it is not
    """
    where, policy = folder / "use_case.yaml", use_case.validation
    for name, segment in policy.segments.items():
        rows_of(segment, rows, f"{where}: key 'validation.segments.{name}'")
    for name in policy.splits.apart:
        if name not in rows.column_names:
            known = nearest(name, rows.column_names)
            raise ConfigError(f"{where}: key 'validation.splits.apart' names {name!r}, which is no feature{known}")
    if use_case.metric.composite:
        require_weighable(use_case.metric.composite, use_case.problem, f"{where}: key 'metric.composite'")
    if use_case.gates.slices:
        list(slice_rows(use_case.gates.slices, rows, f"{where}: key 'gates.slices'"))
    if policy.edge_cases:
        _require_rows(use_case, rows.schema, folder / policy.edge_cases)


def _require_rows(use_case: UseCase, schema: "pa.Schema", path: Path) -> None:
    cases = load_yaml(path, EdgeCases)
    require_fields(cases, schema.names, str(path))
    required = (*use_case.request_key, use_case.event_time)
    columns = (
        Column(name=name, type=kind_of(name, schema.field(name).type), nullable=True, null_in_training=True)
        for name in schema.names
    )
    signature = Signature(
        columns=tuple(column.model_copy(update={"nullable": column.name not in required}) for column in columns)
    )
    nothing = dict.fromkeys(schema.names)
    for name, case in cases.cases.items():
        try:
            signature.check([{**nothing, **cases.base, **case.row, **case.changed}])
        except RequestRefused as refusal:
            raise ConfigError(f"{path}: key 'cases.{name}' gives a row that is refused: {refusal}") from None
