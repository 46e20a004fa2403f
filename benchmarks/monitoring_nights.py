"""Whole nights of ``flight_delays`` for ``monitoring.py``, each part a process of its own: ``WHAT FOLDER NUMBER …``.

A champion is trained on real days and answers the real requests of the nights after them; people look at a sample. The
first of these nights are judged. A longer history repeats them, one after another, on the days before.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

from monitoring_subjects import peak_mib

from driftgate import uris
from driftgate.metadata import metadata
from driftgate.metadata.records import RECORDS
from driftgate.monitoring import RecordedPast, decide, join_night, measure
from driftgate.monitoring.verdicts.record import KIND as VERDICT
from driftgate.monitoring.watchdog import watch
from driftgate.monitoring_policy import MONITORS
from driftgate.partition_keys import keys_before, keys_between, parse_key
from driftgate.records import Record, canonical_json
from driftgate.reviews.answers import KIND as ANSWERS
from driftgate.reviews.answers import ReviewAnswer, keep_answer, made_answer
from driftgate.reviews.item import ReviewItem, items_of
from driftgate.use_cases import UseCase, load_use_case

Result = dict[str, Any]
USE_CASE, SOURCE = "flight_delays", "nycflights"


def make(folder: Path, window_days: int, judged: int, more: int) -> Result:
    """Leave a champion of ``window_days``, so many ``judged`` nights, and the requests of some ``more``."""
    from features import publish_days

    use_case = _use_case(window_days)
    trained_to = keys_between("2013-01-01", "2013-12-31")[window_days - 1]
    nights = _after(trained_to, judged + more)
    publish_days(use_case, trained_to)
    for key in nights:
        _bring_in(use_case, key)
    _answer(use_case, nights)
    for key in nights[:judged]:
        join_night(use_case, key)
        for monitor in MONITORS:
            measure(use_case, key, monitor)
        decide(use_case, key)
    told = {"window_days": window_days, "judged": nights[:judged], "nights": nights[judged:]}
    (folder / "nights.json").write_text(json.dumps(told))
    return {}


def repeat(folder: Path, nights: int) -> Result:
    """Have ``nights`` before the ones that are left: the judged ones, and before them their records again and again."""
    told = json.loads((folder / "nights.json").read_text())
    use_case, judged = _use_case(told["window_days"]), told["judged"]
    older = keys_before(judged[0], nights - len(judged) + 1)[:-1]
    likes = [_Recorded(use_case, key) for key in judged]
    for key, like in zip(reversed(older), cycle(reversed(likes)), strict=False):
        like.copy_to(key, folder / "home" / "lake")
    return {}


def judge(folder: Path, first: int, last: int) -> Result:
    """Judge and decide the nights that are left from one number to another; return the median seconds of each step."""
    told = json.loads((folder / "nights.json").read_text())
    use_case, keys = _use_case(told["window_days"]), told["nights"][first:last]
    taken = [_judged(use_case, key) for key in keys]
    found = [RecordedPast(USE_CASE).evidence(key, monitor) for key in keys for monitor in MONITORS]
    since = datetime.fromisoformat(keys[0]).replace(tzinfo=UTC)
    return {
        "steps": {name: statistics.median(night[name] for night in taken) for name in taken[0]},
        "watch": _seconds(lambda: watch(use_case, since=since, now=datetime.now(UTC))),
        "insufficient": sorted({one.monitor for one in found if one and one.verdict == "insufficient"}),
    }


def _judged(use_case: UseCase, key: str) -> dict[str, float]:
    steps: dict[str, Callable[[], Any]] = {"answers joined with outcomes": lambda: join_night(use_case, key)}
    steps |= {f"monitor {name}": partial(measure, use_case, key, name) for name in MONITORS}
    steps |= {"verdict": lambda: decide(use_case, key)}
    before = time.process_time()
    seconds = {name: _seconds(step) for name, step in steps.items()}
    used = time.process_time() - before
    return seconds | {"all of these": sum(seconds.values()), "all of these, time of the processors": used}


def _use_case(window_days: int) -> UseCase:
    shipped = load_use_case(USE_CASE)
    return shipped.model_copy(update={"train": shipped.train.model_copy(update={"window_days": window_days})})


def _after(key: str, nights: int) -> list[str]:
    last = parse_key(key) + timedelta(days=nights)
    return keys_between(key, last.isoformat())[1:]


def _bring_in(use_case: UseCase, key: str) -> None:
    """Do what the ingest DAGs do for one day."""
    from driftgate.contracts import load_contract, publish_partition, validate_partition
    from driftgate.profiles import RuleResult, profile_partition
    from driftgate.sources import ingest_partition
    from driftgate.sources.sample import deliver

    deliver(key, key)
    for dataset in reversed(use_case.datasets):  # flights refer to planes
        ingest_partition(SOURCE, dataset, key)
        report = validate_partition(dataset, key)
        publish_partition(dataset, key)
        contract = load_contract(dataset)
        rules = {rule.id: rule for rule in contract.rules}
        checks = [check for check in report.checks if check.rule in rules]
        results = [RuleResult(rules[one.rule].kind, rules[one.rule].columns, one.judged, one.broken) for one in checks]
        profile_partition(dataset, key, hidden=contract.masked, results=results)


def _answer(use_case: UseCase, nights: Sequence[str]) -> None:
    """Train, register and ask the champion; people say what it said of every answer that they look at."""
    from driftgate.backtest.gates import gated
    from driftgate.backtest.models import Models
    from driftgate.backtest.rows import published_rows
    from driftgate.backtest.traffic import Serving, Traffic
    from driftgate.captures import Capture, write_captures
    from driftgate.reviews import queue_reviews

    rows = published_rows(use_case, nights[0], nights[-1])
    models = Models(rows)
    model = models.of(rows.day_before)
    gated(use_case, model, None)
    _register(use_case, rows.day_before, model)
    traffic, serving = Traffic(use_case, rows, models), Serving(champion=model.version, champion_since=nights[0])
    for key in nights:
        answers = traffic.answers(key, serving).to_pylist()
        write_captures(Capture(**{name: row[name] for name in Capture.__struct_fields__}) for row in answers)
        for item in queue_reviews(use_case, key):
            keep_answer(_answer_to(use_case, item))


def _register(use_case: UseCase, version: str, model: Any) -> None:
    from driftgate.datasets import prepare
    from driftgate.registry import ModelVersion
    from driftgate.registry.states import State, move_state
    from driftgate.registry.writing import package_files, write_package

    made = ("baseline.json", "feature_baseline.json", "reference_sample.parquet")
    files = {**model.files, **{name: model.package_file(name) for name in made}}
    registered = ModelVersion(
        use_case=use_case.name,
        version=version,
        job_id=model.job.job_id,
        job_spec_sha256=model.job.spec_sha256,
        dataset_version=prepare(use_case, version).name,
        trainer=model.spec.trainer,
        seed=model.spec.seed,
        parameters=model.spec.parameters,
        metrics=model.job.metrics,
        files=package_files(files),
    )
    write_package(registered, files)
    states: tuple[State, ...] = ("candidate", "approved")
    for state in states:
        move_state(use_case.name, version, state, actor="benchmark", reason="a benchmark")


def _answer_to(use_case: UseCase, item: ReviewItem) -> ReviewAnswer:
    """Return the word of a person who agrees with the model."""
    reviewer = use_case.review.reviewers[0] if use_case.review else ""
    return made_answer(use_case, item, item.prediction, reviewer=reviewer, seconds=60)


class _Recorded:
    """All that is recorded of one night."""

    def __init__(self, use_case: UseCase, key: str) -> None:
        past, self.use_case = RecordedPast(USE_CASE), use_case
        self.reports: dict[str, Record | None] = {monitor: past.evidence(key, monitor) for monitor in MONITORS}
        self.reports |= {"ground_truth": past.joined(key), VERDICT: past.verdict(key)}
        self.items = items_of(USE_CASE, key)

    def copy_to(self, key: str, lake_folder: Path) -> None:
        """Write it as that of another night: past the store and in bulk, for there are thousands."""
        moved = {name: one.model_copy(update={"key": key}) for name, one in self.reports.items() if one}
        items = [
            one.model_copy(update={"day": key, "prediction_id": f"{key}-{number}"})
            for number, one in enumerate(self.items)
        ]
        files = {uris.monitoring_report(USE_CASE, key, name): one.canonical() for name, one in moved.items()}
        files[uris.review_queue(USE_CASE, key)] = canonical_json([one.model_dump(mode="json") for one in items])
        for path, data in files.items():
            (lake_folder / path).parent.mkdir(parents=True, exist_ok=True)
            (lake_folder / path).write_bytes(data)
        said = [(ANSWERS, answer.subject, answer) for answer in (_answer_to(self.use_case, item) for item in items)]
        _append([(VERDICT, f"{USE_CASE}/{key}", moved[VERDICT]), *said])


def _append(records: Sequence[tuple[str, str, Record]]) -> None:
    """Append records that are the first of their subjects, in one transaction."""
    now = datetime.now(UTC)
    rows = [
        {"kind": kind, "subject": subject, "revision": 1, "written_at": now, "body": one.canonical().decode()}
        for kind, subject, one in records
    ]
    with metadata().engine.begin() as connection:
        connection.execute(RECORDS.insert(), rows)


def _seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    what, folder, numbers = sys.argv[1], Path(sys.argv[2]), [int(one) for one in sys.argv[3:]]
    work: dict[str, Callable[..., Result]] = {"make": make, "repeat": repeat, "judge": judge}
    result = work[what](folder, *numbers)
    (folder / f"{what}.result.json").write_text(json.dumps(result | {"peak_mib": peak_mib()}))


if __name__ == "__main__":
    main()
