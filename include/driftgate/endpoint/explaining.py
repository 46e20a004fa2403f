"""Why one row got its score: what each feature adds, on top of what every row starts from."""

from typing import Any

from driftgate.endpoint.refusals import Refused
from driftgate.endpoint.served import ServedRule, ServedVariant
from driftgate.evaluation.attribution import attributions
from driftgate.models import Contributions
from driftgate.use_cases import UseCase

TOLERANCE = 1e-6  # relative, of the sum of the contributions against the model's own raw score
SAMPLED_TOLERANCE = 1e-3  # a network's score is single precision, and in log odds that is less still


def explained(
    use_case: UseCase, variant: ServedVariant | ServedRule, row: dict[str, Any], *, top: int | None = None
) -> dict[str, Any]:
    """Return the contributions of the variant that answers ``row``, the largest ``top`` of them one by one.

    Those of trees are exact (SHAP values), those of a network sampled; their sum is checked. Nothing
    is captured: nobody asked for a prediction.

    :raises Refused: 403 where the use case explains no single answer; 409 for the control, and for a model without
        contributions of its own
    """
    _require_local(use_case)
    if isinstance(variant, ServedRule):
        raise Refused(
            409,
            f"This request is the control's: the rule beside version {variant.version} of {use_case.name} answers it, "
            f"by {', '.join(variant.rule.by) or 'the hour'} alone.",
        )
    (score,) = variant.score([row])
    found, exact = _contributions(use_case, variant, row)
    names = variant.package.preprocessing.names
    named = sorted(zip(names, found.values[0].tolist(), strict=True), key=lambda one: -abs(one[1]))
    shown = named[: top or (use_case.explain.top_k if use_case.explain else 1)]
    return {
        "model_version": variant.version,
        "role": variant.role,
        "score" if use_case.problem == "binary" else "value": score,
        "scale": "log odds" if use_case.problem == "binary" else use_case.label.unit,
        "exact": exact,
        "base": found.base,
        "contributions": [{"feature": name, "value": row[name], "contribution": value} for name, value in shown],
        "others": sum(value for _, value in named[len(shown) :]),
        "raw_score": float(found.raw[0]),
    }


def _contributions(use_case: UseCase, variant: ServedVariant, row: dict[str, Any]) -> tuple[Contributions, bool]:
    """Return what the features of one row add, and whether the model tells that itself.

    :raises Refused: 409 where nobody can say, 503 where it does not add up to the score
    """
    scorer = variant.package.scorer
    matrix, start = scorer.preprocessing.encode_rows([row]), variant.package.explained_from
    own = scorer.contributions(matrix)
    found = attributions(scorer, matrix, start) if start else own
    if found is None:
        raise Refused(
            409,
            f"Version {variant.version} of {use_case.name} is a network, and its package does not say what it is "
            "explained against; register it anew.",
        )
    raw, tolerance = float(found.raw[0]), TOLERANCE if own else SAMPLED_TOLERANCE
    if abs(found.base + float(found.values[0].sum()) - raw) > tolerance * max(1.0, abs(raw)):
        raise Refused(
            503, f"The contributions of version {variant.version} do not add up to its score; tell its owner."
        )
    return found, own is not None


def _require_local(use_case: UseCase) -> None:
    level = use_case.explain.level if use_case.explain else "none"
    if level != "local":
        raise Refused(
            403,
            f"{use_case.name} does not explain single answers: 'explain.level' of its use_case.yaml is {level}.",
        )
