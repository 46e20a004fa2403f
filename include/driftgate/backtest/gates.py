"""Judging a candidate of a replay by the gates of its use case, on the rows and by the code of live ones."""

import json

from driftgate import uris
from driftgate.backtest.models import Model
from driftgate.evaluation.baselines import baseline_scores
from driftgate.evaluation.comparison import ChampionAnswers, Comparison
from driftgate.evaluation.evaluate import EXAMINERS, examined
from driftgate.evaluation.explanation import explained
from driftgate.evaluation.report import EvaluationReport
from driftgate.evaluation.robustness import robust
from driftgate.gate_policy import Gates
from driftgate.lake import lake
from driftgate.records import canonical_json, parse_record, sha256
from driftgate.use_cases import UseCase

# They score the validation rows again hundreds of times, and have nothing to do with how good a model is.
LEFT_OUT = (explained, robust)
APPLIED = tuple(examine for examine in EXAMINERS if examine not in LEFT_OUT)
LEFT_OUT_TOLD = "explanation and robustness"


def gated(use_case: UseCase, candidate: Model, champion: Model | None) -> EvaluationReport:
    """Return the evaluation of a candidate against the champion; the same two models are compared once.

    :raises ConfigError: ``validation`` or ``gates`` names what there is not
    :raises CannotJudge: its validation rows are of one class
    """
    path = _path(use_case, candidate, champion)
    if not lake().exists(path):
        lake().write(path, examined(_comparison(use_case, candidate, champion), APPLIED).canonical())
    report = parse_record(json.loads(lake().read(path)), EvaluationReport, where=path)
    candidate.own.setdefault(candidate.version, report)
    return report


def _comparison(use_case: UseCase, candidate: Model, champion: Model | None) -> Comparison:
    gates = use_case.gates.model_copy(update={"waivers": _of_applied(use_case.gates)})
    train, held, days = candidate.split("train"), candidate.held(), candidate.rows.validation_days(candidate.learnt)
    return Comparison(
        use_case=use_case.model_copy(update={"gates": gates}),
        dataset_version=candidate.spec.dataset_version,
        job=candidate.job,
        train=train,
        held=held,
        scorer=candidate.scorer,
        signature=candidate.signature,
        scores=candidate.scores_of_labelled(days),
        baselines=baseline_scores(use_case, train, held.table),
        champion=None
        if champion is None
        else ChampionAnswers(
            champion.version,
            champion.scores_of_labelled(days),
            scorer=champion.scorer,
            own=champion.own_report,
        ),
    )


def _of_applied(gates: Gates) -> tuple[object, ...]:
    """Return the waivers of gates that are applied here."""
    return tuple(one for one in gates.waivers if not one.gate.startswith(("explanation", "robustness")))


def _path(use_case: UseCase, candidate: Model, champion: Model | None) -> str:
    policy = use_case.model_dump(mode="json", exclude={"monitor", "retrain"})
    names = [examine.__name__ for examine in APPLIED]
    against = champion.job.artefacts if champion else {}
    digest = sha256(canonical_json([policy, names, candidate.spec.dataset_version, candidate.job.artefacts, against]))
    return f"{uris.backtest_work(use_case.name, 'evaluations')}/{digest}.json"
