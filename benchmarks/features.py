"""What the entity features of ``flight_delays`` bring, and how long a training set takes to prepare."""

import os
import re
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from measurements import Row, run_script

from driftgate import uris
from driftgate.contracts import load_contract
from driftgate.datasets.online_views import online_views
from driftgate.datasets.parameters import parameters, stage_parameters
from driftgate.datasets.preparation import _write_inputs
from driftgate.datasets.stage import build
from driftgate.datasets.window import pin
from driftgate.evaluation.day_blocks import ScoredDay, gain_interval
from driftgate.evaluation.metrics import auc, metric
from driftgate.lake import lake, publish
from driftgate.models import Preprocessing
from driftgate.models.lightgbm_scorer import LightgbmScorer
from driftgate.partition_keys import due, keys_between
from driftgate.sources.sample import table_of
from driftgate.training.spec import training_spec
from driftgate.training.train import train
from driftgate.use_cases import UseCase, load_use_case

CONFIDENCE = 0.95  # one-sided: the two bounds are an interval of 90 percent
WITH, WITHOUT = "with entity features", "without"
# The last day of each training window; the last two weeks of it are the rows that AUC is measured on.
ENDS = ["03-31", "04-15", "05-01", "05-20", "06-10", "07-01", "08-01", "09-15", "11-01", "12-15"]
QUICK = ENDS[:2]


def measure(quick: bool, folder: Path) -> list[Row]:
    os.environ["DRIFTGATE_HOME"] = str(folder / "home")
    use_case = load_use_case("flight_delays")
    ends = [f"2013-{end}" for end in (QUICK if quick else ENDS)]
    publish_days(use_case, ends[-1])
    rows = _prepare_rows(use_case, folder, ends[0])
    gains = []
    for end in ends:
        found, low, high = _compared(use_case, _prepared(use_case, folder / end, end))
        gains.append(found[WITH] - found[WITHOUT])
        rows += [Row(f"AUC of two weeks to {end}", subject, value, "AUC") for subject, value in found.items()]
        rows += [
            Row(f"gain of two weeks to {end}, {side}", WITH, value, "AUC")
            for side, value in (("from", low), ("to", high))
        ]
    return [*rows, Row(f"mean gain of {len(ends)} windows", WITH, sum(gains) / len(gains), "AUC")]


def publish_days(use_case: UseCase, last: str) -> None:
    for dataset in use_case.datasets:
        outcomes = load_contract(dataset).outcomes
        for key in keys_between("2013-01-01", last):
            path, table = uris.partition("validated", dataset, key), table_of(dataset, key)
            publish(lake(), path, table, known_at=due(key), outcomes=tuple(outcomes))


def _prepare_rows(use_case: UseCase, folder: Path, end: str) -> list[Row]:
    rows = []
    for name in ("cold", "warm"):
        started = time.perf_counter()
        table = _prepared(use_case, folder / name, end)
        seconds = time.perf_counter() - started
        rows.append(Row(f"prepare 90 days, {name}", WITH, seconds, "s"))
        rows.append(Row(f"prepare 90 days, {name}", WITH, table.num_rows / seconds, "rows/s"))
    return rows


def _prepared(use_case: UseCase, folder: Path, end: str) -> pa.Table:
    folder.mkdir()
    stage = stage_parameters()
    days, pins = pin(use_case, end, stage)
    _write_inputs(folder, parameters(use_case, stage, days), pins, use_case.features_sql.encode())
    build(folder)
    return pq.read_table(folder / "data" / "rows.parquet")


def _compared(use_case: UseCase, table: pa.Table) -> tuple[dict[str, float], float, float]:
    """Return the AUC of two models that differ in the entity features only, and the bounds of the gain."""
    views = " ".join(online_views(use_case).values())
    entity = [name for name in table.column_names if re.search(rf" AS {name}\b", views)]
    scored = {WITH: _scored(use_case, table), WITHOUT: _scored(use_case, table.drop_columns(entity))}
    found = {name: _pooled(days) for name, days in scored.items()}
    return (found, *gain_interval(metric("auc"), scored[WITH], scored[WITHOUT], CONFIDENCE))


def _scored(use_case: UseCase, table: pa.Table) -> list[ScoredDay]:
    spec = training_spec(use_case, f"{use_case.name}/2013-01-01-0123456", "bench")
    files = train(spec, table).artefacts
    scorer = LightgbmScorer.load(files["model.txt"], Preprocessing.model_validate_json(files["preprocessing.json"]))
    rows = table.filter(pc.equal(table["split"], "validation"))
    labels, scores = rows["label"].to_numpy(zero_copy_only=False).astype(bool), scorer.score_table(rows)
    days = rows[use_case.event_time].cast("date32").to_numpy(zero_copy_only=False)
    return [ScoredDay(labels[days == day], scores[days == day]) for day in sorted(set(days))]


def _pooled(days: list[ScoredDay]) -> float:
    labels = pa.concat_arrays([pa.array(day.labels) for day in days]).to_numpy(zero_copy_only=False)
    return auc(labels, pa.concat_arrays([pa.array(day.scores) for day in days]).to_numpy())


if __name__ == "__main__":
    run_script(__doc__ or "", measure)
