"""A use case's SQL reads the tables it is given and reaches nothing else."""

import duckdb
import pyarrow as pa
import pytest

from driftgate.datasets import locked_sql
from driftgate.datasets.locked_sql import locked_duckdb, run_select
from driftgate.errors import ConfigError

TABLES = {"flights": pa.table({"carrier": ["UA", "AA"]})}


def select(sql: str) -> pa.Table:
    with locked_duckdb() as connection:
        return run_select(connection, sql, TABLES, where="features.sql")


def test_one_select_gives_its_rows() -> None:
    assert select("-- a comment\nSELECT carrier FROM flights ORDER BY 1; ").to_pydict() == {"carrier": ["AA", "UA"]}


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT * FROM '/etc/passwd'", "reads the file '/etc/passwd', which is no table of the use case"),
        ("SELECT * FROM 'x.parquet'", "reads the file 'x.parquet'"),
        ("SELECT * FROM read_csv('/etc/passwd')", r"calls read_csv\(\), which reads files or DuckDB itself"),
        ("SELECT * FROM read_text('/etc/passwd')", r"calls read_text\(\)"),
        ("SELECT * FROM glob('/etc/*')", r"calls glob\(\)"),
        ("SELECT carrier FROM flights WHERE carrier IN (SELECT file FROM glob('/etc/*'))", r"calls glob\(\)"),
        ("SELECT * FROM read_parquet('https://example.com/x.parquet')", r"calls read_parquet\(\)"),
        ("SELECT * FROM query('SELECT 1')", r"calls query\(\)"),
        ("SELECT * FROM duckdb_settings()", r"calls duckdb_settings\(\)"),
        ("SELECT * FROM information_schema.tables", "reads the table 'information_schema.tables'"),
        ("SHOW TABLES", "describes instead of selecting"),
        ("SELECT * FROM TABLES", "reads the table 'TABLES'"),  # a variable of ours: DuckDB would find it by name
    ],
)
def test_files_the_network_and_our_variables_are_out_of_reach(sql: str, words: str) -> None:
    with pytest.raises(ConfigError, match=f"^features.sql {words}"):
        select(sql)


@pytest.mark.parametrize("sql", ["SELECT * FROM '/etc/passwd'", "SELECT * FROM read_text('/etc/passwd')"])
def test_duckdb_itself_is_locked_too(sql: str) -> None:
    with locked_duckdb() as connection, pytest.raises(duckdb.Error):
        connection.execute(sql)


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("now()", "now"),
        ("CURRENT_DATE", "current_date"),
        ("current_timestamp", "current_timestamp"),
        ("today()", "today"),
        ("random()", "random"),
        ("gen_random_uuid()", "gen_random_uuid"),
        ("age(TIMESTAMP '2013-01-01')", "age"),
        ("current_setting('threads')", "current_setting"),
        ("(SELECT max(carrier || random()) FROM flights)", "random"),
    ],
)
def test_what_gives_another_answer_tomorrow_is_refused(expression: str, named: str) -> None:
    with pytest.raises(ConfigError, match=f"^features.sql uses {named}, which gives another answer at another time"):
        select(f"SELECT carrier, {expression} AS x FROM flights")


@pytest.mark.parametrize("sql", ["SELECT * FROM flights USING SAMPLE 10%", "SELECT * FROM flights TABLESAMPLE 1 ROWS"])
def test_a_sample_is_refused(sql: str) -> None:
    with pytest.raises(ConfigError, match=r"^features.sql takes a sample, another one each time"):
        select(sql)


def test_a_column_with_the_name_of_a_function_is_a_column() -> None:
    table = pa.table({"current_date": ["today"]})
    with locked_duckdb() as connection:
        rows = run_select(connection, 'SELECT "current_date" FROM flights', {"flights": table}, where="x")
    assert rows.to_pydict() == {"current_date": ["today"]}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT age(TIMESTAMP '2013-01-02', TIMESTAMP '2013-01-01')",
        "SELECT hour(TIMESTAMP '2013-01-01')",
        "FROM range(2)",
    ],
)
def test_what_depends_on_its_arguments_only_runs(sql: str) -> None:
    assert select(sql).num_rows


@pytest.mark.parametrize("sql", ["SELECT arr_delay FROM flights", "SELECT f.ARR_DELAY FROM flights f"])
def test_an_outcome_of_a_request_says_when_it_is_known_and_where_it_is(sql: str) -> None:
    tables = {**TABLES, "flights_history": pa.table({"carrier": ["UA"], "arr_delay": [7]})}
    known = {"arr_delay": "flights_history"}
    with locked_duckdb() as connection:
        with pytest.raises(
            ConfigError, match="reads 'arr_delay' of a request, an outcome: it is known only after the event"
        ):
            run_select(connection, sql, tables, where="x", outcomes=known)
        rows = run_select(connection, "SELECT arr_delay FROM flights_history", tables, where="x", outcomes=known)
    assert rows.to_pydict() == {"arr_delay": [7]}


@pytest.mark.parametrize(
    "sql",
    [
        "WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t) SELECT count(*) FROM t",
        "SELECT count(*) FROM range(1000000000) a, range(1000000) b WHERE a.range + b.range = 7",
    ],
)
def test_a_select_without_an_end_is_stopped(sql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locked_sql, "LONGEST_SECONDS", 0.2)
    with locked_duckdb() as connection:
        with pytest.raises(ConfigError, match=r"^x was stopped after 0.2 seconds; give each join a condition"):
            run_select(connection, sql, TABLES, where="x")
        assert run_select(connection, "SELECT carrier FROM flights", TABLES, where="x").num_rows == 2


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
        (
            "SELECT * FROM flihgts",
            "reads the table 'flihgts', which is no table of the use case; did you mean 'flights'",
        ),
        ("SELECT carrier FRM flights", "syntax error"),
        ("SELECT carrier::INT FROM flights", "Could not convert string"),
    ],
)
def test_an_error_of_the_sql_is_one_sentence_with_the_file(sql: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as refused:
        select(sql)
    assert str(refused.value).startswith("features.sql ")
    assert "\n" not in str(refused.value)


def test_tables_of_one_select_are_gone_in_the_next() -> None:
    with locked_duckdb() as connection:
        run_select(connection, "SELECT 1 FROM flights", TABLES, where="x")
        with pytest.raises(ConfigError, match="reads the table 'flights', which is no table"):
            run_select(connection, "SELECT 1 FROM flights", {}, where="x")
