"""The catalogue of datasets: generated from contracts and from what lies in the lake, so that it cannot grow stale."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from driftgate import uris
from driftgate.catalog.entries import ColumnEntry, DatasetEntry, Partitions, Quality, Storage
from driftgate.catalog.sensitivity import highest, lowered
from driftgate.contracts import Column, Contract, ValidationReport, load_contract, published_schema
from driftgate.errors import DriftgateError
from driftgate.lake import Manifest, Store, StoredObject, lake, read_manifest, revisions
from driftgate.lake.manifest import POINTER
from driftgate.partition_keys import keys_between
from driftgate.profiles import CategoricalColumn, HiddenColumn, NumericColumn, Profile, read_profile
from driftgate.records import canonical_json, parse_record, sha256
from driftgate.use_cases import load_use_case, use_case_names

ZONES = ("raw", "validated", "quarantine")
READERS = 16  # at once: on S3, reading is mostly waiting


def dataset_entry(name: str, suspected: Mapping[str, str] | None = None) -> DatasetEntry:
    """Return the entry of the dataset ``name``, without features and models, which are made from it.

    :param suspected: what sensitive-data discovery takes the values of a column for
    :raises ConfigError: it has no contract, or a wrong one
    """
    contract, store = load_contract(name), lake()
    objects = {zone: store.objects(f"{zone}/{name}") for zone in ZONES}
    manifests = _manifests(store, objects["validated"])
    newest = max(manifests, default=None)
    profile = read_profile(name, newest) if newest else None
    return DatasetEntry(
        name=name,
        purpose=contract.purpose,
        owner=contract.owner,
        contact=contract.contact,
        licence=contract.licence,
        source=contract.source,
        location=store.uri(f"validated/{name}"),
        contract=contract.label,
        schema_sha256=_schema_hash(contract),
        data_class=contract.data_class,
        retention_days=contract.retention_days,
        ml_use=contract.permissions.ml_use,
        synthetic=contract.synthetic,
        recreatable=contract.recreatable,
        sensitivity=highest(*(lowered(column.classification, column.treatment) for column in contract.columns)),
        columns=tuple(_column(column, profile, (suspected or {}).get(column.name)) for column in contract.columns),
        partitions=_partitions(store, objects["validated"], manifests),
        storage=_storage(store, objects, manifests, newest),
        quality=_quality(store, contract, newest, profile),
        use_cases=tuple(name_ for name_ in use_case_names() if name in load_use_case(name_).datasets),
        features=(),
        models=(),
    )


def _manifests(store: Store, objects: Sequence[StoredObject]) -> dict[str, Manifest]:
    """Return the current manifest of every partition by key; a damaged one is left out, reading it will say so."""

    def read(path: str) -> Manifest | None:
        try:
            return read_manifest(store, path)
        except DriftgateError:
            return None

    folders = [item.path.removesuffix(f"/{POINTER}") for item in objects if item.path.endswith(f"/{POINTER}")]
    with ThreadPoolExecutor(READERS) as pool:
        found = zip(folders, pool.map(read, folders), strict=True)
    return {folder.rpartition("/")[2]: manifest for folder, manifest in found if manifest}


def _partitions(store: Store, objects: Sequence[StoredObject], manifests: Mapping[str, Manifest]) -> Partitions:
    if not manifests:
        return Partitions()
    first, last = min(manifests), max(manifests)
    numbers = Counter(item.path.split("/")[2] for item in objects if "/revisions/" in item.path)
    return Partitions(
        count=len(manifests),
        first=first,
        last=last,
        missing=tuple(key for key in keys_between(first, last) if key not in manifests),
        revised=sum(times > 1 for times in numbers.values()),
        rows=sum(manifest.rows for manifest in manifests.values()),
        newest_known_at=_known_at(store, manifests[last]),
    )


def _known_at(store: Store, manifest: Manifest) -> datetime | None:
    known = revisions(store, manifest.path)
    return known[-1].known_at if known else None


def _storage(
    store: Store,
    objects: Mapping[str, Sequence[StoredObject]],
    manifests: Mapping[str, Manifest],
    newest: str | None,
) -> Storage:
    seen: dict[str, list[int]] = defaultdict(list)
    for manifest in manifests.values():
        for file in manifest.files:
            seen[file.sha256].append(file.bytes)
    return Storage(
        bytes={zone: sum(item.bytes for item in found) for zone, found in objects.items()},
        compression=_compression(store, manifests[newest]) if newest else None,
        repeated_bytes=sum(sum(sizes[1:]) for sizes in seen.values()),
    )


def _compression(store: Store, manifest: Manifest) -> float | None:
    import pyarrow.parquet as pq

    plain = stored = 0
    for file in manifest.files:
        try:
            with store.local(f"{manifest.path}/{file.name}") as local:
                about = pq.read_metadata(local)
        except (FileNotFoundError, OSError):
            return None
        groups = [about.row_group(place) for place in range(about.num_row_groups)]
        plain += sum(group.total_byte_size for group in groups)
        stored += file.bytes
    return round(plain / stored, 2) if stored else None


def _quality(store: Store, contract: Contract, newest: str | None, profile: Profile | None) -> Quality | None:
    path = uris.validation_report(contract.name, newest or "none")
    if newest is None or not store.exists(path):
        return None
    try:
        report = parse_record(json.loads(store.read(path)), ValidationReport, where=store.uri(path))
    except (DriftgateError, ValueError):
        return None  # of another version of Driftgate
    return Quality(
        partition=newest,
        rows_in=report.rows_in,
        rows_quarantined=report.rows_quarantined,
        broken_rules=tuple(check.rule for check in report.checks if not check.passed),
        scores=profile.quality.model_dump() if profile and profile.quality else {},
    )


def _column(column: Column, profile: Profile | None, suspected: str | None) -> ColumnEntry:
    about = profile.columns.get(column.name) if profile else None
    return ColumnEntry(
        name=column.name,
        type=column.published_type,
        unit=column.unit,
        description=column.description,
        classification=column.classification,
        treatment=column.treatment,
        available_at=column.available_at,
        purpose=column.purpose,
        suspected=suspected,
        **(_statistics(about, hidden=column.classification in ("pii", "sensitive")) if about else {}),
    )


def _statistics(about: NumericColumn | CategoricalColumn | HiddenColumn, *, hidden: bool) -> dict[str, float | None]:
    shown = isinstance(about, NumericColumn) and not about.temporal and not hidden
    return {
        "nulls_percent": round(100 * about.nulls / about.rows, 2) if about.rows else None,
        "distinct": about.distinct,
        "minimum": about.minimum if shown else None,  # type: ignore[union-attr]  # shown: it is numeric
        "maximum": about.maximum if shown else None,  # type: ignore[union-attr]
    }


def _schema_hash(contract: Contract) -> str:
    """Return what a manifest of this contract's validated partitions has as ``schema_sha256``."""
    return sha256(canonical_json([(field.name, str(field.type)) for field in published_schema(contract)]))
