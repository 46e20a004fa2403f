"""Making a registered model version of a job whose candidate passed its gates."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftgate.compute import JobResult, read_artefact, result
from driftgate.datasets import DatasetVersion, version_files
from driftgate.errors import ConfigError, PromotionRefused
from driftgate.evaluation import EvaluationReport, read_report
from driftgate.evaluation.baselines import fit_rule
from driftgate.evaluation.candidate import candidate_scorer, candidate_spec
from driftgate.evaluation.costs import COST
from driftgate.evaluation.feature_baseline import FeatureBaseline, feature_baseline
from driftgate.evaluation.golden import GOLDEN, golden_set, read_golden
from driftgate.evaluation.holdout import read_split
from driftgate.evaluation.metrics import Floats, reported
from driftgate.evaluation.receipts import require_receipts_of_job
from driftgate.evaluation.reference_sample import REFERENCE_SAMPLE, reference_sample
from driftgate.fingerprint import fingerprint
from driftgate.profiles import Profile
from driftgate.records import canonical_json, parse_record
from driftgate.registry import tracking
from driftgate.registry.approval import admit
from driftgate.registry.card import card_files, model_card
from driftgate.registry.card_facts import CardFacts
from driftgate.registry.card_text import card_text
from driftgate.registry.draft import discard_draft
from driftgate.registry.ethics import ethics_assessment, require_accountable
from driftgate.registry.optimization import OPTIMIZATION, optimize
from driftgate.registry.package import EXPLANATION, FALLBACK, FEATURE_BASELINE
from driftgate.registry.versions import ModelVersion, model_of_job
from driftgate.registry.writing import package_files, write_package
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

MakeBaseline = Callable[..., dict[str, Any]]


def register_job(
    use_case: UseCase, job_id: str, dataset_version: str, *, make_baseline: MakeBaseline, actor: str = "unknown"
) -> ModelVersion:
    """Register the model of a job and return its version; the same job registered again is the same version.

    It takes four steps, each of which may be the last one before a crash: MLflow gives the version its number, the
    package becomes visible as a whole, MLflow learns where it is, its state is recorded. Running again finishes what is
    missing.

    :param make_baseline: ``monitoring.training_baseline``; passed in, because this room does not know monitoring
    :param actor: who asked for the run that trained it and registers it; may not approve it
    :raises PromotionRefused: the candidate did not pass its evaluation, a receipt of it is missing or altered, or the
        use case has no owners or no ethics assessment
    :raises CannotJudge: it was not evaluated
    """
    model = model_of_job(use_case.name, job_id)
    if model is None:
        require_accountable(use_case)
        card_text(use_case)
        job = result(job_id, use_case.train.target)
        report = _passed_report(use_case, job, dataset_version)
        model = _publish(use_case, job, report, version_files(dataset_version), make_baseline, actor)
    discard_draft(model)  # a crash right after the registration leaves it behind
    tracking.describe_version(model, use_case.metric.primary)
    undecided = read_report(use_case.name, job_id).status == "needs_review"
    admit(use_case, model, actor=actor, needs_review=undecided)
    return model


def _passed_report(use_case: UseCase, job: JobResult, dataset_version: str) -> EvaluationReport:
    report = read_report(use_case.name, job.job_id)
    if (report.dataset_version, report.model_sha256) != (dataset_version, job.model_sha256):
        raise ConfigError(
            f"Job {job.job_id} was evaluated on {report.dataset_version} with model {report.model_sha256[:12]}, not on "
            f"{dataset_version} with {job.model_sha256[:12]}; run evaluate_candidate again."
        )
    if not report.passed:
        raise PromotionRefused(f"The candidate of job {job.job_id} is rejected and not registered: {report.reason}")
    require_receipts_of_job(use_case, job.job_id, job.model_sha256)
    return report


def _publish(
    use_case: UseCase, job: JobResult, report: EvaluationReport, folder: Path, make_baseline: MakeBaseline, actor: str
) -> ModelVersion:
    spec = candidate_spec(job, report.dataset_version)
    version = tracking.claim_version(
        use_case.name, job.job_id, {"seed": spec.seed, **spec.parameters}, {**job.metrics, **report.metrics}
    )
    dataset = parse_record(json.loads((folder / "version.json").read_bytes()), DatasetVersion, where=str(folder))
    files = {name: read_artefact(job, name) for name in (job.model_file, "preprocessing.json", "signature.json")}
    files["evaluation.json"] = report.canonical()
    if report.explanation is not None:
        files[EXPLANATION] = report.explanation.canonical()
    baseline, features = _baselines(use_case, job, report, folder, make_baseline)
    files["baseline.json"] = canonical_json(baseline)
    files[FEATURE_BASELINE] = features.canonical()
    files[REFERENCE_SAMPLE] = reference_sample(candidate_scorer(job).preprocessing, read_split(folder, "train"))
    files[GOLDEN] = _golden(use_case, job, folder)
    if use_case.serve.fallback == "rule":
        files[FALLBACK] = fit_rule(use_case, read_split(folder, "train")).canonical()
    if use_case.serve.format != "as_trained":
        files[OPTIMIZATION] = _optimization(use_case, job, folder, files)
    text, ethics = card_text(use_case), ethics_assessment(use_case)
    facts = CardFacts(use_case, version, spec, report, dataset, features, dict(files), text, ethics)
    files |= card_files(model_card(facts))
    model = ModelVersion(
        use_case=use_case.name,
        version=version,
        job_id=job.job_id,
        job_spec_sha256=job.spec_sha256,
        dataset_version=report.dataset_version,
        feature_set_sha256=dataset.feature_set_sha256,
        trainer=spec.trainer,
        seed=spec.seed,
        parameters=spec.parameters,
        metrics=report.metrics,
        files=package_files(files),
    )
    return write_package(model, files, trained_by=actor, registered_by=actor)


def _golden(use_case: UseCase, job: JobResult, folder: Path) -> bytes:
    validation = read_split(folder, "validation")
    scorer = candidate_scorer(job)
    return golden_set(use_case, scorer, validation, trained_in=job.environment, scored_in=fingerprint()).canonical()


def _optimization(use_case: UseCase, job: JobResult, folder: Path, files: Mapping[str, bytes]) -> bytes:
    golden = read_golden(files[GOLDEN], f"the package of job {job.job_id}")
    model = files[job.model_file]
    return optimize(
        use_case, job.model_file, model, candidate_scorer(job), golden, read_split(folder, "validation")
    ).canonical()


def _baselines(
    use_case: UseCase, job: JobResult, report: EvaluationReport, folder: Path, make_baseline: MakeBaseline
) -> tuple[dict[str, Any], FeatureBaseline]:
    """Return what nights are held against, and what of it matters how much."""
    scorer = candidate_scorer(job)
    train, validation = read_split(folder, "train"), read_split(folder, "validation")
    scores = scorer.score_table(train), scorer.score_table(validation)
    baseline = baseline_content(use_case, report, train, validation, scores, make_baseline)
    profile = parse_record(baseline["profile"], Profile, where=f"the baseline of job {job.job_id}")
    return baseline, feature_baseline(use_case, scorer, train, validation, profile)


def baseline_content(
    use_case: UseCase,
    report: EvaluationReport,
    train: "pa.Table",
    validation: "pa.Table",
    scores: tuple[Floats, Floats],
    make_baseline: MakeBaseline,
) -> dict[str, Any]:
    """Return the content of ``baseline.json`` of a model with this evaluation; ``scores`` are of both tables."""
    names = [one.name for one in reported(use_case.problem, use_case.metric.primary)]
    return make_baseline(
        use_case,
        train,
        scores[1],
        {name: report.metrics[name] for name in (*names, COST)},
        intervals={name: report.intervals[name] for name in names if name in report.intervals},
        versions={name: version for name, version in report.metric_impl_versions.items() if name in names},
        evaluation=validation,
        training_scores=scores[0],
    )
