"""Everything that was tried for a use case in one list, and what each did differently from the best and its parent."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from driftgate.evaluation.metrics import metric
from driftgate.experiments.rows import kept
from driftgate.lineage import read_stream
from driftgate.records import Record
from driftgate.registry import list_models
from driftgate.tuning import Study, studies, trials_of
from driftgate.use_cases import UseCase

CODE_SHOWN = 12


class Tried(Record):
    """One model version, trial or experiment; ``value`` is the primary metric on its own validation rows."""

    name: str
    kind: Literal["model", "trial", "experiment"]
    rank: int | None = None
    value: float | None
    state: str
    trainer: str
    dataset_version: str
    code: str
    parameters: dict[str, Any]
    not_features: tuple[str, ...] | None = None  # None: not recorded
    parent: str | None = None  # the trial that its study began with, or the model version before
    cpu_seconds: float | None = None
    usd: float | None = None
    reason: str = ""
    against_best: tuple[str, ...] = ()
    against_parent: tuple[str, ...] = ()


def compare(use_case: UseCase) -> list[Tried]:
    """Return everything that was tried, best first; what has no value comes last, and stays although its files went."""
    found = [*_models(use_case), *_trials(use_case), *_experiments(use_case)]
    sign = -1.0 if metric(use_case.metric.primary).higher_is_better else 1.0
    ordered = sorted(found, key=lambda one: (one.value is None, sign * (one.value or 0.0), one.name))
    by_name = {one.name: one for one in ordered}
    return [_placed(one, rank, ordered[0], by_name) for rank, one in enumerate(ordered, 1)]


def changes(one: Tried, other: Tried) -> tuple[str, ...]:
    """Return what ``one`` did differently from ``other``: trainer, parameters, data, features, code."""
    said = []
    for what in ("trainer", "dataset_version"):
        if getattr(one, what) != getattr(other, what):
            said.append(f"{what.replace('_', ' ')} {getattr(other, what)} → {getattr(one, what)}")
    for name in sorted({*one.parameters, *other.parameters}):
        before, after = other.parameters.get(name), one.parameters.get(name)
        if before != after and one.trainer == other.trainer:
            said.append(f"{name} {_short(before)} → {_short(after)}")
    if one.not_features is not None and other.not_features is not None:
        said += [f"without {name}" for name in one.not_features if name not in other.not_features]
        said += [f"with {name}" for name in other.not_features if name not in one.not_features]
    if one.code != other.code and "unknown" not in (one.code, other.code):
        said.append(f"code {other.code[:CODE_SHOWN]} → {one.code[:CODE_SHOWN]}")
    return tuple(said)


def _placed(one: Tried, rank: int, best: Tried, by_name: Mapping[str, Tried]) -> Tried:
    parent = by_name.get(one.parent or "")
    return one.model_copy(
        update={
            "rank": rank if one.value is not None else None,
            "against_best": changes(one, best),
            "against_parent": changes(one, parent) if parent else (),
        }
    )


def _models(use_case: UseCase) -> Iterator[Tried]:
    codes, parent = _codes_of_models(use_case.name), None
    for model in list_models(use_case.name):
        name = f"{use_case.name}/{model.version}"
        yield Tried(
            name=name,
            kind="model",
            value=model.metrics.get(use_case.metric.primary),
            state="registered",
            trainer=model.trainer,
            dataset_version=model.dataset_version,
            code=codes.get(name, "unknown"),
            parameters={"seed": model.seed, **model.parameters},
            parent=parent,
        )
        parent = name


def _codes_of_models(use_case: str) -> dict[str, str]:
    """Return the code revision that made each model version, as lineage has it."""
    made = {}
    for record in read_stream(use_case):
        for ref in record.outputs:
            if ref.name.startswith("model/"):
                made[ref.name.removeprefix("model/")] = str(record.facet("driftgate_code").get("revision", "unknown"))
    return made


def _trials(use_case: UseCase) -> Iterator[Tried]:
    for study in studies(use_case.name):
        if study.metric == use_case.metric.primary:
            yield from _trials_of(use_case, study)


def _trials_of(use_case: UseCase, study: Study) -> Iterator[Tried]:
    for trial in trials_of(study):
        yield Tried(
            name=study.job_id(trial.number),
            kind="trial",
            value=trial.validation if trial.state == "complete" else None,
            state=trial.state,
            trainer=study.trainer,
            dataset_version=study.dataset_version,
            code=study.code,
            parameters={"seed": use_case.train.seed, **study.base, **trial.parameters},
            parent=study.job_id(0) if trial.number else None,
            cpu_seconds=trial.cpu_seconds,
            usd=trial.usd,
            reason=trial.reason,
        )


def _experiments(use_case: UseCase) -> Iterator[Tried]:
    for row in kept(use_case.name):
        if row.metric == use_case.metric.primary:
            yield Tried(
                name=row.job_id,
                kind="experiment",
                value=row.value,
                state="complete" if row.value is not None else "failed",
                trainer=row.trainer,
                dataset_version=row.dataset_version,
                code=row.code,
                parameters={"seed": row.seed, **row.parameters},
                not_features=row.not_features,
                cpu_seconds=row.cpu_seconds,
                usd=row.usd,
                reason=row.reason,
            )


def _short(value: Any) -> str:
    return "default" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def shown(changed: Sequence[str], most: int = 4) -> str:
    """Return changes as one line."""
    more = f" and {len(changed) - most} more" if len(changed) > most else ""
    return "; ".join(changed[:most]) + more if changed else "the same"
