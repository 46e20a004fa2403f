"""What stands out against the partition before: big steps are told, the noise of a small day is not."""

import math
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from driftgate.profiles import Profile, profile_batches, profile_table
from driftgate.profiles.changes import changes

ROWS = 1000


def profile(values: object, name: str = "x") -> Profile:
    return profile_table(pa.table({name: values}))


def normal(seed: int, mean: float = 0.0, rows: int = ROWS) -> list[float]:
    return list(np.random.default_rng(seed).normal(mean, size=rows))


def words(**counts: int) -> list[str]:
    return [word for word, count in counts.items() for _ in range(count)]


TIMES = [datetime(2013, 1, 1) + timedelta(minutes=n) for n in range(ROWS)]


@pytest.mark.parametrize(
    ("now", "before", "sentences"),
    [
        (normal(1), normal(2), []),
        (normal(1, rows=12), normal(2, 0.5, rows=12), []),
        ([10.0 + value for value in range(ROWS)], [500.0 + value for value in range(ROWS)], ["values moved: median"]),
        ([None] * 200 + normal(1, rows=800), normal(2), ["20.0 % missing, 0.0 % before"]),
        ([math.inf, *normal(1, rows=999)], normal(2), ["1 infinite values, none before"]),
        (normal(1), normal(2, rows=ROWS // 2), ["1,000 rows, 500 before"]),
        (words(a=500, b=500), words(a=480, b=520), []),
        (words(a=500, b=480, c=20), words(a=500, b=500), ["new: c"]),
        (words(a=995, c=5), words(a=995, b=5), []),
        (words(a=1000), words(a=970, b=30), ["gone: b"]),
        (words(a=100, b=900), words(a=900, b=100), ["shares of categories moved"]),
        (normal(1), words(a=ROWS), ["numeric now, categorical before"]),
        (TIMES, [time - timedelta(days=1) for time in TIMES], []),
    ],
    ids=[
        "the same distribution",
        "a dozen rows",
        "moved",
        "missing",
        "infinite",
        "twice the rows",
        "a little more of one",
        "a new category",
        "a rare one",
        "a category that is gone",
        "turned round",
        "another kind",
        "times of the next day",
    ],
)
def test_what_stands_out(now: list[object], before: list[object], sentences: list[str]) -> None:
    found = [change.sentence for change in changes(profile(now), profile(before))]
    assert len(found) == len(sentences), found
    assert all(text.startswith(start) for text, start in zip(found, sentences, strict=True))


def test_a_column_that_came_and_one_that_went_are_told() -> None:
    found = changes(profile([1.0], "new_one"), profile([1.0], "old_one"))
    assert [change.sentence for change in found] == ["columns new: new_one", "columns gone: old_one"]
    assert {change.column for change in found} == {None}


def test_a_category_that_may_have_been_among_the_others_is_not_called_new() -> None:
    many = [f"N{n}" for n in range(400)] * 3
    assert changes(profile([*many, *["zz"] * 100]), profile(many)) == ()


def test_a_column_that_must_not_be_shown_is_compared_by_its_missing_values() -> None:
    def hidden(values: list[str | None]) -> Profile:
        table = pa.table({"mail": values})
        return profile_batches(table.to_batches(), table.schema, hidden={"mail"})

    found = changes(hidden([None, "a@x", None, "b@x"]), hidden(["c@x", "d@x", "e@x", "f@x"]))
    assert [change.sentence for change in found] == ["50.0 % missing, 0.0 % before"]


def test_a_partition_without_rows_has_only_that_to_tell() -> None:
    empty = profile(pa.array([], pa.float64()))
    assert [change.sentence for change in changes(empty, profile([1.0]))] == ["0 rows, 1 before"]
