"""What each group of features is worth: the same training without it."""

from collections.abc import Callable
from typing import Any

from driftgate import uris
from driftgate.datasets import version_files
from driftgate.errors import ConfigError, nearest
from driftgate.evaluation.day_blocks import Interval
from driftgate.evaluation.gates import rounded
from driftgate.evaluation.holdout import Holdout, holdout
from driftgate.experiments.feature_sets import features_in, gain_over
from driftgate.experiments.jobs import Outcome, experiment_spec, run_jobs
from driftgate.experiments.rows import keep
from driftgate.lake import lake
from driftgate.records import Record
from driftgate.use_cases import UseCase


class Ablation(Record):
    """One group left out; ``worth`` is what the metric loses, negative where the model is better without it."""

    group: str
    features: tuple[str, ...]
    job_id: str
    value: float | None
    worth: float | None
    interval: Interval | None
    reason: str = ""


class AblationTable(Record):
    """The whole model, and the model without each group."""

    schema_version: int = 1
    use_case: str
    dataset_version: str
    metric: str
    value: float  # of the model with every feature
    ablations: tuple[Ablation, ...]


def ablate(
    use_case: UseCase, dataset_version: str, *, say: Callable[[Outcome], None] = lambda outcome: None
) -> AblationTable:
    """Train once with everything and once without each group of ``experiments.feature_groups``, write and return it.

    :raises ConfigError: no group is declared, or one names what is no feature
    """
    held = holdout(use_case, version_files(dataset_version))
    groups = _groups(use_case, held)
    specs = [experiment_spec(use_case, dataset_version, without=names) for names in ((), *groups.values())]
    whole, *others = run_jobs(specs, say=say)
    if whole.result is None:
        keep(whole)
        raise ConfigError(f"The training with every feature failed, so nothing can be compared with it: {whole.reason}")
    value = keep(whole).value
    table = AblationTable(
        use_case=use_case.name,
        dataset_version=dataset_version,
        metric=use_case.metric.primary,
        value=rounded(value or 0.0),
        ablations=tuple(
            _ablation(use_case, held, whole, outcome, group, names)
            for outcome, (group, names) in zip(others, groups.items(), strict=True)
        ),
    )
    lake().write(uris.experiment(use_case.name, dataset_version, "ablation.json"), table.canonical())
    return table


def _groups(use_case: UseCase, held: Holdout) -> dict[str, tuple[str, ...]]:
    where = use_case.folder / "use_case.yaml"
    groups = use_case.experiments.feature_groups
    if not groups:
        raise ConfigError(
            f"{where} has no 'experiments.feature_groups'; name the features that an ablation leaves out together, for "
            "example {weather: [visibility_miles, wind_speed_mph]}."
        )
    features = features_in(use_case, held)
    for group, names in groups.items():
        for name in names:
            if name not in features:
                raise ConfigError(
                    f"{where}: key 'experiments.feature_groups.{group}' names {name!r}, no feature"
                    f"{nearest(name, features)}"
                )
        if set(names) == set(features):
            raise ConfigError(f"{where}: key 'experiments.feature_groups.{group}' has every feature; leave one out.")
    return groups


def _ablation(
    use_case: UseCase, held: Holdout, whole: Outcome, without: Outcome, group: str, names: tuple[str, ...]
) -> Ablation:
    row = keep(without)
    facts: dict[str, Any] = {"group": group, "features": names, "job_id": row.job_id, "reason": row.reason}
    if whole.result is None or without.result is None:
        return Ablation(**facts, value=None, worth=None, interval=None)
    worth, bounds = gain_over(use_case, held, whole.result, without.result)
    return Ablation(**facts, value=rounded(row.value or 0.0), worth=worth, interval=bounds)
