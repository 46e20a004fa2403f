"""What the endpoint serves of one use case: the deployment state with its models loaded."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from driftgate.captures import Role
from driftgate.captures.sampling import in_sample
from driftgate.endpoint.routing import BUCKETS, bucket_of
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    from driftgate.endpoint.treating import Treating
    from driftgate.models import Rule
    from driftgate.registry import Package


@dataclass(frozen=True)
class ServedVariant:
    """One loaded model version with its role; ``weight`` is the percentage of the requests that it answers.

    :param checks_rows: its signature is not the champion's, so it has to check for itself what the champion let through
    :param joins_rows: its online views are not the champion's, so the champion's rows are not its own
    """

    version: str
    role: Role
    weight: int
    package: "Package"
    checks_rows: bool = False
    joins_rows: bool = False

    def score(self, rows: list[dict[str, Any]]) -> list[float]:
        """Return one finite score per row; whatever is wrong with the model or the rows is raised."""
        if self.checks_rows:
            self.package.signature.check(rows)
        scores: list[float] = self.package.scorer.score_rows(rows).tolist()
        if len(scores) != len(rows) or not all(map(math.isfinite, scores)):
            raise ArithmeticError(f"version {self.version} gave a score that is not a number")
        return scores


@dataclass(frozen=True)
class ServedRule:
    """The rule in the champion's package, as ``fallback`` (it answers what the champion failed on) or ``control``."""

    version: str
    rule: "Rule"
    role: Role = "fallback"
    weight: int = 0

    def score(self, rows: list[dict[str, Any]]) -> list[float]:
        """Return what the rule says of each row."""
        return self.rule.answers(rows)


@dataclass(frozen=True)
class Served:
    """The variants of one use case at one revision of its deployment state."""

    use_case: UseCase
    revision: int
    step: str
    champion: ServedVariant
    canaries: tuple[ServedVariant, ...] = ()
    shadows: tuple[ServedVariant, ...] = ()
    fallback: ServedRule | None = None
    control: ServedRule | None = None
    treating: "Treating | None" = None

    @cached_property
    def share(self) -> float:
        """The share of the request keys that are captured; all of them while models are compared."""
        return 1.0 if self.canaries or self.shadows else self.use_case.serve.capture.share

    def keeps(self, request_key: str) -> bool:
        """Return whether the champion's answers to a request key are captured."""
        return self.share >= 1 or in_sample(self.use_case.name, request_key, self.share)

    @property
    def variants(self) -> tuple[ServedVariant, ...]:
        """Every loaded model, the champion first."""
        return (self.champion, *self.canaries, *self.shadows)

    @property
    def recorded(self) -> tuple[ServedVariant | ServedRule, ...]:
        """What the deployment state names: the models, and the control behind them."""
        return (*self.variants, self.control) if self.control else self.variants

    @property
    def splits(self) -> bool:
        """Whether not every request is the champion's."""
        return bool(self.canaries or self.control)

    def variant_for(self, request_key: str) -> ServedVariant | ServedRule:
        """Return what answers a request. Canaries take buckets from below, the control those at the top."""
        if not self.splits:
            return self.champion
        bucket, upper = bucket_of(self.use_case.name, request_key), 0
        for canary in self.canaries:
            upper += canary.weight * BUCKETS // 100
            if bucket < upper:
                return canary
        if self.control and bucket >= BUCKETS - self.control.weight * BUCKETS // 100:
            return self.control
        return self.champion
