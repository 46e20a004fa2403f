"""What one monitor found about one night, as the record that the verdict is made from."""

from contextlib import suppress
from typing import Literal

from driftgate import uris
from driftgate.errors import ConfigError
from driftgate.lake import lake, read_record
from driftgate.monitoring_policy import MonitorName
from driftgate.records import Record
from driftgate.severity import Severity

Finding = Literal["ok", "drift", "insufficient"]
Carried = dict[str, tuple[float, ...]]  # numbers by name


class Statistic(Record):
    """One number of a monitor; without a threshold it informs and decides nothing."""

    name: str
    value: float
    feature: str | None = None
    interval: tuple[float, float] | None = None
    threshold: float | None = None
    reference: float | None = None
    metric_impl_version: int | None = None  # of a metric: of the code that measured it


class Evidence(Record):
    """The finding of one monitor, with the number that decided and every number beside it.

    A drift has a ``severity``; nothing else has one. ``revision`` rises when the night is measured again and something
    has changed, as when outcomes came late.
    ``examples`` are prediction ids: who may read the captures can look at them. ``carried`` is what the next night goes
    on from; a verdict leaves it out.
    """

    schema_version: int = 1
    use_case: str
    key: str
    monitor: MonitorName
    champion: str | None
    statistic: str
    value: float | None
    interval: tuple[float, float] | None
    threshold: float | None
    sample_size: int
    features: tuple[str, ...]
    verdict: Finding
    severity: Severity | None = None
    sentence: str
    statistics: tuple[Statistic, ...] = ()
    examples: tuple[str, ...] = ()
    carried: Carried = {}
    revision: int = 1


def insufficient(
    use_case: str, key: str, monitor: MonitorName, sentence: str, *, champion: str | None = None, sample_size: int = 0
) -> Evidence:
    """Return evidence that says why nothing can be said."""
    return Evidence(
        use_case=use_case,
        key=key,
        monitor=monitor,
        champion=champion,
        statistic="none",
        value=None,
        interval=None,
        threshold=None,
        sample_size=sample_size,
        features=(),
        verdict="insufficient",
        sentence=sentence,
    )


def write_evidence(evidence: Evidence) -> Evidence:
    """Write evidence to the lake, as a revision of another one that is there already, and return it."""
    path = uris.monitoring_report(evidence.use_case, evidence.key, evidence.monitor)
    before = None
    with suppress(ConfigError):  # it was written by another version: nothing to count on from
        before = read_evidence(evidence.use_case, evidence.key, evidence.monitor)
    if before:
        evidence = evidence.model_copy(update={"revision": before.revision})
        if evidence != before:
            evidence = evidence.model_copy(update={"revision": before.revision + 1})
    lake().write(path, evidence.canonical())
    return evidence


def read_evidence(use_case: str, key: str, monitor: MonitorName) -> Evidence | None:
    """Return what a monitor wrote about a night, or None when it did not run."""
    return read_record(uris.monitoring_report(use_case, key, monitor), Evidence)
