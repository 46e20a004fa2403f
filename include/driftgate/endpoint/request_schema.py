"""What callers of a use case send, told from its definition: no model and no data are needed."""

import json
from typing import Any

from driftgate.models import Column, Signature
from driftgate.models.columns import Kind, kind_of
from driftgate.use_cases import UseCase

EXAMPLE = "example_request.json"  # beside use_case.yaml: one row, as callers send it
SCHEMAS: dict[Kind, dict[str, Any]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    "number": {"type": "number"},
    "timestamp": {
        "type": "string",
        "pattern": r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$",
    },
}


def requested(use_case: UseCase) -> Signature:
    """Return what a model that was trained today would ask of callers.

    :raises ConfigError: ``features.sql`` does not run on the columns of the contracts
    """
    from driftgate.contracts import load_contract, published_schema
    from driftgate.datasets.features import compute_features
    from driftgate.datasets.history import history_name, tables_without_rows
    from driftgate.datasets.online_views import compute_view

    schemas = {name: published_schema(load_contract(name)) for name in use_case.datasets}
    tables = tables_without_rows(use_case, schemas, load_contract(use_case.datasets[0]).outcomes)
    rows = compute_features(use_case, tables)
    history = history_name(use_case.datasets[0])
    views = {name: compute_view(use_case, name, {history: tables[history]}) for name in use_case.online}
    joined = {column for name, view in views.items() for column in {*view.column_names} - {*use_case.online[name].key}}
    required = {*use_case.request_key, use_case.event_time}
    columns = (
        Column(
            name=field.name,
            type=kind_of(field.name, field.type),
            nullable=field.name not in required,
            null_in_training=True,
        )
        for field in rows.schema
        if field.name not in joined
    )
    return Signature(columns=tuple(columns))


def row_schema(signature: Signature) -> dict[str, Any]:
    """Return the JSON schema of one row."""
    properties = {column.name: _property(column) for column in signature.columns}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def example_row(use_case: UseCase, signature: Signature) -> dict[str, Any]:
    """Return the row that the use case shows, or one that says no more than the types."""
    path = use_case.folder / EXAMPLE
    if path.exists():
        row: dict[str, Any] = json.loads(path.read_text())
        return row
    made: dict[Kind, Any] = {"string": "A", "integer": 1, "number": 1.0, "timestamp": "2013-03-14T05:00:00"}
    return {column.name: made[column.type] for column in signature.columns}


def _property(column: Column) -> dict[str, Any]:
    schema = SCHEMAS[column.type]
    return {**schema, "type": [schema["type"], "null"]} if column.nullable else schema
