"""A use case's SQL reads the tables it is given and reaches nothing else."""

import pyarrow as pa
import pytest

from driftgate.datasets.locked_sql import locked_duckdb, run_select
from driftgate.errors import ConfigError

TABLES = {"flights": pa.table({"carrier": ["UA", "AA"]})}


def select(sql: str) -> pa.Table:
    with locked_duckdb() as connection:
        return run_select(connection, sql, TABLES, where="features.sql")


def test_one_select_gives_its_rows() -> None:
    assert select("-- a comment\nSELECT carrier FROM flights ORDER BY 1; ").to_pydict() == {"carrier": ["AA", "UA"]}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_parquet('https://example.com/x.parquet')",
        "SELECT * FROM TABLES",  # a variable of ours: DuckDB would find it by name
    ],
)
def test_files_the_network_and_our_variables_are_out_of_reach(sql: str) -> None:
    with pytest.raises(ConfigError, match=r"^features.sql does not run on flights \(.*\); correct it.$"):
        select(sql)


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("SELECT 1; SELECT 2", "found SELECT, SELECT"),
        ("SELECT 1; SET enable_external_access = true", "found SELECT, SET"),
        ("COPY flights TO '/tmp/flights.csv'", "found COPY"),
        ("CREATE TABLE x AS SELECT 1", "found CREATE"),
        ("INSTALL httpfs", "found LOAD"),
        ("ATTACH '/tmp/other.db'", "found ATTACH"),
        ("-- nothing", "found no statement"),
    ],
)
def test_anything_but_one_select_is_refused(sql: str, found: str) -> None:
    with pytest.raises(ConfigError, match=f"features.sql must be exactly one SELECT, {found}; leave the SELECT only"):
        select(sql)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT carier FROM flights", '"carier" not found'),
        ("SELECT * FROM flihgts", "flihgts does not exist"),
        ("SELECT carrier FRM flights", "syntax error"),
        ("SELECT carrier::INT FROM flights", "Could not convert string"),
    ],
)
def test_an_error_of_the_sql_is_one_sentence_with_the_file(sql: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as refused:
        select(sql)
    assert str(refused.value).startswith("features.sql does not run")
    assert "\n" not in str(refused.value)


def test_tables_of_one_select_are_gone_in_the_next() -> None:
    with locked_duckdb() as connection:
        run_select(connection, "SELECT 1 FROM flights", TABLES, where="x")
        with pytest.raises(ConfigError, match="flights does not exist"):
            run_select(connection, "SELECT 1 FROM flights", {}, where="x")
