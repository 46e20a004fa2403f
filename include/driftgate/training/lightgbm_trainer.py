"""Trains a LightGBM model so that the same spec and dataset version give the same bytes, on any number of threads."""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from driftgate.compute.jobs import JobSpec, StopReason
from driftgate.errors import ConfigError
from driftgate.models import Preprocessing
from driftgate.models.preprocessing import MAX_CATEGORIES
from driftgate.training.lightgbm_options import lightgbm_options
from driftgate.training.lightgbm_resume import Replay
from driftgate.training.parameters import LightgbmParameters, TrainerParameters
from driftgate.training.reweigh import row_weights
from driftgate.training.rows import Part, TrainingRows
from driftgate.training.trainer import Fitted, Resumed, Run, State
from driftgate.use_cases import Problem

if TYPE_CHECKING:
    import lightgbm as lgb
    import numpy as np
    from numpy.typing import NDArray

TREES = "model.txt"  # what a checkpoint holds


class LightgbmTrainer:
    """Boosted trees, one iteration each."""

    problems: ClassVar[frozenset[Problem]] = frozenset({"binary", "regression"})
    parameters: ClassVar[type[TrainerParameters]] = LightgbmParameters
    model_file: ClassVar[str] = "model.txt"
    max_processes: ClassVar[int] = 1  # it uses all cores by threads
    max_categories: ClassVar[int] = MAX_CATEGORIES

    def fit(
        self, spec: JobSpec, parameters: TrainerParameters, rows: TrainingRows, prepared: Preprocessing, run: Run
    ) -> Fitted:
        """Boost until the run says stop, and keep the best iteration where early stopping is on."""
        own = cast("LightgbmParameters", parameters)  # find_trainer's caller parsed them as this trainer asks
        _require_rows(spec, rows, own)
        boosting = _Boosting(run, own)
        booster = _boost(spec, rows, prepared, own, boosting)
        kept = run.best_iteration if own.early_stopping_round else booster.current_iteration()
        return Fitted(booster.model_to_string(num_iteration=kept).encode(), kept, boosting.stop_reason)


TRAINER = LightgbmTrainer()


class _Boosting:
    """Takes up the trees of an earlier attempt, tells the run about each new one, and LightGBM what the run answers."""

    order = 1  # after the replay of the random streams

    def __init__(self, run: Run, parameters: LightgbmParameters) -> None:
        self._run, self._iterations, self.watched = run, parameters.num_iterations, run.watched
        self._told, self.trees = 0, None
        if resumed := run.resumed():
            self._told = resumed.iteration
            self.trees = _first_trees(resumed, Replay.resumable(parameters, min(self._told, self._iterations - 1)))
        self.replay = Replay(parameters, self.trees.current_iteration() if self.trees else 0)
        self.stop_reason: StopReason = "all_iterations"

    def __call__(self, env: Any) -> None:
        import lightgbm as lgb

        done = env.model.current_iteration()
        if done <= env.iteration:  # no row could be split any more: LightGBM would go on and add nothing
            self.stop_reason = "early_stopping"
            raise lgb.EarlyStopException(done, env.evaluation_result_list)
        reason = self._tell(env, done) if self.watched and done > self._told else None
        if reason and done < self._iterations:
            self.stop_reason = reason
        if reason or done == self._iterations:  # LightGBM counts anew where it takes up trees
            raise lgb.EarlyStopException(done, env.evaluation_result_list)

    def _tell(self, env: Any, done: int) -> StopReason | None:
        return self._run.after(done, env.evaluation_result_list[0][2], lambda: _state(env.model))


def _state(booster: "lgb.Booster") -> State:
    return {TREES: booster.model_to_string(num_iteration=-1).encode()}


def _first_trees(resumed: Resumed, iterations: int) -> "lgb.Booster | None":
    import lightgbm as lgb

    if not iterations:
        return None
    booster = lgb.Booster(model_str=resumed.state[TREES].decode())
    if iterations == booster.current_iteration():
        return booster
    return lgb.Booster(model_str=booster.model_to_string(num_iteration=iterations))


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

    options = lightgbm_options(spec, prepared, parameters)
    train = _dataset(rows.train, prepared, weights=row_weights(spec, rows.train))
    validation = [_dataset(rows.validation, prepared, reference=train)] if boosting.watched else []
    try:
        return lgb.train(
            boosting.replay.first(options),
            train,
            valid_sets=validation,
            valid_names=["validation"],
            init_model=boosting.trees,
            callbacks=[boosting.replay, boosting],
        )
    except lgb.basic.LightGBMError as refused:
        if "bad_alloc" in str(refused):
            raise MemoryError from refused
        raise ConfigError(
            f"Use case {spec.use_case}: LightGBM refuses 'train.parameters': {' '.join(str(refused).split())}"
        ) from None


def _dataset(
    part: Part,
    prepared: Preprocessing,
    reference: "lgb.Dataset | None" = None,
    weights: "NDArray[np.float64] | None" = None,
) -> "lgb.Dataset":
    import lightgbm as lgb

    return lgb.Dataset(
        prepared.encode_table(part.table),
        label=part.labels,
        weight=weights,
        reference=reference,
        feature_name=prepared.names,
        categorical_feature=prepared.categorical,
    )
