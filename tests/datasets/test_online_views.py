"""A view that is kept online is a CTE of features.sql in its own words, with one row per entity."""

import re
from collections.abc import Callable

import pyarrow as pa
import pytest

from driftgate.datasets import compute_features, compute_view, known_history, online_views
from driftgate.datasets.ctes import texts
from driftgate.datasets.history import tables_without_rows
from driftgate.datasets.online_lint import online_problems
from driftgate.datasets.online_views import view_sql
from driftgate.errors import ConfigError
from driftgate.sources import sample
from driftgate.use_cases import OnlineView, UseCase

SQL = """
WITH landed AS (
    SELECT *, (arr_delay_minutes > 15)::INTEGER AS late FROM flights_history WHERE arr_delay_minutes IS NOT NULL -- )
),
elsewhere AS (SELECT ')' AS bracket FROM flights),
by_carrier AS (
    SELECT carrier, avg(late) AS carrier_late_share FROM landed GROUP BY carrier
)
SELECT f.carrier, f.flight, f.origin, f.scheduled_departure, c.carrier_late_share
FROM flights f
LEFT JOIN by_carrier c USING (carrier)
"""


@pytest.fixture
def with_view(use_case: UseCase) -> Callable[..., UseCase]:
    def made(**views: tuple[str, ...]) -> UseCase:
        return use_case.model_copy(update={"online": {name: OnlineView(key=key) for name, key in views.items()}})

    return made


def problems(use_case: UseCase, sql: str = SQL) -> list[str]:
    return list(online_problems(use_case, sql, where="features.sql"))


def test_the_ctes_are_found_in_their_own_words() -> None:
    assert list(texts(SQL)) == ["landed", "elsewhere", "by_carrier"]
    assert texts(SQL)["elsewhere"] == "elsewhere AS (SELECT ')' AS bracket FROM flights)"
    assert texts("SELECT 1") == {}
    assert list(texts('WITH a(x) AS MATERIALIZED (SELECT (1)), "B c" AS (SELECT 2) SELECT 3')) == ["a", "B c"]


def test_a_view_brings_the_ctes_that_it_reads_and_no_others() -> None:
    sql = view_sql(SQL, "by_carrier", where="x")

    assert sql.startswith("WITH landed AS (")
    assert "elsewhere" not in sql
    assert sql.endswith('SELECT * FROM "by_carrier"')


def test_an_unknown_view_gets_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="x has no CTE 'by_carier'; did you mean 'by_carrier'"):
        view_sql(SQL, "by_carier", where="x")


def test_the_shipped_views_are_the_values_that_the_features_have(
    use_case: UseCase,
    publish_days: Callable[..., None],
    request_tables: Callable[[str], dict[str, pa.Table]],
    days: list[str],
) -> None:
    publish_days(days[:8], ("flights",))
    rows = compute_features(use_case, request_tables(days[8])).to_pylist()
    history = known_history(use_case, days[8], sample.table_of("flights", days[8]).schema)

    assert set(online_views(use_case)) == set(use_case.online) != set()
    for name, view in use_case.online.items():
        table = compute_view(use_case, name, {"flights_history": history})
        kept = {tuple(row[key] for key in view.key): row for row in table.to_pylist()}
        found = [(row, kept.get(tuple(row[key] for key in view.key), {})) for row in rows]
        assert any(entity for _, entity in found)
        for column in set(table.column_names) - set(view.key):
            assert [row[column] for row, _ in found] == [entity.get(column) for _, entity in found]
            assert any(row[column] is not None for row, _ in found)


def test_a_view_without_history_has_no_rows(use_case: UseCase) -> None:
    schema = sample.table_of("flights", "2013-03-20").schema
    history = tables_without_rows(use_case, dict.fromkeys(use_case.datasets, schema), ())["flights_history"]
    for name in use_case.online:
        assert compute_view(use_case, name, {"flights_history": history}).num_rows == 0


def test_a_view_with_two_rows_of_one_key_is_refused(
    with_view: Callable[..., UseCase], monkeypatch: pytest.MonkeyPatch
) -> None:
    doubled = SQL.replace("GROUP BY carrier", "GROUP BY carrier, origin")
    monkeypatch.setattr(UseCase, "features_sql", property(lambda _: doubled))
    history = {"flights_history": sample.table_of("flights", "2013-03-20")}

    with pytest.raises(ConfigError, match=r"CTE 'by_carrier', gives \d+ rows for \d+ keys; group it by carrier"):
        compute_view(with_view(by_carrier=("carrier",)), "by_carrier", history)


def test_a_view_that_the_use_case_does_not_keep_is_named(use_case: UseCase) -> None:
    with pytest.raises(ConfigError, match=r"use_case.yaml: key 'online' has no view 'landed'"):
        compute_view(use_case, "landed", {})


def test_a_right_view_has_no_problem(with_view: Callable[..., UseCase], use_case: UseCase) -> None:
    on = SQL.replace("USING (carrier)", "ON c.carrier = f.carrier")
    assert problems(with_view(by_carrier=("carrier",))) == problems(with_view(by_carrier=("carrier",)), on) == []
    assert problems(use_case, use_case.features_sql) == []
    assert problems(with_view(), "SELECT nothing that is checked") == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("by_carrier", "by_career", "has no CTE 'by_carrier', as the key 'online' of the use case says; did you mean"),
        ("FROM landed GROUP", "FROM landed, flights GROUP", "reads flights; what is kept online is the same for all"),
        ("AS late FROM flights_history", "AS late FROM weather", "reads weather; what is kept online"),
        ("GROUP BY carrier", "GROUP BY carrier, origin", "must have one row per key; let it GROUP BY carrier"),
        ("GROUP BY carrier", "", "must have one row per key"),
        ("SELECT carrier, avg(late) AS carrier_late_share", "SELECT *", "must name its columns, carrier among them"),
        ("LEFT JOIN by_carrier", "JOIN by_carrier", r"LEFT JOIN by_carrier USING \(carrier\)"),
        ("USING (carrier)", "ON c.carrier = f.carrier AND f.flight > 1", r"LEFT JOIN by_carrier USING \(carrier\)"),
        ("USING (carrier)", "ON c.carrier = f.dest", r"LEFT JOIN by_carrier USING \(carrier\)"),
        ("LEFT JOIN by_carrier c USING (carrier)", "", r"LEFT JOIN by_carrier USING \(carrier\)"),
        (
            "c.carrier_late_share",
            "2 * c.carrier_late_share AS carrier_late_share",
            "must select c.carrier_late_share unch",
        ),
        ("c.carrier_late_share", "c.carrier_late_share AS share", "must select c.carrier_late_share unchanged"),
        ("c.carrier_late_share", "f.carrier_late_share", "must select c.carrier_late_share unchanged"),
        ("SELECT f.carrier,", "SELECT c.carrier,", "must select 'carrier' of the requests unchanged"),
        ("SELECT f.carrier,", "SELECT lower(f.carrier) AS carrier,", "must select 'carrier' of the requests unchanged"),
        ("SELECT f.carrier", "SELECT DISTINCT f.carrier", "must end in a plain SELECT"),
        ("USING (carrier)", "USING (carrier) UNION ALL SELECT 1", "must end in a plain SELECT"),
    ],
)
def test_what_would_make_online_and_offline_differ_is_a_sentence(
    with_view: Callable[..., UseCase], old: str, new: str, words: str
) -> None:
    assert old in SQL
    (problem,) = problems(with_view(by_carrier=("carrier",)), SQL.replace(old, new))

    assert re.search(words, problem)
    assert problem.startswith("features.sql")


def test_sql_that_cannot_be_taken_apart_is_a_sentence(with_view: Callable[..., UseCase]) -> None:
    with pytest.raises(ConfigError, match=r"^features.sql cannot be taken apart"):
        problems(with_view(by_carrier=("carrier",)), "SELECT (")
