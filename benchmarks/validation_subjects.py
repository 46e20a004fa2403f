"""The subjects of ``validation.py``, each run in a process of its own: ``validation_subjects.py WHAT FOLDER ...``."""

import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import validation_data

from driftgate.contracts import load_contract, publish_partition, validate_partition
from driftgate.contracts.contract import Contract
from driftgate.contracts.judge import judge, kept_rules
from driftgate.contracts.rows import rows_of
from driftgate.contracts.scan import Scan
from driftgate.contracts.split import Splitter
from driftgate.contracts.suite import RULE, expectation_suite
from driftgate.contracts.tally import Tally
from driftgate.partition_keys import keys_between
from driftgate.sources import ingest_partition
from driftgate.sources.sample import deliver, table_of

Work = Callable[[pa.Table], list[int]]  # from a partition to the numbers of validated and quarantined rows


def prepare(folder: Path, rows: int) -> None:
    """Write a partition of ``rows`` rows."""
    first, *others = validation_data.batches(rows)
    with pq.ParquetWriter(folder / "partition.parquet", first.schema, compression="zstd") as writer:
        for batch in (first, *others):
            writer.write_batch(batch)


def driftgate(contract: Contract) -> Work:
    """One scan counts and parts the rows, and Great Expectations judges from the counts."""

    def work(table: pa.Table) -> list[int]:
        tally = Tally(contract, contract.rules)
        splitter = Splitter.of(contract, validation_data.KEY, "report")
        validated, quarantined = [], []
        with tempfile.TemporaryDirectory() as folder:
            for batch in Scan(contract.rules, rows_of(table), Path(folder)):
                tally.add(batch)
                validated.append(splitter.validated(batch))
                quarantined.append(splitter.quarantined(batch))
        kept_rules(judge(contract, tally, validation_data.KEY))
        return [sum(part.num_rows for part in side) for side in (validated, quarantined)]

    return work


def great_expectations(contract: Contract) -> Work:
    """The same suite on a frame; the rows to part with come from its complete result."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    batches = context.data_sources.add_pandas(contract.name).add_dataframe_asset(contract.name)
    definition, suite = batches.add_batch_definition_whole_dataframe("partition"), expectation_suite(contract)
    row_rules = {rule.id: list(rule.columns) for rule in contract.row_rules}

    def work(table: pa.Table) -> list[int]:
        frame = _frame(table)
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


def _frame(table: pa.Table) -> Any:
    """Return ``table`` for pandas; its 32-bit integers as 64-bit ones, which Great Expectations compares in bulk."""
    wide = [field.with_type(pa.int64()) if field.type == pa.int32() else field for field in table.schema]
    return table.cast(pa.schema(wide)).to_pandas()


def measure(subject: Callable[[Contract], Work], folder: Path, days: Sequence[str], repeats: int) -> dict[str, Any]:
    """Return the median seconds for the partition and for one real day, warm, and what was parted."""
    work, real = subject(_alone("flights")), [table_of("flights", key) for key in days]
    work(real[0])
    day_seconds = [_seconds(work, day)[0] for day in real]
    work, table = subject(validation_data.contract()), pq.read_table(folder / "partition.parquet")
    timed = [_seconds(work, table) for _ in range(repeats)]
    return {
        "seconds": statistics.median(seconds for seconds, _ in timed),
        "day_seconds": statistics.median(day_seconds),
        "parted": timed[0][1],
        "peak_mib": _peak_mib(),
    }


def _alone(dataset: str) -> Contract:
    """Return a contract with the rules that one table can be judged by, without a history or another dataset."""
    contract = load_contract(dataset)
    rules = tuple(rule for rule in contract.rules if rule.kind not in ("reference", "volume", "freshness"))
    return contract.model_copy(update={"rules": rules})


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


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


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
    subjects = {"driftgate": driftgate, "ge": great_expectations}
    result = tasks(days) if what == "tasks" else measure(subjects[what], folder, days, repeats)
    (folder / f"{what}.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main()
