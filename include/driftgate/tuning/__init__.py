"""Tuning: searching a trainer's parameters with trials that are jobs, in studies that go on after a kill."""

from driftgate.tuning.opening import study_for, tune_with
from driftgate.tuning.report import TuningReport, read_report
from driftgate.tuning.run import Tuning, budget_answer, finish, lead, open_tuning
from driftgate.tuning.space import declared_tune, space_problems
from driftgate.tuning.study import Study, Trial, find_study, studies, trials_of

__all__ = [
    "Study",
    "Trial",
    "Tuning",
    "TuningReport",
    "budget_answer",
    "declared_tune",
    "find_study",
    "finish",
    "lead",
    "open_tuning",
    "read_report",
    "space_problems",
    "studies",
    "study_for",
    "trials_of",
    "tune_with",
]
