"""What earlier nights say: how often it drifted, when the last move was, how many new outcomes there are.

Each function looks at nights before the one being decided, never after it, and at as few as the answer needs.
"""

import json
from collections.abc import Mapping
from datetime import timedelta

from driftgate import uris
from driftgate.lake import lake
from driftgate.monitoring.evidence import Evidence, read_evidence
from driftgate.monitoring.ground_truth import JoinResult
from driftgate.partition_keys import keys_before, parse_key
from driftgate.records import parse_record
from driftgate.use_cases import UseCase


def drift_nights(use_case: UseCase, key: str, tonight: Evidence) -> int:
    """Count the drifting nights of the last ``of_last``, tonight included; another champion's nights do not count."""
    earlier = keys_before(key, use_case.retrain.of_last)[:-1]
    found = [read_evidence(use_case.name, night, tonight.monitor) for night in earlier]
    return sum(
        1
        for evidence in [tonight, *found]
        if evidence and evidence.verdict == "drift" and evidence.champion == tonight.champion
    )


def days_since_retrain(key: str, decisions: Mapping[str, str]) -> int | None:
    """Return the days since the last night with a retrain verdict, None when there was none."""
    nights = [night for night, decision in decisions.items() if decision == "retrain"]
    return _days(max(nights), key) if nights else None


def days_since_switch(key: str, champion: str | None, champions: Mapping[str, str | None]) -> int | None:
    """Return the days since ``champion`` first answered after another version had; None when none had."""
    others = [night for night, version in champions.items() if version not in (None, champion)]
    if champion is None or not others:
        return None
    own = [night for night, version in champions.items() if version == champion and night > max(others)]
    return _days(min(own, default=key), key)


def champion_age_days(use_case_name: str, key: str, champion: str | None) -> int | None:
    """Return the days from the champion's last training day to the night, None without a champion or its package."""
    last = training_window_end(use_case_name, champion) if champion else None
    return None if last is None else _days(last, key)


def new_rows(use_case: UseCase, key: str, champion: str | None) -> int:
    """Count the outcomes that became known since the champion's training window, newest night first.

    Counting stops at the policy's ``min_new_rows``, so that an old champion costs no more than a young one.
    """
    enough, rows = use_case.retrain.min_new_rows, 0
    last = training_window_end(use_case.name, champion) if champion else None
    night = parse_key(key)
    while last is not None and rows < enough and night.isoformat() > last:
        result = read_join_result(use_case.name, night.isoformat())
        if result and result.labelled_key > last:
            rows += result.labelled
        night -= timedelta(days=1)
    return rows


def read_join_result(use_case: str, key: str) -> JoinResult | None:
    """Return the counts of one night's ground-truth join, or None when it did not run."""
    path = uris.monitoring_report(use_case, key, "ground_truth")
    if not lake().exists(path):
        return None
    return parse_record(json.loads(lake().read(path)), JoinResult, where=lake().uri(path))


def training_window_end(use_case: str, version: str) -> str | None:
    """Return the newest partition that a model version was trained on, from its package; None without a package."""
    path = f"{uris.package(use_case, version)}/package.json"
    if not lake().exists(path):
        return None
    dataset_version = str(json.loads(lake().read(path))["dataset_version"])
    return dataset_version.rsplit("/", 1)[-1][: len("2013-04-01")]


def _days(earlier: str, later: str) -> int:
    return (parse_key(later) - parse_key(earlier)).days
