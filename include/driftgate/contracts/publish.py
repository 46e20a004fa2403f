"""Publishing one judged partition: the rows that keep the contract, and apart from them those that do not."""

import json
from dataclasses import dataclass

from driftgate import uris
from driftgate.contracts.catalog import load_contract
from driftgate.contracts.contract import Contract
from driftgate.contracts.report import ValidationReport
from driftgate.contracts.split import split_rows
from driftgate.contracts.validate import read_raw
from driftgate.errors import ContractBroken
from driftgate.lake import Manifest, Store, lake, publish
from driftgate.lake.manifest import POINTER
from driftgate.partition_keys import parse_key
from driftgate.records import parse_record


@dataclass(frozen=True)
class Published:
    """What was published: ``rows_in == rows_validated + rows_quarantined``; no quarantine when every row is fine."""

    manifest: Manifest
    quarantined: Manifest | None
    rows_in: int
    rows_validated: int
    rows_quarantined: int


def publish_partition(dataset: str, key: str) -> Published:
    """Publish the validated rows of the raw partition, and its other rows with their reason in ``quarantine``.

    :raises SourceMissing: nothing was ingested for this partition
    :raises ContractBroken: there is no report on exactly these rows and this contract, or it has a critical failure
    """
    parse_key(key)
    contract, store = load_contract(dataset), lake()
    raw, table = read_raw(store, contract, key)
    _require_report(store, contract, key, raw)
    split = split_rows(contract, table)
    quarantined, path = None, uris.partition("quarantine", dataset, key)
    if split.quarantined.num_rows:
        quarantined = publish(store, path, split.quarantined, contract=contract.label, inputs=(raw.hash,))
    else:
        store.delete(f"{path}/{POINTER}")  # an earlier delivery of this partition may have had bad rows
    path = uris.partition("validated", dataset, key)
    manifest = publish(store, path, split.validated, contract=contract.label, inputs=(raw.hash,))
    return Published(
        manifest=manifest,
        quarantined=quarantined,
        rows_in=table.num_rows,
        rows_validated=split.validated.num_rows,
        rows_quarantined=split.quarantined.num_rows,
    )


def _require_report(store: Store, contract: Contract, key: str, raw: Manifest) -> None:
    path = uris.validation_report(contract.name, key)
    if not store.exists(path):
        raise ContractBroken(f"{contract.name} {key} was not judged; run its validate task, then publish it.")
    report = parse_record(json.loads(store.read(path)), ValidationReport, where=store.uri(path))
    if (report.raw, report.contract_sha256) != (raw.hash, contract.hash):
        raise ContractBroken(
            f"{store.uri(path)} is about other rows or another contract than those of {contract.name} {key} now; "
            "run its validate task again, then publish it."
        )
    if report.critical:
        raise ContractBroken(
            f"{contract.name} {key} broke critical rules ({', '.join(report.critical)}) and must not be published; "
            f"correct the source or the contract, then run the partition again."
        )
