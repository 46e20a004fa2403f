"""Bringing one partition from its source into the raw zone."""

from driftgate import uris
from driftgate.contracts import load_contract
from driftgate.errors import ConfigError
from driftgate.lake import Manifest, lake, publish
from driftgate.partition_keys import parse_key
from driftgate.records import sha256
from driftgate.sources.delivery import delivery_file, read_delivery


def ingest_partition(source: str, dataset: str, key: str) -> Manifest:
    """Publish the delivered file's rows in the raw zone; the manifest's one input is the sha256 of the file.

    The same file gives the same manifest, however often and by how many at once it is ingested.

    :raises ConfigError: ``dataset`` has no contract or comes from another source, or ``key`` is no past day
    :raises SourceMissing: the source has delivered nothing
    :raises SourceBroken: the file is not whole, or has not the shape that the contract declares
    """
    parse_key(key)
    contract = load_contract(dataset)
    if contract.source != source:
        raise ConfigError(
            f"The dataset {dataset!r} comes from {contract.source!r}, not from {source!r}; correct the name."
        )
    data, table = read_delivery(delivery_file(source, dataset, key), contract, key)
    path = uris.partition("raw", dataset, key)
    return publish(lake(), path, table, contract=contract.label, inputs=(sha256(data),))
