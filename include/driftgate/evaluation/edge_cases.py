"""Rare rows and what a model must say of them: what the validation rows may not hold, or hold too few of.

Beside the cases of ``edge_cases.yaml`` two things are asked of every model: an answer when all that may be null is
null, and one for each word that training never saw.
"""

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from driftgate.errors import ConfigError, RequestRefused, nearest
from driftgate.evaluation.gates import rounded
from driftgate.evaluation.report import CaseResult, GateResult
from driftgate.models import Scorer, Signature
from driftgate.records import load_yaml
from driftgate.use_cases import UseCase
from driftgate.validation_policy import EdgeCase, EdgeCases, Row

if TYPE_CHECKING:
    from pathlib import Path

UNSEEN = "never seen"


def load_edge_cases(use_case: UseCase) -> EdgeCases | None:
    """Return the edge cases of a use case; None where it has none.

    :raises ConfigError: the file is missing, or has a wrong, missing or unknown key
    """
    path = edge_case_file(use_case)
    return load_yaml(path, EdgeCases) if path else None


def edge_case_file(use_case: UseCase) -> "Path | None":
    """Return the file that ``validation.edge_cases`` names."""
    name = use_case.validation.edge_cases
    return use_case.folder / name if name else None


def edge_case_results(use_case: UseCase, signature: Signature, scorer: Scorer) -> tuple[CaseResult, ...]:
    """Ask a model every edge case and return what it said; none where the use case has no edge cases.

    :raises ConfigError: a case names no field of the model's rows, or the file is wrong
    """
    cases = load_edge_cases(use_case)
    if cases is None:
        return ()
    where = str(edge_case_file(use_case))
    require_fields(cases, [column.name for column in signature.columns], where)
    asked = {name: one.model_copy(update={"row": {**cases.base, **one.row}}) for name, one in cases.cases.items()}
    return tuple(
        _result(name, case, signature, scorer) for name, case in (*asked.items(), *_of_every_model(cases, signature))
    )


def edge_case_gates(use_case: UseCase, found: tuple[CaseResult, ...]) -> tuple[GateResult, ...]:
    """Fail when a case does not hold that must; without edge cases there is no gate."""
    if not found:
        return ()
    failed = [one for one in found if one.verdict == "fail"]
    doubtful = [one for one in found if one.verdict == "warn"]
    sentence = f"{len(found) - len(failed) - len(doubtful)} of {len(found)} edge cases hold."
    sentence += "".join(f" {one.sentence}" for one in (*failed, *doubtful)[:3])
    return (
        GateResult(
            gate="edge_cases",
            metric=use_case.metric.primary,
            value=float(len(failed)),
            interval=None,
            threshold=0.0,
            verdict="fail" if failed else "pass",
            sentence=sentence,
        ),
    )


def require_fields(cases: EdgeCases, fields: list[str], where: str) -> None:
    """Return when the cases name only fields of a row.

    :raises ConfigError: one names something else
    """
    rows = {"base": cases.base}
    for name, case in cases.cases.items():
        rows |= {f"cases.{name}.row": case.row, f"cases.{name}.changed": case.changed}
    for key, row in rows.items():
        for name in row:
            if name not in fields:
                raise ConfigError(f"{where}: key '{key}' names {name!r}, no column of the rows{nearest(name, fields)}")


def _of_every_model(cases: EdgeCases, signature: Signature) -> Iterator[tuple[str, EdgeCase]]:
    nulls: Row = {column.name: None for column in signature.columns if column.nullable}
    yield "everything missing", EdgeCase(why="a feed is away", row={**cases.base, **nulls})
    for column in signature.columns:
        if column.type == "string":
            yield f"unseen {column.name}", EdgeCase(why="a new one", row={**cases.base, column.name: UNSEEN})


def _result(name: str, case: EdgeCase, signature: Signature, scorer: Scorer) -> CaseResult:
    try:
        score = _score(case.row, signature, scorer)
        changed = _score({**case.row, **case.changed}, signature, scorer) if case.changed else None
    except RequestRefused as refusal:
        problem = f"the row is refused ({refusal})"
        return CaseResult(case=name, score=None, changed_score=None, verdict="fail", sentence=_told(name, problem))
    wrong = _wrong(case, score, changed)
    known = {"score": _finite(score), "changed_score": None if changed is None else _finite(changed)}
    if wrong is None:
        return CaseResult(case=name, **known, verdict="pass", sentence=f"Edge case {name!r} holds.")
    return CaseResult(case=name, **known, verdict=case.severity, sentence=_told(name, f"{wrong} ({case.why})"))


def _wrong(case: EdgeCase, score: float, changed: float | None) -> str | None:
    """Return what does not hold."""
    if not all(map(math.isfinite, (score, changed or 0.0))):
        return "the answer is no number"
    if case.at_least is not None and score < case.at_least:
        return f"the score is {score:.4f}, below {case.at_least:g}"
    if case.at_most is not None and score > case.at_most:
        return f"the score is {score:.4f}, above {case.at_most:g}"
    if changed is None:
        return None
    moved = changed - score if case.moves == "up" else score - changed
    if moved < case.by_at_least:
        return (
            f"the score goes from {score:.4f} to {changed:.4f} with {_listed(case.changed)}, and must go {case.moves} "
            f"by at least {case.by_at_least:g}"
        )
    return None


def _score(given: Mapping[str, Any], signature: Signature, scorer: Scorer) -> float:
    row = {column.name: given.get(column.name) for column in signature.columns}
    signature.check([row])
    return float(scorer.score_rows([row])[0])


def _listed(row: Row) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items())


def _finite(score: float) -> float | None:
    return rounded(score) if math.isfinite(score) else None


def _told(name: str, problem: str) -> str:
    return f"Edge case {name!r} does not hold: {problem}."
