"""One prediction problem, parsed from ``include/use_cases/<name>/use_case.yaml`` into frozen types.

Every section lives here or in ``problems`` and the modules named ``…_policy``, so that rooms which must not know each
other share their words.
"""

from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from driftgate.approval_policy import Approval
from driftgate.efficiency_policy import Efficiency
from driftgate.errors import ConfigError, nearest
from driftgate.explanation_policy import Explain, require_explainable
from driftgate.fairness_policy import Fairness
from driftgate.feature_review_policy import FeatureReview
from driftgate.gate_policy import Gates
from driftgate.monitoring_policy import MONITORS, Monitor, MonitorName
from driftgate.problems import Label, Metric, require_fitting
from driftgate.problems import PrimaryMetric as PrimaryMetric  # other rooms read it from here
from driftgate.problems import Problem as Problem
from driftgate.promotion_policy import Promote
from driftgate.records import Record, load_yaml
from driftgate.retrain_policy import Retrain
from driftgate.review_policy import Review
from driftgate.scaling_policy import Scaling
from driftgate.search_space import Experiments, Tune
from driftgate.serve_policy import Serve
from driftgate.settings import project_root
from driftgate.training_policy import Train
from driftgate.validation_policy import Validation
from driftgate.value_policy import Value

Names = Annotated[tuple[str, ...], Field(min_length=1)]
MAX_AGE_DAYS = 2  # of online values, also of those that only a model trained earlier still reads


class Owner(Record):
    """Who answers for the use case."""

    team: str
    contact: str
    business_unit: str | None = None  # None: that of the settings
    cost_centre: str | None = None


class Owners(Record):
    """Who answers for how good a model is, for whom it treats worse, and for what it can explain: an address each."""

    performance: str
    fairness: str
    explainability: str


class OnlineView(Record):
    """A CTE of ``features.sql`` with one row per ``key``, kept online; its other columns are features of that name.

    Values that rest on a history known more than ``max_age_days`` before the request's day count as missing.
    """

    key: Names
    max_age_days: Annotated[int, Field(ge=0)] = MAX_AGE_DAYS


class Budget(Record):
    """How much may be spent on the use case in a week, Monday to Sunday in UTC; what would exceed it is not started."""

    usd_per_week: Annotated[float, Field(ge=0)]
    on_exceeded: Literal["block", "needs_approval"] = "block"


class UseCase(Record):
    """One prediction problem."""

    name: str
    question: str
    owner: Owner
    owners: Owners | None = None  # None: no model of it is registered
    problem: Problem
    datasets: Names
    request_key: Names
    event_time: str
    not_features: tuple[str, ...] = ()
    history_days: Annotated[int, Field(ge=0)] = 28
    online: dict[str, OnlineView] = {}
    label: Label
    metric: Metric
    train: Train
    validation: Validation = Validation()
    explain: Explain | None = None  # None: nothing was agreed, which the lint refuses
    gates: Gates
    fairness: Fairness | None = None  # None: no group is looked at
    promote: Promote
    approval: Approval | None = None  # None: whoever did not make the model
    serve: Serve = Serve()
    scaling: Scaling | None = None  # None: as many machines as at first (SageMaker)
    monitor: Monitor
    retrain: Retrain
    review: Review | None = None  # None: no person looks at single answers
    feature_review: FeatureReview | None = None  # None: nobody looks at the features on purpose
    budget: Budget | None = None  # None: nothing is held back
    efficiency: Efficiency = Efficiency()
    value: Value | None = None  # None: what people's work costs counts as nothing, and the report says so
    tune: Tune | None = None
    experiments: Experiments = Experiments()

    @model_validator(mode="after")
    def _fits_its_problem(self) -> "UseCase":
        require_fitting(self)
        if self.promote.control_share and self.serve.fallback != "rule":
            raise ValueError(
                "'promote.control_share' gives requests to the rule in the champion's package, and there is none; set "
                "'serve.fallback: rule'"
            )
        if self.promote.guardrails.max_alarm_rate_shift is not None and self.fairness is None:
            raise ValueError(
                "'promote.guardrails.max_alarm_rate_shift' is of the groups of 'fairness.facets'; name them"
            )
        if self.fairness:
            self.fairness.require_fitting(self.problem, self.train.trainer)
        if "agreement" in self.retrain.on and self.review is None:
            raise ValueError("'retrain.on' accepts 'agreement', and without 'review' nobody looks at answers; add it")
        require_explainable(self)
        return self

    @property
    def monitors(self) -> tuple[MonitorName, ...]:
        """The monitors that run: all, without people's agreement where nobody looks at answers."""
        return tuple(name for name in MONITORS if self.review or name != "agreement")

    @property
    def folder(self) -> Path:
        """The folder with ``use_case.yaml`` and ``features.sql``."""
        return use_case_folder() / self.name

    def max_age_days(self, view: str) -> int:
        """Return how many days old the values of an online view may be."""
        return self.online[view].max_age_days if view in self.online else MAX_AGE_DAYS

    @property
    def features_sql(self) -> str:
        """The text of the SELECT that computes the features."""
        return (self.folder / "features.sql").read_text()


def use_case_folder() -> Path:
    """Return the folder that holds one folder per use case."""
    return project_root() / "include" / "use_cases"


def use_case_names() -> list[str]:
    """Return the names of all use cases."""
    return sorted(path.parent.name for path in use_case_folder().glob("*/use_case.yaml"))


def load_use_case(name: str) -> UseCase:
    """Return the use case called ``name``.

    :raises ConfigError: it does not exist, or its file has a wrong, missing or unknown key
    """
    if name not in use_case_names():
        raise ConfigError(f"There is no use case {name!r} in {use_case_folder()}{nearest(name, use_case_names())}")
    path = use_case_folder() / name / "use_case.yaml"
    return _parse(path, path.stat().st_mtime_ns)


def online_use_cases(dataset: str) -> list[str]:
    """Return the use cases with online views of ``dataset``; a broken file is left to its own DAG to tell."""
    found = []
    for name in use_case_names():
        with suppress(ConfigError):
            use_case = load_use_case(name)
            if use_case.online and use_case.datasets[0] == dataset:
                found.append(name)
    return found


@cache
def _parse(path: Path, _: int) -> UseCase:
    use_case = load_yaml(path, UseCase)
    if use_case.name != path.parent.name:
        raise ConfigError(
            f"{path}: key 'name' is {use_case.name!r} but the folder is {path.parent.name!r}; make them equal."
        )
    return use_case
