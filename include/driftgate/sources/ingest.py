"""Bringing one partition from its source into the raw zone."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.contracts import Contract, arrow_schema, load_contract
from driftgate.errors import ConfigError, DriftgateError, NotPermitted, SourceBroken
from driftgate.lake import Manifest, Store, lake, publish, read_manifest, revisions
from driftgate.partition_keys import due, keys_before, parse_key
from driftgate.sources.delivery import Delivery, Piece, open_source
from driftgate.sources.shape import require_day, undeclared, without_nan
from driftgate.wall_clock import wall_clock

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ingested:
    """What came of one partition.

    ``revision`` counts the contents that the partition has had; ``duplicate`` says that this one was there already;
    ``delivered`` are the names and hashes of what the source delivered.
    """

    manifest: Manifest
    delivered: tuple[tuple[str, str], ...]
    revision: int
    duplicate: bool
    synthetic: bool


def ingest_partition(source: str, dataset: str, key: str, *, known_at: datetime | None = None) -> Manifest:
    """Do what :func:`bring_in` does and return the manifest only."""
    return bring_in(source, dataset, key, known_at=known_at).manifest


def bring_in(
    source: str, dataset: str, key: str, *, known_at: datetime | None = None, now: datetime | None = None
) -> Ingested:
    """Publish the delivered rows in the raw zone; the manifest's inputs are the hashes of what was delivered.

    The same delivery gives the same manifest, however often and by how many at once it is ingested. Another delivery of
    a partition that was there is a correction: a new revision, known since ``now``; the old one stays readable.

    :param known_at: since when the first content of the partition is known; it is never before the partition is due,
        and if it is not told, the partition came in time
    :param now: the wall-clock of the project, if another than the machine's
    :raises ConfigError: ``dataset`` has no contract or comes from another source, or ``key`` is no past day
    :raises NotPermitted: the contract does not let the data of this day teach a model
    :raises SourceMissing: the source has delivered nothing
    :raises SourceBroken: what it delivered is not whole, or has not the shape that the contract declares
    :raises SourceUnready: it is still being written, or the source does not answer; trying again is right
    """
    day = parse_key(key)
    contract = load_contract(dataset)
    if contract.source != source:
        raise ConfigError(
            f"The dataset {dataset!r} comes from {contract.source!r}, not from {source!r}; correct the name."
        )
    _require_permission(contract, day)
    store, path = lake(), uris.partition("raw", dataset, key)
    before, due_at = revisions(store, path), due(key, contract.latency_hours)
    since = (now or wall_clock()) if before else max(known_at or due_at, due_at)
    with open_source(contract).deliver(key) as delivery:
        manifest = _publish(store, path, contract, key, delivery, since)
        delivery.taken()
        delivered = tuple((piece.name, piece.sha256) for piece in delivery.pieces)
    _tell(contract, key, manifest, store)
    return Ingested(
        manifest=manifest,
        delivered=delivered,
        revision=len(revisions(store, path)),
        duplicate=bool(before) and before[-1].manifest == manifest.hash,
        synthetic=contract.synthetic,
    )


def _require_permission(contract: Contract, day: date) -> None:
    permissions = contract.permissions
    if not permissions.ml_use:
        raise NotPermitted(
            f"{contract.label} does not permit that models learn from it ('permissions.mlUse' is false); ask "
            f"{contract.owner} ({contract.contact}), or leave the dataset out."
        )
    if permissions.expires and day >= permissions.expires:
        raise NotPermitted(
            f"{contract.label} permits that models learn from its days before {permissions.expires} only, and {day} is "
            f"not one; ask {contract.owner} ({contract.contact}) to renew 'permissions.expires'."
        )


def _publish(store: Store, path: str, contract: Contract, key: str, delivery: Delivery, since: datetime) -> Manifest:
    dropped = sorted({name for piece in delivery.pieces for name in undeclared(piece, contract)})
    return publish(
        store,
        path,
        _rows(delivery, contract, key),
        schema=arrow_schema(contract),
        known_at=since,
        contract=contract.label,
        inputs=tuple(piece.sha256 for piece in delivery.pieces),
        dropped=tuple(dropped),
    )


def _rows(delivery: Delivery, contract: Contract, key: str) -> "Iterator[pa.RecordBatch]":
    from driftgate.contracts.withdrawals import without_withdrawn  # it brings SQLAlchemy, which parsing must not load

    rows, still_here = 0, without_withdrawn(contract)
    for piece in delivery.pieces:
        for batch in piece.batches(contract):
            require_day(batch, piece, contract, key)
            rows += batch.num_rows
            yield still_here(without_nan(batch))
    if not rows:
        raise SourceBroken(
            f"{_where(delivery.pieces)} is not what {contract.label} promises: it has no rows. Have the source deliver "
            "it again, then run the partition again."
        )


def _where(pieces: Sequence[Piece]) -> str:
    more = f" and {len(pieces) - 1} more" if len(pieces) > 1 else ""
    return f"{pieces[0].where}{more}"


def _tell(contract: Contract, key: str, manifest: Manifest, store: Store) -> None:
    """Log what a person may want to know about a partition that is fine."""
    if manifest.dropped:
        names = ", ".join(manifest.dropped[:20])
        logger.warning(
            "%s %s: %d columns that no contract declares were left out: %s",
            contract.name, key, len(manifest.dropped), names,
        )  # fmt: skip
    if contract.partition_column is None and _same_as_the_day_before(contract, key, manifest, store):
        logger.warning("%s %s: the source delivered the same file as for the day before", contract.name, key)


def _same_as_the_day_before(contract: Contract, key: str, manifest: Manifest, store: Store) -> bool:
    try:
        before = read_manifest(store, uris.partition("raw", contract.name, keys_before(key, 2)[0]))
    except DriftgateError:  # there is none
        return False
    return before.inputs == manifest.inputs
