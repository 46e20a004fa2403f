"""Trains a LightGBM model so that the same spec and dataset version give the same bytes, on any number of threads."""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from driftgate.compute.jobs import JobSpec, StopReason
from driftgate.errors import ConfigError
from driftgate.models import Preprocessing
from driftgate.models.preprocessing import MAX_CATEGORIES
from driftgate.training.parameters import LightgbmParameters, TrainerParameters
from driftgate.training.rows import Part, TrainingRows
from driftgate.training.trainer import Fitted, Run, State
from driftgate.use_cases import Problem

if TYPE_CHECKING:
    import lightgbm as lgb

OBJECTIVES: dict[Problem, str] = {"binary": "binary", "regression": "regression"}
# No number of threads: it would be part of the model's text. The backend sets it in the environment of the job.
FIXED = {
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


class LightgbmTrainer:
    """Boosted trees, one iteration each."""

    problems: ClassVar[frozenset[Problem]] = frozenset({"binary", "regression"})
    parameters: ClassVar[type[TrainerParameters]] = LightgbmParameters
    model_file: ClassVar[str] = "model.txt"
    max_categories: ClassVar[int] = MAX_CATEGORIES

    def fit(
        self, spec: JobSpec, parameters: TrainerParameters, rows: TrainingRows, prepared: Preprocessing, run: Run
    ) -> Fitted:
        """Boost until the run says stop, and keep the best iteration where early stopping is on."""
        own = cast("LightgbmParameters", parameters)  # find_trainer's caller parsed them as this trainer asks
        _require_rows(spec, rows, own)
        boosting = _Boosting(run, own.num_iterations)
        booster = _boost(spec, rows, prepared, own, boosting)
        kept = run.best_iteration if own.early_stopping_round else booster.current_iteration()
        return Fitted(booster.model_to_string(num_iteration=kept).encode(), kept, boosting.stop_reason)


TRAINER = LightgbmTrainer()


class _Boosting:
    """Tells the run about each iteration, and LightGBM what the run answers."""

    def __init__(self, run: Run, iterations: int) -> None:
        self._run = run
        self._iterations = iterations
        self.stop_reason: StopReason = "all_iterations"

    def __call__(self, env: Any) -> None:
        import lightgbm as lgb

        done = env.model.current_iteration()
        if done <= env.iteration:  # no row could be split any more: LightGBM would go on and add nothing
            self.stop_reason = "early_stopping"
            raise lgb.EarlyStopException(done, env.evaluation_result_list)
        reason = self._run.after(done, env.evaluation_result_list[0][2], lambda: _state(env.model))
        if reason and done < self._iterations:
            self.stop_reason = reason
            raise lgb.EarlyStopException(done, env.evaluation_result_list)


def _state(booster: "lgb.Booster") -> State:
    return {"model.txt": booster.model_to_string(num_iteration=-1).encode()}


def _require_rows(spec: JobSpec, rows: TrainingRows, parameters: LightgbmParameters) -> None:
    found, needed = len(rows.train.labels), 2 * parameters.min_data_in_leaf
    if found < needed:  # not one split would be allowed, and the model would be a constant
        raise ConfigError(
            f"Dataset version {spec.dataset_version} has {found} training rows, too few to learn from: with "
            f"min_data_in_leaf {parameters.min_data_in_leaf} it takes {needed}; widen 'train.window_days'."
        )


def _boost(
    spec: JobSpec,
    rows: TrainingRows,
    prepared: Preprocessing,
    parameters: LightgbmParameters,
    boosting: _Boosting,
) -> "lgb.Booster":
    import lightgbm as lgb

    options = {
        "objective": OBJECTIVES[spec.problem],
        **FIXED,
        **parameters.model_dump(exclude={"early_stopping_round"}),
        "metric": spec.metric,
        "seed": spec.seed,
    }
    train = _dataset(rows.train, prepared)
    validation = _dataset(rows.validation, prepared, reference=train)
    return lgb.train(options, train, valid_sets=[validation], valid_names=["validation"], callbacks=[boosting])


def _dataset(part: Part, prepared: Preprocessing, reference: "lgb.Dataset | None" = None) -> "lgb.Dataset":
    import lightgbm as lgb

    return lgb.Dataset(
        prepared.encode_table(part.table),
        label=part.labels,
        reference=reference,
        feature_name=prepared.names,
        categorical_feature=prepared.categorical,
    )
