"""The subjects of ``validation.py``, each run in a process of its own: ``validation_subjects.py WHAT FOLDER ...``."""

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from driftgate.contracts import load_contract, publish_partition, validate_partition
from driftgate.contracts.contract import Contract
from driftgate.contracts.judge import judge, judgements, to_frame
from driftgate.contracts.split import split_rows
from driftgate.contracts.suite import RULE, expectation_suite
from driftgate.partition_keys import keys_between
from driftgate.sources import ingest_partition
from driftgate.sources.sample import deliver, table_of

BROKEN_PERMILLE = 10
Work = Callable[[pa.Table], list[int]]  # from a partition to the numbers of validated and quarantined rows


def prepare(folder: Path, rows: int) -> None:
    """Write a partition of ``rows`` flights: real days drawn again and again, one row in a hundred broken."""
    chance = np.random.default_rng(7)
    keys = keys_between("2013-01-01", "2013-12-31")
    days: list[pa.Table] = []
    while sum(day.num_rows for day in days) < rows:
        days.append(_shifted(table_of("flights", keys[chance.integers(len(keys))]), microseconds=len(days)))
    table = pa.concat_tables(days).slice(0, rows).combine_chunks()
    pq.write_table(_broken(table, chance), folder / "partition.parquet")


def _shifted(day: pa.Table, microseconds: int) -> pa.Table:
    """Return the day with departures moved by less than a second, so that a day drawn twice repeats no key."""
    place = day.column_names.index("scheduled_departure")
    times = day.column(place).cast(pa.int64()).to_numpy() + microseconds
    return day.set_column(place, day.field(place), pa.array(times, pa.timestamp("us")))


def _broken(table: pa.Table, chance: np.random.Generator) -> pa.Table:
    """Return the table with four kinds of broken rows in equal shares; a repeated key breaks two rows."""
    rows = chance.choice(np.arange(1, table.num_rows), table.num_rows * BROKEN_PERMILLE // 1000, replace=False)
    repeated, *others = np.array_split(rows, 4)
    source = np.arange(table.num_rows)
    source[repeated] -= 1
    table = table.take(pa.array(source))
    for (name, value), places in zip({"origin": "XXX", "dest": "??", "distance_miles": 0}.items(), others, strict=True):
        values = table.column(name).to_pylist()
        for place in places:
            values[place] = value
        field = table.field(name)
        table = table.set_column(table.column_names.index(name), field, pa.array(values, field.type))
    return table


def driftgate(contract: Contract) -> Work:
    """Great Expectations judges, a mask over the Arrow table splits: what the validate and publish tasks do."""

    def work(table: pa.Table) -> list[int]:
        judgements(judge(contract, table))
        split = split_rows(contract, table)
        return [split.validated.num_rows, split.quarantined.num_rows]

    return work


def great_expectations(contract: Contract) -> Work:
    """The same suite on the same frame; the rows to part with come from its complete result."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    batches = context.data_sources.add_pandas("flights").add_dataframe_asset("flights")
    definition, suite = batches.add_batch_definition_whole_dataframe("partition"), expectation_suite(contract)
    row_rules = {rule.id: list(rule.columns) for rule in contract.row_rules}

    def work(table: pa.Table) -> list[int]:
        frame = to_frame(table)
        batch = definition.get_batch(batch_parameters={"dataframe": frame})
        result = batch.validate(suite, result_format={"result_format": "COMPLETE"})
        reasons: dict[int, list[str]] = {}
        for item in result.results:
            rule = item.expectation_config.meta[RULE]
            if rule in row_rules and item.result.get("unexpected_count"):
                # The values come from the frame: beyond 200 rows, `unexpected_list` is cut where the index list is not.
                rows = item.result["unexpected_index_list"]
                values = frame.loc[rows, row_rules[rule]].itertuples(index=False, name=None)
                for row, value in zip(rows, values, strict=True):
                    reasons.setdefault(row, []).append(f"{rule}: {', '.join(map(str, value))}")
        rows = sorted(reasons)
        quarantined = frame.loc[rows].assign(reason=["; ".join(reasons[row]) for row in rows])
        return [len(frame.drop(index=rows)), len(quarantined)]

    return work


def measure(work: Work, folder: Path, days: Sequence[str], repeats: int) -> dict[str, Any]:
    """Return the median seconds of ``work`` for the partition and for one real day, warm, and what it parted."""
    real = [table_of("flights", key) for key in days]
    work(real[0])
    day_seconds = [_seconds(work, day)[0] for day in real]
    table = pq.read_table(folder / "partition.parquet")
    timed = [_seconds(work, table) for _ in range(repeats)]
    return {
        "seconds": statistics.median(seconds for seconds, _ in timed),
        "day_seconds": statistics.median(day_seconds),
        "parted": timed[0][1],
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def tasks(days: Sequence[str]) -> dict[str, Any]:
    """Return the median seconds of what the validate and the publish task do for one real day, the lake included."""
    deliver(days[0], days[-1])
    seconds = []
    for key in days:
        ingest_partition("nycflights", "flights", key)
        started = time.perf_counter()
        validate_partition("flights", key)
        publish_partition("flights", key)
        seconds.append(time.perf_counter() - started)
    return {"day_seconds": statistics.median(seconds[1:])}


def _seconds(work: Work, table: pa.Table) -> tuple[float, list[int]]:
    started = time.perf_counter()
    parted = work(table)
    return time.perf_counter() - started, parted


def main() -> None:
    what, folder, count, repeats = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    if what == "prepare":
        prepare(folder, count)
        return
    days = keys_between("2013-03-01", f"2013-03-{count:02}")
    if what == "tasks":
        result = tasks(days)
    else:
        work = {"driftgate": driftgate, "ge": great_expectations}[what](load_contract("flights"))
        result = measure(work, folder, days, repeats)
    (folder / f"{what}.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main()
