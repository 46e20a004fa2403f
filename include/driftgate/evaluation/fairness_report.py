"""What an evaluation found about the facets of a use case: a section of its report."""

from typing import Literal

from driftgate.evaluation.day_blocks import Interval
from driftgate.fairness_policy import BiasMetricName, Bound, Mitigation, neutral
from driftgate.records import Record


class GroupResult(Record):
    """One metric of one group against the group of reference.

    ``interval`` has one-sided bounds by days. Both ends must lie between ``at_least`` and ``at_most``; a result without
    bounds is ``reported``. ``champion`` is the champion's value on the same rows, None where it tells nothing; a result
    that breaks its bounds, but whose value goes no further than the champion's, is ``no_worse``.
    """

    facet: str
    group: str
    reference: str
    metric: BiasMetricName
    rows: int
    reference_rows: int
    value: float | None
    interval: Interval | None
    champion: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    verdict: Literal["pass", "fail", "no_worse", "insufficient_data", "reported"]

    @property
    def name(self) -> str:
        """The facet, the group and the metric, in one word."""
        return f"{self.facet}.{self.group}.{self.metric}"

    @property
    def used(self) -> float:
        """How much of what is allowed the interval uses up; above 1 it does not keep its bounds."""
        return 0.0 if self.interval is None else used(self.metric, self.bound, self.interval)

    @property
    def bound(self) -> Bound:
        """What the metric must keep."""
        return Bound(at_least=self.at_least, at_most=self.at_most)

    @property
    def severity(self) -> Literal["critical", "major"]:
        """Critical where the whole interval is out of bounds; major where a part of it is, or the champion's too."""
        if self.verdict == "no_worse":
            return "major"
        low, high = self.interval or (0.0, 0.0)
        beyond = (self.at_least is not None and high < self.at_least) or (
            self.at_most is not None and low > self.at_most
        )
        return "critical" if beyond else "major"

    @property
    def sentence(self) -> str:
        """What was found, in words."""
        who = f"{self.metric.replace('_', ' ')} of {self.group!r} against {self.reference!r} ({self.facet})"
        if self.value is None or self.interval is None:
            return f"{who} cannot be told of {self.rows:,} and {self.reference_rows:,} rows"
        limits = [f"at least {self.at_least:g}"] if self.at_least is not None else []
        limits += [f"at most {self.at_most:g}"] if self.at_most is not None else []
        asked = f", and must be {' and '.join(limits)}" if limits else ""
        champion = f"; the champion's is {self.champion:.3f}" if self.verdict == "no_worse" else ""
        return f"{who} is {self.value:.3f} ({self.interval[0]:.3f} to {self.interval[1]:.3f}){asked}{champion}"


def used(metric: BiasMetricName, bound: Bound, interval: Interval) -> float:
    """Return the distance of the interval's worse end from no difference, as a share of what the bound allows."""
    alike = neutral(metric)
    ends = zip(interval, (bound.at_least, bound.at_most), strict=True)
    return max((end - alike) / (limit - alike) for end, limit in ends if limit is not None)


class GroupShares(Record):
    """The share of a group in the training rows, the validation rows and the newest captured requests, if enough."""

    facet: str
    group: str
    train: float
    validation: float
    live: float | None


class Proxy(Record):
    """A feature that alone tells the rows of a group from all others so well that it stands for the facet."""

    facet: str
    group: str
    feature: str
    auc: float


class FairnessReport(Record):
    """Everything about the facets of one candidate. ``decision_threshold``: scores above it are positive decisions."""

    decision_threshold: float | None
    mitigation: Mitigation
    results: tuple[GroupResult, ...]
    shares: tuple[GroupShares, ...]
    proxies: tuple[Proxy, ...]
