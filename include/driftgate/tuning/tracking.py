"""The trials of a study in MLflow, one run each, beside the runs of registered models."""

from driftgate.registry.tracking import TrackedRun, track_runs
from driftgate.tuning.report import Leader, TuningReport


def track_trials(report: TuningReport) -> None:
    """Show every trial in MLflow, failed ones too; a trial that is there already stays as it is."""
    track_runs(report.study.use_case, [_run(report, leader) for leader in report.leaderboard])


def _run(report: TuningReport, leader: Leader) -> TrackedRun:
    study = report.study
    measured = {study.measured: leader.value, "seconds": leader.seconds, "usd": leader.usd}
    return TrackedRun(
        job_id=leader.job_id,
        parameters={"seed": study.seed, **study.base, **leader.parameters},
        metrics={name: value for name, value in measured.items() if value is not None},
        failed=leader.state == "failed",
        tags={
            "driftgate.study": study.name,
            "driftgate.trial": str(leader.number),
            "driftgate.state": leader.state,
            "driftgate.dataset_version": study.dataset_version,
            "driftgate.code": study.code,
        },
    )
