"""How explainable a model must be: the section ``explain``, agreed with those who act on its answers.

``none`` asks for nothing. ``global`` asks what the model goes by, ``local`` also why it gave one answer. ``intrinsic``
asks for a model that a person can read as a whole, which no trainer here makes.
"""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from driftgate.records import Record

if TYPE_CHECKING:
    from driftgate.use_cases import UseCase

BaselineKind = Literal["training_mean", "positive_class", "negative_class"]
Agreement = Annotated[float, Field(ge=-1, le=1)]  # of two rankings


class Explain(Record):
    """The level, what an answer is explained against, and how good explanations must be; None sets no limit.

    ``baseline`` is the average training row, or the training rows of one class: what sets an answer apart from those.
    """

    level: Literal["none", "intrinsic", "global", "local"]
    baseline: BaselineKind = "training_mean"
    top_k: Annotated[int, Field(gt=0)] = 5  # features that one answer is explained by
    min_stability: Agreement | None = None  # of the ranking of features on some days with that on the others
    min_local_stability: Agreement | None = None  # of the ranking for a row with that for the row disturbed a little
    min_fidelity: Annotated[float, Field(le=1)] | None = None  # share of the scores' variance that the top_k explain
    min_consistency: Agreement | None = None  # of the candidate's ranking with the champion's


def require_explainable(use_case: "UseCase") -> None:
    """Return when the trainer can keep the level, and the problem has the baseline.

    :raises ValueError: it cannot, or has not
    """
    section = use_case.explain
    if section is None:
        return
    if section.level == "intrinsic":
        raise ValueError(
            f"'explain.level' intrinsic forbids the trainer {use_case.train.trainer!r}, whose models no person can "
            "read as a whole; agree on local or global, or bring a trainer of a linear model or a single tree"
        )
    if section.baseline != "training_mean" and use_case.problem != "binary":
        raise ValueError(f"'explain.baseline' {section.baseline!r} has no meaning in a regression; use training_mean")
