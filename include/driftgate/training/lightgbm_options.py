"""What LightGBM is told: the use case's parameters checked against its features and its problem."""

from typing import Any

from driftgate.compute.jobs import JobSpec
from driftgate.errors import ConfigError, nearest
from driftgate.models import Preprocessing
from driftgate.problems import Problem
from driftgate.training.parameters import LightgbmParameters

OBJECTIVES: dict[Problem, str] = {"binary": "binary", "regression": "regression"}
# No number of threads: it would be part of the model's text. The backend sets it in the environment of the job.
FIXED = {
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
OURS = {"objective", "early_stopping_round", "monotone_constraints"}  # told in another way, or kept by the run


def lightgbm_options(spec: JobSpec, prepared: Preprocessing, parameters: LightgbmParameters) -> dict[str, Any]:
    """Return the options of ``lightgbm.train``.

    :raises ConfigError: a parameter belongs to the other problem, or names what is no numeric feature
    """
    weighed = parameters.is_unbalance or parameters.scale_pos_weight != 1.0
    if weighed and spec.problem != "binary":
        raise _misfit(spec, "'is_unbalance' and 'scale_pos_weight' weigh classes, which a regression has not")
    options = {
        "objective": _objective(spec, parameters),
        **FIXED,
        **parameters.model_dump(exclude=OURS),
        "metric": spec.metric,
        "seed": spec.seed,
    }
    if parameters.monotone_constraints:
        options["monotone_constraints"] = _directions(spec, prepared, parameters.monotone_constraints)
    return options


def _objective(spec: JobSpec, parameters: LightgbmParameters) -> str:
    objective = OBJECTIVES[spec.problem] if parameters.objective == "auto" else parameters.objective
    if (objective == "binary") != (spec.problem == "binary"):
        raise _misfit(spec, f"the objective {objective!r} does not learn a {spec.problem} problem")
    return objective


def _directions(spec: JobSpec, prepared: Preprocessing, wanted: dict[str, int]) -> list[int]:
    kinds = {feature.name: feature.kind for feature in prepared.features}
    for name, direction in wanted.items():
        if name not in kinds:
            raise _misfit(spec, f"'monotone_constraints' names {name!r}, which is no feature{nearest(name, kinds)}")
        if direction and kinds[name] == "categorical":
            raise _misfit(
                spec, f"'monotone_constraints' names {name!r}, whose values are words: they have no order to rise along"
            )
    return [wanted.get(name, 0) for name in prepared.names]


def _misfit(spec: JobSpec, what: str) -> ConfigError:
    return ConfigError(f"Use case {spec.use_case}, 'train.parameters': {what}.")
