"""The history: the earlier days of the first dataset, with their outcomes, as known when a day began.

It is the same for all requests of that day, whenever they come, so what is computed from it can be kept and looked up.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.datasets.pins import known_at
from driftgate.datasets.window import Known, beginning, history_keys
from driftgate.errors import ConfigError
from driftgate.lake import lake, manifest_of, read_table
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

DAYS_AGO = "days_ago"  # of a row of the history: 1 is the day before the requests


def history_name(dataset: str) -> str:
    """Return the name of the table that holds the earlier days of ``dataset`` with their outcomes."""
    return f"{dataset}_history"


def known_history(use_case: UseCase, day: str, schema: "pa.Schema") -> "pa.Table":
    """Return the history that the requests of ``day`` see, from the lake as it is now.

    :param schema: of the first dataset with its outcomes, for a day that has no history yet
    """
    store, dataset = lake(), use_case.datasets[0]
    known, moment = Known(store), beginning(day)
    read = {}
    for key in history_keys(day, use_case.history_days):
        if digest := known_at(known.revisions(dataset, key), moment):
            read[key] = read_table(store, manifest_of(store, uris.partition("validated", dataset, key), digest))
    return history_table(read, day, schema)


def history_table(read: "dict[str, pa.Table]", day: str, schema: "pa.Schema") -> "pa.Table":
    """Return the partitions ``read``, by key, as one table with ``partition_key`` and ``days_ago`` of ``day``.

    :raises ConfigError: the dataset has a column of that name itself
    """
    import pyarrow as pa

    if DAYS_AGO in schema.names:
        raise ConfigError(f"The dataset of the requests has a column {DAYS_AGO!r}, which its history adds; rename it.")
    today = beginning(day)
    tables = [keyed(schema.empty_table(), "").append_column(DAYS_AGO, pa.array([], pa.int64()))]
    for key, table in read.items():
        ago = pa.scalar((today - beginning(key)).days, pa.int64())
        tables.append(keyed(table, key).append_column(DAYS_AGO, pa.repeat(ago, table.num_rows)))
    return pa.concat_tables(tables, promote_options="default")


def keyed(table: "pa.Table", key: str) -> "pa.Table":
    """Return ``table`` with the column ``partition_key``."""
    import pyarrow as pa

    return table.append_column("partition_key", pa.repeat(pa.scalar(key, pa.string()), table.num_rows))


def tables_without_rows(
    use_case: UseCase, schemas: "Mapping[str, pa.Schema]", outcomes: Sequence[str]
) -> "dict[str, pa.Table]":
    """Return all that features.sql may read, without a row: is it right before there are data?

    :param schemas: of each dataset as it is published
    :param outcomes: the columns of the first dataset that no request has
    """
    first = use_case.datasets[0]
    tables = {name: keyed(schemas[name].empty_table(), "") for name in use_case.datasets}
    tables[first] = tables[first].drop_columns([name for name in outcomes if name in schemas[first].names])
    return tables | {history_name(first): history_table({}, "1970-01-01", schemas[first])}
