"""Publishing one judged partition: the rows that keep the contract, and apart from them those that do not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.contracts.contract import Contract
from driftgate.contracts.schema import published_schema
from driftgate.contracts.split import Splitter, quarantine_schema
from driftgate.contracts.validate import Partition, open_partition
from driftgate.errors import ContractBroken
from driftgate.lake import Manifest, publish, revisions
from driftgate.lake.manifest import POINTER
from driftgate.partition_keys import due
from driftgate.validation_report import ValidationReport, report_at

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Published:
    """What was published: ``rows_in == rows_validated + rows_quarantined``; no quarantine when every row is fine."""

    manifest: Manifest
    quarantined: Manifest | None
    rows_in: int
    rows_validated: int
    rows_quarantined: int


def publish_partition(dataset: str, key: str) -> Published:
    """Publish the validated rows of the raw partition, and its other rows with what they break in ``quarantine``.

    The validated rows are known since the raw ones are, or since a person has let the last of them pass. Publishing
    other rows than before adds a revision; the earlier one stays readable.

    :raises SourceMissing: nothing was ingested for this partition
    :raises ContractBroken: there is no report on exactly these rows and this contract, or it has a critical failure
    """
    with open_partition(dataset, key, row_rules_only=True) as partition, partition.store.scratch() as folder:
        report = _require_report(partition)
        splitter = Splitter.of(partition.contract, key, report.hash)
        aside = folder / "quarantined.arrow"
        manifest = publish(
            partition.store,
            uris.partition("validated", dataset, key),
            _validated(partition, splitter, aside),
            schema=published_schema(partition.contract),
            known_at=_known_at(partition),
            contract=partition.contract.label,
            inputs=(partition.raw.hash,),
            outcomes=partition.contract.outcomes,
        )
        quarantined = _publish_quarantine(partition, aside)
    rows = partition.raw.rows
    return Published(manifest, quarantined, rows, manifest.rows, quarantined.rows if quarantined else 0)


def _validated(partition: Partition, splitter: Splitter, aside: Path) -> "Iterator[pa.RecordBatch]":
    """Yield the rows that keep the contract, and write the others to the file ``aside``: one pass for both."""
    import pyarrow as pa

    with pa.OSFile(str(aside), "wb") as file, pa.ipc.new_file(file, quarantine_schema(partition.contract)) as writer:
        for scanned in partition.scan:
            if scanned.quarantined.any():
                writer.write_batch(splitter.quarantined(scanned))
            yield splitter.validated(scanned)


def _publish_quarantine(partition: Partition, aside: Path) -> Manifest | None:
    import pyarrow as pa

    path = uris.partition("quarantine", partition.contract.name, partition.key)
    with pa.memory_map(str(aside)) as file, pa.ipc.open_file(file) as reader:
        if not reader.num_record_batches:
            partition.store.delete(f"{path}/{POINTER}")  # an earlier delivery of this partition may have had bad rows
            return None
        return publish(
            partition.store,
            path,
            (reader.get_batch(number) for number in range(reader.num_record_batches)),
            schema=reader.schema,
            contract=partition.contract.label,
            inputs=(partition.raw.hash,),
        )


def _known_at(partition: Partition) -> datetime:
    """Return since when the rows are known: since their delivery is, or since the last decision about them."""
    path = uris.partition("raw", partition.contract.name, partition.key)
    delivered = [one.known_at for one in revisions(partition.store, path) if one.manifest == partition.raw.hash]
    since = delivered[-1] if delivered else due(partition.key, partition.contract.latency_hours)
    return max(since, partition.decided.at) if partition.decided.at else since


def _require_report(partition: Partition) -> ValidationReport:
    store, contract, key = partition.store, partition.contract, partition.key
    path = uris.validation_report(contract.name, key)
    if not store.exists(path):
        raise ContractBroken(f"{contract.name} {key} was not judged; run its validate task, then publish it.")
    report = report_at(store, path)
    if (report.raw, report.contract_sha256, report.decisions) != _identity(partition, contract):
        raise ContractBroken(
            f"{store.uri(path)} is about other rows, another contract or other decisions than those of "
            f"{contract.name} {key} now; run its validate task again, then publish it."
        )
    if report.critical:
        raise ContractBroken(
            f"{contract.name} {key} broke critical rules ({', '.join(report.critical)}) and must not be published; "
            f"correct the source or the contract, then run the partition again."
        )
    return report


def _identity(partition: Partition, contract: Contract) -> tuple[str, str, str | None]:
    return partition.raw.hash, contract.hash, partition.decided.hash
