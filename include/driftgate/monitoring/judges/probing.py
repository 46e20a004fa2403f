"""The probing monitor: requests of one day that look like somebody feeling out the model, not like its users.

A sweep asks the same thing again and again and varies one feature (extraction of a boundary); a cluster repeats one
request, equal or hardly changed (brute force, averaging noise away). Only names of features, counts and prediction ids
leave this room, never a value.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from driftgate import uris
from driftgate.alarms import raise_alarm
from driftgate.lake import lake
from driftgate.monitoring.answers import answers
from driftgate.records import Record
from driftgate.use_cases import UseCase

SWEEP_VALUES = 20  # different values of one feature while all others stay
CLUSTER_ROWS = 20  # requests that are equal in words, and in the first digit of their numbers
LARGEST = 1e300  # JSON has numbers that no float can hold

Row = tuple[tuple[str, Any], ...]


class Probe(Record):
    """One pattern: ``feature`` is what a sweep varies, None for a cluster of near duplicates."""

    feature: str | None
    prediction_ids: tuple[str, ...]


class ProbingReport(Record):
    """What one day's requests look like; its ``prediction_ids`` lead to the captures, which say who asked."""

    schema_version: int = 1
    use_case: str
    key: str
    requests: int
    probes: tuple[Probe, ...]

    @property
    def prediction_ids(self) -> frozenset[str]:
        """The answers that a prober got."""
        return frozenset(name for probe in self.probes for name in probe.prediction_ids)

    @property
    def sentence(self) -> str:
        """The report for people."""
        if not self.probes:
            return f"None of the {self.requests:,} requests of {self.use_case} on {self.key} looks like probing."
        swept = sorted({probe.feature for probe in self.probes if probe.feature})
        told = f", sweeping {', '.join(swept)}" if swept else ""
        return (
            f"{len(self.prediction_ids):,} of the {self.requests:,} requests of {self.use_case} on {self.key} look "
            f"like probing{told}; see who asked, and whether that caller may go on."
        )


def measure_probing(use_case: UseCase, key: str) -> ProbingReport:
    """Search one day's captured requests for probing, write the report, raise an alarm if there is any."""
    captures = answers(use_case.name, key).select(["prediction_id", "features"]).to_pylist()
    rows = {found["prediction_id"]: json.loads(found["features"]) for found in captures}
    report = ProbingReport(use_case=use_case.name, key=key, requests=len(rows), probes=tuple(probes_in(rows)))
    lake().write(uris.security_report(use_case.name, key), report.canonical())
    _alarm(report)
    return report


def probes_in(rows: Mapping[str, Mapping[str, Any]]) -> list[Probe]:
    """Return the sweeps and clusters in request rows by prediction id, the same ones in the same order each time."""
    written = {name: tuple(sorted((key, _plain(value)) for key, value in row.items())) for name, row in rows.items()}
    swept = [probe for feature in sorted({key for row in rows.values() for key in row})
             for probe in _sweeps(written, feature)]  # fmt: skip
    return swept + _clusters(written)


def _sweeps(rows: Mapping[str, Row], feature: str) -> list[Probe]:
    values: dict[Row, set[Any]] = defaultdict(set)
    asked: dict[Row, list[str]] = defaultdict(list)
    for name, row in rows.items():
        others = tuple(pair for pair in row if pair[0] != feature)
        values[others].update(value for key, value in row if key == feature)
        asked[others].append(name)
    return _probes(feature, (asked[others] for others, found in values.items() if len(found) >= SWEEP_VALUES))


def _clusters(rows: Mapping[str, Row]) -> list[Probe]:
    asked: dict[Row, list[str]] = defaultdict(list)
    for name, row in rows.items():
        asked[tuple((key, _first_digit(value)) for key, value in row)].append(name)
    return _probes(None, (names for names in asked.values() if len(names) >= CLUSTER_ROWS))


def _probes(feature: str | None, groups: Iterable[list[str]]) -> list[Probe]:
    return [Probe(feature=feature, prediction_ids=tuple(names)) for names in sorted(map(sorted, groups))]


def _plain(value: Any) -> Any:
    """Return a value that can be a key of a dictionary."""
    return json.dumps(value, sort_keys=True) if isinstance(value, list | dict) else value


def _first_digit(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(f"{value:.0e}") if is_number and abs(value) < LARGEST else value


def _alarm(report: ProbingReport) -> None:
    if report.probes:
        about = f"{report.use_case}/{report.key}"
        raise_alarm("probing", about, report.sentence, use_case=report.use_case, evidence=report.hash)
