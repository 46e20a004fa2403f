"""One lineage record: an OpenLineage run event that carries its place in a hash chain."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from driftgate.records import canonical_json, sha256

CHAIN = "driftgate_chain"
"""Name of the run facet with ``stream``, ``sequence``, ``previous_hash`` and ``hash``."""

_VERSION = "version"


@dataclass(frozen=True)
class DatasetRef:
    """One thing that a run read or wrote.

    :param name: a path of the lake such as ``validated/flights/2013-04-01``, or ``model/flight_delays/3``
    :param version: what identifies its content (a manifest hash, a sha256, a revision); None when the reader did not
        pin one, and then a trace follows the newest record written before
    """

    name: str
    version: str | None = None


@dataclass(frozen=True)
class LineageRecord:
    """A recorded OpenLineage event; ``event`` is exactly the JSON in the lake."""

    event: Mapping[str, Any]

    @property
    def stream(self) -> str:
        """The hash chain that the record belongs to: a use case or a source."""
        return str(self._chain["stream"])

    @property
    def sequence(self) -> int:
        """The record's place in its chain, from 1."""
        return int(self._chain["sequence"])

    @property
    def previous_hash(self) -> str | None:
        """The hash of the record before; None for the first."""
        previous: str | None = self._chain["previous_hash"]
        return previous

    @property
    def hash(self) -> str:
        """The hash that was recorded; :func:`content_hash` says what it ought to be."""
        return str(self._chain["hash"])

    @property
    def job(self) -> str:
        """The job that ran, as ``dag.task``."""
        return str(self.event["job"]["name"])

    @property
    def time(self) -> str:
        """When the run ended, ISO 8601 in UTC."""
        return str(self.event["eventTime"])

    @property
    def inputs(self) -> tuple[DatasetRef, ...]:
        """What the run read."""
        return tuple(_ref(item) for item in self.event["inputs"])

    @property
    def outputs(self) -> tuple[DatasetRef, ...]:
        """What the run wrote."""
        return tuple(_ref(item) for item in self.event["outputs"])

    def facet(self, name: str) -> Mapping[str, Any]:
        """Return the run facet ``name``, empty when the record has none."""
        facet: Mapping[str, Any] = self.event["run"]["facets"].get(name, {})
        return facet

    @property
    def _chain(self) -> Mapping[str, Any]:
        return self.facet(CHAIN)


def content_hash(event: Mapping[str, Any]) -> str:
    """Return the sha256 of an event without the hash that it carries itself."""
    run = event["run"]
    chain = {key: value for key, value in run["facets"][CHAIN].items() if key != "hash"}
    body = {**event, "run": {**run, "facets": {**run["facets"], CHAIN: chain}}}
    return sha256(canonical_json(body))


def natural(name: str) -> list[str | int]:
    """Return a sort key that puts version 10 after version 9."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _ref(item: Mapping[str, Any]) -> DatasetRef:
    return DatasetRef(item["name"], item["facets"].get(_VERSION, {}).get("datasetVersion"))
