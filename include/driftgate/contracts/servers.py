"""Reading where a dataset comes from: files that are dropped, or a database."""

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from driftgate.contracts.clauses import Clause, needed, one_of, texts
from driftgate.contracts.contract import Files, Sql

if TYPE_CHECKING:
    from open_data_contract_standard.model import OpenDataContractStandard
    from open_data_contract_standard.model import Server as OdcsServer

FORMATS = ("parquet", "csv")
DATABASES = ("postgres", "postgresql", "mysql", "custom")  # custom: whatever else SQLAlchemy knows, such as SQLite
TYPES = ("local", "s3", *DATABASES)
CUSTOM = ("connection", "table", "query", "watermark")
KEY = "{key}"


def read_server(odcs: "OpenDataContractStandard", _: str) -> dict[str, Any]:
    """Return the one server of the contract, and its name, which is the source of the dataset."""
    servers = needed("servers", odcs.servers)
    if len(servers) != 1:
        raise Clause(f"key 'servers' must have one entry, the source of the dataset, found {len(servers)}")
    server = servers[0]
    source = needed("servers.0.server", server.server)
    if not re.fullmatch(r"\w[\w-]*", source):
        raise Clause(f"key 'servers.0.server' must be a word of letters, digits, _ and -, found {source!r}")
    kind, at = one_of(f"servers.{source}.type", server.type, TYPES), f"servers.{source}"
    read = {"local": _local, "s3": _s3}.get(kind, _sql)
    return {"source": source, "server": read(server, at)}


def _local(server: "OdcsServer", at: str) -> Files:
    _refuse(server, at, "location", "endpointUrl", "customProperties")
    path = _path(f"{at}.path", needed(f"{at}.path", server.path))
    return Files(location="local", format=one_of(f"{at}.format", server.format, FORMATS), path=path)


def _s3(server: "OdcsServer", at: str) -> Files:
    _refuse(server, at, "path", "customProperties")
    location = _address(f"{at}.location", needed(f"{at}.location", server.location), ("s3",))
    if server.endpointUrl:
        _address(f"{at}.endpointUrl", server.endpointUrl, ("http", "https"))
    return Files(
        location="s3",
        format=one_of(f"{at}.format", server.format, FORMATS),
        path=_path(f"{at}.location", location.path.removeprefix("/")),
        bucket=location.netloc,
        endpoint_url=server.endpointUrl,
    )


def _address(key: str, value: str, schemes: tuple[str, ...]) -> SplitResult:
    """Return the parts of an address, which is not shown when it is wrong: it may have a password in it."""
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    if parts.scheme not in schemes or not parts.netloc or "@" in parts.netloc or parts.query:
        raise Clause(f"key '{key}' must be an address as {schemes[-1]}://host-or-bucket/path, without user or query")
    return parts


def _path(key: str, path: str) -> str:
    """Return ``path``, which must stay below its folder and name the partition; only its last part may be a pattern."""
    *folders, last = path.split("/")
    if path.count(KEY) != 1 or "{" in path.replace(KEY, "") or "}" in path.replace(KEY, ""):
        raise Clause(f"key '{key}' must have {KEY}, the day of the partition, in it exactly once, found {path!r}")
    if not last or any(part in ("", ".", "..") for part in folders):
        raise Clause(f"key '{key}' must be a path below the source's folder that ends with a file, found {path!r}")
    if re.search(r"[*?\[]", "/".join(folders)) or re.search(r"[?\[]", last):
        raise Clause(f"key '{key}' may have * in the name of the file only, found {path!r}")
    return path


def _sql(server: "OdcsServer", at: str) -> Sql:
    _refuse(server, at, "path", "location", "format", "endpointUrl")
    custom = texts(f"{at}.customProperties", server.customProperties, CUSTOM)
    connection = needed(f"{at}.customProperties.connection", custom.get("connection"))
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", connection):  # not shown: it may be an address with a password in it
        raise Clause(
            f"key '{at}.customProperties.connection' must be the name of the environment variable that holds the "
            "address of the database, as CAB_DATABASE_URL; never the address itself"
        )
    if ("table" in custom) == ("query" in custom):
        raise Clause(f"key '{at}.customProperties' needs exactly one of table, query")
    if "query" in custom and server.schema_:
        raise Clause(f"key '{at}.schema' goes with a table; a query names its own, remove it")
    return Sql(
        connection=connection,
        table=custom.get("table"),
        table_schema=server.schema_,
        query=custom.get("query"),
        watermark=custom.get("watermark"),
    )


def _refuse(server: "OdcsServer", at: str, *keys: str) -> None:
    for key in keys:
        if getattr(server, key):
            raise Clause(f"key '{at}.{key}' means nothing to a server of type {server.type}; remove it")
