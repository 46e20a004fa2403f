"""The label is an expression over outcomes: true, false, or null where the outcome never comes."""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from driftgate.datasets import compute_labels
from driftgate.datasets.labels import label_columns
from driftgate.datasets.locked_sql import locked_duckdb
from driftgate.errors import ConfigError
from driftgate.sources import sample
from driftgate.use_cases import UseCase


def label_of(use_case: UseCase, truth: pa.Table, flight: int) -> bool | None:
    row = next(row for row in compute_labels(use_case, truth).to_pylist() if row["flight"] == flight)
    label: bool | None = row["label"]
    return label


def test_more_than_fifteen_minutes_late_is_true_and_a_cancelled_flight_is_null(use_case: UseCase) -> None:
    whole = sample.table_of("flights", "2013-03-25").slice(0, 4)
    truth = whole.set_column(1, "flight", pa.array([4, 3, 2, 1], pa.int32())).set_column(
        whole.column_names.index("arr_delay_minutes"), "arr_delay_minutes", pa.array([15, 16, -3, None], pa.int32())
    )

    assert [label_of(use_case, truth, flight) for flight in (4, 3, 2, 1)] == [False, True, False, None]


def test_the_table_has_the_request_key_and_the_label_ordered_by_the_key(use_case: UseCase) -> None:
    labels = compute_labels(use_case, sample.table_of("flights", "2013-03-25"))

    assert labels.column_names == [*use_case.request_key, "label"]
    assert labels.schema.field("label").type == pa.bool_()
    assert labels.equals(labels.sort_by([(name, "ascending") for name in use_case.request_key]))


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("arr_delay > 15", r'key \'label.expression\', does not run on outcomes.*"arr_delay" not found'),
        ("arr_delay_minutes", "gives a number; write a comparison that is true or false"),
        ("arr_delay_minutes >", "syntax error"),
        ("1) AS x FROM outcomes; SELECT (true", "exactly one SELECT, found SELECT, SELECT"),
    ],
)
def test_a_wrong_expression_is_one_sentence_that_names_file_and_key(
    expression: str, words: str, shaped: Callable[..., UseCase]
) -> None:
    with pytest.raises(ConfigError, match=words) as refused:
        compute_labels(shaped(label=expression), sample.table_of("flights", "2013-03-25"))
    assert "flight_delays/use_case.yaml" in str(refused.value)


def test_a_regression_has_doubles_for_labels_and_none_where_there_is_no_outcome(
    shaped: Callable[..., UseCase],
) -> None:
    truth = sample.table_of("flights", "2013-03-25")
    labels = compute_labels(shaped(problem="regression", label="air_time_minutes"), truth)
    assert labels.schema.field("label").type == pa.float64()
    assert labels["label"].null_count == truth["air_time_minutes"].null_count > 0
    assert pc.sum(labels["label"]).as_py() == pc.sum(truth["air_time_minutes"]).as_py()


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("air_time_minutes > 100", "gives true or false; a regression needs a number"),
        ("tail_number", "gives string; write a comparison that is true or false, or a number"),
        ("log(air_time_minutes - air_time_minutes)", "does not run|is infinite or no number in"),
        ("'inf'::DOUBLE", r"is infinite or no number in \d+ rows; guard the division"),
    ],
)
def test_what_is_no_number_is_no_label_of_a_regression(
    expression: str, words: str, shaped: Callable[..., UseCase]
) -> None:
    with pytest.raises(ConfigError, match=words):
        compute_labels(shaped(problem="regression", label=expression), sample.table_of("flights", "2013-03-25"))


def test_the_columns_an_expression_reads_are_found() -> None:
    truth = sample.table_of("flights", "2013-03-25")
    with locked_duckdb() as connection:
        found = label_columns(connection, "ARR_DELAY_minutes > 15 or air_time_minutes is null", truth, where="x")

    assert found == ["arr_delay_minutes", "air_time_minutes"]
