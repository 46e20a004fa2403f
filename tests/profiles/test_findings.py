"""What a reader is told about one partition: each thing once, with its exact share, in a sentence."""

import math

import pyarrow as pa
import pytest

from driftgate.profiles import profile_batches, profile_table
from driftgate.profiles.findings import findings, percent


def told(values: list[object], **options: object) -> list[tuple[str, float, str]]:
    table = pa.table({"x": values})
    profile = profile_batches(table.to_batches(), table.schema, **options)  # type: ignore[arg-type]  # hidden
    return [(item.kind, item.share, item.sentence) for item in findings(profile.columns)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, 2.0, 3.0], []),
        (["a", "b"], []),
        ([None, 1.0, 2.0, 3.0], [("missing", 0.25, "x is missing in 25.0 % of the rows (1 of 4).")]),
        ([math.nan, 1.0, 2.0, 3.0], [("missing", 0.25, "x is missing in 25.0 % of the rows (1 of 4).")]),
        ([math.inf, 1.0, 2.0, -math.inf], [("infinite", 0.5, "x is infinite in 50.0 % of the rows (2 of 4).")]),
        ([7, 7, 7], [("constant", 1.0, "x has the same value in every row that has one.")]),
        (["only"], []),
        ([None, None], [("empty", 1.0, "x has no value in any row.")]),
        (
            ["New York", "new  york", "NEW YORK ", "New York", "Boston"],
            [
                (
                    "spelling",
                    0.4,
                    "x writes 'New York' also as 'NEW YORK ', 'new  york', equal up to case and space, in 40.0 % of "
                    "the rows (2 of 5).",
                )
            ],
        ),
    ],
    ids=["numbers", "words", "null", "NaN", "infinite", "constant", "one row", "nothing at all", "spellings"],
)
def test_what_is_said_of_a_column(values: list[object], expected: list[object]) -> None:
    assert told(values) == expected


def test_of_many_spellings_some_are_written_out() -> None:
    words = ["abcdefg"[:n] + "abcdefg"[n:].upper() for n in range(8)]
    ((_, _, sentence),) = told(words)
    assert sentence.endswith(" and 3 more, equal up to case and space, in 87.5 % of the rows (7 of 8).")


def test_of_a_hidden_column_only_missing_values_are_told() -> None:
    assert told(["Jane", "JANE", None, None], hidden={"x"}) == [
        ("missing", 0.5, "x is missing in 50.0 % of the rows (2 of 4).")
    ]


def test_a_partition_without_rows_has_nothing_to_tell() -> None:
    assert findings(profile_table(pa.table({"x": pa.array([], pa.float64())})).columns) == ()


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0.0 %"), (0.15, "15.0 %"), (1, "100.0 %"), (0.0001, "under 0.1 %"), (0.9999, "over 99.9 %")],
)
def test_a_share_that_is_neither_none_nor_all_never_looks_like_it(share: float, text: str) -> None:
    assert percent(share) == text
