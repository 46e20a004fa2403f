"""Studies and their trials: append-only records in the metadata, so that a study goes on wherever its process died.

The records are the only store. Optuna is handed the trials each time that it is asked for the next one, and so there is
no second database to keep, and nothing in a process's memory that a kill could lose.
"""

from contextlib import suppress
from typing import Literal

from driftgate.compute.jobs import Parameters, checked_job_id
from driftgate.errors import ConfigError, Conflict, nearest
from driftgate.evaluation.metrics import metric
from driftgate.metadata import metadata
from driftgate.problems import PrimaryMetric, Problem
from driftgate.records import Record, canonical_json, parse_record, sha256
from driftgate.search_space import Dimension, Strategy, Tune, Value, WarmStart
from driftgate.training_policy import TrainerName

STUDY, TRIAL = "study", "trial"

TrialState = Literal["running", "complete", "pruned", "failed", "stopped"]


class Study(Record):
    """What is searched, on which data. Limits are no part of it: a study whose limits were raised goes on."""

    schema_version: int = 1
    name: str
    use_case: str
    dataset_version: str
    problem: Problem
    metric: PrimaryMetric
    trainer: TrainerName
    base: Parameters  # of the use case when the study was opened; its first trial
    space: dict[str, Dimension]  # as searched: a warm start may have narrowed it
    strategy: Strategy
    sampler: Literal["tpe", "gp"]
    pruner: Literal["median", "none"]
    measure: Literal["folds", "validation"]
    folds: int
    row_share: float
    parallel: int
    seed: int
    warm_start: WarmStart | None
    first: tuple[dict[str, Value], ...] = ()  # tried before anything is searched, after the use case's own
    code: str  # git revision

    @property
    def maximise(self) -> bool:
        """Whether a higher value is the better one."""
        return metric(self.metric).higher_is_better

    @property
    def measured(self) -> str:
        """The name of a trial's value among the metrics of its job."""
        return f"cv_{self.metric}_mean" if self.measure == "folds" else f"validation_{self.metric}"

    def gain(self, value: float, other: float) -> float:
        """Return how much better ``value`` is than ``other``."""
        return float(metric(self.metric).gain(value, other))

    def job_id(self, number: int) -> str:
        """Return the name of a trial's job, the same whoever submits it and how often."""
        return checked_job_id(f"{self.name}-{number:04d}")


class Trial(Record):
    """One set of parameters, and what became of it. It is written before its job is submitted."""

    schema_version: int = 1
    number: int
    parameters: dict[str, Value]  # of the space's parameters
    state: TrialState = "running"
    value: float | None = None
    spread: float | None = None  # standard deviation over folds
    validation: float | None = None  # the metric on the validation rows, which the search looks at only when told to
    progress: dict[int, float] = {}  # iteration to value, where it was looked at
    marks: dict[str, float] = {}  # what the pruner noted
    starts: int = 1
    seconds: float | None = None
    cpu_seconds: float | None = None
    usd: float | None = None
    energy_wh: float | None = None
    reason: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state != "running"


def study_name(use_case: str, dataset_version: str, tune: Tune, facts: object) -> str:
    """Return the name that the same search on the same data always has; ``facts`` are the trainer and its settings."""
    limits = {"max_trials", "max_parallel", "objective", "budget", "target", "grid_reason"}
    content = [dataset_version, facts, tune.model_dump(mode="json", exclude=limits)]
    return f"{use_case}-tune-{sha256(canonical_json(content))[:12]}"


def open_study(study: Study) -> Study:
    """Write the study down, or return it as it was opened."""
    subject = f"{study.use_case}/{study.name}"
    with suppress(Conflict):  # it was opened before, and what it was opened as counts
        metadata().append(STUDY, subject, study.model_dump(mode="json"), expected=0)
    return find_study(study.use_case, study.name)


def studies(use_case: str) -> list[Study]:
    """Return the studies of a use case, in the order in which they were opened."""
    entries = sorted(metadata().all_latest(STUDY, f"{use_case}/"), key=lambda entry: entry.written_at)
    return [parse_record(entry.body, Study, where=f"study {entry.subject}") for entry in entries]


def find_study(use_case: str, name: str) -> Study:
    """Return the study called ``name``.

    :raises ConfigError: the use case has none of that name
    """
    entry = metadata().latest(STUDY, f"{use_case}/{name}")
    if entry is None:
        known = [study.name for study in studies(use_case)]
        raise ConfigError(f"{use_case} has no study {name!r}{nearest(name, known)}")
    return parse_record(entry.body, Study, where=f"study {name}")


def trials_of(study: Study) -> list[Trial]:
    """Return the trials of a study, by number."""
    entries = metadata().all_latest(TRIAL, f"{study.name}/")
    return [parse_record(entry.body, Trial, where=f"trial {entry.subject}") for entry in entries]


def add_trial(study: Study, trial: Trial) -> Trial:
    """Write a new trial down before anything of it runs.

    :raises Conflict: another process goes on with the same study and was first
    """
    metadata().append(TRIAL, _subject(study, trial), trial.model_dump(mode="json"), expected=0)
    return trial


def update_trial(study: Study, trial: Trial) -> Trial:
    """Write down how a trial is now; one that has ended stays as it ended."""
    entry = metadata().latest(TRIAL, _subject(study, trial))
    if entry is None:
        raise ConfigError(f"Study {study.name} has no trial {trial.number}; run 'driftgate tune run' again.")
    known = parse_record(entry.body, Trial, where=f"trial {entry.subject}")
    if known.ended or known == trial:
        return known
    metadata().append(TRIAL, entry.subject, trial.model_dump(mode="json"), expected=entry.revision)
    return trial


def _subject(study: Study, trial: Trial) -> str:
    return f"{study.name}/{trial.number:05d}"
