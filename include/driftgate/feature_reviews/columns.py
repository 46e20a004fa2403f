"""Columns that could be features and are not: those that no feature reads, and those that no contract declares."""

from driftgate import uris
from driftgate.catalog.features import columns_used
from driftgate.contracts import load_contract
from driftgate.contracts.contract import AvailableAt
from driftgate.lake import lake, read_manifest, revisions
from driftgate.partition_keys import keys_before
from driftgate.records import Record
from driftgate.use_cases import UseCase

LOOKED_BACK_DAYS = 7  # for columns that came and were left out


class UnreadColumn(Record):
    """A column of a contract that no feature is made of; an ``outcome`` can only teach through earlier days."""

    dataset: str
    column: str
    type: str
    description: str
    available_at: AvailableAt


def unread_columns(use_case: UseCase) -> tuple[UnreadColumn, ...]:
    """Return the published columns of the use case's datasets that neither a feature nor the way to one reads.

    :raises ConfigError: ``features.sql`` cannot be followed to the columns of its contracts
    """
    used = columns_used(use_case)
    return tuple(
        UnreadColumn(
            dataset=name,
            column=column.name,
            type=column.published_type,
            description=column.description,
            available_at=column.available_at,
        )
        for name in use_case.datasets
        for column in load_contract(name).published_columns
        if f"{name}.{column.name}".lower() not in used
    )


def undeclared_columns(use_case: UseCase, key: str) -> dict[str, tuple[str, ...]]:
    """Return by dataset the columns that its source delivered in the last days, and that no contract declares."""
    found = {}
    for name in use_case.datasets:
        paths = [uris.partition("raw", name, day) for day in keys_before(key, LOOKED_BACK_DAYS)]
        kept = [read_manifest(lake(), path) for path in paths if revisions(lake(), path)]
        if dropped := {column for manifest in kept for column in manifest.dropped}:
            found[name] = tuple(sorted(dropped))
    return found
