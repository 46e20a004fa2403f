"""Publishing a table by one pointer.

Data files get names made from their content, then the manifest is written under its own hash, and last the pointer
``manifest.json`` is replaced. A reader follows the pointer, so it never sees half a partition; the same input published
twice gives the same files and the same manifest hash.
"""

import json
from typing import TYPE_CHECKING

from driftgate.errors import ConfigError, SourceMissing, Tampered
from driftgate.lake.store import Store
from driftgate.records import Record, canonical_json, parse_record, sha256

if TYPE_CHECKING:
    import pyarrow as pa

POINTER = "manifest.json"


class DataFile(Record):
    """One Parquet file that a manifest names."""

    name: str
    rows: int
    bytes: int
    sha256: str


class Manifest(Record):
    """What one partition or dataset version consists of, and what it was made from."""

    schema_version: int = 1
    path: str
    files: tuple[DataFile, ...]
    rows: int
    bytes: int
    schema_sha256: str
    contract: str | None = None
    inputs: tuple[str, ...] = ()


def publish(
    store: Store, path: str, table: "pa.Table", *, contract: str | None = None, inputs: tuple[str, ...] = ()
) -> Manifest:
    """Publish ``table`` as the content of the folder ``path`` and return its manifest.

    :param contract: the contract that the rows follow, as ``flights@1.0.0``
    :param inputs: hashes of the manifests (or files) that the table was made from
    """
    data = to_parquet(table)
    digest = sha256(data)
    file = DataFile(name=f"{digest[:16]}.parquet", rows=table.num_rows, bytes=len(data), sha256=digest)
    manifest = Manifest(
        path=path,
        files=(file,),
        rows=file.rows,
        bytes=file.bytes,
        schema_sha256=sha256(canonical_json([(field.name, str(field.type)) for field in table.schema])),
        contract=contract,
        inputs=inputs,
    )
    store.write(f"{path}/{file.name}", data)  # not create: publishing again mends a file that was damaged
    store.write(_path_of(manifest), manifest.canonical())
    store.write(f"{path}/{POINTER}", manifest.canonical())
    return manifest


def read_manifest(store: Store, path: str) -> Manifest:
    """Return the current manifest of the folder ``path``.

    :raises SourceMissing: nothing was published there
    :raises Tampered: the pointer is not a manifest that was published there
    """
    where = store.uri(f"{path}/{POINTER}")
    try:
        manifest = parse_record(json.loads(store.read(f"{path}/{POINTER}")), Manifest, where=where)
    except FileNotFoundError:
        raise SourceMissing(f"Nothing is published at {store.uri(path)}; run the ingest DAG for it first.") from None
    except (ValueError, ConfigError):
        manifest = None
    if manifest is None or manifest.path != path or not store.exists(_path_of(manifest)):
        raise Tampered(f"{where} is not a manifest that was published there. Run the partition again.")
    return manifest


def read_table(store: Store, manifest: Manifest) -> "pa.Table":
    """Return the rows that ``manifest`` names, each file checked against its hash.

    :raises Tampered: a file is gone, or its bytes are not those that were published
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = []
    for file in manifest.files:
        data = _read_whole(store, f"{manifest.path}/{file.name}", file.sha256)
        tables.append(pq.read_table(pa.BufferReader(data)))
    return pa.concat_tables(tables)


def to_parquet(table: "pa.Table") -> bytes:
    """Return ``table`` as the bytes of a Parquet file; equal tables give equal bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(None).combine_chunks(), sink, compression="zstd")
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _read_whole(store: Store, path: str, digest: str) -> bytes:
    try:
        data = store.read(path)
    except FileNotFoundError:
        raise Tampered(f"{store.uri(path)} was published and is gone. Run the partition again.") from None
    if sha256(data) != digest:
        raise Tampered(
            f"{store.uri(path)} is not the file that was published: its sha256 differs. Run the partition again."
        )
    return data


def _path_of(manifest: Manifest) -> str:
    """Every manifest that was ever published is kept under its own hash, so a changed pointer is found out."""
    return f"{manifest.path}/manifests/{manifest.hash}.json"
