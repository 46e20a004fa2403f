"""From a use case and its section ``tune`` to a study: the same search on the same data is the same study."""

from collections.abc import Mapping
from typing import Any

from driftgate.errors import ConfigError
from driftgate.lineage.code import code_revision
from driftgate.records import parse_record
from driftgate.search_space import Dimension, Strategy, Tune
from driftgate.tuning.space import base_parameters, declared_tune
from driftgate.tuning.study import Study, open_study, study_name
from driftgate.tuning.warm_start import Transfer, require_identical, transferred
from driftgate.use_cases import UseCase


def tune_with(use_case: UseCase, changes: Mapping[str, Any], where: str) -> Tune:
    """Return the use case's section ``tune`` with what a person asked for this time; None changes nothing.

    :param where: the form or command line that ``changes`` come from, for a sentence about them
    :raises ConfigError: the section is missing or wrong, or the changes do not fit it
    """
    declared = declared_tune(use_case).model_dump(exclude_defaults=True)
    wanted = {name: value for name, value in changes.items() if value is not None}
    limits = {name: wanted.pop(name) for name in ("usd", "minutes") if name in wanted}
    budget = {**declared.get("budget", {}), **limits}
    return parse_record({**declared, "budget": budget, **wanted}, Tune, where=where)


def study_for(use_case: UseCase, dataset_version: str, tune: Tune) -> Study:
    """Open the study that this search is, or return the one that was opened before.

    :raises ConfigError: a parameter of the space has no value to compare with, or the warm start does not fit
    """
    base = base_parameters(use_case)
    _require_values(use_case, tune, base)
    name = study_name(use_case.name, dataset_version, tune, _facts(use_case, base))
    moved = _transfer(use_case, tune, base)
    study = Study(
        name=name,
        use_case=use_case.name,
        dataset_version=dataset_version,
        problem=use_case.problem,
        metric=use_case.metric.primary,
        trainer=use_case.train.trainer,
        base=base,
        space=moved.space,
        strategy=_strategy(use_case, tune),
        sampler=tune.sampler,
        pruner=tune.pruner,
        measure=tune.measure,
        folds=tune.folds if tune.measure == "folds" else 0,
        row_share=tune.row_share,
        parallel=tune.parallel(),
        seed=use_case.train.seed if tune.seed is None else tune.seed,
        warm_start=tune.warm_start,
        first=moved.first,
        code=code_revision().revision,
    )
    if tune.warm_start and tune.warm_start.type == "identical_data_and_algorithm":
        require_identical(study)
    return open_study(study)


def _facts(use_case: UseCase, base: Mapping[str, Any]) -> list[Any]:
    """Return what else decides the value of a trial."""
    train = use_case.train
    return [train.trainer, use_case.metric.primary, train.seed, dict(base), use_case.not_features]


def _strategy(use_case: UseCase, tune: Tune) -> Strategy:
    """A network tells early how it will end; of trees the first ones say little."""
    return tune.strategy or ("hyperband" if use_case.train.trainer == "torch" else "bayesian")


def _transfer(use_case: UseCase, tune: Tune, base: Mapping[str, Any]) -> Transfer:
    warm = tune.warm_start
    if warm is None or warm.type != "transfer_learning":
        space: dict[str, Dimension] = dict(tune.space)
        return Transfer(space, ())
    return transferred(use_case.name, tune, warm.parents, base)


def _require_values(use_case: UseCase, tune: Tune, base: Mapping[str, Any]) -> None:
    for name in tune.space:
        if not isinstance(base[name], bool | int | float | str):
            raise ConfigError(
                f"{use_case.folder / 'use_case.yaml'}: 'train.parameters' gives {name!r} no value, so a tuning of it "
                "has nothing to be compared with; write one."
            )
