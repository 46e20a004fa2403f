"""What a model was trained on is what it is asked with: names, order and types, from the rows to the request."""

import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from driftgate.compute import JobSpec
from driftgate.errors import ConfigError, RequestRefused
from driftgate.models import Preprocessing, Scorer, Signature
from driftgate.models.columns import kind_of
from driftgate.models.lightgbm_scorer import LightgbmScorer
from driftgate.training.train import train

Model = tuple[Scorer, Signature]


@pytest.fixture(scope="module")
def requests(rows: pa.Table) -> pa.Table:
    """The columns of ``features.sql`` as they come, without label and split."""
    return rows.drop_columns(["label", "split"])


@pytest.fixture
def model(make_spec: Callable[..., JobSpec], rows: pa.Table) -> Model:
    artefacts = train(make_spec(num_iterations=5), rows).artefacts
    preprocessing = Preprocessing.model_validate(json.loads(artefacts["preprocessing.json"]))
    signature = Signature.model_validate(json.loads(artefacts["signature.json"]))
    return LightgbmScorer.load(artefacts["model.txt"], preprocessing), signature


def asked(requests: pa.Table) -> list[dict[str, Any]]:
    rows = requests.slice(0, 5).to_pylist()
    return [{**row, "scheduled_departure": row["scheduled_departure"].isoformat()} for row in rows]


def test_the_signature_has_the_names_order_and_types_of_the_training_rows(model: Model, requests: pa.Table) -> None:
    _, signature = model
    expected = [(field.name, kind_of(field.name, field.type)) for field in requests.schema]
    assert [(column.name, column.type) for column in signature.columns] == expected


def test_the_model_has_the_features_of_the_signature_in_their_order(model: Model) -> None:
    scorer, signature = model
    names = scorer.preprocessing.names
    assert [column.name for column in signature.columns if column.name in names] == names


def test_a_request_in_another_order_of_fields_is_scored_the_same(model: Model, requests: pa.Table) -> None:
    scorer, signature = model
    rows = asked(requests)
    turned = [dict(reversed(row.items())) for row in rows]
    signature.check(turned)
    assert scorer.score_rows(turned).tobytes() == scorer.score_rows(rows).tobytes()


@pytest.mark.parametrize("name", ["carrier", "departure_hour", "visibility_miles"])
def test_a_field_less_a_field_more_and_a_field_of_another_type_are_refused(
    model: Model, requests: pa.Table, name: str
) -> None:
    _, signature = model
    for change in (lambda row: row.pop(name), lambda row: row.update(more=1), lambda row: row.update({name: [1]})):
        rows = asked(requests)
        change(rows[3])
        with pytest.raises(RequestRefused, match="Row 3: "):
            signature.check(rows)


@pytest.mark.parametrize(
    ("name", "kind"), [("carrier", pa.int64()), ("departure_hour", pa.string()), ("visibility_miles", pa.string())]
)
def test_a_table_with_another_type_than_in_training_is_refused(
    model: Model, requests: pa.Table, with_column: Callable[..., pa.Table], name: str, kind: pa.DataType
) -> None:
    scorer, _ = model
    changed = with_column(requests, name, [None] * requests.num_rows, kind)
    with pytest.raises(ConfigError, match=f"Column '{name}' is {kind}, but the model was trained on it as a"):
        scorer.score_table(changed)
    with pytest.raises(ConfigError, match=f"no column '{name}', which the model was trained on"):
        scorer.score_table(requests.drop_columns([name]))
