"""A few rows of a dataset for development: no person in it, and in the shape in which the source delivers it.

So it can be dropped in another environment and ingested there. The same seed and partition give the same bytes.
"""

import hmac
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from driftgate import uris
from driftgate.contracts import Contract, Files, arrow_schema, load_contract, published_schema
from driftgate.contracts.treat import project_key
from driftgate.errors import ConfigError
from driftgate.governance.pseudonyms import KEYED, How, replaced, replacement
from driftgate.lake import Manifest, lake, read_batches, read_manifest, read_table, to_parquet
from driftgate.partition_keys import parse_key
from driftgate.records import Record, sha256

if TYPE_CHECKING:
    import pyarrow as pa


class DevSample(Record):
    """What stands beside a sample, in ``_sample_<key>.json``, which no source takes for a delivery."""

    schema_version: int = 1
    synthetic: Literal[True] = True
    dataset: str
    contract: str
    partition: str
    manifest: str
    seed: int
    rows: int
    of_rows: int
    columns: dict[str, How]
    file: str
    sha256: str


def sample(dataset: str, keys: Sequence[str], folder: Path, *, rows: int, seed: int = 0) -> list[Path]:
    """Write a sample of at most ``rows`` rows of each validated partition below ``folder``; return the files.

    :raises ConfigError: a file is there with other content, a key is no date, the contract asks for more rows, or a
        column of personal data needs the key of the project and it is not set
    :raises SourceMissing: a partition is not published
    """
    contract = load_contract(dataset)
    _require_enough(contract, rows)
    made = {column.name: replacement(contract, column) for column in contract.columns}
    secret = _secret(contract, seed) if set(made.values()) & set(KEYED) else b""
    plan = _Plan(contract, folder, rows, seed, made, secret)
    paths = {key: uris.partition("validated", dataset, parse_key(key).isoformat()) for key in keys}
    manifests = {key: read_manifest(lake(), path) for key, path in paths.items()}  # all of them, or nothing is written
    return [_written(plan, key, manifest) for key, manifest in manifests.items()]


@dataclass(frozen=True)
class _Plan:
    """What is wanted, for every partition."""

    contract: Contract
    folder: Path
    rows: int
    seed: int
    made: dict[str, How]
    secret: bytes


def _written(plan: _Plan, key: str, manifest: Manifest) -> Path:
    random = np.random.default_rng([plan.seed, parse_key(key).toordinal()])
    table = _delivered(plan, _chosen(manifest, plan.rows, random), random)
    path = plan.folder / _file(plan.contract, key)
    data = _packed(table, path)
    record = DevSample(
        dataset=plan.contract.name,
        contract=plan.contract.label,
        partition=key,
        manifest=manifest.hash,
        seed=plan.seed,
        rows=table.num_rows,
        of_rows=manifest.rows,
        columns=plan.made,
        file=path.name,
        sha256=sha256(data),
    )
    _refuse_other(path, data)
    _write(path.with_name(f"_sample_{key}.json"), record.canonical())
    _write(path, data)
    return path


def _chosen(manifest: Manifest, rows: int, random: np.random.Generator) -> "pa.Table":
    """Return rows drawn from all over the partition, in their order; memory does not grow with the partition."""
    import pyarrow as pa

    batches = read_batches(lake(), manifest)
    if rows >= manifest.rows:
        return pa.Table.from_batches(list(batches)) if manifest.rows else read_table(lake(), manifest)
    places = np.sort(random.choice(manifest.rows, rows, replace=False))
    return pa.Table.from_batches(list(_taken(batches, places)))


def _taken(batches: "Iterable[pa.RecordBatch]", places: "np.typing.NDArray[np.int64]") -> "Iterator[pa.RecordBatch]":
    import pyarrow as pa

    first = 0
    for batch in batches:
        here = places[(places >= first) & (places < first + batch.num_rows)] - first
        if len(here):
            yield batch.take(pa.array(here))
        first += batch.num_rows


def _delivered(plan: _Plan, table: "pa.Table", random: np.random.Generator) -> "pa.Table":
    import pyarrow as pa

    delivered, published = arrow_schema(plan.contract), published_schema(plan.contract)
    if table.select([name for name in table.column_names if name in published.names]).schema != published:
        raise ConfigError(
            f"A partition of {plan.contract.name} was published with other columns than {plan.contract.label} has; "
            "publish it again, or choose a newer day."
        )
    columns = []
    for field in delivered:
        is_there = field.name in published.names
        values = table.column(field.name).combine_chunks() if is_there else pa.nulls(table.num_rows, field.type)
        columns.append(replaced(values, field.type, plan.made[field.name], plan.secret, random))
    return pa.table(columns, schema=delivered)


def _file(contract: Contract, key: str) -> str:
    """Return where the source drops a partition; a database drops none, and a file takes its place."""
    if isinstance(contract.server, Files):
        return contract.server.path.replace("{key}", key).replace("*", "sample")
    return f"{contract.source}/{contract.name}/{key}.parquet"


def _packed(table: "pa.Table", path: Path) -> bytes:
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    if path.suffix == ".parquet":
        return to_parquet(table)
    sink = pa.BufferOutputStream()
    arrow_csv.write_csv(table, sink)
    data: bytes = sink.getvalue().to_pybytes()
    if path.suffix == ".gz":
        import gzip

        return gzip.compress(data, mtime=0)
    return pa.Codec("zstd").compress(data, asbytes=True) if path.suffix == ".zst" else data


def _require_enough(contract: Contract, rows: int) -> None:
    for rule in contract.rules:
        if rule.kind == "row_count" and rule.severity == "critical" and rule.minimum and rows < rule.minimum:
            raise ConfigError(
                f"{contract.label} fails with fewer than {rule.minimum:g} rows (rule {rule.id!r}); ask for that many "
                "at least, or the sample cannot be ingested."
            )


def _secret(contract: Contract, seed: int) -> bytes:
    secret = project_key(f"{contract.label} has personal data that a sample replaces by keyed hashes")
    return hmac.digest(secret, f"sample {seed}".encode(), "sha256")  # no hash of the lake is in a sample


def _refuse_other(path: Path, data: bytes) -> None:
    if path.exists() and path.read_bytes() != data:
        raise ConfigError(f"{path} exists with other content; choose a folder of the sample's own.")


def _write(path: Path, data: bytes) -> None:
    """Write under another name, then rename: whoever looks sees all of it or nothing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".sampling-", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror}); choose another folder.") from None
