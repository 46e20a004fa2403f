"""A project whose flight_delays keeps three views online, and real days of the sample in its lake."""

import json
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from driftgate import uris
from driftgate.contracts import load_contract
from driftgate.lake import Manifest, lake, publish
from driftgate.partition_keys import due
from driftgate.records import read_yaml
from driftgate.settings import project_root
from driftgate.sources import sample
from driftgate.use_cases import UseCase, load_use_case

FEATURES = """
WITH judged AS (
    SELECT *, CASE WHEN arr_delay_minutes > 15 THEN 1.0::DOUBLE ELSE 0 END AS late
    FROM flights_history WHERE arr_delay_minutes IS NOT NULL
), carrier_recent AS (
    SELECT carrier, avg(late) AS carrier_late_share, avg(arr_delay_minutes / 7.0) AS carrier_delay,
           count(*) AS carrier_flights
    FROM judged GROUP BY carrier
), route_recent AS (
    SELECT origin, dest, (sum(late) + 2) / (count(*) + 10) AS route_late_share,
           stddev(arr_delay_minutes) AS route_spread
    FROM judged WHERE days_ago <= 2 GROUP BY origin, dest
), flight_recent AS (
    SELECT carrier, flight, max(late) AS flight_was_late, max(scheduled_departure) AS flight_last
    FROM judged WHERE days_ago = 1 GROUP BY carrier, flight
)
SELECT f.carrier, f.flight, f.origin, f.scheduled_departure, f.dest, f.distance_miles,
       hour(f.scheduled_departure) AS departure_hour,
       c.carrier_late_share, c.carrier_delay, c.carrier_flights, r.route_late_share, r.route_spread,
       l.flight_was_late, l.flight_last
FROM flights f
LEFT JOIN carrier_recent c USING (carrier)
LEFT JOIN route_recent r USING (origin, dest)
LEFT JOIN flight_recent l USING (carrier, flight)
"""
ONLINE = {
    "carrier_recent": {"key": ["carrier"]},
    "route_recent": {"key": ["origin", "dest"]},
    "flight_recent": {"key": ["carrier", "flight"]},
}


@pytest.fixture
def features_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The ``features.sql`` of the project of this test."""
    project, whole = tmp_path / "project", project_root()
    shutil.copytree(whole / "include" / "settings", project / "include" / "settings")
    shutil.copytree(whole / "data_contracts", project / "data_contracts")
    shutil.copy(whole / "params.yaml", project)
    folder = project / "include" / "use_cases" / "flight_delays"
    folder.mkdir(parents=True)
    content = read_yaml(whole / "include/use_cases/flight_delays/use_case.yaml")
    content |= {
        "datasets": ["flights"],
        "not_features": ["flight", "scheduled_departure", "flight_last"],
        "history_days": 5,
        "online": ONLINE,
    }
    (folder / "use_case.yaml").write_text(json.dumps(content))  # JSON is YAML
    (folder / "features.sql").write_text(FEATURES)
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(project))
    return folder / "features.sql"


@pytest.fixture
def use_case(features_file: Path) -> UseCase:
    return load_use_case("flight_delays")


@pytest.fixture
def publish_day() -> Callable[..., Manifest]:
    """Publish flights of a day, as they are in the sample or as given; on time unless told otherwise."""

    def published(day: str, *, known_at: datetime | None = None, rows: pa.Table | None = None) -> Manifest:
        contract = load_contract("flights")
        return publish(
            lake(),
            uris.partition("validated", "flights", day),
            sample.table_of("flights", day) if rows is None else rows,
            known_at=known_at or due(day),
            contract=contract.label,
            outcomes=tuple(contract.outcomes),
        )

    return published
