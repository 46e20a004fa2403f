"""Beginning a study from earlier ones: which of them fit, and what is taken from them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from driftgate.errors import ConfigError
from driftgate.search_space import Dimension, Tune, Value
from driftgate.tuning.space import BEST_SHARE, FEWEST_BEST, contains, narrowed
from driftgate.tuning.study import Study, Trial, find_study, trials_of


@dataclass(frozen=True)
class Transfer:
    """What is taken from studies of other data: a narrower space, and the best of each to try first."""

    space: dict[str, Dimension]
    first: tuple[dict[str, Value], ...]


def parents_of(study: Study) -> list[Study]:
    """Return the studies that this one was warmed by."""
    names = study.warm_start.parents if study.warm_start else ()
    return [find_study(study.use_case, name) for name in names]


def require_identical(study: Study) -> None:
    """Return when the trials of every parent can count as trials of this study.

    :raises ConfigError: a parent had other data, another trainer or another measure; the sentence says which
    """
    for parent in parents_of(study):
        for what in ("dataset_version", "trainer", "problem", "metric", "measure", "folds", "row_share"):
            ours, theirs = getattr(study, what), getattr(parent, what)
            if ours != theirs:
                raise ConfigError(
                    f"Study {parent.name} has {what} {theirs}, this one {ours}: their trials cannot be compared, so "
                    "'identical_data_and_algorithm' is refused; write warm_start.type: transfer_learning."
                )
        if not _comparable(study, parent):
            raise ConfigError(
                f"No trial of study {parent.name} has this study's other parameters and lies in its space, so there is "
                "nothing to begin from; leave it out of 'warm_start.parents', or write type: transfer_learning."
            )


def inherited(study: Study) -> list[Trial]:
    """Return the parents' trials that count as this study's own; none but for identical data and algorithm."""
    if study.warm_start is None or study.warm_start.type != "identical_data_and_algorithm":
        return []
    return [trial for parent in parents_of(study) for trial in _comparable(study, parent)]


def transferred(use_case: str, tune: Tune, parents: Sequence[str], base: Mapping[str, Any]) -> Transfer:
    """Return what studies of other data say about this one.

    :raises ConfigError: a parent is not there, or none has a trial in this space
    """
    tops: list[dict[str, Value]] = []
    first: list[dict[str, Value]] = []
    for name in parents:
        parent = find_study(use_case, name)
        found = [_named(tune.space, parent, trial) for trial in best_trials(parent, trials_of(parent))]
        usable = [parameters for parameters in found if contains(tune.space, parameters)]
        tops += usable
        first += [best for best in usable[:1] if best not in first and not _is_base(best, base)]
    if not tops:
        raise ConfigError(
            f"No complete trial of {', '.join(parents)} lies in this space, so nothing can be transferred; name other "
            "studies in 'warm_start.parents', or leave warm_start out."
        )
    return Transfer(narrowed(tune.space, tops), tuple(first))


def best_trials(study: Study, trials: Sequence[Trial]) -> list[Trial]:
    """Return the best quarter of the complete trials, best first, and three at least."""
    complete = ranked(study, trials)
    return complete[: max(FEWEST_BEST, round(BEST_SHARE * len(complete)))]


def ranked(study: Study, trials: Sequence[Trial]) -> list[Trial]:
    """Return the complete trials, best first; of two alike the earlier one."""
    sign = -1.0 if study.maximise else 1.0
    return sorted(_complete(trials), key=lambda trial: (sign * (trial.value or 0.0), trial.number))


def _complete(trials: Iterable[Trial]) -> list[Trial]:
    return [trial for trial in trials if trial.state == "complete" and trial.value is not None]


def _comparable(study: Study, parent: Study) -> list[Trial]:
    rest = {name: value for name, value in study.base.items() if name not in study.space}
    found = []
    for trial in _complete(trials_of(parent)):
        whole = {**parent.base, **trial.parameters}
        if all(whole.get(name) == value for name, value in rest.items()) and contains(study.space, whole):
            found.append(trial.model_copy(update={"parameters": _named(study.space, parent, trial)}))
    return found


def _named(space: Mapping[str, Dimension], parent: Study, trial: Trial) -> dict[str, Any]:
    whole = {**parent.base, **trial.parameters}
    return {name: whole[name] for name in space if name in whole}


def _is_base(parameters: Mapping[str, Value], base: Mapping[str, Any]) -> bool:
    return all(base.get(name) == value for name, value in parameters.items())
