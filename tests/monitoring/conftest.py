"""Some nights of a served model, on real flights: what was asked, answered, and happened; what it was trained on."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftgate import uris
from driftgate.captures import Capture, write_captures
from driftgate.lake import lake, publish
from driftgate.monitoring import Evidence, training_baseline
from driftgate.monitoring.evidence import write_evidence
from driftgate.records import sha256
from driftgate.sources import sample
from driftgate.use_cases import UseCase, load_use_case

TRAINED_ON = ("2013-03-26", "2013-03-27", "2013-03-28", "2013-03-29")
FEATURES = ("carrier", "flight", "origin", "scheduled_departure", "dest", "distance_miles")


@pytest.fixture
def use_case() -> UseCase:
    """The shipped use case with a policy for a handful of nights."""
    return with_settings(load_use_case("flight_delays"))


def with_settings(use_case: UseCase) -> UseCase:
    """Return the use case with a window of three nights."""
    performance = use_case.monitor.performance.model_copy(update={"window_nights": 3, "min_rows": 1000})
    monitor = use_case.monitor.model_copy(update={"performance": performance})
    retrain = use_case.retrain.model_copy(
        update={"on": ("performance",), "rules": (), "min_new_rows": 100, "cooldown_unhelpful_days": ()}
    )
    return use_case.model_copy(update={"monitor": monitor, "retrain": retrain})


class Nights:
    """Writes what the endpoint, the ingest DAG and the registry would have written."""

    def __init__(self, use_case: UseCase) -> None:
        self.use_case = use_case

    def rows(self, key: str) -> list[dict[str, Any]]:
        """The requests of a day: its real flights, without outcomes."""
        table = sample.requests_of(key).select(FEATURES)
        return [{**row, "scheduled_departure": row["scheduled_departure"].isoformat()} for row in table.to_pylist()]

    def model(self, version: str, *, auc: float | None = 0.7, days: Sequence[str] = TRAINED_ON) -> None:
        """Put a package into the lake: a model that was trained on the flights of ``days``."""
        self._package(version, {} if auc is None else {"auc": auc, "log_loss": 0.5}, days)

    def regression_model(self, version: str, reference: dict[str, float], **more: Any) -> None:
        """Put the package of a regression into the lake; ``more`` are the reference's intervals and versions."""
        self._package(version, reference, TRAINED_ON, **more)

    def _package(self, version: str, reference: dict[str, float], days: Sequence[str], **more: Any) -> None:
        table = pa.concat_tables([sample.requests_of(day).select(FEATURES) for day in days])
        baseline = training_baseline(self.use_case, table, np.full(table.num_rows, 0.5), reference, **more)
        folder = uris.package(self.use_case.name, version)
        lake().write(f"{folder}/baseline.json", json.dumps(baseline).encode())
        package = {"dataset_version": f"{self.use_case.name}/{max(days)}-3f9c2a1"}
        lake().write(f"{folder}/package.json", json.dumps(package).encode())

    def answer(
        self,
        key: str,
        rows: Sequence[dict[str, Any]],
        scores: Sequence[float | None] | None = None,
        *,
        role: str = "champion",
        version: str = "1",
        revision: int = 1,
        asked_again: int = 0,
    ) -> None:
        """Capture one answer to each of ``rows``; a score of None is an answer that failed."""
        given = [0.5] * len(rows) if scores is None else scores
        write_captures(
            self.capture(key, n, row, score, role, version, revision, asked_again)
            for n, (row, score) in enumerate(zip(rows, given, strict=True))
        )

    def capture(
        self,
        key: str,
        n: int,
        row: dict[str, Any],
        score: float | None,
        role: Any,
        version: str,
        revision: int,
        asked_again: int,
    ) -> Capture:
        request_key = json.dumps({name: row[name] for name in self.use_case.request_key}, sort_keys=True)
        return Capture(
            prediction_id=sha256(f"{request_key}{asked_again}".encode())[:32],
            use_case=self.use_case.name,
            variant_role=role,
            model_version=version,
            deployment_revision=revision,
            step="serving",
            score=score,
            error=None if score is not None else "it failed",
            latency_ms=1.0,
            received_at=datetime.fromisoformat(key).replace(tzinfo=UTC) + timedelta(seconds=n, hours=asked_again),
            event_time=row["scheduled_departure"],
            request_key=request_key,
            features=json.dumps(row),
        )

    def happen(self, key: str, flights: pa.Table | None = None) -> str:
        """Publish what really happened on a day; return the manifest's hash."""
        table = sample.table_of("flights", key) if flights is None else flights
        return publish(lake(), uris.partition("validated", "flights", key), table).hash

    def scores(self, key: str, *, skill: float) -> list[float]:
        """Scores of the day's real flights that know their outcome by so much: 0 is chance, 1 is certainty."""
        delays = sample.table_of("flights", key).column("arr_delay_minutes").to_pylist()
        late = np.array([delay is not None and delay > 15 for delay in delays], dtype=float)
        noise = np.random.default_rng(int(key.replace("-", ""))).random(len(late))
        return [float(score) for score in skill * late + (1 - skill) * noise]

    def evidence(self, key: str, monitor: Any, verdict: Any, *, champion: str | None = "1") -> Evidence:
        """Write the finding of one monitor."""
        return write_evidence(
            Evidence(
                use_case=self.use_case.name,
                key=key,
                monitor=monitor,
                champion=champion,
                statistic="auc" if monitor == "performance" else "psi(origin)",
                value=0.6,
                interval=None,
                threshold=0.65,
                sample_size=1000,
                features=(),
                verdict=verdict,
                sentence=f"{monitor} says {verdict}.",
            )
        )


@pytest.fixture
def nights(use_case: UseCase) -> Nights:
    """What the other rooms would have written."""
    return Nights(use_case)
