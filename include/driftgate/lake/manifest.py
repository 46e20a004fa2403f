"""Publishing a table by one pointer.

Data files get names made from their content, then the manifest is written under its own hash, then the revision that
says since when it is known, and last the pointer ``manifest.json`` is replaced. A reader follows the pointer, so it
never sees half a partition; the same input published twice gives the same files and the same manifest hash.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from driftgate.errors import ConfigError, SourceMissing, Tampered
from driftgate.lake.parquet import write_files
from driftgate.lake.revisions import add_revision, replace_revisions
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
    """What one partition or dataset version consists of, and what it was made from.

    ``outcomes`` are the columns that are known only after the event; ``dropped`` those that came and no contract
    declares.
    """

    schema_version: int = 2
    path: str
    files: tuple[DataFile, ...]
    rows: int
    bytes: int
    schema_sha256: str
    contract: str | None = None
    inputs: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


def publish(
    store: Store,
    path: str,
    rows: "pa.Table | Iterable[pa.RecordBatch]",
    *,
    schema: "pa.Schema | None" = None,
    known_at: datetime | None = None,
    contract: str | None = None,
    inputs: tuple[str, ...] = (),
    outcomes: tuple[str, ...] = (),
    dropped: tuple[str, ...] = (),
    current: bool = True,
) -> Manifest:
    """Publish ``rows`` as the content of the folder ``path`` and return its manifest.

    Memory does not grow with the rows: they may come as batches, of any size, and equal rows give equal files.

    :param schema: of the batches; not needed for a table
    :param known_at: since when the content is known, wall-clock; it becomes a revision of the partition
    :param contract: the contract that the rows follow, as ``flights@1.0.0``
    :param inputs: hashes of the manifests (or files) that the rows were made from
    :param current: False leaves the pointer where it is: the content is there for those who know its hash
    """
    schema = rows.schema if schema is None else schema  # type: ignore[union-attr]  # a table has one
    files = _write_data(store, path, rows, schema)
    manifest = Manifest(
        path=path,
        files=files,
        rows=sum(file.rows for file in files),
        bytes=sum(file.bytes for file in files),
        schema_sha256=schema_digest(schema),
        contract=contract,
        inputs=inputs,
        outcomes=outcomes,
        dropped=dropped,
    )
    _announce(store, manifest, known_at, current=current)
    return manifest


def _announce(store: Store, manifest: Manifest, known_at: datetime | None, *, current: bool) -> None:
    store.write(_path_of(manifest.path, manifest.hash), manifest.canonical())
    if known_at is not None:
        add_revision(store, manifest.path, manifest.hash, known_at)
    if current:
        store.write(f"{manifest.path}/{POINTER}", manifest.canonical())


def replace_content(store: Store, path: str, replaced: Mapping[str, str]) -> None:
    """Put other content in the place of some that the partition ``path`` has or had: in its past, and in its pointer.

    The one case in which the past is changed: data that must be erased was never to be there.

    :param replaced: the hashes of the manifests to put in the place of others, by the hashes of those
    """
    replace_revisions(store, path, replaced)
    try:
        current = sha256(store.read(f"{path}/{POINTER}"))
    except FileNotFoundError:
        return
    if current in replaced:
        store.write(f"{path}/{POINTER}", store.read(_path_of(path, replaced[current])))


def _write_data(
    store: Store, path: str, rows: "pa.Table | Iterable[pa.RecordBatch]", schema: "pa.Schema"
) -> tuple[DataFile, ...]:
    files = []
    with store.scratch() as folder:
        for file in write_files(folder, rows, schema):
            files.append(DataFile(name=file.name, rows=file.rows, bytes=file.bytes, sha256=file.sha256))
            store.upload(f"{path}/{file.name}", file.path)  # also over one that is there: publishing again mends it
    return tuple(files)


def schema_digest(schema: "pa.Schema") -> str:
    """Return the sha256 of the names and types of the columns, as a manifest has it."""
    return sha256(canonical_json([(field.name, str(field.type)) for field in schema]))


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
    if manifest is None or manifest.path != path or not store.exists(_path_of(path, manifest.hash)):
        raise Tampered(f"{where} is not a manifest that was published there. Run the partition again.")
    return manifest


def manifest_of(store: Store, path: str, digest: str) -> Manifest:
    """Return the manifest of the folder ``path`` that has the hash ``digest``, also when a newer one was published.

    :raises SourceMissing: it is not there any more
    :raises Tampered: its bytes have another hash
    """
    where = _path_of(path, digest)
    try:
        data = store.read(where)
    except FileNotFoundError:
        raise SourceMissing(f"{store.uri(where)} is gone; restore it from a backup of the lake.") from None
    if sha256(data) != digest:
        raise Tampered(f"{store.uri(where)} is not the manifest that was published: its sha256 differs; restore it.")
    return parse_record(json.loads(data), Manifest, where=store.uri(where))


def manifests_of(store: Store, path: str) -> list[Manifest]:
    """Return every manifest that was ever published for the folder ``path``, its data may be gone."""
    names = [name for name in store.list(f"{path}/manifests") if name.endswith(".json")]
    return [manifest_of(store, path, name.rpartition("/")[2].removesuffix(".json")) for name in names]


def read_table(store: Store, manifest: Manifest, *, columns: Sequence[str] | None = None) -> "pa.Table":
    """Return the rows that ``manifest`` names, each file checked against its hash.

    :raises Tampered: a file is gone, or its bytes are not those that were published
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = []
    for file in manifest.files:
        where = f"{manifest.path}/{file.name}"
        try:
            data = store.read(where)
        except FileNotFoundError:
            raise _gone(store, where) from None
        if sha256(data) != file.sha256:
            raise _changed(store, where)
        tables.append(pq.ParquetFile(pa.BufferReader(data)).read(columns=columns))
    return pa.concat_tables(tables)


def read_batches(
    store: Store, manifest: Manifest, *, columns: Sequence[str] | None = None, rows: int = 65_536
) -> "Iterator[pa.RecordBatch]":
    """Yield what :func:`read_table` returns in batches of at most ``rows`` rows: memory does not grow with the rows."""
    import pyarrow.parquet as pq

    from driftgate.lake.parquet import digest_of

    for file in manifest.files:
        where = f"{manifest.path}/{file.name}"
        try:
            with store.local(where) as local:
                if digest_of(local) != file.sha256:
                    raise _changed(store, where)
                yield from pq.ParquetFile(local).iter_batches(batch_size=rows, columns=columns)
        except FileNotFoundError:
            raise _gone(store, where) from None


def _gone(store: Store, path: str) -> Tampered:
    return Tampered(f"{store.uri(path)} was published and is gone. Run the partition again.")


def _changed(store: Store, path: str) -> Tampered:
    return Tampered(
        f"{store.uri(path)} is not the file that was published: its sha256 differs. Run the partition again."
    )


def _path_of(path: str, digest: str) -> str:
    """Every manifest that was ever published is kept under its own hash, so a changed pointer is found out."""
    return f"{path}/manifests/{digest}.json"
