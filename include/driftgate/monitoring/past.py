"""What a night looks back at: the evidence and verdicts of nights before it, and what its champion was trained on."""

import json
from typing import Protocol

from driftgate import uris
from driftgate.lake import lake, read_record
from driftgate.monitoring.evidence import Evidence, read_evidence
from driftgate.monitoring.ground_truth import JoinResult
from driftgate.monitoring.verdicts.record import Verdict, verdict_of
from driftgate.monitoring_policy import MonitorName


class Past(Protocol):
    """One use case's nights as they are recorded; each answer is None where there is no record."""

    def evidence(self, key: str, monitor: MonitorName) -> Evidence | None:
        """Return what a monitor found about a night."""

    def verdict(self, key: str) -> Verdict | None:
        """Return what was decided about a night."""

    def joined(self, key: str) -> JoinResult | None:
        """Return the counts of a night's join with the ground truth."""

    def trained_to(self, version: str) -> str | None:
        """Return the newest partition that a model version was trained on."""


class RecordedPast:
    """The past as lake and metadata have it."""

    def __init__(self, use_case_name: str) -> None:
        self.use_case_name = use_case_name

    def evidence(self, key: str, monitor: MonitorName) -> Evidence | None:
        return read_evidence(self.use_case_name, key, monitor)

    def verdict(self, key: str) -> Verdict | None:
        return verdict_of(self.use_case_name, key)

    def joined(self, key: str) -> JoinResult | None:
        return read_record(uris.monitoring_report(self.use_case_name, key, "ground_truth"), JoinResult)

    def trained_to(self, version: str) -> str | None:
        path = f"{uris.package(self.use_case_name, version)}/package.json"
        if not lake().exists(path):
            return None
        dataset_version = str(json.loads(lake().read(path))["dataset_version"])
        return dataset_version.rsplit("/", 1)[-1][: len("2013-04-01")]
