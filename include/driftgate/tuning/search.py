"""Optuna, asked for the next parameters and whether a trial is hopeless, from the records of the trials alone.

Every question is answered by a fresh sampler whose seed is made of the study's seed and the trial's number. With that,
and because trial ``n`` is asked for when trials 0 to ``n - parallel`` have ended and learns from no later one, the same
study has the same sequence of trials, however often its process died.
"""

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from driftgate.errors import NotSupported
from driftgate.records import canonical_json, sha256
from driftgate.search_space import Dimension, Value
from driftgate.tuning.space import contains
from driftgate.tuning.study import Study, Trial

if TYPE_CHECKING:
    import optuna

STARTUP_TRIALS = 8  # at random before the Bayesian search begins; also ended trials before the median prunes
PRUNER_MARK = "completed_rung_"  # what Optuna's successive halving keeps with a trial
REDUCTION = 3  # of three trials on a rung of hyperband one goes on


def next_parameters(
    study: Study, trials: Sequence[Trial], number: int, parents: Sequence[Trial] = ()
) -> dict[str, Any]:
    """Return the parameters of trial ``number``.

    :param trials: those before it; only trials up to ``number - parallel`` are looked at for their values
    :param parents: trials of other studies that count as if they were of this one
    """
    given: list[dict[str, Any]] = [{name: study.base[name] for name in study.space}, *study.first]
    if study.strategy == "grid":
        return _combination(study, number)
    if number < len(given):
        return dict(given[number])
    seen = [_as_known_at(number, study.parallel, trial) for trial in trials if trial.number < number]
    asked = _optuna_study(study, number, [] if study.strategy == "random" else [*parents, *seen])
    return dict(asked.ask(_distributions(study)).params)


def hopeless(study: Study, trials: Sequence[Trial], trial: Trial) -> tuple[bool, dict[str, float]]:
    """Return whether the pruner would end ``trial`` at its last progress, and what it wants kept with the trial."""
    pruning = study.strategy == "hyperband" or (study.pruner == "median" and study.strategy != "grid")
    if not pruning or not trial.progress:
        return False, trial.marks
    others = [other for other in trials if other.number < trial.number]
    asked = _optuna_study(study, trial.number, [*others, trial])
    ended = asked.pruner.prune(asked, asked.get_trials()[-1])
    kept = asked.get_trials(deepcopy=False)[-1].system_attrs
    return bool(ended), {name: float(mark) for name, mark in kept.items() if name.startswith(PRUNER_MARK)}


def importances(study: Study, trials: Sequence[Trial]) -> dict[str, float]:
    """Return the share of each parameter in how trial values vary (fANOVA), largest first; empty for too few trials."""
    complete = [trial for trial in trials if trial.state == "complete" and contains(study.space, trial.parameters)]
    if len(complete) < STARTUP_TRIALS or len({trial.value for trial in complete}) < 2:
        return {}
    import optuna

    asked = _optuna_study(study, 0, complete)
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=_seed(study, 0))
    found = optuna.importance.get_param_importances(asked, evaluator=evaluator)
    return {name: round(float(share), 6) for name, share in found.items()}


def _combination(study: Study, number: int) -> dict[str, Value]:
    values = [dimension.values or () for dimension in study.space.values()]
    chosen = list(itertools.product(*values))[number]
    return dict(zip(study.space, chosen, strict=True))


def _as_known_at(number: int, parallel: int, trial: Trial) -> Trial:
    """Return a trial as whoever asks for trial ``number`` may know it: of the last ones not even that they ended."""
    if trial.number <= number - parallel:
        return trial
    return Trial(number=trial.number, parameters=trial.parameters)


def _optuna_study(study: Study, number: int, trials: Sequence[Trial]) -> "optuna.Study":
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)  # it would announce every study that is made to ask it once
    asked = optuna.create_study(
        study_name=study.name,
        direction="maximize" if study.maximise else "minimize",
        sampler=_sampler(study, number),
        pruner=_pruner(study),
    )
    distributions = _distributions(study)
    for trial in trials:
        if contains(study.space, trial.parameters):
            asked.add_trial(_frozen(trial, distributions))
    return asked


def _frozen(trial: Trial, distributions: dict[str, Any]) -> "optuna.trial.FrozenTrial":
    import optuna

    states = optuna.trial.TrialState
    known = {"running": states.RUNNING, "complete": states.COMPLETE, "pruned": states.PRUNED}
    return optuna.trial.create_trial(
        state=known.get(trial.state, states.FAIL),
        value=trial.value if trial.state in ("complete", "pruned") else None,
        params={name: trial.parameters[name] for name in distributions},
        distributions=distributions,
        intermediate_values=dict(trial.progress),
        system_attrs=dict(trial.marks),
    )


def _distributions(study: Study) -> dict[str, Any]:
    return {name: _distribution(dimension) for name, dimension in study.space.items()}


def _distribution(dimension: Dimension) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if dimension.type == "categorical" or dimension.low is None or dimension.high is None:
        return CategoricalDistribution(dimension.choices)
    logarithmic = dimension.scale == "log"
    if dimension.type == "int":
        return IntDistribution(int(dimension.low), int(dimension.high), log=logarithmic)
    return FloatDistribution(dimension.low, dimension.high, log=logarithmic)


def _sampler(study: Study, number: int) -> Any:
    import optuna

    seed = _seed(study, number)
    if study.strategy in ("random", "grid"):
        return optuna.samplers.RandomSampler(seed=seed)
    if study.strategy == "bayesian" and study.sampler == "gp":
        try:
            return optuna.samplers.GPSampler(seed=seed, n_startup_trials=STARTUP_TRIALS)
        except ImportError:
            raise NotSupported(
                "tune.sampler gp needs torch, which is not installed here; run `make torch`, or use tpe."
            ) from None
    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP_TRIALS, multivariate=True)


def _pruner(study: Study) -> Any:
    from optuna.pruners import HyperbandPruner, MedianPruner, NopPruner

    if study.strategy == "hyperband":
        return HyperbandPruner(min_resource=1, max_resource=_iterations(study), reduction_factor=REDUCTION)
    if study.pruner == "median":
        return MedianPruner(n_startup_trials=STARTUP_TRIALS, n_warmup_steps=1)
    return NopPruner()


def _iterations(study: Study) -> Any:
    """Return the most iterations that a trial may take; ``auto`` lets the first complete trial say."""
    found = [study.base[name] for name in ("num_iterations", "epochs", "max_epochs") if name in study.base]
    return int(found[0]) if found and isinstance(found[0], int) else "auto"


def _seed(study: Study, number: int) -> int:
    return int(sha256(canonical_json([study.seed, number]))[:8], 16)
