"""Where a dataset comes from: what a contract may say about files and databases, and never a secret."""

import pytest

from driftgate.contracts import Files, Sql, lint_contract, load_contract, source_of

GIVEN = '{server: cab, type: local, path: "cab/trips/{key}.parquet", format: parquet}'
POSTGRES = "type: postgres, host: h, port: 5432, database: taxis, schema: public"
CONNECTION = "{property: connection, value: CAB_DATABASE_URL}"
TABLE = "{property: table, value: trips}"


def server(what: str, *properties: str) -> str:
    return f"{{server: cab, {what}, customProperties: [{', '.join(properties)}]}}"


FIT = {
    "a file a day": (GIVEN, Files(location="local", format="parquet", path="cab/trips/{key}.parquet")),
    "many compressed files a day": (
        '{server: cab, type: local, path: "cab/trips/{key}/*.csv.gz", format: csv}',
        Files(location="local", format="csv", path="cab/trips/{key}/*.csv.gz"),
    ),
    "a prefix of a bucket": (
        '{server: cab, type: s3, location: "s3://drop/cab/{key}/part-*.parquet", format: parquet, '
        'endpointUrl: "http://127.0.0.1:9000"}',
        Files(
            location="s3",
            format="parquet",
            path="cab/{key}/part-*.parquet",
            bucket="drop",
            endpoint_url="http://127.0.0.1:9000",
        ),
    ),
    "a table": (
        server(POSTGRES, CONNECTION, TABLE, "{property: watermark, value: changed_at}"),
        Sql(connection="CAB_DATABASE_URL", table="trips", table_schema="public", watermark="changed_at"),
    ),
    "a query of a database that the standard does not know": (
        server("type: custom", CONNECTION, "{property: query, value: select * from trips}"),
        Sql(connection="CAB_DATABASE_URL", query="select * from trips"),
    ),
}
WRONG = {
    "another kind": ("{server: cab, type: kafka}", "servers.cab.type' is 'kafka'. Known: custom, local, mysql, p"),
    "a name that is no word": (
        "{server: ../cab, type: local}",
        "must be a word of letters, digits, _ and -, found '../",
    ),
    "no path": ("{server: cab, type: local, format: csv}", "key 'servers.cab.path' is missing"),
    "no format": (
        '{server: cab, type: local, path: "{key}.csv"}',
        "servers.cab.format' is missing; add it. Known: csv",
    ),
    "an unknown format": (
        '{server: cab, type: local, path: "{key}.csv", format: json}',
        "servers.cab.format' is 'json'. Known: csv, parquet",
    ),
    "a path without a day": (
        "{server: cab, type: local, path: cab/trips.csv, format: csv}",
        "must have {key}, the day of the partition, in it exactly once, found 'cab/trips.csv'",
    ),
    "a path with the day twice": (
        '{server: cab, type: local, path: "{key}/{key}.csv", format: csv}',
        "in it exactly once, found '{key}/{key}.csv'",
    ),
    "a path with another variable": (
        '{server: cab, type: local, path: "{model}/{key}.csv", format: csv}',
        "in it exactly once, found '{model}/{key}.csv'",
    ),
    "a path out of the folder": (
        '{server: cab, type: local, path: "../{key}.csv", format: csv}',
        "must be a path below the source's folder that ends with a file, found '../{key}.csv'",
    ),
    "a path from the root": (
        '{server: cab, type: local, path: "/etc/{key}.csv", format: csv}',
        "must be a path below the source's folder",
    ),
    "a path that ends with a folder": (
        '{server: cab, type: local, path: "cab/{key}/", format: csv}',
        "that ends with a file, found 'cab/{key}/'",
    ),
    "a pattern of folders": (
        '{server: cab, type: local, path: "*/{key}.csv", format: csv}',
        "may have * in the name of the file only, found '*/{key}.csv'",
    ),
    "a path in a bucket that is none": (
        '{server: cab, type: s3, location: "https://host/{key}.csv", format: csv}',
        "key 'servers.cab.location' must be an address as s3://host-or-bucket/path, without user or query",
    ),
    "an address that is none": (
        '{server: cab, type: s3, location: "s3://[x", format: csv}',
        "key 'servers.cab.location' must be an address as s3://",
    ),
    "a bucket without a day": (
        '{server: cab, type: s3, location: "s3://drop", format: csv}',
        "servers.cab.location' must have {key}, the day of the partition",
    ),
    "a store at no address": (
        '{server: cab, type: s3, location: "s3://drop/{key}.csv", endpointUrl: minio, format: csv}',
        "key 'servers.cab.endpointUrl' must be an address as https://",
    ),
    "a local path of a bucket": (
        '{server: cab, type: s3, location: "s3://drop/{key}.csv", path: x, format: csv}',
        "key 'servers.cab.path' means nothing to a server of type s3",
    ),
    "properties of files": (
        server('type: local, path: "{key}.csv", format: csv', TABLE),
        "key 'servers.cab.customProperties' means nothing to a server of type local",
    ),
    "a database without a connection": (server(POSTGRES, TABLE), "customProperties.connection' is missing"),
    "a database without rows": (server(POSTGRES, CONNECTION), "needs exactly one of table, query"),
    "a table and a query": (
        server(POSTGRES, CONNECTION, TABLE, "{property: query, value: select 1}"),
        "needs exactly one of table, query",
    ),
    "a query in a schema": (
        server(POSTGRES, CONNECTION, "{property: query, value: select 1}"),
        "servers.cab.schema' goes with a table",
    ),
    "an unknown property": (
        server(POSTGRES, CONNECTION, "{property: tabel, value: trips}"),
        "'tabel'; did you mean 'table'",
    ),
    "a format of a database": (
        server("type: mysql, format: csv", CONNECTION, TABLE),
        "servers.cab.format' means nothing to a server of type mysql",
    ),
}


@pytest.fixture
def served(project):
    """Replace the server of the contract and return its file."""
    path = project / "data_contracts" / "trips.yaml"

    def serve(entry):
        text = path.read_text()
        assert GIVEN in text
        path.write_text(text.replace(GIVEN, entry))
        return path

    return serve


@pytest.mark.parametrize("what", FIT)
def test_a_source_is_files_or_a_database(what, served):
    text, expected = FIT[what]
    assert lint_contract(served(text)) == []
    assert load_contract("trips").server == expected
    assert load_contract("trips").source == source_of("trips") == "cab"


@pytest.mark.parametrize("what", WRONG)
def test_a_source_that_makes_no_sense_is_refused_in_a_sentence(what, served):
    text, telling = WRONG[what]
    (sentence,) = lint_contract(served(text))
    assert telling in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    "entry",
    [
        server(POSTGRES, "{property: connection, value: 'postgresql://cab:hunter2@host/taxis'}", TABLE),
        '{server: cab, type: s3, location: "s3://cab:hunter2@drop/{key}.csv", format: csv}',
        '{server: cab, type: s3, location: "s3://d/{key}.csv", endpointUrl: "http://cab:hunter2@host", format: csv}',
    ],
    ids=["of a database", "of a bucket", "of a store"],
)
def test_an_address_with_a_password_is_refused_and_not_repeated(entry, served):
    (sentence,) = lint_contract(served(entry))
    assert "the name of the environment variable" in sentence or "without user or query" in sentence
    assert "hunter2" not in sentence
