"""Which requirement each monitor watches, and what people do when it is not met: ``monitors.yaml`` of a use case."""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from driftgate.monitoring_policy import MonitorName
from driftgate.records import Record, load_yaml
from driftgate.severity import Severity
from driftgate.use_cases import UseCase

FILE = "monitors.yaml"

Words = Annotated[str, Field(min_length=20)]
# What a monitor compares with: the champion's own evaluation, the days it was trained on, its earlier nights, or
# nothing but a limit of the use case.
BaselineKind = Literal["evaluation", "training_days", "earlier_nights", "limit"]


class Registered(Record):
    """One monitor and the requirement that it watches.

    :param requirement: a key of ``card.yaml``; an item of a list by its number from 1, as ``performance_goals.1``
    :param statistic: of the monitor's evidence, which ``warn`` and ``critical`` are numbers about; None: they are
        severities of the monitor's own drift
    :param warn: how much worse than its baseline the statistic must certainly be, or which severity
    :param action: what people do then
    """

    id: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]
    kind: Literal["technical", "business"]
    requirement: str
    monitor: MonitorName
    statistic: str | None = None
    baseline: BaselineKind
    warn: float | Severity
    critical: float | Severity
    action: Words

    @model_validator(mode="after")
    def _rises(self) -> "Registered":
        limits = (self.warn, self.critical)
        if any(isinstance(limit, str) != (self.statistic is None) for limit in limits):
            raise ValueError(
                f"{self.id!r}: 'warn' and 'critical' are numbers where there is a 'statistic', and severities where not"
            )
        ranks = [get_args(Severity).index(limit) if isinstance(limit, str) else limit for limit in limits]
        if ranks[0] > ranks[1] or (self.statistic and ranks[0] == ranks[1]):
            raise ValueError(f"{self.id!r}: 'critical' must be worse than 'warn', got {self.critical} and {self.warn}")
        return self


class Register(Record):
    """The monitors of a use case, at least one of which watches what the business wants."""

    monitors: tuple[Registered, ...]

    @model_validator(mode="after")
    def _knows_the_business(self) -> "Register":
        names = [one.id for one in self.monitors]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two monitors have the id {twice!r}; rename one")
        if not any(one.kind == "business" for one in self.monitors):
            raise ValueError("no monitor has 'kind: business'; register what the business would notice, such as a cost")
        return self


def register_of(use_case: UseCase, folder: Path | None = None) -> Register | None:
    """Return what is registered for a use case; None when it has no file, which the lint refuses.

    :param folder: where the use case lies; None: where its name says
    :raises ConfigError: the file has a wrong, missing or unknown key, or no business metric
    """
    path = (folder or use_case.folder) / FILE
    return _parse(path, path.stat().st_mtime_ns) if path.exists() else None


@cache
def _parse(path: Path, _: int) -> Register:
    return load_yaml(path, Register)
